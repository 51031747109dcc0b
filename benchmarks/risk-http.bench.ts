/**
 * Risk of one account with its paths over HTTP, by one connection: users and creators in turn that have risk, each once, so that nothing is kept
 * from one question to the next; what-ifs apart. The service is a process of its own; the graph is simulated, half of the planted members are labelled.
 *
 *   npm run bench -- risk-http [--interactions 300000] [--count 1000]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { runPropagation } from '#src/jobs/propagation.js'
import { Random } from '#src/kernels/random.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { RiskRow } from '#src/store/risk-store.js'
import type { Bench, Figure } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { quantile, served, timedGet, untilReady } from './lib/served.js'

const LIMIT_MS = 20
const WARM_UP = 50
const WHAT_IFS = 100
const paths: Readonly<Record<string, string>> = { creator: 'creators', user: 'users' }

/** A store with a propagation in it, a key and the addresses to ask. */
const prepare = async (path: string, interactions: number, count: number, note: (line: string) => void) => {
  const store = await openStore(path)
  try {
    const simulation = new Simulation(defaultSimulation(interactions))
    for (const batch of recordBatches(simulation)) await store.writeBatch(batch)
    const labels: LabelRecord[] = []
    for (const { id, members } of simulation.rings)
      for (const [at, { kind, index }] of members.entries())
        if (at % 2 === 0)
          labels.push({
            kind,
            id: simulation.names.name(kind, index).slice(kind.length + 1),
            label: 1,
            at: null,
            group: id,
          })
    const { record } = await runPropagation(store, {
      run: 'published',
      labels,
      scores: false,
      parameters: {},
      mode: 'write',
    })
    const risky = new Set<string>()
    await store.readRiskRows(record.id, (rows: readonly RiskRow[]) => {
      for (const { kind, id } of rows)
        if (paths[kind] !== undefined) risky.add(`/v1/${paths[kind]}/${encodeURIComponent(id)}/risk`)
    })
    const all = [...risky].sort()
    const random = new Random(1, 7)
    for (let at = all.length - 1; at > 0; at--) {
      const other = random.below(at + 1)
      ;[all[at], all[other]] = [all[other]!, all[at]!]
    }
    note(`${record.copies} copies of entities in ${record.domains.length} domains, ${all.length} accounts with rows`)
    const { key, record: kept } = makeApiKey('investigator', 'benchmark')
    await store.createKey(kept)
    return { key, addresses: all.slice(0, count + WARM_UP) }
  } finally {
    await store.close()
  }
}

export const bench: Bench = {
  title: 'Risk of one entity with its paths over HTTP',
  run: async ({ args, note }) => {
    const interactions = countOption(args, 300_000, 'interactions')
    const count = countOption(args, 1000, 'count')
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    try {
      const path = join(folder, 'store.duckdb')
      const { key, addresses } = await prepare(path, interactions, count, note)
      return await served(folder, async (address) => {
        const time = (url: string): Promise<number> => timedGet(address, url, key)
        await untilReady(address, addresses[0]!, key)
        // In turn with a route that does nothing, which tells how busy the machine is.
        const idle: number[] = []
        const plain: number[] = []
        for (const [i, url] of addresses.entries()) {
          const nothing = await time('/health/live')
          const took = await time(url)
          if (i < WARM_UP) continue
          idle.push(nothing)
          plain.push(took)
        }
        const supposed: number[] = []
        for (const url of addresses.slice(0, WHAT_IFS)) supposed.push(await time(`${url}?whatIf=banned`))
        for (const all of [idle, plain, supposed]) all.sort((a, b) => a - b)
        const figure = (metric: string, value: number, reference: number | null): Figure => ({
          bench: 'risk-http',
          model: `${interactions} interactions (simulated)`,
          metric,
          value,
          unit: 'ms',
          spread: null,
          reference,
          referenceName: reference === null ? null : 'limit',
        })
        return [
          figure('median', quantile(plain, 0.5), null),
          figure('p99', quantile(plain, 0.99), LIMIT_MS),
          figure('p99 of /health/live in turn with it', quantile(idle, 0.99), null),
          figure('what-if median', quantile(supposed, 0.5), null),
          figure('what-if p99', quantile(supposed, 0.99), null),
        ]
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
