/**
 * A whole graph of a million interactions as files: `ringfence export --run latest --everything`, one process a format, from a DuckDB store.
 * Memory is the highest resident size of that process, DuckDB's share with it.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exportFormatNames } from '#src/exports/formats.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { MemberRecord, RingRecord, RunRecord } from '#src/store/store.js'
import { version } from '#src/version.js'
import { type Bench, type Figure, median } from './lib/figure.js'

const run = promisify(execFile)
const command = fileURLToPath(new URL('../../bin/ringfence.js', import.meta.url))

const INTERACTIONS = 1_000_000
const GOAL = { seconds: 10, megabytes: 300 }
const RUNS = 3
const MEMBERS = 2000

/** A run with one ring: what is measured is the graph, so that no detection is needed. */
const ringOf = (members: readonly MemberRecord[]): RingRecord => ({
  id: 'r-bench',
  score: 30,
  fdr: 0.001,
  behaviours: ['lockstep'],
  detectors: ['lockstep'],
  window: null,
  types: ['like'],
  markets: ['US'],
  scenarios: ['content'],
  members,
  facts: [],
})

const prepare = async (path: string): Promise<void> => {
  const store = await openStore(path)
  try {
    for (const batch of recordBatches(new Simulation(defaultSimulation(INTERACTIONS)))) await store.writeBatch(batch)
    const { entities, interactions } = await store.counts()
    const members = Array.from(
      { length: MEMBERS },
      (_, i) => ({ kind: 'user', id: `u${i}`, role: 'core', score: 1 }) as const,
    )
    const at = '2026-01-01T00:00:00.000Z'
    const record: RunRecord = {
      id: 'bench',
      job: null,
      startedAt: at,
      finishedAt: at,
      asOf: null,
      seed: 1,
      baseRun: null,
      backend: 'typed-arrays',
      version,
      parameters: {},
      counts: { entities, interactions, candidates: 1, rings: 1, members: MEMBERS },
      notes: [],
      stages: [],
    }
    await store.saveRun({ run: record, rings: [ringOf(members)] })
    await store.checkpoint()
  } finally {
    await store.close()
  }
}

const halfRange = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / 2

export const bench: Bench = {
  title: `A graph of ${INTERACTIONS} interactions as files`,
  run: async ({ args, note }) => {
    const formats = exportFormatNames.filter((name) => name !== 'html' && (args.length === 0 || args.includes(name)))
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    const path = join(folder, 'store.duckdb')
    try {
      await prepare(path)
      const figures: Figure[] = []
      for (const format of formats) {
        const seconds: number[] = []
        const megabytes: number[] = []
        for (let i = 0; i < RUNS; i++) {
          const out = join(folder, `out.${format}`)
          const { stdout } = await run(process.execPath, [
            command,
            ...[
              'export',
              '--run',
              'latest',
              '--everything',
              '--format',
              format,
              '--out',
              out,
              '--store',
              path,
              '--json',
            ],
          ])
          const result = JSON.parse(stdout)
          if (result.counts.edges < INTERACTIONS)
            throw new Error(`${format} has ${result.counts.edges} interactions only`)
          seconds.push(result.seconds)
          megabytes.push(result.peakMb)
          note(`${format}: ${result.seconds.toFixed(1)} s, ${Math.round(result.peakMb)} MB`)
        }
        const common = { bench: 'export', model: format, reference: null, referenceName: 'goal' }
        figures.push(
          {
            ...common,
            metric: 'seconds',
            value: median(seconds),
            unit: 's',
            spread: halfRange(seconds),
            runs: seconds,
            reference: GOAL.seconds,
          },
          {
            ...common,
            metric: 'memory',
            value: median(megabytes),
            unit: 'MB',
            spread: halfRange(megabytes),
            runs: megabytes,
            reference: GOAL.megabytes,
          },
        )
      }
      return figures
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}
