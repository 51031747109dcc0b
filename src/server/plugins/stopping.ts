/** An orderly end: jobs are cancelled first, so that their watchers hear of it; then requests under way get a while to finish. */
import fp from 'fastify-plugin'
import type { JobRunner } from '../../jobs/job-runner.js'

/** A connection is kept alive after an answer that was under way, and would hold the end up until its client lets go. */
const IDLE_CHECK_MS = 100
/** Below what supervisors wait before they kill, often ten seconds. */
const GRACE_MS = 8000

export const stopping = fp<{ readonly jobs: JobRunner }>(
  async (app, { jobs }) => {
    let idle: NodeJS.Timeout | undefined
    let grace: NodeJS.Timeout | undefined
    app.addHook('preClose', async () => {
      grace = setTimeout(() => app.server.closeAllConnections(), GRACE_MS)
      await jobs.stop()
      idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS)
    })
    app.addHook('onClose', async () => {
      clearInterval(idle)
      clearTimeout(grace)
    })
  },
  { name: 'stopping' },
)
