/** What a store on a server meets beyond the contract: other processes, other software, lines that break, plans that go wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import neo4j, { type Driver } from 'neo4j-driver'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { openDuckDbStore } from '#src/store/duckdb/duckdb-store.js'
import { countCypher, resolveCypher } from '#src/store/neo4j/interactions.js'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { Entities, entityPageCypher, typeCountCypher } from '#src/store/neo4j/read-entities.js'
import { interactionPageCypher } from '#src/store/neo4j/read-graph.js'
import {
  allEntitiesCypher,
  allInteractionsCypher,
  idsAmongCypher,
  namedEntitiesCypher,
} from '#src/store/neo4j/read-part.js'
import { createFacts, createMembers, createRings } from '#src/store/neo4j/runs.js'
import {
  createCypher,
  declareCypher,
  knownCypher,
  mergeCypher,
  nextBatchCypher,
  recordsCypher,
} from '#src/store/neo4j/write-batch.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { batchOf, type InteractionInput } from '../support/batches.js'
import { emptyNeo4jData } from '../support/neo4j/empty.js'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { openProxy } from '../support/neo4j/proxy.js'

const likes = (from: number, to: number, more: Partial<InteractionInput> = {}): InteractionInput[] =>
  Array.from({ length: to - from }, (_, i) => ({
    id: `l${from + i}`,
    type: 'like',
    actor: `user:u${(from + i) % 50}`,
    target: `video:v${(from + i) % 7}`,
    at: 1_700_000_000_000 + from + i,
    ...more,
  }))

const server = await leaseNeo4j()

if (server !== undefined) {
  let driver: Driver
  beforeAll(async () => {
    driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password), { disableLosslessIntegers: true })
    const store = await openNeo4jStore(server.uri, server)
    await store.migrate()
    await store.close()
  })
  beforeEach(() => emptyNeo4jData(server))
  afterAll(() => driver.close())

  const withStores = async (count: number, work: (stores: readonly GraphStore[]) => Promise<void>): Promise<void> => {
    const stores = await Promise.all(Array.from({ length: count }, () => openNeo4jStore(server.uri, server)))
    try {
      await work(stores)
    } finally {
      await Promise.all(stores.map((store) => store.close()))
    }
  }
  const cypher = async (text: string, parameters: Readonly<Record<string, unknown>> = {}) =>
    (await driver.executeQuery(text, parameters, { database: server.database })).records.map((record) =>
      record.toObject(),
    )

  describe('several writers', () => {
    test('at the same time add what each has, once', async () => {
      await withStores(3, async (stores) => {
        const results = await Promise.all(
          stores.flatMap((store, s) => [
            store.writeBatch(batchOf(likes(s * 100, s * 100 + 300))),
            store.writeBatch(batchOf(likes(0, 500), [{ entity: 'user:u1', at: s }])),
          ]),
        )
        expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(500)
        expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(3 * 800 - 500)
        expect(results.reduce((sum, { entities }) => sum + entities, 0)).toBe(57)
        expect(results.flatMap(({ conflicts }) => conflicts)).toEqual([])
        expect(await stores[0]!.counts()).toEqual({ entities: 57, interactions: 500 })
        expect(await stores[0]!.readEntity('user', 'u1')).toMatchObject({ at: 2 })
      })
    })

    test('of which one is other software: what it commits meanwhile is met as known, not as an error', async () => {
      await withStores(1, async ([store]) => {
        const session = driver.session({ database: server.database })
        const foreign = session.beginTransaction()
        await foreign.run(
          `CREATE (:User {id: 'x'})-[:LIKE {id: 'l1', at: 5, scenario: 'content', weight: 1.0}]->(:Video {id: 'y'})`,
        )
        const writing = store!.writeBatch(batchOf([...likes(0, 3), { ...likes(0, 1)[0]!, id: 'l9', actor: 'user:x' }]))
        await sleep(300)
        await foreign.commit()
        await session.close()
        expect(await writing).toEqual({
          accepted: 3,
          duplicates: 0,
          conflicts: [{ line: 2, type: 'like', id: 'l1' }],
          entities: 4,
        })
        const raw = await store!.readGraph(null)
        expect(raw.count).toBe(4)
      })
    })

    test('that start together apply the migrations once', async () => {
      await cypher('MATCH (m:RingfenceMigration) DELETE m')
      await withStores(3, async (stores) => {
        const all = await Promise.all(stores.map((store) => store.migrate()))
        for (const status of all) expect(status).toEqual(all[0])
      })
    })
  })

  describe('a line that breaks', () => {
    test('before the commit: the batch is written once, when the line is back', async () => {
      const proxy = await openProxy(server.uri)
      const store = await openNeo4jStore(proxy.uri, server)
      try {
        const writing = store.writeBatch(batchOf(likes(0, 3000)))
        await sleep(20)
        proxy.cut()
        expect(await writing).toMatchObject({ accepted: 3000, duplicates: 0 })
        expect(await store.counts()).toMatchObject({ interactions: 3000 })
      } finally {
        await store.close()
        await proxy.close()
      }
    })

    test('after the commit, before its answer: the batch is there once and its counts are told', async () => {
      const proxy = await openProxy(server.uri)
      const store = await openNeo4jStore(proxy.uri, server)
      try {
        proxy.loseNextCommit()
        const result = await store.writeBatch(batchOf([...likes(0, 10), ...likes(0, 1, { weight: 7 })]))
        expect(proxy.cuts).toBe(1)
        expect(result).toEqual({
          accepted: 10,
          duplicates: 0,
          conflicts: [{ line: 11, type: 'like', id: 'l0' }],
          entities: 17,
        })
        expect(await store.counts()).toEqual({ entities: 17, interactions: 10 })
      } finally {
        await store.close()
        await proxy.close()
      }
    })

    test('for good: the error says what to do, and when it is back the store goes on', async () => {
      const proxy = await openProxy(server.uri)
      const store = await openNeo4jStore(proxy.uri, server)
      await store.writeBatch(batchOf(likes(0, 3)))
      await proxy.close()
      await expect(store.writeBatch(batchOf(likes(3, 6)))).rejects.toMatchObject({
        code: 'store.unreachable',
        detail: expect.stringContaining(proxy.uri),
        advice: expect.stringContaining('server runs'),
      })
      await store.close()
      await withStores(1, async ([again]) => {
        expect(await again!.counts()).toMatchObject({ interactions: 3 })
      })
    })
  })

  describe('opening', () => {
    const failure = async (uri: string, options: Partial<typeof server>): Promise<Error> => {
      try {
        const store = await openStore(uri, { ...server, ...options })
        await store.close()
      } catch (error) {
        return error as Error
      }
      throw new Error('the store was opened')
    }
    const everything = (error: Error): string => {
      const texts: string[] = []
      for (let one: unknown = error; one instanceof Error; one = one.cause)
        texts.push(String(one), one.stack ?? '', JSON.stringify(one))
      return texts.join('\n')
    }

    test('with a wrong password says which variables to set, and never the password', async () => {
      const error = await failure(server.uri, { password: 'not-the-pass-word' })
      expect(error).toMatchObject({
        code: 'store.unreachable',
        detail: expect.stringContaining('RINGFENCE_NEO4J_PASSWORD'),
      })
      expect(everything(error)).not.toContain('not-the-pass-word')
    })

    test('where nothing listens says so at once', async () => {
      const proxy = await openProxy(server.uri)
      await proxy.close()
      const before = performance.now()
      const error = await failure(proxy.uri, {})
      expect(error).toMatchObject({ code: 'store.unreachable', detail: expect.stringContaining(proxy.uri) })
      expect(performance.now() - before).toBeLessThan(10_000)
      expect(everything(error)).not.toContain(server.password)
    })

    test('with a database that is not there names it', async () => {
      expect(await failure(server.uri, { database: 'elsewhere' })).toMatchObject({
        code: 'store.unreachable',
        detail: expect.stringContaining('"elsewhere"'),
      })
    })

    test('with a password in the address is refused without repeating it', async () => {
      const error = await failure(server.uri.replace('//', '//neo4j:hidden-word@'), {})
      expect(error).toMatchObject({ code: 'usage' })
      expect(everything(error)).not.toContain('hidden-word')
    })

    test('by neo4j:// works as by bolt://', async () => {
      const store = await openStore(server.uri.replace('bolt://', 'neo4j://'), server)
      await store.ping()
      await store.close()
    })
  })

  test('an entity that is recorded again is still seen as before by a view that is older', async () => {
    await withStores(1, async ([store]) => {
      const [zero] = await cypher("OPTIONAL MATCH (s:RingfenceSequence {name: 'batch'}) RETURN s.value AS value")
      const first = BigInt(zero?.value ?? 0) + 1n
      const records = [{ at: 10 }, { at: 10, market: 'US' }, { at: 30 }, { at: 20 }, { at: 40 }]
      for (const record of records) await store!.writeBatch(batchOf([], [{ entity: 'user:a', ...record }]))
      const declaredIn = async (batch: bigint, asOf: number | null): Promise<number | undefined> => {
        const session = driver.session({ database: server.database })
        try {
          const entities = new Entities()
          await session.executeRead((tx) => entities.read(tx, { batch, asOf }))
          return entities.columns().declared[0]
        } finally {
          await session.close()
        }
      }
      expect(await declaredIn(first - 1n, null)).toBe(0)
      const since = [10, 10, 30, 30, 40]
      for (const [i, at] of since.entries()) {
        const batch = first + BigInt(i)
        expect([i, await declaredIn(batch, at)]).toEqual([i, 1])
        expect([i, await declaredIn(batch, at - 1)]).toEqual([i, 0])
      }
    })
  })

  test('both stores give the same snapshot bytes', async () => {
    const input = batchOf(
      [
        ...likes(0, 2000),
        ...likes(0, 500, { type: 'view', market: 'ID' }),
        ...likes(0, 100, { type: 'share', at: null }),
      ],
      [{ entity: 'product:p', at: 3 }],
    )
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-same-bytes-'))
    const duckdb = await openDuckDbStore(join(folder, 'store.duckdb'))
    await duckdb.migrate()
    await withStores(1, async ([store]) => {
      for (const one of [duckdb, store!]) await one.writeBatch(input)
      for (const asOf of [null, 2, 1_700_000_000_700]) {
        const digests = await Promise.all(
          [duckdb, store!].map(async (one) => snapshotDigest(buildSnapshot(await one.readGraph(asOf)))),
        )
        expect(digests[0]).toBe(digests[1])
      }
    })
    await duckdb.close()
    rmSync(folder, { recursive: true })
  })

  describe('plans', () => {
    const statements: Readonly<Record<string, string>> = {
      nextBatch: nextBatchCypher,
      known: knownCypher('like'),
      merge: mergeCypher('user'),
      create: createCypher('like'),
      records: recordsCypher('user'),
      declare: declareCypher('user'),
      resolve: resolveCypher('like', 'user', 'video'),
      entityPage: entityPageCypher('User', 'LIKE|VIEW'),
      interactionPage: interactionPageCypher({ label: 'User', types: 'LIKE|VIEW' }, { batch: true, asOf: true }),
      typeCounts: typeCountCypher('User'),
      counts: countCypher,
      partEntities: allEntitiesCypher('User'),
      partNamed: namedEntitiesCypher('User'),
      partInteractions: allInteractionsCypher('like'),
      partAmong: idsAmongCypher('like', 'user'),
      rings: createRings,
      members: createMembers('user'),
      facts: createFacts,
    }
    const parameters = {
      ids: [],
      rows: [],
      ranges: [],
      after: '',
      batch: neo4j.int(1),
      asOf: neo4j.int(1),
      run: '',
      kind: 'user',
    }
    interface Plan {
      readonly operatorType: string
      readonly children: readonly Plan[]
    }
    const operators = (plan: Plan): string[] => [plan.operatorType, ...plan.children.flatMap(operators)]

    // The planner weighs by what is in the database when it plans, and nearly empty ones mislead it.
    test.each([0, 1, 9, 300])('scan nothing, whichever is made with %i interactions', async (size) => {
      await withStores(1, async ([store]) => {
        await store!.writeBatch(batchOf(likes(0, size)))
        await cypher('CALL db.clearQueryCaches()')
        for (const [name, text] of Object.entries(statements)) {
          const { summary } = await driver.executeQuery(`EXPLAIN ${text}`, parameters, { database: server.database })
          const scans = operators(summary.plan as Plan).filter((operator) => operator.includes('Scan'))
          expect([name, scans]).toEqual([name, []])
        }
      })
    })
  })
}
