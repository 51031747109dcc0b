/** `ringfence detect`: finds the rings of what the store holds. */
import { type Command, InvalidArgumentError } from 'commander'
import { type InteractionType, interactionTypeNames, isEntityKind } from '../../../graph-schema/schema.js'
import { detectors } from '../../detectors/registry.js'
import { RingfenceError } from '../../errors.js'
import type { Without } from '../../graph/without.js'
import { type DetectOutcome, estimateDetect, type JobEstimate, runDetect } from '../../jobs/detect.js'
import { defaultDetectParameters, type GivenParameters, resolveParameters } from '../../jobs/detect-parameters.js'
import type { RingDifference } from '../../rings/difference.js'
import type { JobRecord } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { differenceText } from '../difference.js'
import { list, moment, share, wholeNumber } from '../options.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { withStore } from '../store.js'
import { count, seconds, textTable } from '../table.js'

interface DetectOptions {
  readonly asOf?: number
  readonly detectors?: readonly string[]
  readonly fdr?: number
  readonly seed?: number
  readonly dissolveAfter?: number
  readonly workers?: number
  readonly memoryLimit?: number
  readonly set?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly estimate?: boolean
  readonly dryRun?: boolean
  readonly whatIf?: boolean
  readonly full?: boolean
  readonly without?: readonly string[]
  readonly withoutType?: readonly InteractionType[]
}

/** What a detection gives, whether it ran here or in a service. */
export interface DetectSummary {
  readonly run: string
  readonly rings: number
  readonly members: number
  readonly candidates: number
  readonly seconds: number
  readonly peakMb: number
  readonly stages: readonly { readonly name: string; readonly seconds: number }[]
  readonly notes: readonly { readonly code: string; readonly message: string }[]
  /** A what-if's. */
  readonly difference?: RingDifference
}

/** detector.parameter=value, given once for each parameter; a value that reads as JSON is taken as such. */
const setting = (text: string, before: DetectOptions['set'] = {}): NonNullable<DetectOptions['set']> => {
  const match = /^([a-z-]+)\.([A-Za-z]+)=(.+)$/.exec(text)
  if (!match) throw new InvalidArgumentError('It must have the form detector.parameter=value.')
  const [, detector, parameter, raw] = match as unknown as [string, string, string, string]
  let value: unknown = raw
  try {
    value = JSON.parse(raw)
  } catch {
    // Not JSON: a plain word.
  }
  return { ...before, [detector]: { ...before[detector], [parameter]: value } }
}

/** `kind:id`, given once for each. */
const entity = (text: string, before: readonly string[] = []): readonly string[] => {
  const colon = text.indexOf(':')
  if (!isEntityKind(text.slice(0, colon)) || colon === text.length - 1)
    throw new InvalidArgumentError('It must have the form kind:id, as in user:u1 or device:d1.')
  return [...before, text]
}

const type = (text: string, before: readonly InteractionType[] = []): readonly InteractionType[] => {
  const name = interactionTypeNames.find((each) => each === text)
  if (!name) throw new InvalidArgumentError(`It must be one of ${interactionTypeNames.join(', ')}.`)
  return [...before, name]
}

const whatIfOf = ({ whatIf, without = [], withoutType = [] }: DetectOptions): Without | undefined => {
  if (whatIf) return { entities: without, types: withoutType }
  if (without.length + withoutType.length > 0)
    throw new RingfenceError('usage', '--without and --without-type ask what if: give --what-if with them.')
  return undefined
}

/** As given; what is left open is filled in where the run begins. */
const parametersOf = (options: DetectOptions): GivenParameters => ({
  asOf: options.asOf,
  detectors: options.detectors,
  fdr: options.fdr,
  seed: options.seed,
  dissolveAfter: options.dissolveAfter,
  workers: options.workers,
  memoryLimitMb: options.memoryLimit,
  settings: options.set,
  whatIf: whatIfOf(options),
  full: options.full,
})

const modeOf = ({ estimate, dryRun, whatIf }: DetectOptions): JobRecord['mode'] =>
  estimate ? 'estimate' : dryRun || whatIf ? 'dry-run' : 'write'

export const estimateLine = (estimate: JobEstimate): string =>
  `${count(estimate.interactions)} interactions of ${count(estimate.entities)} entities: about ${seconds(estimate.seconds)} and ${count(estimate.megabytes)} MB.`

const summaryOf = ({ run, rings, seconds: took, peakMb, difference }: DetectOutcome): DetectSummary => ({
  run: run.id,
  rings: rings.length,
  members: run.counts.members,
  candidates: run.counts.candidates,
  seconds: took,
  peakMb,
  stages: run.stages,
  notes: run.notes,
  ...(difference ? { difference } : {}),
})

const detectHere = async (context: Context, options: DetectOptions): Promise<DetectSummary | JobEstimate> =>
  withStore(context, { create: false }, async (store) => {
    const parameters = await resolveParameters(store, parametersOf(options))
    const estimate = await estimateDetect(store, parameters)
    if (options.estimate) return estimate
    context.say(estimateLine(estimate))
    const progress = openProgress(context.quiet)
    try {
      const outcome = await runDetect(store, parameters, {
        mode: modeOf(options) === 'write' ? 'write' : 'dry-run',
        signal: context.signal,
        progress: ({ done, stage }) => progress.update(done, stage),
      })
      return summaryOf(outcome)
    } finally {
      progress.stop()
    }
  })

/** Threads and memory are the service's, unless they are given here. */
const detectThere = async (context: Context, options: DetectOptions): Promise<DetectSummary | JobEstimate> => {
  const { asOf, ...parameters } = parametersOf(options)
  const progress = openProgress(context.quiet)
  try {
    const result = await runServiceJob(
      new ServiceClient(context.store, context.signal),
      {
        mode: modeOf(options),
        parameters: {
          ...parameters,
          asOf: asOf === undefined || asOf === null ? undefined : new Date(asOf).toISOString(),
        },
      },
      progress,
    )
    return (options.estimate ? result.estimate : result) as DetectSummary | JobEstimate
  } finally {
    progress.stop()
  }
}

const isEstimate = (result: DetectSummary | JobEstimate): result is JobEstimate => 'megabytes' in result

const runDetectCommand = async (context: Context, options: DetectOptions): Promise<void> => {
  const result = await (isService(context.store) ? detectThere : detectHere)(context, options)
  if (isEstimate(result)) {
    const rows = result.parts.map((part) => [part.name, `${count(part.megabytes)} MB`, seconds(part.seconds)])
    await context.result(
      { ...result },
      `${estimateLine(result)}\n${textTable(['part', 'memory', 'time'], rows, [1, 2])}`,
    )
    return
  }
  const { notes, ...fields } = result
  const { difference } = fields
  for (const note of notes) context.say(`Note: ${note.message}`)
  await context.result(
    { ...fields },
    [
      `${count(result.rings)} rings with ${count(result.members)} members from ${count(result.candidates)} candidates in ${seconds(result.seconds)}, ${count(result.peakMb)} MB at most.`,
      textTable(
        ['stage', 'time'],
        result.stages.map((stage) => [stage.name, seconds(stage.seconds)]),
        [1],
      ),
      ...(difference ? [differenceText(difference)] : []),
      modeOf(options) === 'dry-run' ? 'A dry run: nothing was written.' : `Run ${result.run}. Next: ringfence rings`,
    ].join('\n'),
  )
}

export const addDetect = (program: Command, act: Act): void => {
  const defaults = defaultDetectParameters()
  program
    .command('detect')
    .description(
      'Builds the snapshot, runs the detectors and writes the rings as a new run. The same data, parameters and seed give the same rings.',
    )
    .option('--as-of <time>', 'only what was known then: a day, or a moment with zone', moment)
    .option('--detectors <list>', 'some of the detectors (default: all)', list)
    .option('--fdr <rate>', `highest false-discovery rate of a ring, 0 to 1 (default: ${defaults.fdr})`, share)
    .option('--seed <n>', `seed (default: ${defaults.seed})`, wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(
      '--dissolve-after <n>',
      `a ring that this many runs looked for in vain is dissolved (default: ${defaults.dissolveAfter})`,
      wholeNumber(1, 100_000),
    )
    .option(
      '--workers <n>',
      'worker threads; the result does not depend on it (default: one a core)',
      wholeNumber(1, 256),
    )
    .option(
      '--full',
      'let every detector look again, also where it has looked at the same graph with the same parameters',
    )
    .option(
      '--memory-limit <MB>',
      'refuse to start above this (default: four fifths of what there is)',
      wholeNumber(64, 1e9),
    )
    .option('--set <detector.parameter=value>', 'a parameter of a detector; may be given again', setting)
    .option('--estimate', 'only say what it would take')
    .option('--dry-run', 'do everything and write nothing')
    .option(
      '--what-if',
      'say how the rings would differ from those of the latest run, and write nothing; what is not given is as in that run',
    )
    .option('--without <kind:id>', 'with --what-if: leave out an entity or an identifier; may be given again', entity)
    .option('--without-type <type>', 'with --what-if: leave out an interaction type; may be given again', type)
    .addHelpText(
      'after',
      [
        '',
        'Detectors:',
        ...detectors.map((detector) => `  ${detector.id.padEnd(18)}${detector.finds}`),
        '',
        'Examples:',
        '  ringfence detect',
        '  ringfence detect --as-of 2026-01-31 --fdr 0.01 --json',
        '  ringfence detect --estimate',
        '  ringfence detect --what-if --without device:d7 --without-type view --set lockstep.minMembers=4',
      ].join('\n'),
    )
    .action((options: DetectOptions, command: Command) => act(command, (context) => runDetectCommand(context, options)))
}
