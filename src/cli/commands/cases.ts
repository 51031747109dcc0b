/** `ringfence cases`: light cases on entities and rings. */
import { type Command, InvalidArgumentError } from 'commander'
import {
  type CaseFields,
  type CaseFilter,
  type CaseStatus,
  caseStatuses,
  changeCase,
  commentCase,
  filteredCases,
  openCaseOn,
  readCase,
  type Versioned,
} from '../../jobs/cases.js'
import type { GraphStore } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { endOf, endOrNever, wholeNumber } from '../options.js'
import { ServiceClient, type ServiceRequest } from '../service/client.js'
import { withStore } from '../store.js'
import { subjectsIn } from '../subjects.js'
import { textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface FieldOptions {
  readonly title?: string
  readonly status?: CaseStatus
  readonly assignee?: string
  readonly due?: string
}

interface ChangeOptions extends FieldOptions {
  readonly seen: number
}

const status = (text: string): CaseStatus => {
  const found = caseStatuses.find((each) => each === text)
  if (!found) throw new InvalidArgumentError(`It must be one of ${caseStatuses.join(', ')}.`)
  return found
}

/** Through the service, or on the store by what the service's route calls. */
const ask = async <T>(
  context: Context,
  path: string,
  onStore: (store: GraphStore) => Promise<T>,
  method: ServiceRequest['method'] = 'GET',
  body?: object,
): Promise<T> => {
  if (!isService(context.store)) return withStore(context, { create: false }, onStore)
  const request = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  return (await new ServiceClient(context.store, context.signal).json(path, request)) as T
}

const pathOf = (id: string): string => `/v1/cases/${encodeURIComponent(id)}`

const fieldsOf = ({ title, status, assignee, due }: FieldOptions): CaseFields => ({
  ...(title === undefined ? {} : { title }),
  ...(status === undefined ? {} : { status }),
  ...(assignee === undefined ? {} : { assignee: assignee === 'none' ? null : assignee }),
  ...(due === undefined ? {} : { dueAt: endOf(due) }),
})

/** A service knows who `me` is; on a store it is whoever asks. */
const mine = <T extends { readonly assignee?: string | null | undefined }>(given: T): T =>
  given.assignee === 'me' ? { ...given, assignee: whoAsks() } : given

const text = (found: Versioned): string =>
  [
    `${found.id} (version ${found.version}): ${found.title}`,
    `${found.subject}, ${found.status}, ${found.assignee ?? 'nobody'} has it, due ${found.dueAt ?? 'at no time'}; opened by ${found.openedBy}, ${found.at}`,
    ...found.comments.map(({ at, who, text, appeal }) => `${at} ${who}${appeal ? ' (appeal)' : ''}: ${text}`),
  ].join('\n')

const tell = (context: Context, found: Versioned): Promise<void> => context.result({ ...found }, text(found))

const runList = async (context: Context, filter: CaseFilter): Promise<void> => {
  const { cases } = await ask<{ readonly cases: readonly Versioned[] }>(
    context,
    `/v1/cases?${new URLSearchParams({ ...filter })}`,
    async (store) => ({ cases: await filteredCases(store, mine(filter)) }),
  )
  await context.result(
    { cases },
    cases.length === 0
      ? 'No cases.'
      : textTable(
          ['id', 'subject', 'status', 'assignee', 'due', 'title'],
          cases.map(({ id, subject, status, assignee, dueAt, title }) => [
            id,
            subject,
            status,
            assignee ?? '',
            dueAt ?? '',
            title,
          ]),
        ),
  )
}

const runOpen = async (context: Context, subject: string, options: FieldOptions): Promise<void> => {
  const given = { subject, title: options.title!, ...fieldsOf(options) }
  const open = async (store: GraphStore) => openCaseOn(store, await subjectsIn(store), whoAsks(), mine(given))
  await tell(context, await ask(context, '/v1/cases', open, 'POST', given))
}

const runChange = async (context: Context, id: string, { seen, ...options }: ChangeOptions): Promise<void> => {
  const fields = fieldsOf(options)
  const change = (store: GraphStore) => changeCase(store, whoAsks(), id, seen, mine(fields))
  await tell(context, await ask(context, pathOf(id), change, 'PUT', { version: seen, ...fields }))
}

const runComment = async (context: Context, id: string, words: string, appeal: boolean): Promise<void> => {
  const path = `${pathOf(id)}/${appeal ? 'appeal' : 'comments'}`
  const comment = (store: GraphStore) => commentCase(store, whoAsks(), id, words, appeal)
  await tell(context, await ask(context, path, comment, 'POST', { text: words }))
}

export const addCases = (program: Command, act: Act): void => {
  const cases = program
    .command('cases')
    .description('Light cases on entities and rings: who looks at what until when, and what was said of it.')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence cases open ring:r-1a2b --title "one script" --assignee "ada (k-0123456789ab)" --due 2026-03-01',
        '  ringfence cases list --status open',
        '  ringfence cases change c-0123456789ab --seen 1 --status in-review',
        '  ringfence cases appeal c-0123456789ab "it was a school"',
      ].join('\n'),
    )
  cases
    .command('list', { isDefault: true })
    .description('Lists cases, oldest first.')
    .option('--status <status>', caseStatuses.join(', '), status)
    .option('--assignee <name>', 'who has them (me: you)')
    .option('--subject <subject>', 'kind:id, or ring:id')
    .action((options: CaseFilter, command: Command) => act(command, (context) => runList(context, options)))
  cases
    .command('show')
    .description('Shows one case with its comments.')
    .argument('<id>', 'a case')
    .action((id: string, _options: unknown, command: Command) =>
      act(command, async (context) => tell(context, await ask(context, pathOf(id), (store) => readCase(store, id)))),
    )
  cases
    .command('open')
    .description('Opens a case on an entity or a ring.')
    .argument('<subject>', 'kind:id, or ring:id')
    .requiredOption('--title <text>', 'what it is about')
    .option('--status <status>', caseStatuses.join(', '), status)
    .option('--assignee <name>', 'who is to look at it (me: you)')
    .option('--due <time>', 'until when', endOrNever)
    .action((subject: string, options: FieldOptions, command: Command) =>
      act(command, (context) => runOpen(context, subject, options)),
    )
  cases
    .command('change')
    .description(
      'Assigns a case, or changes its title, status or due date. What another has changed since is told instead.',
    )
    .argument('<id>', 'a case')
    .requiredOption('--seen <version>', 'the version that you have seen, as show tells it', wholeNumber(1, 1e9))
    .option('--title <text>', 'what it is about')
    .option('--status <status>', caseStatuses.join(', '), status)
    .option('--assignee <name>', 'who is to look at it (me: you, none: nobody)')
    .option('--due <time>', 'until when (never: it has no end)', endOrNever)
    .action((id: string, options: ChangeOptions, command: Command) =>
      act(command, (context) => runChange(context, id, options)),
    )
  for (const [name, appeal, summary] of [
    ['comment', false, 'Adds a comment.'],
    ['appeal', true, 'Records an appeal: the case is open again.'],
  ] as const)
    cases
      .command(name)
      .description(summary)
      .argument('<id>', 'a case')
      .argument('<text>', 'what is to be said')
      .action((id: string, words: string, _options: unknown, command: Command) =>
        act(command, (context) => runComment(context, id, words, appeal)),
      )
}
