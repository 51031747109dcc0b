/**
 * From a file to rings that a person can read, as a person does it: `ringfence ingest`, `detect` and `rings`, three processes, on an
 * empty DuckDB file. Time is that of the three together; memory the highest peak of the three.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeSimulation } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { type Step, step } from './lib/command.js'
import { type Bench, type Figure, median } from './lib/figure.js'

const INTERACTIONS = 1_000_000
const RUNS = 3
const LIMIT = { seconds: 15, megabytes: 1536 }

const halfRange = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / 2

export const bench: Bench = {
  title: `CSV of ${INTERACTIONS.toLocaleString('en-US')} simulated interactions to rings listed, on DuckDB`,
  run: async ({ note }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    try {
      const files = await writeSimulation(new Simulation(defaultSimulation(INTERACTIONS)), folder)
      const steps: Record<'ingest' | 'detect' | 'rings', Step[]> = { ingest: [], detect: [], rings: [] }
      for (let run = 0; run < RUNS; run++) {
        const store = join(folder, `run-${run}.duckdb`)
        steps.ingest.push(await step(['ingest', files.interactions, files.entities, '--store', store, '--json']))
        steps.detect.push(await step(['detect', '--store', store, '--json']))
        steps.rings.push(await step(['rings', '--store', store, '--members', '--format', 'csv']))
        const lines = steps.rings[run]!.output.split('\r\n').length - 2
        note(
          `run ${run + 1}: ${(['ingest', 'detect', 'rings'] as const).map((name) => `${name} ${steps[name][run]!.seconds.toFixed(2)} s`).join(', ')}; ${lines} memberships`,
        )
      }
      const runs = Array.from({ length: RUNS }, (_, run) => run)
      const total = runs.map(
        (run) => steps.ingest[run]!.seconds + steps.detect[run]!.seconds + steps.rings[run]!.seconds,
      )
      const peak = runs.map((run) =>
        Math.max(steps.ingest[run]!.megabytes, steps.detect[run]!.megabytes, steps.rings[run]!.megabytes),
      )
      const figure = (metric: string, unit: string, values: readonly number[], reference: number | null): Figure => ({
        bench: 'end-to-end',
        model: 'ringfence',
        metric,
        value: median(values),
        unit,
        spread: halfRange(values),
        reference,
        referenceName: reference === null ? null : 'limit',
        runs: values,
      })
      return [
        figure('seconds', 's', total, LIMIT.seconds),
        figure('peak', 'MB', peak, LIMIT.megabytes),
        ...(['ingest', 'detect', 'rings'] as const).map((name) =>
          figure(
            `${name}-seconds`,
            's',
            steps[name].map((each) => each.seconds),
            null,
          ),
        ),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
