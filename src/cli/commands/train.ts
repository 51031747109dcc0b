/** `ringfence train`: a model of who belongs to organized abuse, from labels. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { givenLabels, readLabelRecords } from '../../jobs/label-records.js'
import { runTraining, type TrainingSummary, trainingSummary } from '../../jobs/training.js'
import type { Evaluated } from '../../model/product/evaluate.js'
import type { LabelRecord } from '../../model/product/labels.js'
import type { Measured } from '../../model/product/measures.js'
import { type Act, type Context, isService } from '../context.js'
import { readLabels } from '../label-file.js'
import { moment, wholeNumber } from '../options.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { withStore } from '../store.js'
import { count, day, textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface TrainOptions {
  readonly labels?: string
  readonly model?: string
  readonly promote?: boolean
  readonly asOf?: number
  readonly run?: string
  readonly seed: number
  readonly measureFrom?: number
  /** True: the usual number of rounds. */
  readonly evaluate?: number | true
}

/** Rounds of `--evaluate`. */
const standardRounds = 5

const roundsOf = ({ evaluate }: TrainOptions): number => (evaluate === true ? standardRounds : (evaluate ?? 0))

const measuredTable = (
  measures: readonly { readonly kind: string; readonly measured: readonly Measured[] }[],
): string =>
  textTable(
    ['kind', 'measure', 'value', 'spread'],
    measures.flatMap(({ kind, measured }) =>
      measured.map(({ metric, value, spread }) => [
        kind,
        metric,
        value.toFixed(4),
        spread === null ? '' : spread.toFixed(4),
      ]),
    ),
    [2, 3],
  )

const partsTable = (models: TrainingSummary['kinds']): string =>
  textTable(
    ['kind', 'part of the stack', 'average precision', 'AUROC', 'weight'],
    models.flatMap(({ kind, parts }) =>
      parts.map(({ name, measured, weight }) => [
        kind,
        name,
        ...['average precision', 'AUROC'].map((wanted) =>
          measured.find(({ metric }) => metric === wanted)!.value.toFixed(4),
        ),
        weight?.toFixed(3) ?? '',
      ]),
    ),
    [2, 3, 4],
  )

const shortNames = [
  ['average precision', 'AP'],
  ['AUROC', 'AUROC'],
  ['recall at K', 'recall at K'],
  ['recall at 1 % false positives', 'at 1 %'],
  ['recall at 0.1 % false positives', 'at 0.1 %'],
  ['Brier score', 'Brier'],
  ['calibration error', 'ECE'],
] as const

/** The stack beside each of its parts; spreads are in the JSON. */
const evaluatedTable = (all: readonly Evaluated[]): string =>
  textTable(
    ['kind', 'model', 'bad', 'good', ...shortNames.map(([, short]) => short)],
    all.map(({ kind, model, bad, good, measured }) => [
      kind,
      model,
      count(bad),
      count(good),
      ...shortNames.map(([name]) => measured.find(({ metric }) => metric === name)?.value.toFixed(4) ?? ''),
    ]),
    [2, 3, 4, 5, 6, 7, 8, 9, 10],
  )

const inService = async (context: Context, options: TrainOptions, records: readonly LabelRecord[] | null) => {
  const progress = openProgress(context.quiet)
  const { asOf, run, seed, measureFrom, promote } = options
  if (options.model !== undefined)
    throw new RingfenceError(
      'usage',
      'through a service --model cannot be given: the service keeps models where it runs.',
    )
  const parameters = {
    ...(records ? { labels: givenLabels(records) } : {}),
    seed,
    evaluate: roundsOf(options),
    ...(asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }),
    ...(run === undefined ? {} : { run }),
    ...(measureFrom === undefined ? {} : { measureFrom: new Date(measureFrom).toISOString() }),
    ...(promote ? { promote } : {}),
  }
  const client = new ServiceClient(context.store, context.signal)
  const result = await runServiceJob(client, { type: 'train', mode: 'write', parameters }, progress).finally(
    progress.stop,
  )
  return result as unknown as TrainingSummary
}

const onStore = async (context: Context, options: TrainOptions, given: readonly LabelRecord[] | null) => {
  const progress = openProgress(context.quiet)
  const outcome = await withStore(context, { create: false }, async (store) =>
    runTraining(store, {
      training: {
        asOf: options.asOf ?? null,
        run: options.run ?? null,
        records: given ?? (await readLabelRecords(store, options.asOf ?? null)),
        seed: options.seed,
        measureFrom: options.measureFrom ?? null,
        rounds: roundsOf(options),
        signal: context.signal,
        progress: progress.update,
      },
      mode: 'write',
      folder: options.model ?? null,
      promote: options.promote ?? false,
      who: whoAsks(),
    }),
  ).finally(progress.stop)
  return trainingSummary(outcome)
}

const runTrainCommand = async (context: Context, options: TrainOptions): Promise<void> => {
  const records = options.labels === undefined ? null : await readLabels(options.labels)
  const summary = await (isService(context.store) ? inService : onStore)(context, options, records)
  for (const [left, why] of [
    [summary.absent, 'are of entities that the graph does not have'],
    [summary.later, 'were decided after the time of the features'],
    [summary.contradictory, 'contradict one another at one time'],
  ] as const)
    if (left > 0) context.say(`${count(left)} labels ${why} and were left out.`)
  for (const { kind, why } of summary.skipped) context.say(`No model of a ${kind}: ${why}.`)
  const { model, state, folder, labels, pieces, run, forward, evaluation } = summary
  await context.result(
    summary,
    [
      measuredTable(summary.kinds),
      partsTable(summary.kinds),
      `Of entities scored by models that saw nothing of their ring. ${count(labels)} labels in ${count(pieces)} pieces that share no ring; rings of run ${run ?? 'none'}.`,
      ...(evaluation.length > 0
        ? [
            `On pieces that were hidden whole (${evaluation[0]!.rounds} rounds, mean; labels of all rounds together):`,
            evaluatedTable(evaluation),
          ]
        : []),
      ...(forward.length > 0
        ? [
            `Forward in time, a model of what was known on ${day(options.measureFrom!)} by what was decided since of others:`,
            evaluatedTable(forward),
          ]
        : []),
      `${model} is ${state === 'champion' ? 'the champion' : 'a candidate'}; ${folder} has its card.md.`,
    ].join('\n'),
  )
}

export const addTrain = (program: Command, act: Act): void => {
  program
    .command('train')
    .description(
      'Trains a model of who belongs to organized abuse from labels, and measures it on rings that were held out whole. Writes a folder with its weights, their feature lists, the measures and a card, and registers it as a candidate. Finished steps are kept until it is whole: the same command goes on after a stop.',
    )
    .option(
      '--labels <file>',
      'CSV with entity (kind:id) and label (1 or bad, 0 or good); at (when it was decided) and group (held out together) where known (default: what was decided with ringfence labels, as it stood at --as-of)',
    )
    .option('--model <folder>', 'where it is written (default: under its id, where models are kept)')
    .option('--promote', 'make it champion at once, not a candidate')
    .option('--as-of <time>', 'only what was known then: a day or a moment with zone', moment)
    .option('--run <id>', 'the run whose rings it reads (default: the latest that is not later)')
    .option(
      '--measure-from <time>',
      'measure forward in time too: a model of what was known then, by labels that were decided since (needs at)',
      moment,
    )
    .option(
      '--evaluate [rounds]',
      `measure with some rings hidden whole: so many trainings more, 1 to 50 (default ${standardRounds})`,
      wholeNumber(1, 50),
    )
    .option('--seed <n>', 'seed of everything random', wholeNumber(0, 2 ** 31 - 1), 1)
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence train --labels labels.csv',
        '  ringfence train --labels labels.csv --as-of 2026-06-01 --json',
        '  ringfence train --labels labels.csv --promote && ringfence score',
      ].join('\n'),
    )
    .action((options: TrainOptions, command: Command) => act(command, (context) => runTrainCommand(context, options)))
}
