/** `ringfence score`: scores of all entities by a model, or a ranking by rings where there is none. */
import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { entityName } from '../../graph/snapshot.js'
import { runScore, type ScoreOutcome } from '../../jobs/model-jobs.js'
import { type ScoredKind, scoredKinds } from '../../model/features/product/sides.js'
import { readModel } from '../../model/registry/model-folder.js'
import { type Act, type Context, isService } from '../context.js'
import { moment } from '../options.js'
import { openProgress } from '../progress.js'
import { withStore } from '../store.js'
import { count, csvLine } from '../table.js'

interface ScoreOptions {
  readonly model?: string
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

const runScoreCommand = async (context: Context, options: ScoreOptions): Promise<void> => {
  if (isService(context.store))
    throw new RingfenceError('usage', 'score works on a store itself, not through a service: name its file or address.')
  const stored = options.model === undefined ? null : await readModel(options.model)
  const progress = openProgress(context.quiet)
  const outcome = await withStore(context, { create: false }, (store) =>
    runScore(store, {
      asOf: options.asOf ?? null,
      run: options.run ?? null,
      model: stored?.model ?? null,
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  const lines = linesOf(outcome, options.kind)
  const basis = stored ? 'model' : 'unsupervised'
  if (basis === 'unsupervised')
    context.say('Without a model this is unsupervised: a ranking by the rings of a run, not a probability of anything.')
  for (const { kind: skipped, why } of stored?.model.skipped ?? [])
    context.say(`The model has no scores of a ${skipped}: ${why}.`)
  const csv = `${csvLine(['entity', 'score', 'low', 'high', 'labels'])}${lines.join('')}`
  if (options.out !== undefined) await writeFile(options.out, csv)
  else if (!context.json) return context.write(csv)
  await context.result(
    {
      basis,
      model: options.model ?? null,
      digest: stored?.digest ?? null,
      run: outcome.run,
      entities: lines.length,
      out: options.out ?? null,
      ...(options.out === undefined ? { csv } : {}),
    },
    `${options.out}: ${count(lines.length)} entities, ${basis}.`,
  )
}

export const addScore = (program: Command, act: Act): void => {
  program
    .command('score')
    .description(
      'Scores every entity of the kinds that a model knows: probability, interval and how many labels stand behind it, as CSV. Without a model: a ranking by the rings of a run, said to be so.',
    )
    .option('--model <folder>', 'a folder that ringfence train wrote')
    .option('--kind <kind>', 'creator, user, video or product', kind)
    .option('--as-of <time>', 'only what was known then: a day or a moment with zone', moment)
    .option('--run <id>', 'the run whose rings it reads (default: the latest that is not later)')
    .option('--out <file>', 'write there instead of standard output')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence score --model ringfence-model --kind creator --out scores.csv',
        '  ringfence score --kind user',
      ].join('\n'),
    )
    .action((options: ScoreOptions, command: Command) => act(command, (context) => runScoreCommand(context, options)))
}
