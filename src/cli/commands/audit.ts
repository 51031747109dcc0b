/** `ringfence audit`: who did what, and the proof that the log is as it was written. */
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { type AuditProof, listedAudit, type ShownAudit, verifyAudit } from '../../jobs/audit.js'
import type { AuditHead } from '../../store/audit-chain.js'
import { type Act, type Context, isService } from '../context.js'
import { wholeNumber } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { count, textTable } from '../table.js'

interface VerifyOptions {
  readonly expect?: AuditHead
}

interface ListOptions {
  readonly limit: number
  readonly who?: string
  readonly action?: string
  readonly subject?: string
}

const head = (text: string): AuditHead => {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text)
  if (!match) throw new InvalidArgumentError('It must be PLACE:HASH, as audit verify prints it.')
  return { place: Number(match[1]), hash: match[2]! }
}

const json = <T>(context: Context, path: string): Promise<T> =>
  new ServiceClient(context.store, context.signal).json(path) as Promise<T>

const proofOf = (context: Context, { expect }: VerifyOptions): Promise<AuditProof> =>
  isService(context.store)
    ? json(context, `/v1/audit/verify${expect ? `?place=${expect.place}&hash=${expect.hash}` : ''}`)
    : withStore(context, { create: false }, (store) => verifyAudit(store, expect ?? null))

const runVerify = async (context: Context, options: VerifyOptions): Promise<void> => {
  const proof = await proofOf(context, options)
  const { holds, entries, labels, faults, faultCount } = proof
  if (!holds && !context.json) for (const { message } of faults) context.say(message)
  if (!holds && !context.json)
    throw new RingfenceError('audit.broken', `${count(faultCount)} faults; the first: ${faults[0]!.message}`)
  if (!holds) context.exit = new RingfenceError('audit.broken', '').exitCode
  await context.result(
    { ...proof },
    `The log holds: ${count(entries)} entries, ${count(labels)} labels. Keep this elsewhere, for --expect: ${proof.head.place}:${proof.head.hash}`,
  )
}

const runList = async (context: Context, { limit, ...filter }: ListOptions): Promise<void> => {
  const path = `/v1/audit?${new URLSearchParams({ limit: String(limit), ...filter })}`
  const entries = isService(context.store)
    ? (await json<{ readonly entries: readonly ShownAudit[] }>(context, path)).entries
    : await withStore(context, { create: false }, (store) => listedAudit(store, { order: 'newest', limit, ...filter }))
  await context.result(
    { entries },
    entries.length === 0
      ? 'The log has nothing of this.'
      : textTable(
          ['place', 'at', 'who', 'action', 'subject', 'after'],
          entries.map(({ place, at, who, action, subject, after }) => [
            String(place),
            at,
            who,
            action,
            subject,
            JSON.stringify(after),
          ]),
          [0],
        ),
  )
}

export const addAudit = (program: Command, act: Act): void => {
  const audit = program
    .command('audit')
    .description(
      'Who decided what on what, with what before and after, and who read identifiers of persons. Each entry is chained to the one before by its hash.',
    )
    .addHelpText('after', '\nExamples:\n  ringfence audit verify\n  ringfence audit list --subject user:u1')
  audit
    .command('verify')
    .description('Reads the whole log and says whether it is what was written, and where not.')
    .option(
      '--expect <place:hash>',
      'a head that was kept elsewhere: tells a log that was cut off or written anew',
      head,
    )
    .action((options: VerifyOptions, command: Command) => act(command, (context) => runVerify(context, options)))
  audit
    .command('list')
    .description('Lists entries, newest first.')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 1000), 50)
    .option('--who <name>', 'of this one alone')
    .option('--action <action>', 'as label.add, label.undo or personal.read')
    .option('--subject <subject>', 'kind:id or ring:id')
    .action((options: ListOptions, command: Command) => act(command, (context) => runList(context, options)))
}
