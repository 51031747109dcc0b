/**
 * Batches into an empty DuckDB file, and the same batches again, which must add nothing: the store's half of ingest. Each run
 * starts with a new file; `--count N` interactions, default one million.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '#src/store/open.js'
import type { RecordBatch } from '#src/store/record-batch.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { syntheticBatches } from './lib/synthetic-batches.js'

const runs = 3
/** The whole of ingest must reach this; the store alone has to be faster. */
const ingestGoal = 500_000

export const bench: Bench = {
  title: 'Writing batches of interactions to DuckDB',
  async run({ args, note }) {
    const count = countOption(args, 1_000_000)
    const batches: readonly RecordBatch[] = [...syntheticBatches(count)]
    const figures = new Map<string, number[]>([
      ['new', []],
      ['again', []],
    ])
    let bytes = 0
    for (let run = 0; run < runs; run++) {
      const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
      const path = join(folder, 'store.duckdb')
      const store = await openStore(path)
      for (const [name, accepted] of [
        ['new', count],
        ['again', 0],
      ] as const) {
        const start = performance.now()
        let added = 0
        for (const batch of batches) added += (await store.writeBatch(batch)).accepted
        await store.checkpoint()
        const seconds = (performance.now() - start) / 1000
        if (added !== accepted) throw new Error(`${added} interactions went in, not ${accepted}`)
        figures.get(name)!.push(count / seconds)
        note(`run ${run + 1}, ${name}: ${seconds.toFixed(2)} s`)
      }
      await store.close()
      bytes = statSync(path).size
      rmSync(folder, { recursive: true })
    }
    note(
      `file: ${(bytes / 2 ** 20).toFixed(0)} MiB; peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
    )
    return [...figures].map(
      ([model, rates]): Figure => ({
        bench: 'store-write',
        model,
        metric: 'interactions',
        value: median(rates),
        unit: '1/s',
        spread: (Math.max(...rates) - Math.min(...rates)) / 2,
        reference: ingestGoal,
        referenceName: 'goal of the whole of ingest',
        runs: rates,
      }),
    )
  },
}
