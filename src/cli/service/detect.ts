/** A job of a running service, followed until it has ended. */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type ErrorCode, errorTable, RingfenceError } from '../../errors.js'
import type { JobRecord } from '../../store/store.js'
import type { Progress } from '../progress.js'
import type { ServiceClient } from './client.js'

/** A person sees it move, and the service hardly notices. */
const POLL_MS = 250

export interface JobWish {
  /** Default: detect. */
  readonly type?: string
  readonly mode: JobRecord['mode']
  readonly parameters: Readonly<Record<string, unknown>>
}

const isRunning = ({ state }: JobRecord): boolean => state === 'queued' || state === 'running'

const codeOf = (code: string): ErrorCode => (Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'internal')

/**
 * What the job gives. Ctrl-C cancels it in the service, and is told once it has stopped there. Throws what the job failed with,
 * and `job.cancelled`.
 */
export const runServiceJob = async (
  client: ServiceClient,
  wish: JobWish,
  progress: Progress,
): Promise<NonNullable<JobRecord['result']>> => {
  // Not stopped by Ctrl-C: a job whose id is unknown could not be cancelled.
  let job = (await client.json('/v1/jobs', {
    method: 'POST',
    body: JSON.stringify({ type: 'detect', ...wish, key: randomUUID() }),
    signal: null,
  })) as JobRecord
  const path = `/v1/jobs/${encodeURIComponent(job.id)}`
  let cancelled = false
  while (isRunning(job)) {
    if (client.signal.aborted && !cancelled) {
      cancelled = true
      await client.json(path, { method: 'DELETE', signal: null })
    }
    progress.update(job.progress.done, job.progress.stage)
    // The answer to Ctrl-C must not wait for the next look; after it, looks are paced as before.
    if (cancelled) await wait(POLL_MS)
    else await client.pause(POLL_MS)
    job = (await client.json(path, { signal: null })) as JobRecord
  }
  if (job.state === 'done' && job.result !== null) return job.result
  throw new RingfenceError(
    job.state === 'cancelled' ? 'job.cancelled' : codeOf(job.error?.code ?? ''),
    `${job.error?.detail ?? 'It ended without a result.'} (job ${job.id} of ${client.address})`,
  )
}
