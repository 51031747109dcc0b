/** `ringfence model`: the models on record, which one is champion, and how far it is from what it learned. */
import type { Command } from 'commander'
import {
  type DescribedModel,
  describedModel,
  listedModels,
  type ModelStatus,
  modelStatus,
  promote,
  rollBack,
  type ShownModel,
} from '../../jobs/model-desk.js'
import { runScoring, type ScoringSummary, scoringSummary } from '../../jobs/scoring.js'
import { type Act, type Context, isService } from '../context.js'
import { changesText, driftText } from '../model-text.js'
import { share } from '../options.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { shadowText } from '../shadow.js'
import { withStore } from '../store.js'
import { count, textTable } from '../table.js'
import { whoAsks } from '../who.js'

const client = (context: Context): ServiceClient => new ServiceClient(context.store, context.signal)
const pathOf = (id: string): string => `/v1/models/${encodeURIComponent(id)}`

/** From the store itself, or from a service that runs on it. */
const ask = async <T>(
  context: Context,
  path: string,
  own: Parameters<typeof withStore<T>>[2],
  body?: Readonly<Record<string, unknown>>,
): Promise<T> => {
  if (!isService(context.store)) return withStore(context, { create: false }, own)
  const request = body ? { method: 'POST' as const, body: JSON.stringify(body) } : {}
  return (await client(context).json(path, request)) as T
}

const kindsOf = ({ kinds }: ShownModel): string => kinds.map(({ kind }) => kind).join(', ')
const bestMeasure = ({ kinds }: ShownModel): string =>
  kinds
    .map(({ kind, measured }) => {
      const found = measured.find(({ metric }) => metric === 'average precision')
      return found ? `${kind} ${found.value.toFixed(3)}` : ''
    })
    .join(' ')

const runList = async (context: Context): Promise<void> => {
  const { home, models } = await ask(context, '/v1/models', listedModels)
  await context.result(
    { home, models },
    models.length === 0
      ? 'No models: ringfence train makes one.'
      : textTable(
          ['id', 'state', 'trained', 'labels', 'kinds', 'average precision'],
          models.map((model) => [
            model.id,
            model.state,
            model.trainedAt,
            count(model.labels),
            kindsOf(model),
            bestMeasure(model),
          ]),
          [3],
        ),
  )
}

const runShow = async (context: Context, id: string): Promise<void> => {
  const model = await ask<DescribedModel>(context, pathOf(id), (store) => describedModel(store, id))
  await context.result(
    model,
    [
      `${model.id}: ${model.state}, in ${model.folder}`,
      ...(model.problem ? [`It cannot be used: ${model.problem.detail} ${model.problem.advice}`] : []),
      changesText(model.changes),
      ...(model.card ? ['', model.card.trimEnd()] : []),
    ].join('\n'),
  )
}

const runStatus = async (context: Context): Promise<void> => {
  const status = await ask<ModelStatus>(context, '/v1/models/status', modelStatus)
  const { champion, problem, candidate, scoring } = status
  await context.result(
    status,
    [
      champion
        ? `Champion: ${champion.id}, trained ${champion.trainedAt} from ${count(champion.labels)} labels, in ${champion.folder}`
        : 'No champion: ringfence model promote makes one; until then scores are a ranking by rings.',
      ...(problem ? [`It cannot be used: ${problem.detail} ${problem.advice}`] : []),
      ...(candidate ? [`Candidate: ${candidate.id}, trained ${candidate.trainedAt}`] : []),
      ...(champion ? [scoring ? driftText(scoring) : 'It has not scored yet: ringfence score.'] : []),
    ].join('\n'),
  )
}

interface ChangeOptions {
  readonly why: string
}

const changed = ({ id, changes }: ShownModel): string => `${id} is the champion now.\n${changesText(changes)}`

const runPromote = async (context: Context, id: string, { why }: ChangeOptions): Promise<void> => {
  const asked = { who: whoAsks(), why }
  const model = await ask<ShownModel>(context, `${pathOf(id)}/promote`, (store) => promote(store, id, asked), { why })
  await context.result(model, changed(model))
}

const runRollback = async (context: Context, { why }: ChangeOptions): Promise<void> => {
  const asked = { who: whoAsks(), why }
  const model = await ask<ShownModel>(context, '/v1/models/rollback', (store) => rollBack(store, asked), { why })
  await context.result(model, changed(model))
}

interface CompareOptions {
  readonly threshold?: number
}

const scored = async (
  context: Context,
  champion: string | undefined,
  challenger: string | undefined,
  threshold: number | undefined,
): Promise<ScoringSummary> => {
  const progress = openProgress(context.quiet)
  if (isService(context.store)) {
    const parameters = {
      ...(champion === undefined ? {} : { model: champion }),
      ...(challenger === undefined ? {} : { challenger }),
      ...(threshold === undefined ? {} : { threshold }),
    }
    const wish = { type: 'score', mode: 'dry-run', parameters } as const
    return (await runServiceJob(client(context), wish, progress).finally(progress.stop)) as unknown as ScoringSummary
  }
  const { record } = await withStore(context, { create: false }, (store) =>
    runScoring(store, {
      model: champion === undefined ? 'champion' : { id: champion },
      challenger: challenger === undefined ? 'newest' : { id: challenger },
      asOf: null,
      run: null,
      records: [],
      threshold: threshold ?? null,
      mode: 'dry-run',
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  return scoringSummary(record, false)
}

const runCompare = async (
  context: Context,
  challenger: string | undefined,
  champion: string | undefined,
  { threshold }: CompareOptions,
): Promise<void> => {
  const { models } = await ask(context, '/v1/models', listedModels)
  const summary = await scored(context, champion, challenger, threshold)
  const both = [summary.model, summary.shadow?.challenger ?? null].map(
    (id) => models.find((model) => model.id === id) ?? null,
  )
  const measured = both.flatMap((model) =>
    (model?.kinds ?? []).flatMap(({ kind, measured: measures }) =>
      measures.map(({ metric, value, spread }) => ({ model: model!.id, kind, metric, value, spread })),
    ),
  )
  const rows = new Map<string, string[]>()
  for (const { model, kind, metric, value } of measured) {
    const row = rows.get(`${kind} ${metric}`) ?? [kind, metric, '', '']
    row[model === summary.model ? 2 : 3] = value.toFixed(4)
    rows.set(`${kind} ${metric}`, row)
  }
  await context.result(
    { model: summary.model, shadow: summary.shadow, notes: summary.notes, measured },
    summary.shadow
      ? [
          'On labels of their own, each on rings held out whole:',
          textTable(['kind', 'measure', summary.model ?? '', summary.shadow.challenger], [...rows.values()], [2, 3]),
          shadowText(summary.shadow),
        ].join('\n')
      : 'There is nothing to compare with: no candidate was trained after the champion.',
  )
}

export const addModel = (program: Command, act: Act): void => {
  const model = program
    .command('model')
    .description('Shows the models on record, makes one champion, and says what has drifted since it was trained.')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence model list',
        '  ringfence model compare',
        '  ringfence model promote m-0123456789ab --why "better on held-out rings"',
        '  ringfence model status --json',
        '  ringfence model rollback --why "too many shops of one family"',
      ].join('\n'),
    )
  model
    .command('list', { isDefault: true })
    .description('Lists models, newest first.')
    .action((_options: unknown, command: Command) => act(command, runList))
  model
    .command('show')
    .description('Shows one model: what was done to it, and its card.')
    .argument('<id>', 'a model')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runShow(context, id)))
  model
    .command('status')
    .description('Shows the champion, whether its folder is whole, and what has drifted since training.')
    .action((_options: unknown, command: Command) => act(command, runStatus))
  model
    .command('promote')
    .description('Makes a model champion; the one before is retired.')
    .argument('<id>', 'a model')
    .requiredOption('--why <text>', 'for the record')
    .action((id: string, options: ChangeOptions, command: Command) =>
      act(command, (context) => runPromote(context, id, options)),
    )
  model
    .command('rollback')
    .description('Makes the champion before this one champion again.')
    .requiredOption('--why <text>', 'for the record')
    .action((options: ChangeOptions, command: Command) => act(command, (context) => runRollback(context, options)))
  model
    .command('compare')
    .description('Scores by the champion and a challenger, writes nothing, and says how they differ.')
    .argument('[challenger]', 'a model (default: the newest candidate)')
    .argument('[champion]', 'the model it is compared with (default: the champion)')
    .option('--threshold <share>', 'a score that a person acts on', share)
    .action((challenger: string | undefined, champion: string | undefined, options: CompareOptions, command: Command) =>
      act(command, (context) => runCompare(context, challenger, champion, options)),
    )
}
