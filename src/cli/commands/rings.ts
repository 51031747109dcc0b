/** `ringfence rings`: the rings of a run, as a table, CSV or NDJSON. */
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { hangsOn, limitOf } from '../../rings/counterfactual.js'
import type { RingRecord, RunWithRings } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { writeHistory } from '../history.js'
import { share } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { readServiceRings } from '../service/rings.js'
import { withStore } from '../store.js'
import { count, csvLine, day, shortNumber, textTable } from '../table.js'

type RingsFormat = 'table' | 'csv' | 'ndjson'
const formats: readonly RingsFormat[] = ['table', 'csv', 'ndjson']

interface RingsOptions {
  readonly run?: string
  readonly fdr: number
  readonly members?: boolean
  readonly format: RingsFormat
  readonly history?: string
}

const format = (text: string): RingsFormat => {
  const known = formats.find((each) => each === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${formats.join(', ')}.`)
  return known
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Accounts act; beneficiaries are what they act for. */
const accountsOf = (ring: RingRecord): number => ring.members.filter((member) => member.role !== 'beneficiary').length

export const MEMBERS_HEADER = ['ring', 'entity', 'kind', 'role', 'score'] as const

/** One line a membership, sorted by ring then entity, bytewise; the header always. */
export const membersCsv = (rings: readonly RingRecord[]): string => {
  const rows = rings
    .flatMap((ring) => ring.members.map((member) => ({ ring: ring.id, entity: `${member.kind}:${member.id}`, member })))
    .sort((a, b) => byBytes(a.ring, b.ring) || byBytes(a.entity, b.entity))
  return [
    csvLine(MEMBERS_HEADER),
    ...rows.map(({ ring, entity, member }) => csvLine([ring, entity, member.kind, member.role, String(member.score)])),
  ].join('')
}

const ringsCsv = (rings: readonly RingRecord[]): string =>
  [
    csvLine(['ring', 'score', 'fdr', 'behaviours', 'accounts', 'beneficiaries', 'from', 'to', 'markets', 'evidence']),
    ...rings.map((ring) =>
      csvLine([
        ring.id,
        String(ring.score),
        String(ring.fdr),
        ring.behaviours.join(' '),
        String(accountsOf(ring)),
        String(ring.members.length - accountsOf(ring)),
        ring.window ? new Date(ring.window.from).toISOString() : '',
        ring.window ? new Date(ring.window.to).toISOString() : '',
        ring.markets.join(' '),
        ring.facts.map((fact) => fact.sentence).join(' '),
      ]),
    ),
  ].join('')

/** A ring as an object of JSON, with its members when they were asked for. */
const ringObject = (ring: RingRecord, members: boolean, limit: number): Record<string, unknown> => ({
  id: ring.id,
  score: ring.score,
  fdr: ring.fdr,
  behaviours: ring.behaviours,
  detectors: ring.detectors,
  window: ring.window
    ? { from: new Date(ring.window.from).toISOString(), to: new Date(ring.window.to).toISOString() }
    : null,
  types: ring.types,
  markets: ring.markets,
  scenarios: ring.scenarios,
  accounts: accountsOf(ring),
  beneficiaries: ring.members.length - accountsOf(ring),
  facts: ring.facts.map(({ code, sentence, observed, expected, unit, interactionCount }) => ({
    code,
    sentence,
    observed,
    expected,
    unit,
    interactions: interactionCount,
  })),
  hangsOn: hangsOn(ring, limit),
  ...(members
    ? {
        members: ring.members.map(({ kind, id, role, score }) => ({ entity: `${kind}:${id}`, kind, role, score })),
      }
    : {}),
})

const header = ({ run, rings }: RunWithRings): string =>
  `Run ${run.id}, ${run.asOf === null ? 'all data' : `as of ${new Date(run.asOf).toISOString()}`}: ${count(rings.length)} rings.`

const ringTable = (rings: readonly RingRecord[]): string =>
  textTable(
    ['ring', 'seen as', 'accounts', 'for', 'surprise', 'fdr', 'from', 'to'],
    rings.map((ring) => [
      ring.id,
      ring.behaviours.join(' '),
      String(accountsOf(ring)),
      String(ring.members.length - accountsOf(ring)),
      ring.score.toFixed(1),
      shortNumber(ring.fdr),
      ring.window ? day(ring.window.from) : '',
      ring.window ? day(ring.window.to) : '',
    ]),
    [2, 3, 4, 5],
  )

/** Facts without which the ring would not have been named are marked. */
const factLines = (ring: RingRecord, limit: number): string[] => {
  const carrying = new Set(hangsOn(ring, limit)?.facts)
  return ring.facts.map(
    (fact, place) =>
      `${carrying.has(place) ? '* ' : '  '}${fact.sentence} (${count(fact.interactionCount)} interactions)`,
  )
}

const memberBlock = (ring: RingRecord, limit: number): string =>
  [
    `${ring.id}  ${ring.behaviours.join(' ')}  surprise ${ring.score.toFixed(1)} nats, fdr ${shortNumber(ring.fdr)}`,
    ...factLines(ring, limit),
    textTable(
      ['  member', 'role', 'strength'],
      ring.members.map((member) => [`  ${member.kind}:${member.id}`, member.role, member.score.toFixed(2)]),
      [2],
    ),
  ].join('\n')

const asText = (run: RunWithRings, members: boolean): string => {
  if (run.rings.length === 0) return `${header(run)}\n`
  const limit = limitOf(run.run)
  const body = members
    ? run.rings.map((ring) => memberBlock(ring, limit)).join('\n\n')
    : `${ringTable(run.rings)}\n\nWhy:\n${run.rings.map((ring) => `${ring.id}\n${factLines(ring, limit).join('\n')}`).join('\n')}`
  return `${header(run)}\n\n${body}\n\n* Without the facts marked so it would not have been named.\nA ring is a lead, never a verdict: fdr is the share of such leads that chance would give.\n`
}

/** The run that was asked for, with the rings at or below the rate. */
const readRings = async (context: Context, options: RingsOptions): Promise<RunWithRings> => {
  if (isService(context.store))
    return readServiceRings(new ServiceClient(context.store, context.signal), {
      run: options.run ?? null,
      fdr: options.fdr,
    })
  const run = await withStore(context, { create: false }, (store) => store.readRun(options.run ?? null))
  if (run === null)
    throw options.run === undefined
      ? new RingfenceError('run.none', `${context.store} has no finished run.`)
      : new RingfenceError('run.unknown', `${context.store} has no run ${options.run}.`)
  return { run: run.run, rings: run.rings.filter((ring) => ring.fdr <= options.fdr) }
}

const runRings = async (context: Context, options: RingsOptions): Promise<void> => {
  if (options.history !== undefined) return writeHistory(context, options.history)
  const found = await readRings(context, options)
  const members = options.members === true
  if (context.json) {
    const { id, asOf, seed, notes } = found.run
    await context.result(
      {
        run: id,
        asOf: asOf === null ? null : new Date(asOf).toISOString(),
        seed,
        fdr: options.fdr,
        notes,
        rings: found.rings.map((ring) => ringObject(ring, members, limitOf(found.run))),
      },
      '',
    )
    return
  }
  for (const note of found.run.notes) context.say(`Note: ${note.message}`)
  if (options.format === 'csv') await context.write(members ? membersCsv(found.rings) : ringsCsv(found.rings))
  else if (options.format === 'ndjson')
    for (const ring of found.rings)
      await context.write(`${JSON.stringify(ringObject(ring, members, limitOf(found.run)))}\n`)
  else await context.write(asText(found, members))
}

export const addRings = (program: Command, act: Act): void => {
  program
    .command('rings')
    .description(
      'Lists the rings of the latest finished run, or of the one named, at or below the false-discovery rate.',
    )
    .option('--run <id>', 'a run (default: the latest finished one)')
    .option('--fdr <rate>', 'highest false-discovery rate, 0 to 1', share, 0.05)
    .option('--history <ring>', 'the life of one ring from run to run instead')
    .option('--members', 'with the members of each ring')
    .option('--format <format>', formats.join(', '), format, 'table' as const)
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence rings',
        '  ringfence rings --members --format csv > members.csv',
        '  ringfence rings --fdr 0.01 --json',
        '  ringfence rings --history r-0123456789abcdef',
      ].join('\n'),
    )
    .action((options: RingsOptions, command: Command) => act(command, (context) => runRings(context, options)))
}
