/** The service on a real DuckDB store with a simulated platform in it, for tests over `inject` and over real HTTP. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type KeyRole, keyRoles, makeApiKey } from '#src/jobs/api-keys.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { type App, buildApp } from '#src/server/app.js'
import type { ServerSettings } from '#src/server/settings.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'

export const testSettings: ServerSettings = {
  rateLimit: 1_000_000,
  authFailureLimit: 1_000_000,
  session: { lifetimeMs: 12 * 3_600_000, idleMs: 3_600_000 },
  trustedProxies: [],
  bodyLimit: 2 ** 20,
  maskKey: 'a key for tests',
  logLevel: 'info',
  seedSchedules: false,
  leaseSeconds: 30,
  liveRisk: true,
  webhooks: { hosts: [], allowPrivate: false, secret: null },
}

/** Keeps what is written to it. */
export class Lines extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

export interface World {
  readonly store: GraphStore
  readonly folder: string
  readonly simulation: Simulation | null
  close(): Promise<void>
}

/** A store with a simulated platform, or with nothing for 0 interactions; with `detect` also with a run. */
export const openWorld = async (interactions = 0, detect = false): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-service-'))
  const store = await openStore(join(folder, 'store.duckdb'))
  const simulation = interactions > 0 ? new Simulation(defaultSimulation(interactions)) : null
  if (simulation) for (const batch of recordBatches(simulation)) await store.writeBatch(batch)
  if (detect) await runDetect(store, defaultDetectParameters(), { mode: 'write' })
  return {
    store,
    folder,
    simulation,
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The service, ready, with the graph of the latest run loaded. */
export const openApp = async (
  store: GraphStore,
  settings: Partial<ServerSettings> = {},
  logs?: Lines,
): Promise<App> => {
  const app = await buildApp(store, { ...testSettings, ...settings }, logs ?? new Lines())
  await app.services.current.load()
  await app.services.current.settled()
  await app.http.ready()
  return app
}

/** A key of each role, in the store. */
export const makeKeys = async (store: GraphStore): Promise<Readonly<Record<KeyRole, string>>> => {
  const keys = {} as Record<KeyRole, string>
  for (const role of keyRoles) {
    const { key, record } = makeApiKey(role, `test ${role}`)
    await store.createKey(record)
    keys[role] = key
  }
  return keys
}

export const bearer = (key: string): { readonly authorization: string } => ({ authorization: `Bearer ${key}` })

/** Counts the calls of a real store by name. */
export const countCalls = (store: GraphStore): { readonly store: GraphStore; readonly calls: Map<string, number> } => {
  const calls = new Map<string, number>()
  const counted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { store: counted, calls }
}
