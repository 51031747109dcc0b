/** The service on a store whose latest run or graph cannot be read, until it is mended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type RunningServer, startServer } from '#src/server/server.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { Lines } from '../../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-unreadable-'))
const path = join(folder, 'store.duckdb')
let store: GraphStore
let server: RunningServer | undefined
let logs: Lines

/** The store that is open now, so that the file can be changed behind the service's back: a DuckDB file has one owner. */
const present = new Proxy({} as GraphStore, {
  get: (_, name) => {
    const value: unknown = Reflect.get(store, name, store)
    return typeof value === 'function' ? value.bind(store) : value
  },
})

const alter = async (...statements: readonly string[]): Promise<void> => {
  await store.close()
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
  store = await openStore(path, { migrate: false })
}

beforeAll(async () => {
  store = await openStore(path)
  await store.writeBatch(
    batchOf([
      { id: 'i1', type: 'like', actor: 'user:a', target: 'video:v', at: 1 },
      { id: 'i2', type: 'like', actor: 'user:b', target: 'video:v', at: 2 },
    ]),
  )
  const members = [{ kind: 'user' as const, id: 'a', role: 'core', score: 1 }]
  await store.saveRun({ run: runRecord('run-1'), rings: [ringRecord('r1', { members })] })
})

const serve = async (): Promise<void> => {
  await server?.close()
  logs = new Lines()
  server = await startServer(present, { host: '127.0.0.1', port: 0, logs })
}

afterAll(async () => {
  await server?.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

const get = async (url: string) => {
  const answer = await fetch(`${server!.address}${url}`)
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) }
}

/** As soon as it is, within ten seconds. */
const readyWith = async (graph: string): Promise<Awaited<ReturnType<typeof get>>> => {
  for (const giveUp = performance.now() + 10_000; ; await sleep(50)) {
    const answer = await get('/health/ready')
    if (answer.body.graph === graph || performance.now() > giveUp) return answer
  }
}

const expectUnreadable = ({ status, headers, body }: Awaited<ReturnType<typeof get>>): void => {
  expect(body).toMatchObject({ status: 503, code: 'graph.unreadable', request: expect.any(String) })
  expect(status).toBe(503)
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  // The cause in words is for the log.
  expect(JSON.stringify(body)).not.toContain(folder)
}

test('a table that cannot be read: ready says failed, what needs the graph is a problem, and a later try mends it', async () => {
  await alter('ALTER TABLE interactions RENAME TO lost')
  await serve()
  const failed = await readyWith('failed')
  expectUnreadable(failed)
  expect(failed.body.graph).toBe('failed')
  expectUnreadable(await get('/v1/users/a/connections'))
  expect((await get('/v1/rings')).body).toMatchObject({ run: 'run-1', total: 1 })
  expect((await get('/health/live')).status).toBe(200)
  expect(logs.text).toMatch(/interactions does not exist.*"code":"graph.unreadable"/)
  await alter('ALTER TABLE lost RENAME TO interactions')
  expect((await readyWith('loaded')).body).toEqual({ status: 'ready', graph: 'loaded' })
  expect((await get('/v1/users/a/connections')).body.connections).toMatchObject([{ entity: 'user:b' }])
})

test('a row of the latest run that cannot be read is not taken for a store without runs', async () => {
  await alter("UPDATE runs SET record = left(record, 40) WHERE id = 'run-1'")
  await serve()
  expectUnreadable(await readyWith('failed'))
  for (const url of [
    '/v1/rings',
    '/v1/rings/r1',
    '/v1/users/a/rings',
    '/v1/users/a/connections',
    '/v1/rings/r1/history',
  ])
    expectUnreadable(await get(url))
  const content = JSON.stringify(runRecord('run-1')).replaceAll("'", "''")
  await alter(`UPDATE runs SET record = '${content}' WHERE id = 'run-1'`)
  expect((await readyWith('loaded')).body).toEqual({ status: 'ready', graph: 'loaded' })
  expect((await get('/v1/users/a/rings')).body.rings).toMatchObject([{ id: 'r1' }])
})
