/**
 * A Neo4j server, ids constrained: batches of new interactions, the same batches again, and a snapshot. The server is the one
 * of the tests (test/support/neo4j), with 1 GB of heap on this machine, and its database is EMPTIED. `--count N` interactions,
 * default 300,000. Beside them what a plain reader gets, a record a relationship, which tells how fast the machine is today.
 */
import neo4j from 'neo4j-driver'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import type { GraphStore } from '#src/store/store.js'
import { type Neo4jAddress, startNeo4j } from '../test/support/neo4j/server.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { syntheticBatches } from './lib/synthetic-batches.js'

const runs = 3
/** As many as the command puts in a batch for a server. */
const batchSize = 20_000
/** Enough for the server's just-in-time compiler; the first batches after a start run at a third of the speed. */
const warmUp = 60_000

const withDriver = async <T>(server: Neo4jAddress, cypher: string): Promise<T[]> => {
  const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password), {
    disableLosslessIntegers: true,
    fetchSize: 10_000,
  })
  const session = driver.session({ database: server.database })
  try {
    return (await session.run(cypher)).records.map((record) => record.toObject() as T)
  } finally {
    await session.close()
    await driver.close()
  }
}

const empty = (server: Neo4jAddress): Promise<unknown> =>
  withDriver(
    server,
    'MATCH (n) WHERE NOT n:RingfenceMigration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS',
  )

const load = async (store: GraphStore, count: number): Promise<number> => {
  let accepted = 0
  for (const batch of syntheticBatches(count, 1, batchSize)) accepted += (await store.writeBatch(batch)).accepted
  return accepted
}

export const bench: Bench = {
  title: 'Neo4j: writing interactions and reading a snapshot',
  async run({ args, note }) {
    const count = countOption(args, 300_000)
    const server = await startNeo4j()
    if ('unavailable' in server) throw new Error(`no Neo4j server: ${server.unavailable}`)
    note(`server from: ${server.from}`)
    const seconds = new Map<string, number[]>()
    const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const start = performance.now()
      const result = await work()
      const took = (performance.now() - start) / 1000
      seconds.set(name, [...(seconds.get(name) ?? []), took])
      note(`${name}: ${took.toFixed(2)} s, ${Math.round(count / took)}/s`)
      return result
    }
    const expectCount = (found: number, expected: number): void => {
      if (found !== expected) throw new Error(`${found} interactions, not ${expected}`)
    }
    try {
      const store = await openNeo4jStore(server.uri, server)
      await store.migrate()
      await empty(server)
      await load(store, warmUp)
      for (let run = 0; run < runs; run++) {
        await empty(server)
        expectCount(await timed('write new', () => load(store, count)), count)
        expectCount(await timed('write again', () => load(store, count)), 0)
      }
      await store.readGraph(null)
      for (let run = 0; run < runs; run++) {
        const raw = await timed('snapshot', async () => {
          const graph = await store.readGraph(null)
          buildSnapshot(graph)
          return graph
        })
        expectCount(raw.count, count)
      }
      const cypher =
        'MATCH (a)-[r:LIKE|VIEW]->(b) RETURN a.id AS a, b.id AS b, r.at AS at, r.weight AS w, r.market AS m'
      expectCount((await timed('plain read', () => withDriver(server, cypher))).length, count)
      await store.close()
    } finally {
      await server.stop()
    }
    const figure = (model: string, reference: number | null): Figure => {
      const rates = seconds.get(model)!.map((time) => count / time)
      return {
        bench: 'neo4j',
        model,
        metric: 'interactions',
        value: median(rates),
        unit: '1/s',
        spread: rates.length > 1 ? (Math.max(...rates) - Math.min(...rates)) / 2 : null,
        reference,
        referenceName: reference === null ? null : 'goal',
        runs: rates,
      }
    }
    return [
      figure('write new', 10_000),
      figure('write again', null),
      figure('snapshot', 300_000),
      figure('plain read', null),
    ]
  },
}
