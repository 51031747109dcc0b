/** Serves a store from a command, until Ctrl-C or SIGTERM. */
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { RingfenceError } from '../errors.js'
import type { RunningServer } from '../server/server.js'
import type { GraphStore } from '../store/store.js'
import type { Context } from './context.js'

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 8080

export interface Place {
  readonly host: string
  readonly port: number
  /** Takes the next free port where this one is taken, and says so; else a taken port is an error. */
  readonly otherPort?: boolean
  /** No log beside the text for a person, unless RINGFENCE_LOG_LEVEL asks for one. */
  readonly withoutLog?: boolean
}

/** Standard output carries the result alone, so that logs go to standard error. */
const logsOf = ({ withoutLog }: Place): NodeJS.WritableStream =>
  withoutLog && !process.env.RINGFENCE_LOG_LEVEL
    ? new Writable({ write: (_chunk, _encoding, done) => done() })
    : process.stderr

const start = async (context: Context, store: GraphStore, place: Place): Promise<RunningServer> => {
  const { host, port, otherPort } = place
  const logs = logsOf(place)
  // Fastify and its plugins are for those who serve only.
  const { freePort, startServer } = await import('../server/server.js')
  try {
    return await startServer(store, { host, port, logs })
  } catch (error) {
    if (!otherPort || !(error instanceof RingfenceError) || error.code !== 'server.port') throw error
    const next = await freePort(host, port)
    context.say(`Port ${port} is taken by something else; port ${next} is used instead.`)
    return await startServer(store, { host, port: next, logs })
  }
}

/** Calls `ready` once it listens; returns when it was told to stop and has stopped. The store stays open. */
export const serveUntilStopped = async (
  context: Context,
  store: GraphStore,
  place: Place,
  ready: (server: RunningServer) => Promise<void>,
): Promise<void> => {
  if (context.signal.aborted) return
  const server = await start(context, store, place)
  try {
    await ready(server)
    if (!context.signal.aborted) await once(context.signal, 'abort')
    context.say('Stopping …')
  } finally {
    await server.close()
  }
}

/** Where it listens and who may come, in words. */
export const whereItListens = ({ address, keys }: RunningServer): string =>
  [
    `Listening on ${address}`,
    `Docs: ${address}/docs`,
    keys
      ? 'Callers need an API key: Authorization: Bearer KEY.'
      : 'Without any API key it listens on this machine only, and whoever is on it may do everything: ringfence keys create makes one.',
  ].join('\n')
