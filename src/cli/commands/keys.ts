/** `ringfence keys`: API keys of the service, each with one role. */
import { type Command, InvalidArgumentError } from 'commander'
import { isKeyRole, type KeyRole, keyRoles } from '../../jobs/api-keys.js'
import { dropKey, makeKey } from '../../jobs/recorded.js'
import type { ApiKeyRecord } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface CreateOptions {
  readonly role: KeyRole
  readonly name: string
}

const role = (text: string): KeyRole => {
  if (!isKeyRole(text)) throw new InvalidArgumentError(`It must be one of ${keyRoles.join(', ')}.`)
  return text
}

/** A name shows in lists and logs: one line of a sensible length. */
const name = (text: string): string => {
  if (text.trim() === '' || text.length > 100 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It must have 1 to 100 characters on one line.')
  return text.trim()
}

/** Without the hash, which is nobody's business. */
const shown = ({ id, role, name, createdAt, revokedAt }: ApiKeyRecord) => ({ id, role, name, createdAt, revokedAt })
type ShownKey = ReturnType<typeof shown>

const client = (context: Context): ServiceClient => new ServiceClient(context.store, context.signal)

const createKey = async (
  context: Context,
  { role, name }: CreateOptions,
): Promise<ShownKey & { readonly key: string }> => {
  if (isService(context.store)) {
    const body = JSON.stringify({ role, name })
    return (await client(context).json('/v1/keys', { method: 'POST', body })) as ShownKey & { readonly key: string }
  }
  const { key, record } = await withStore(context, {}, (store) => makeKey(store, whoAsks(), role, name))
  return { ...shown(record), key }
}

const runCreate = async (context: Context, options: CreateOptions): Promise<void> => {
  const made = await createKey(context, options)
  context.say(`Key ${made.id} with the role ${made.role}. It is shown this once and kept nowhere:`)
  await context.result(made, made.key)
}

const listKeys = async (context: Context): Promise<readonly ShownKey[]> => {
  if (isService(context.store))
    return ((await client(context).json('/v1/keys')) as { readonly keys: readonly ShownKey[] }).keys
  return (await withStore(context, { create: false }, (store) => store.listKeys())).map(shown)
}

const runList = async (context: Context): Promise<void> => {
  const keys = await listKeys(context)
  await context.result(
    { keys },
    keys.length === 0
      ? 'No keys: the service listens on loopback only.'
      : textTable(
          ['id', 'role', 'name', 'created', 'revoked'],
          keys.map((key) => [key.id, key.role, key.name, key.createdAt, key.revokedAt ?? '']),
        ),
  )
}

const runRevoke = async (context: Context, id: string): Promise<void> => {
  if (isService(context.store)) {
    const path = `/v1/keys/${encodeURIComponent(id)}`
    const revoked = (await client(context).json(path, { method: 'DELETE' })) as { readonly revokedAt: string }
    await context.result({ id, revokedAt: revoked.revokedAt }, `Key ${id} is revoked.`)
    return
  }
  const revokedAt = await withStore(context, { create: false }, (store) => dropKey(store, whoAsks(), id))
  await context.result({ id, revokedAt }, `Key ${id} is revoked.`)
}

export const addKeys = (program: Command, act: Act): void => {
  const keys = program
    .command('keys')
    .description(`Makes, lists and revokes API keys. A key carries one role: ${keyRoles.join(', ')}.`)
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence keys create --role ingest --name "event pipeline"\n  ringfence keys list\n  ringfence keys revoke k-0123456789ab',
    )
  keys
    .command('create')
    .description('Makes a key and prints it once; only its hash is kept.')
    .requiredOption('--role <role>', keyRoles.join(', '), role)
    .requiredOption('--name <name>', 'whose key it is, or what for', name)
    .addHelpText('after', '\nExamples:\n  ringfence keys create --role ingest --name "event pipeline"')
    .action((options: CreateOptions, command: Command) => act(command, (context) => runCreate(context, options)))
  keys
    .command('list')
    .description('Lists the keys, revoked ones too; never the keys themselves.')
    .action((_options: unknown, command: Command) => act(command, runList))
  keys
    .command('revoke')
    .description('Takes a key back; from then on it opens nothing.')
    .argument('<id>', 'as keys list shows it')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runRevoke(context, id)))
}
