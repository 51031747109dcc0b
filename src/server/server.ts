/** Starts and stops the service on a store. */
import { createServer } from 'node:net'
import { RingfenceError } from '../errors.js'
import { Scheduler } from '../jobs/scheduler.js'
import { seedSchedules } from '../jobs/schedules.js'
import { WebhookDispatcher } from '../jobs/webhooks/dispatcher.js'
import { claimOwner } from '../store/duckdb/owner.js'
import type { GraphStore } from '../store/store.js'
import { buildApp } from './app.js'
import { isLoopback } from './loopback.js'
import { readSettings } from './settings.js'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly logs?: NodeJS.WritableStream
}

export interface RunningServer {
  /** As in http://127.0.0.1:8080. */
  readonly address: string
  /** Whether callers need a key. */
  readonly keys: boolean
  /** Stops taking requests, cancels jobs, and leaves the store open. */
  close(): Promise<void>
}

const tryPort = (host: string, port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(null))
    probe.listen(port, host, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })

/** A port above `port` that nothing listens on, or any free one. */
export const freePort = async (host: string, port: number): Promise<number> => {
  for (let next = port + 1; next < Math.min(port + 20, 65_536); next++)
    if ((await tryPort(host, next)) !== null) return next
  return (await tryPort(host, 0)) ?? 0
}

/** Throws `server.exposed`, `server.port` (naming a free one), `setting.invalid`, and what the store throws. */
export const startServer = async (store: GraphStore, options: ServerOptions): Promise<RunningServer> => {
  const settings = readSettings()
  const { host, port } = options
  const { http, services } = await buildApp(store, settings, options.logs)
  const closing = new AbortController()
  const scheduler = new Scheduler(store, services.jobs, (error) =>
    http.log.error({ err: error }, 'Schedules cannot be looked at; they are looked at again'),
  )
  const webhooks = new WebhookDispatcher(store, settings.webhooks, (error) =>
    http.log.error({ err: error }, 'Webhooks cannot be sent; they are tried again'),
  )
  services.jobs.onEnd((job) => webhooks.jobEnded(job))
  http.addHook('preClose', async () => {
    closing.abort()
    await scheduler.stop()
    await webhooks.stop()
  })
  try {
    const keys = await http.hasKeys()
    if (!keys && !isLoopback(host))
      throw new RingfenceError('server.exposed', `${host} can be reached from other machines.`)
    await services.jobs.start()
    if (settings.seedSchedules) await seedSchedules(store)
    scheduler.start()
    webhooks.start()
    await services.current.load()
    void services.current
      .keepLoading(closing.signal, (error) =>
        http.log.error(
          { err: error, code: 'graph.unreadable' },
          'The latest run or its graph cannot be read; it is tried again',
        ),
      )
      // So that the first question does not wait. What is wrong is told to whoever asks.
      .then(() => Promise.allSettled([services.scores.refresh(), services.risk.refresh()]))
    if (store.engine === 'neo4j') void services.current.follow(closing.signal)
    await http.listen({ host, port })
    const bound = http.server.address()
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${typeof bound === 'object' && bound ? bound.port : port}`
    const release = store.engine === 'duckdb' ? claimOwner(store.location, { address }) : () => {}
    if (!keys)
      http.log.warn(
        'Without any API key the service listens on this machine only, and whoever is on it may do everything',
      )
    return {
      address,
      keys,
      async close() {
        release()
        await http.close()
      },
    }
  } catch (error) {
    await http.close()
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new RingfenceError(
        'server.port',
        `Something listens on ${host}:${port} already; ${await freePort(host, port)} is free.`,
        { port },
      )
    throw error
  }
}
