/**
 * Growth (simulated): files of 0.1 M, 1 M and 10 M interactions are made, ingested and searched for rings with all detectors on DuckDB,
 * each stage a process of its own as a person runs it. Beside the time and peak memory of detection stands what the job said before.
 *
 *   npm run bench -- scale [--sizes 100000,1000000,10000000] [--folder DIR] [--json]
 *
 * 100 M by `--sizes 100000000`: 20 GB of disk in DIR, by default the system's folder for temporary files. The lines of `--json` make
 * the plot of docs/performance.md: `node build/scripts/growth.js FIGURES.ndjson > docs/pictures/growth.svg`.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobEstimate } from '#src/jobs/detect.js'
import { simulationFiles } from '#src/simulate/output.js'
import { type Step, step } from './lib/command.js'
import type { Bench, Figure } from './lib/figure.js'
import { option } from './lib/options.js'

const SIZES = [100_000, 1_000_000, 10_000_000]

/** CSV to rings, on two cores. */
const goals: Readonly<Record<number, { readonly seconds: number; readonly megabytes: number }>> = {
  10000000: { seconds: 60, megabytes: 4096 },
  100000000: { seconds: 900, megabytes: 16_384 },
}

interface Detected {
  readonly rings: number
  readonly stages: readonly { readonly name: string; readonly seconds: number }[]
}

const sizesOf = (text: string | undefined): readonly number[] => {
  if (text === undefined) return SIZES
  const sizes = text.split(',').map(Number)
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 10_000))
    throw new Error(`--sizes must be whole numbers from 10000 on, with commas between, not ${text}`)
  return sizes
}

const measure = async (size: number, parent: string, note: (line: string) => void): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(parent, 'ringfence-scale-'))
  try {
    const store = join(folder, 'store.duckdb')
    const files = simulationFiles(folder)
    const model = `${size} interactions (simulated)`
    const run = async (name: string, args: readonly string[]): Promise<Step> => {
      const done = await step([...args, '--json'])
      note(
        `${model}: ${name} ${done.seconds.toFixed(1)} s, of the processor ${done.processor.toFixed(1)} s, ${done.megabytes.toFixed(0)} MB`,
      )
      return done
    }
    const simulate = await run('simulate', ['simulate', '--interactions', String(size), '--out', folder])
    const ingest = await run('ingest', ['ingest', files.interactions, files.entities, '--store', store])
    const estimate = JSON.parse(
      (await run('estimate', ['detect', '--estimate', '--store', store])).output,
    ) as JobEstimate
    const detect = await run('detect', ['detect', '--store', store])
    const { rings, stages } = JSON.parse(detect.output) as Detected
    note(`${model}: ${rings} rings; ${stages.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`)
    note(
      `${model}: the files and the store take ${Math.round((statSync(files.interactions).size + statSync(store).size) / 1e6)} MB`,
    )
    const figure = (
      metric: string,
      value: number,
      unit: string,
      reference: number | null,
      name: string | null,
    ): Figure => ({
      bench: 'scale',
      model,
      metric,
      value,
      unit,
      spread: null,
      reference,
      referenceName: name,
    })
    const goal = goals[size]
    const said = 'the job’s own estimate'
    return [
      figure('simulate-seconds', simulate.seconds, 's', null, null),
      figure('simulate-processor', simulate.processor, 's', null, null),
      figure('simulate-peak', simulate.megabytes, 'MB', null, null),
      figure('ingest-seconds', ingest.seconds, 's', null, null),
      figure('ingest-processor', ingest.processor, 's', null, null),
      figure('ingest-peak', ingest.megabytes, 'MB', null, null),
      figure('detect-seconds', detect.seconds, 's', estimate.seconds, said),
      figure('detect-processor', detect.processor, 's', null, null),
      figure('detect-peak', detect.megabytes, 'MB', estimate.megabytes, said),
      figure('estimate-off-time', 100 * Math.abs(estimate.seconds / detect.seconds - 1), 'percent', 25, 'goal'),
      figure('estimate-off-memory', 100 * Math.abs(estimate.megabytes / detect.megabytes - 1), 'percent', 25, 'goal'),
      figure('csv-to-rings-seconds', ingest.seconds + detect.seconds, 's', goal?.seconds ?? null, goal ? 'goal' : null),
      figure(
        'csv-to-rings-peak',
        Math.max(ingest.megabytes, detect.megabytes),
        'MB',
        goal?.megabytes ?? null,
        goal ? 'goal' : null,
      ),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  title: 'Growth: simulate, ingest, detect on DuckDB (simulated), with the peak of memory of each, beside the estimate',
  run: async ({ args, note }) => {
    if (loadavg()[0]! > 0.5 * availableParallelism())
      note(
        `The machine is busy (load ${loadavg()[0]!.toFixed(1)}): times by the clock say little; processor time says more.`,
      )
    const figures: Figure[] = []
    for (const size of sizesOf(option(args, 'sizes')))
      figures.push(...(await measure(size, option(args, 'folder') ?? tmpdir(), note)))
    return figures
  },
}
