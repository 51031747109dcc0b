/**
 * From a store to a snapshot: all interactions read and built into CSR, in one process. `--count N` interactions, default one
 * million, are first loaded into a new DuckDB file, or, with `--store ADDRESS`, into an empty store there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotBytes, snapshotDigest } from '#src/graph/snapshot-digest.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption, option } from './lib/options.js'
import { syntheticBatches } from './lib/synthetic-batches.js'

const runs = 5
/** Interactions a second, by engine. */
const goals = { duckdb: 5_000_000, neo4j: 300_000 } as const

const load = async (store: GraphStore, count: number): Promise<void> => {
  if ((await store.counts()).interactions > 0) throw new Error(`${store.location} is not empty`)
  for (const batch of syntheticBatches(count)) await store.writeBatch(batch)
  await store.checkpoint()
}

export const bench: Bench = {
  title: 'From a store to a snapshot',
  async run({ args, note }) {
    const count = countOption(args, 1_000_000)
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    const location = option(args, 'store') ?? join(folder, 'store.duckdb')
    try {
      const loading = await openStore(location)
      await load(loading, count)
      await loading.close()

      const store = await openStore(location)
      const times: { readonly read: number; readonly build: number }[] = []
      const digests = new Set<string>()
      for (let run = 0; run < runs; run++) {
        const start = performance.now()
        const raw = await store.readGraph(null)
        const middle = performance.now()
        const snapshot = buildSnapshot(raw)
        const end = performance.now()
        times.push({ read: middle - start, build: end - middle })
        digests.add(snapshotDigest(snapshot))
        if (raw.count !== count) throw new Error(`${raw.count} interactions were read, not ${count}`)
        note(
          `run ${run + 1}: read ${(middle - start).toFixed(0)} ms, build ${(end - middle).toFixed(0)} ms, ` +
            `${(snapshotBytes(snapshot) / 2 ** 20).toFixed(0)} MiB`,
        )
      }
      if (digests.size !== 1) throw new Error('runs over one store gave different snapshots')
      await store.close()
      note(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
      const figure = (metric: string, seconds: readonly number[], goal: number | null): Figure => {
        const rates = seconds.map((time) => (count / time) * 1000)
        return {
          bench: 'snapshot',
          model: `${store.engine}, ${count}`,
          metric,
          value: median(rates),
          unit: 'interactions/s',
          spread: (Math.max(...rates) - Math.min(...rates)) / 2,
          reference: goal,
          referenceName: goal === null ? null : 'goal',
          runs: rates,
        }
      }
      return [
        figure(
          'snapshot',
          times.map(({ read, build }) => read + build),
          goals[store.engine],
        ),
        figure(
          'read',
          times.map(({ read }) => read),
          null,
        ),
        figure(
          'build',
          times.map(({ build }) => build),
          null,
        ),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
