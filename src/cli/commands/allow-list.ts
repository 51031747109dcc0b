/** `ringfence allow-list`: what detection does not see. */
import type { Command } from 'commander'
import { type AllowEntry, allow, disallow, holdsAt, listAllowed } from '../../jobs/allow-list.js'
import { type Act, type Context, isService } from '../context.js'
import { endOf, endOrNever } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface AddOptions {
  readonly reason: string
  readonly expires: string
}

type Shown = AllowEntry & { readonly holds: boolean }

const client = (context: Context): ServiceClient => new ServiceClient(context.store, context.signal)

const shown = (entry: AllowEntry): Shown => ({ ...entry, holds: holdsAt(entry, Date.now()) })

const readAll = async (context: Context): Promise<readonly Shown[]> => {
  if (isService(context.store))
    return ((await client(context).json('/v1/allow-list')) as { readonly entries: readonly Shown[] }).entries
  return (await withStore(context, { create: false }, listAllowed)).map(shown)
}

const runList = async (context: Context): Promise<void> => {
  const entries = await readAll(context)
  await context.result(
    { entries },
    entries.length === 0
      ? 'Nothing is hidden from detection.'
      : textTable(
          ['id', 'name', 'holds', 'until', 'owner', 'reason'],
          entries.map(({ id, name, holds, expiresAt, owner, reason }) => [
            id,
            name,
            holds ? 'yes' : 'expired',
            expiresAt ?? '',
            owner,
            reason,
          ]),
        ),
  )
}

const runAdd = async (context: Context, name: string, { reason, expires }: AddOptions): Promise<void> => {
  const given = { name, reason, expiresAt: endOf(expires) }
  const entry = isService(context.store)
    ? ((await client(context).json('/v1/allow-list', { method: 'POST', body: JSON.stringify(given) })) as Shown)
    : shown(await withStore(context, { create: false }, (store) => allow(store, whoAsks(), given)))
  await context.result(
    { ...entry },
    `${entry.id}: the next run does not see ${entry.name}, ${entry.expiresAt === null ? 'without end' : `until ${entry.expiresAt}`}.`,
  )
}

const runRemove = async (context: Context, id: string, { reason }: { readonly reason: string }): Promise<void> => {
  if (isService(context.store)) {
    const query = new URLSearchParams({ reason })
    await client(context).json(`/v1/allow-list/${encodeURIComponent(id)}?${query}`, { method: 'DELETE' })
  } else await withStore(context, { create: false }, (store) => disallow(store, whoAsks(), id, reason))
  await context.result({ id, removed: true }, `${id} is off the allow-list; the next run sees what it hid.`)
}

export const addAllowList = (program: Command, act: Act): void => {
  const list = program
    .command('allow-list')
    .description(
      'Hides entities, identifiers or patterns of them from detection, each with a reason, an owner and an end. The notes of a run say how much each entry hid.',
    )
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence allow-list add network:office --reason "our own" --expires never',
        '  ringfence allow-list add "user:loadtest-*" --reason "load tests" --expires 2026-12-31',
        '  ringfence allow-list remove al-0123456789ab --reason "the tests are over"',
      ].join('\n'),
    )
  list
    .command('list', { isDefault: true })
    .description('Lists entries, oldest first, expired ones too.')
    .action((_options: unknown, command: Command) => act(command, runList))
  list
    .command('add')
    .description(
      'Hides something from the next run on. Where somebody has put it there before you, this is told instead.',
    )
    .argument('<name>', 'kind:id, or a pattern of ids with *')
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--expires <time>', 'from then on it is seen again (never: it has no end)', endOrNever)
    .action((name: string, options: AddOptions, command: Command) =>
      act(command, (context) => runAdd(context, name, options)),
    )
  list
    .command('remove')
    .description('Takes an entry off.')
    .argument('<id>', 'as list shows it')
    .requiredOption('--reason <text>', 'for the record')
    .action((id: string, options: { readonly reason: string }, command: Command) =>
      act(command, (context) => runRemove(context, id, options)),
    )
}
