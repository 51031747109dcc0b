import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '#src/server/app.js'
import { openStore } from '#src/store/open.js'

/** Plain JSON with the keys of every object in one order, so that the page does not depend on the order of registration. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}

/** A service that is ready, on a store of its own with nothing in it. */
export const withService = async <T>(work: (http: FastifyInstance) => T): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-openapi-'))
  const store = await openStore(join(folder, 'store.duckdb'))
  try {
    const { http } = await buildApp(store, {
      rateLimit: 1000,
      authFailureLimit: 1,
      session: { lifetimeMs: 1, idleMs: 1 },
      trustedProxies: [],
      bodyLimit: 2 ** 20,
      maskKey: null,
      logLevel: 'silent',
      seedSchedules: false,
      leaseSeconds: 30,
      liveRisk: true,
      webhooks: { hosts: [], allowPrivate: false, secret: null },
    })
    try {
      await http.ready()
      return work(http)
    } finally {
      await http.close()
    }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

/** openapi.json, as the service itself answers it. */
export const openapiPage = (): Promise<string> =>
  withService((http) => `${JSON.stringify(sorted(JSON.parse(JSON.stringify(http.swagger()))), null, 2)}\n`)
