/** `ringfence score`: scores of all entities by the champion, or a ranking by rings where there is none. */
import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { entityName } from '../../graph/snapshot.js'
import { givenLabels, readLabelRecords } from '../../jobs/label-records.js'
import type { ScoreOutcome } from '../../jobs/model-jobs.js'
import {
  type ChallengerChoice,
  type ModelChoice,
  runScoring,
  type ScoringSummary,
  scoringSummary,
} from '../../jobs/scoring.js'
import { type ScoredKind, scoredKinds } from '../../model/features/product/sides.js'
import type { LabelRecord } from '../../model/product/labels.js'
import { isModelId } from '../../model/registry/registry.js'
import { type Act, type Context, isService } from '../context.js'
import { runExplain } from '../explain-score.js'
import { readLabels } from '../label-file.js'
import { moment, share } from '../options.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { shadowText } from '../shadow.js'
import { withStore } from '../store.js'
import { count, csvLine } from '../table.js'

interface ScoreOptions {
  readonly model?: string
  readonly unsupervised?: boolean
  readonly challenger: string
  readonly explain?: string
  readonly labels?: string
  readonly threshold?: number
  readonly dryRun?: boolean
  readonly kind?: ScoredKind
  readonly asOf?: number
  readonly run?: string
  readonly out?: string
}

const kind = (text: string): ScoredKind => {
  const known = scoredKinds.find((each) => each === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${scoredKinds.join(', ')}.`)
  return known
}

const modelChoice = ({ model, unsupervised }: ScoreOptions): ModelChoice => {
  if (unsupervised) return 'unsupervised'
  if (model === undefined) return 'champion'
  return isModelId(model) ? { id: model } : { folder: model }
}

const challengerChoice = (text: string): ChallengerChoice =>
  text === 'newest' || text === 'none' ? text : { id: text }

const cell = (value: number): string => String(Number(value.toPrecision(6)))

/** Each kind by falling score, then in the order of entities. */
const linesOf = ({ scores, snapshot }: ScoreOutcome, only: ScoredKind | undefined): readonly string[] =>
  scores
    .filter((each) => only === undefined || each.kind === only)
    .flatMap(({ from, score, interval }) =>
      Array.from(score.keys())
        .sort((a, b) => score[b]! - score[a]! || a - b)
        .map((row) =>
          csvLine([
            entityName(snapshot, from + row),
            cell(score[row]!),
            ...(interval
              ? [cell(interval.low[row]!), cell(interval.high[row]!), String(interval.labels[row]!)]
              : ['', '', '']),
          ]),
        ),
    )

const text = (summary: ScoringSummary): string => {
  const { basis, model, entities, scoring, shadow } = summary
  const by = basis === 'unsupervised' ? 'ranked by rings' : `scored by ${model ?? 'a model that is not registered'}`
  return [
    `${count(entities)} entities ${by}${scoring === null ? '; nothing was written' : ` (scoring ${scoring})`}.`,
    ...(shadow?.kinds ? [shadowText(shadow)] : []),
  ].join('\n')
}

const inService = async (context: Context, options: ScoreOptions, records: readonly LabelRecord[] | null) => {
  if (options.out !== undefined || options.kind !== undefined)
    throw new RingfenceError(
      'usage',
      'through a service scores are not written to a file: they are in its store, at GET /v1/KIND/ID/score.',
    )
  if (options.model !== undefined && !isModelId(options.model))
    throw new RingfenceError(
      'usage',
      'through a service --model is the id of a registered model: ringfence model list.',
    )
  const progress = openProgress(context.quiet)
  const { asOf, run, threshold } = options
  const parameters = {
    ...(options.unsupervised ? { model: 'unsupervised' } : options.model === undefined ? {} : { model: options.model }),
    challenger: options.challenger,
    ...(records ? { labels: givenLabels(records) } : {}),
    ...(asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }),
    ...(run === undefined ? {} : { run }),
    ...(threshold === undefined ? {} : { threshold }),
  }
  const client = new ServiceClient(context.store, context.signal)
  const mode = options.dryRun ? 'dry-run' : 'write'
  const result = await runServiceJob(client, { type: 'score', mode, parameters }, progress).finally(progress.stop)
  const summary = result as unknown as ScoringSummary
  for (const { message } of summary.notes) context.say(message)
  await context.result(summary, text(summary))
}

const onStore = async (
  context: Context,
  options: ScoreOptions,
  given: readonly LabelRecord[] | null,
): Promise<void> => {
  const progress = openProgress(context.quiet)
  const mode = options.dryRun ? 'dry-run' : 'write'
  const { record, outcome } = await withStore(context, { create: false }, async (store) =>
    runScoring(store, {
      model: modelChoice(options),
      challenger: challengerChoice(options.challenger),
      asOf: options.asOf ?? null,
      run: options.run ?? null,
      records: given ?? (await readLabelRecords(store, options.asOf ?? null)),
      threshold: options.threshold ?? null,
      mode,
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  for (const { message } of record.notes) context.say(message)
  const summary = scoringSummary(record, mode === 'write')
  const lines = linesOf(outcome, options.kind)
  const csv = `${csvLine(['entity', 'score', 'low', 'high', 'labels'])}${lines.join('')}`
  if (options.out !== undefined) await writeFile(options.out, csv)
  else if (!context.json) return context.write(csv)
  await context.result(
    {
      ...summary,
      entities: lines.length,
      out: options.out ?? null,
      ...(options.out === undefined ? { csv } : {}),
    },
    text(summary),
  )
}

const runScoreCommand = async (context: Context, options: ScoreOptions): Promise<void> => {
  if (options.unsupervised && options.model !== undefined)
    throw new RingfenceError('usage', '--unsupervised is a ranking without a model: leave --model out.')
  if (options.explain !== undefined) return runExplain(context, { ...options, explain: options.explain })
  const records = options.labels === undefined ? null : await readLabels(options.labels)
  await (isService(context.store) ? inService : onStore)(context, options, records)
}

export const addScore = (program: Command, act: Act): void => {
  program
    .command('score')
    .description(
      'Scores every entity of the kinds that the champion knows: probability, interval and how many labels stand behind it, into the store and as CSV. Says what has drifted since training, and how a challenger differs. Without a champion: a ranking by the rings of a run, said to be so.',
    )
    .option(
      '--model <model>',
      'the id of a registered model, or a folder that ringfence train wrote (default: the champion)',
    )
    .option('--unsupervised', 'rank by the rings of a run, whatever models there are')
    .option('--challenger <id>', 'which model scores in the shadow: an id, newest, or none', 'newest')
    .option(
      '--labels <file>',
      'labels to judge probabilities by, as for ringfence train; those decided since training count (default: what was decided with ringfence labels)',
    )
    .option('--threshold <share>', 'a score that a person acts on, for the comparison with the challenger', share)
    .option('--explain <entity>', 'the score of one entity, kind:id, with its reasons; writes nothing')
    .option('--dry-run', 'write nothing to the store')
    .option('--kind <kind>', 'creator, user, video or product', kind)
    .option('--as-of <time>', 'only what was known then: a day or a moment with zone', moment)
    .option('--run <id>', 'the run whose rings it reads (default: the latest that is not later)')
    .option('--out <file>', 'write there instead of standard output')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence score --kind creator --out scores.csv',
        '  ringfence score --labels fresh.csv --json --out scores.csv',
        '  ringfence score --model models/june --dry-run --out scores.csv',
        '  ringfence score --unsupervised --kind user',
        '  ringfence score --explain user:u1 --json',
      ].join('\n'),
    )
    .action((options: ScoreOptions, command: Command) => act(command, (context) => runScoreCommand(context, options)))
}
