/**
 * A service that is killed (SIGKILL) at random moments of its nights and started anew, `--count N` times (200), on DuckDB or with `--neo4j` on the
 * server of the tests, whose database is EMPTIED; `--seed N`. Then: what of interactions, runs, rings, webhook messages and results is lost, or there twice. How it is
 * counted is in test/support/kills.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killAtRandom } from '../test/support/kills/kills.js'
import { emptyNeo4j } from '../test/support/neo4j/empty.js'
import { startNeo4j } from '../test/support/neo4j/server.js'
import type { Bench, Figure } from './lib/figure.js'
import { countOption } from './lib/options.js'

const KILLS = 200
/** So that new records come in nearly every night. */
const NIGHTS_PER_KILL = 1 / 4

export const bench: Bench = {
  title: 'A service killed at random moments of its nightly pipelines: what is lost or doubled',
  async run({ args, note }) {
    const kills = countOption(args, KILLS)
    const seed = countOption(args, 1, 'seed')
    const nights = Math.max(2, Math.ceil(kills * NIGHTS_PER_KILL))
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-kills-'))
    const server = args.includes('--neo4j') ? await startNeo4j() : null
    if (server !== null && 'unavailable' in server) throw new Error(`no Neo4j server: ${server.unavailable}`)
    const env: Record<string, string> =
      server === null
        ? {}
        : {
            RINGFENCE_NEO4J_USER: server.user,
            RINGFENCE_NEO4J_PASSWORD: server.password,
            RINGFENCE_NEO4J_DATABASE: server.database,
          }
    Object.assign(process.env, env)
    try {
      if (server !== null) await emptyNeo4j(server)
      const store = server?.uri ?? join(folder, 'store.duckdb')
      const begin = performance.now()
      const report = await killAtRandom({ kills, seed, folder, store, env, nights, control: true, note })
      note(
        `${report.nights} nights, ${report.kills} kills, ${report.interrupted} jobs asked for again, ${Math.round((performance.now() - begin) / 1000)} s`,
      )
      const model = server === null ? 'duckdb' : 'neo4j'
      const figure = (metric: string, value: number, reference: number | null): Figure => ({
        bench: 'kills',
        model,
        metric,
        value,
        unit: 'count',
        spread: null,
        reference,
        referenceName: reference === null ? null : 'limit',
      })
      const what = ['interactions', 'runs', 'rings', 'webhooks', 'results'] as const
      for (const each of what)
        for (const how of ['lost', 'doubled'] as const)
          for (const name of report[each][how].slice(0, 20)) note(`${each} ${how}: ${name}`)
      return [
        figure('kills', report.kills, KILLS),
        ...what.flatMap((each) => [
          figure(each, report.counts[each], null),
          figure(`${each} lost`, report[each].lost.length, 0),
          figure(`${each} doubled`, report[each].doubled.length, 0),
        ]),
      ]
    } finally {
      if (server !== null) await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
