/** `ringfence simulate`: a labelled ecosystem as files that `ringfence ingest` reads. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { simulationFiles, writeSimulation } from '../../simulate/output.js'
import { defaultSimulation } from '../../simulate/parameters.js'
import { Simulation } from '../../simulate/simulate.js'
import { type Behaviour, behaviours, type Difficulty, difficulties } from '../../simulate/truth.js'
import type { Act, Context } from '../context.js'
import { amount, list, moment, wholeNumber } from '../options.js'
import { openProgress } from '../progress.js'
import { count, seconds } from '../table.js'

interface SimulateOptions {
  readonly out: string
  readonly interactions: number
  readonly days?: number
  readonly start?: number
  readonly seed: number
  readonly markets?: readonly string[]
  readonly behaviours?: readonly string[]
  readonly difficulty?: readonly string[]
  readonly rings?: number
  readonly innocents?: number
}

const runSimulate = async (context: Context, options: SimulateOptions): Promise<void> => {
  const begin = performance.now()
  const defaults = defaultSimulation(options.interactions)
  const simulation = new Simulation({
    ...defaults,
    seed: options.seed,
    days: options.days ?? defaults.days,
    start: options.start ?? defaults.start,
    markets: options.markets ?? defaults.markets,
    // Unknown names are refused by the simulation's own check.
    behaviours: (options.behaviours as readonly Behaviour[] | undefined) ?? defaults.behaviours,
    difficulties: (options.difficulty as readonly Difficulty[] | undefined) ?? defaults.difficulties,
    ringsEach: options.rings ?? defaults.ringsEach,
    innocentsEach: options.innocents ?? defaults.innocentsEach,
  })
  const directory = resolve(options.out)
  const progress = openProgress(context.quiet)
  try {
    await writeSimulation(simulation, directory, {
      signal: context.signal,
      progress: (written) => progress.update(written / options.interactions, `${count(written)} interactions`),
    })
  } catch (error) {
    if (context.signal.aborted)
      throw new RingfenceError(
        'job.cancelled',
        `The simulation was stopped; the files in ${options.out} are not whole.`,
        {},
        { cause: error },
      )
    throw error
  } finally {
    progress.stop()
  }
  const files = simulationFiles(options.out)
  const took = (performance.now() - begin) / 1000
  await context.result(
    {
      interactions: options.interactions,
      rings: simulation.rings.length,
      innocents: simulation.innocents.length,
      seed: options.seed,
      files,
      seconds: took,
    },
    [
      `${count(options.interactions)} interactions, ${simulation.rings.length} planted rings and ${simulation.innocents.length} innocent groups in ${seconds(took)}:`,
      `  ${files.interactions}`,
      `  ${files.entities}`,
      `  ${files.truth}      what was planted`,
      `  ${files.innocents}  who looks organized and is not`,
      `Next: ringfence ingest ${files.interactions} ${files.entities}`,
    ].join('\n'),
  )
}

export const addSimulate = (program: Command, act: Act): void => {
  program
    .command('simulate')
    .description(
      'Writes a synthetic ecosystem with planted rings and innocent groups: interactions.csv, entities.csv, truth.csv and innocents.csv. The same seed gives the same bytes.',
    )
    .requiredOption('--out <directory>', 'where the files go; made when it is not there')
    .option('--interactions <n>', 'how many interactions, as in 150k or 2M', amount, 150_000)
    .option('--days <n>', 'simulated days (default 28)', wholeNumber(14, 366))
    .option('--start <day>', 'first day, UTC (default 2026-01-05)', moment)
    .option('--seed <n>', 'seed', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--markets <list>', 'markets, as in US,ID', list)
    .option('--behaviours <list>', `what is planted: ${behaviours.join(', ')} (default all)`, list)
    .option('--difficulty <list>', `how well rings hide: ${difficulties.join(', ')} (default all)`, list)
    .option('--rings <n>', 'rings of each behaviour at each difficulty (default by size)', wholeNumber(0, 1000))
    .option('--innocents <n>', 'innocent groups of each kind (default by size)', wholeNumber(0, 1000))
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence simulate --out world\n  ringfence simulate --out world --interactions 2M --seed 7 --difficulty hard',
    )
    .action((options: SimulateOptions, command: Command) => act(command, (context) => runSimulate(context, options)))
}
