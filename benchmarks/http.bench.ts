/**
 * Ring queries over HTTP: `GET /v1/users/{id}/rings` with a key, of many accounts, members of rings and others in turn, by 64 connections.
 * The service is a process of its own that logs to a file; the load comes from this process, on the same machine, and takes one of its cores.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { entityName } from '#src/graph/snapshot.js'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { served } from './lib/served.js'

const CONNECTIONS = 64
const SECONDS = 8
const WARM_UP_SECONDS = 2
const RUNS = 3
const LIMIT = { perSecond: 5000, p99: 20 }
const LEAST_RINGS = 100
/** Of each, members of rings and accounts that are in none. */
const IDS = 500

/** A store with a real run in it; answers its key and the addresses to ask. */
const prepare = async (path: string, note: (line: string) => void) => {
  const store = await openStore(path)
  try {
    const parameters = {
      ...defaultSimulation(400_000),
      behaviours: ['lockstep', 'sybil'],
      difficulties: ['easy'],
    } as const
    for (const batch of recordBatches(new Simulation({ ...parameters, ringsEach: 60 }))) await store.writeBatch(batch)
    const { run, rings, snapshot } = await runDetect(store, defaultDetectParameters(), { mode: 'write' })
    note(`${rings.length} rings with ${run.counts.members} members in ${run.counts.interactions} interactions`)
    if (rings.length < LEAST_RINGS) throw new Error(`The run has ${rings.length} rings; ${LEAST_RINGS} are wanted.`)
    const inRings = new Set(
      rings.flatMap((ring) => ring.members.filter(({ kind }) => kind === 'user').map(({ id }) => id)),
    )
    const members = [...inRings].slice(0, IDS)
    const others: string[] = []
    for (let entity = 0; others.length < IDS && entity < snapshot.entities.count; entity++) {
      const name = entityName(snapshot, entity)
      const id = name.slice('user:'.length)
      if (name.startsWith('user:') && !inRings.has(id)) others.push(id)
    }
    const { key, record } = makeApiKey('viewer', 'benchmark')
    await store.createKey(record)
    const ids = members.flatMap((id, i) => [id, others[i % others.length]!])
    return { key, paths: ids.map((id) => `/v1/users/${encodeURIComponent(id)}/rings`) }
  } finally {
    await store.close()
  }
}

const halfRange = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / 2

export const bench: Bench = {
  title: `Rings of an account over HTTP, ${CONNECTIONS} connections, ${SECONDS} s a run`,
  run: async ({ note }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    const path = join(folder, 'store.duckdb')
    try {
      const { key, paths } = await prepare(path, note)
      return await served(folder, async (address) => {
        const load = (duration: number) =>
          autocannon({
            url: address,
            connections: CONNECTIONS,
            duration,
            headers: { authorization: `Bearer ${key}` },
            requests: paths.map((each) => ({ path: each })),
          })
        await load(WARM_UP_SECONDS)
        const perSecond: number[] = []
        const p99: number[] = []
        for (let run = 0; run < RUNS; run++) {
          const result = await load(SECONDS)
          if (result.non2xx > 0 || result.errors > 0)
            throw new Error(`${result.non2xx} answers were no success, ${result.errors} requests failed.`)
          perSecond.push(result.requests.average)
          p99.push(result.latency.p99)
          note(
            `run ${run + 1}: ${result.requests.average} requests/s, median ${result.latency.p50} ms, p99 ${result.latency.p99} ms`,
          )
        }
        const figure = (metric: string, unit: string, values: readonly number[], reference: number): Figure => ({
          bench: 'http',
          model: 'ringfence',
          metric,
          value: median(values),
          unit,
          spread: halfRange(values),
          reference,
          referenceName: 'limit',
          runs: values,
        })
        return [figure('rate', 'requests/s', perSecond, LIMIT.perSecond), figure('p99', 'ms', p99, LIMIT.p99)]
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
