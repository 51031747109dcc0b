/** `ringfence labels`: what people decided on entities and rings. */
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { type LabelState, openLabelBook } from '../../jobs/label-book.js'
import {
  addLabel,
  addLabels,
  type BulkEstimate,
  type Deciding,
  estimateLabels,
  type GivenLabel,
  listedLabels,
  type ShownLabel,
  undoLabels,
} from '../../jobs/labels.js'
import { type LabelDecision, labelDecisions } from '../../store/decision-store.js'
import type { GraphStore } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { readDecisions } from '../decision-file.js'
import { list, moment, wholeNumber } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { subjectsIn } from '../subjects.js'
import { count, textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface AddOptions {
  readonly label: LabelDecision
  readonly reason: string
  readonly expires?: number
  readonly evidence?: readonly string[]
  readonly after?: string
}

interface ListOptions {
  readonly subject?: string
  readonly owner?: string
  readonly batch?: string
  readonly state?: LabelState
  readonly asOf?: number
  readonly limit: number
}

interface ImportOptions {
  readonly reason?: string
  readonly dryRun?: boolean
}

const decision = (text: string): LabelDecision => {
  const found = labelDecisions.find((each) => each === text)
  if (!found) throw new InvalidArgumentError(`It must be one of ${labelDecisions.join(', ')}.`)
  return found
}

const states: readonly LabelState[] = ['counts', 'replaced', 'expired', 'taken-back', 'later', 'undo']
const stateOf = (text: string): LabelState => {
  const found = states.find((each) => each === text)
  if (!found) throw new InvalidArgumentError(`It must be one of ${states.join(', ')}.`)
  return found
}

const post = <T>(context: Context, path: string, body: unknown): Promise<T> =>
  new ServiceClient(context.store, context.signal).json(path, {
    method: 'POST',
    body: JSON.stringify(body),
  }) as Promise<T>

/** `imports`: entities that the graph does not have yet may be decided on. */
const onStore = <T>(context: Context, imports: boolean, work: (deciding: Deciding) => Promise<T>): Promise<T> =>
  withStore(context, { create: imports }, async (store: GraphStore) => {
    const subjects = await subjectsIn(store)
    return work({
      store,
      book: await openLabelBook(store),
      who: whoAsks(),
      subjects: imports ? { ...subjects, hasEntity: async () => true } : subjects,
    })
  })

const runAdd = async (context: Context, subject: string, options: AddOptions): Promise<void> => {
  const { label, reason, expires, evidence } = options
  const after = options.after === 'none' ? null : options.after
  const given: GivenLabel = {
    subject,
    label,
    reason,
    ...(expires === undefined ? {} : { expiresAt: new Date(expires).toISOString() }),
    ...(evidence === undefined ? {} : { evidence }),
  }
  const added: ShownLabel = isService(context.store)
    ? await post(context, '/v1/labels', { ...given, ...(after === undefined ? {} : { after }) })
    : await onStore(context, false, (deciding) => addLabel(deciding, given, after))
  await context.result(added, `${added.id}: ${added.subject} is ${added.label} (${added.owner}).`)
}

const runList = async (context: Context, { asOf, limit, ...filter }: ListOptions): Promise<void> => {
  const time = asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }
  const query = new URLSearchParams({ limit: String(limit), ...filter, ...time })
  const found = isService(context.store)
    ? ((await new ServiceClient(context.store, context.signal).json(`/v1/labels?${query}`)) as ReturnType<
        typeof listedLabels
      >)
    : await withStore(context, { create: false }, async (store) =>
        listedLabels(await openLabelBook(store), filter, asOf ?? Date.now(), limit, null),
      )
  const { labels, total } = found
  await context.result(
    { ...found },
    total === 0
      ? 'Nothing was decided.'
      : [
          textTable(
            ['id', 'subject', 'label', 'state', 'owner', 'at', 'expires', 'reason'],
            labels.map((each) => [
              each.id,
              each.subject,
              each.label ?? `takes back ${each.takesBack}`,
              each.state,
              each.owner,
              each.at,
              each.expiresAt ?? '',
              each.reason,
            ]),
          ),
          ...(total > labels.length ? [`${count(labels.length)} of ${count(total)} are shown.`] : []),
        ].join('\n'),
  )
}

const runUndo = async (context: Context, id: string, { reason }: { readonly reason: string }): Promise<void> => {
  const isBatch = id.startsWith('b-')
  const done: { readonly count: number } = isService(context.store)
    ? await post(context, `/v1/labels/${isBatch ? 'bulk/' : ''}${encodeURIComponent(id)}/undo`, { reason })
    : // Whoever holds the file may change all of it anyway.
      await onStore(context, false, (deciding) => undoLabels(deciding, isBatch ? { batch: id } : { id }, reason, true))
  await context.result({ id, count: done.count }, `${count(done.count)} taken back.`)
}

const estimateText = ({ count: all, byLabel, sample, decided }: BulkEstimate): string =>
  [
    `${count(all)} labels: ${Object.entries(byLabel)
      .map(([label, each]) => `${count(each)} ${label}`)
      .join(', ')}. On ${count(decided)} of them something is decided already.`,
    textTable(
      ['subject', 'label', 'now'],
      sample.map(({ subject, label, now }) => [subject, label, now ?? '']),
    ),
  ].join('\n')

const runImport = async (context: Context, file: string, options: ImportOptions): Promise<void> => {
  const labels = await readDecisions(file, options.reason)
  if (labels.length === 0) throw new RingfenceError('label.file', `${file} has no label.`)
  const work = async (
    estimate: () => Promise<BulkEstimate>,
    write: (seen: string) => Promise<{ readonly batch: string; readonly count: number }>,
  ): Promise<void> => {
    const found = await estimate()
    if (options.dryRun) return context.result({ ...found, batch: null }, estimateText(found))
    context.say(estimateText(found))
    const { batch } = await write(found.seen)
    await context.result(
      { ...found, batch },
      `${count(found.count)} labels are in, as ${batch}: ringfence labels undo ${batch} takes them back.`,
    )
  }
  if (isService(context.store))
    return work(
      () => post(context, '/v1/labels/bulk', { mode: 'estimate', labels }),
      (seen) => post(context, '/v1/labels/bulk', { mode: 'write', labels, seen }),
    )
  return onStore(context, true, (deciding) =>
    work(
      () => estimateLabels(deciding, labels),
      (seen) => addLabels(deciding, labels, seen),
    ),
  )
}

export const addLabelCommands = (program: Command, act: Act): void => {
  const labels = program
    .command('labels')
    .description(
      'What people decided on entities and rings: confirmed, cleared, unsure or escalated. Training, scoring and propagation read it as it stood at their time.',
    )
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence labels add ring:r-1a2b --label confirmed --reason "same script, same minute"',
        '  ringfence labels list --subject user:u1',
        '  ringfence labels import decisions.csv --dry-run',
        '  ringfence labels undo b-0123456789abcdef --reason "wrong file"',
      ].join('\n'),
    )
  labels
    .command('add')
    .description('Decides on one entity or ring.')
    .argument('<subject>', 'kind:id, or ring:id')
    .requiredOption('--label <label>', labelDecisions.join(', '), decision)
    .requiredOption('--reason <text>', 'why')
    .option('--expires <time>', 'from then on it does not count', moment)
    .option('--evidence <refs>', 'what it rests on, parted by commas', list)
    .option('--after <id>', 'the last decision on it that you have seen (none: there is none)')
    .action((subject: string, options: AddOptions, command: Command) =>
      act(command, (context) => runAdd(context, subject, options)),
    )
  labels
    .command('list')
    .description('Lists decisions, newest first, also those that do not count any more.')
    .option('--subject <subject>', 'kind:id, or ring:id')
    .option('--owner <name>', 'who decided')
    .option('--batch <id>', 'those of one import or bulk')
    .option('--state <state>', states.join(', '), stateOf)
    .option('--as-of <time>', 'states as they were then', moment)
    .option('--limit <n>', 'how many at most', wholeNumber(1, 1000), 100)
    .action((options: ListOptions, command: Command) => act(command, (context) => runList(context, options)))
  labels
    .command('undo')
    .description('Takes a label, or all of one import or bulk, back from now on.')
    .argument('<id>', 'of a label (l-…) or of a bulk (b-…)')
    .requiredOption('--reason <text>', 'why')
    .action((id: string, options: { readonly reason: string }, command: Command) =>
      act(command, (context) => runUndo(context, id, options)),
    )
  labels
    .command('import')
    .description('Takes decisions from a CSV file, all of them or none; says first how many and shows some.')
    .argument('<file>', 'CSV with subject (or entity), label and reason; at, expires and evidence where known')
    .option('--reason <text>', 'for lines that have none')
    .option('--dry-run', 'only says what it would do')
    .action((file: string, options: ImportOptions, command: Command) =>
      act(command, (context) => runImport(context, file, options)),
    )
}
