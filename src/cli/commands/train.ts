/** `ringfence train`: a model of who belongs to organized abuse, from labels. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { runTrain } from '../../jobs/model-jobs.js'
import type { Evaluated } from '../../model/product/evaluate.js'
import type { Measured } from '../../model/product/measures.js'
import { modelCard } from '../../model/registry/model-card.js'
import { type ProductModel, writeModel } from '../../model/registry/model-folder.js'
import { version } from '../../version.js'
import { type Act, type Context, isService } from '../context.js'
import { readLabels } from '../label-file.js'
import { moment, wholeNumber } from '../options.js'
import { openProgress } from '../progress.js'
import { withStore } from '../store.js'
import { count, day, textTable } from '../table.js'

interface TrainOptions {
  readonly labels: string
  readonly model: string
  readonly asOf?: number
  readonly run?: string
  readonly seed: number
  readonly measureFrom?: number
  /** True: the usual number of rounds. */
  readonly evaluate?: number | true
}

/** Rounds of `--evaluate`. */
const standardRounds = 5

const DEFAULT_MODEL = './ringfence-model'

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

const partsTable = (models: ProductModel['models']): string =>
  textTable(
    ['kind', 'part of the stack', 'average precision', 'AUROC', 'weight'],
    models.flatMap(({ kind, parts, stack }) =>
      parts.map(({ name, measured }, at) => [
        kind,
        name,
        ...['average precision', 'AUROC'].map((wanted) =>
          measured.find(({ metric }) => metric === wanted)!.value.toFixed(4),
        ),
        stack.coefficients[at]!.toFixed(3),
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

const runTrainCommand = async (context: Context, options: TrainOptions): Promise<void> => {
  if (isService(context.store))
    throw new RingfenceError('usage', 'train works on a store itself, not through a service: name its file or address.')
  const records = await readLabels(options.labels)
  const progress = openProgress(context.quiet)
  const { trained, forward, evaluation, run } = await withStore(context, { create: false }, (store) =>
    runTrain(store, {
      asOf: options.asOf ?? null,
      run: options.run ?? null,
      records,
      seed: options.seed,
      measureFrom: options.measureFrom ?? null,
      rounds: options.evaluate === true ? standardRounds : (options.evaluate ?? 0),
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  const model: ProductModel = {
    version,
    trainedAt: new Date().toISOString(),
    seed: options.seed,
    asOf: options.asOf ?? null,
    window: trained.window,
    run,
    labels: trained.labels,
    models: trained.models,
    networks: trained.networks,
    skipped: trained.skipped,
  }
  const digest = await writeModel(options.model, model, modelCard(model))
  const { absent, later, contradictory } = trained
  for (const [left, why] of [
    [absent, 'are of entities that the graph does not have'],
    [later, 'were decided after the time of the features'],
    [contradictory, 'contradict one another at one time'],
  ] as const)
    if (left > 0) context.say(`${count(left)} labels ${why} and were left out.`)
  for (const { kind, why } of trained.skipped) context.say(`No model of a ${kind}: ${why}.`)
  await context.result(
    {
      model: options.model,
      digest,
      run,
      labels: model.labels.length,
      pieces: trained.pieces,
      absent,
      later,
      contradictory,
      kinds: model.models.map(({ kind, bad, good, measured, parts, stack, featureList }) => ({
        kind,
        bad,
        good,
        featureList,
        measured,
        parts: parts.map((part, at) => ({ ...part, weight: stack.coefficients[at] })),
      })),
      skipped: trained.skipped,
      forward,
      evaluation,
    },
    [
      measuredTable(model.models),
      partsTable(model.models),
      `Of entities scored by trees that saw nothing of their ring. ${count(model.labels.length)} labels in ${count(trained.pieces)} pieces that share no ring; rings of run ${run ?? 'none'}.`,
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
      `${options.model}: digest ${digest.slice(0, 16)}; card.md says what it is.`,
    ].join('\n'),
  )
}

export const addTrain = (program: Command, act: Act): void => {
  program
    .command('train')
    .description(
      'Trains a model of who belongs to organized abuse from labels, and measures it on rings that were held out whole. Writes a folder with the trees, their feature lists, the measures and a card.',
    )
    .requiredOption(
      '--labels <file>',
      'CSV with entity (kind:id) and label (1 or bad, 0 or good); at (when it was decided) and group (held out together) where known',
    )
    .option('--model <folder>', 'where it is written', DEFAULT_MODEL)
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
        '  ringfence train --labels labels.csv --as-of 2026-06-01 --model models/june --json',
      ].join('\n'),
    )
    .action((options: TrainOptions, command: Command) => act(command, (context) => runTrainCommand(context, options)))
}
