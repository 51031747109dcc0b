/** `ringfence verify`: counts every fact of a ring again from what the store holds now. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { lifeText, readLife } from '../../rings/life.js'
import { type FactCheck, type RingCheck, verifyRing } from '../../rings/verify.js'
import type { GraphStore, InteractionRef } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { count } from '../table.js'

interface VerifyOptions {
  readonly run?: string
}

/** Done, but not all facts hold. */
const EXIT_BROKEN = 3

const verifyIn = async (store: GraphStore, id: string, run: string | null, place: string): Promise<RingCheck> => {
  const found = await store.readRun(run)
  if (found === null)
    throw run === null
      ? new RingfenceError('run.none', `${place} has no finished run.`)
      : new RingfenceError('run.unknown', `${place} has no run ${run}.`)
  const named = (each: string) => found.rings.find((ring) => ring.id === each)
  const ring = named(id)
  if (ring) return verifyRing(store, found.run.id, ring)
  const life = run === null ? await readLife(store, id, (each) => named(each) !== undefined) : null
  const heir = life?.mergedInto ? named(life.mergedInto) : undefined
  if (heir) return verifyRing(store, found.run.id, heir)
  throw new RingfenceError('ring.unknown', `Run ${found.run.id} has no ring ${id}.${life ? ` ${lifeText(life)}` : ''}`)
}

const verifyThere = async (context: Context, id: string, run: string | null): Promise<RingCheck> => {
  const client = new ServiceClient(context.store, context.signal)
  const query = run === null ? '' : `?${new URLSearchParams({ run })}`
  return (await client.json(`/v1/rings/${encodeURIComponent(id)}/verify${query}`)) as RingCheck
}

const WORDS: Readonly<Record<FactCheck['state'], string>> = {
  holds: 'holds',
  'holds-in-part': 'holds in part',
  broken: 'DOES NOT HOLD',
  unchecked: 'cannot be counted again',
}

/** Interactions named in a line; the JSON has all. */
const NAMED = 5

const refsText = (what: string, refs: readonly InteractionRef[]): string[] => {
  if (refs.length === 0) return []
  const names = refs.slice(0, NAMED).map(({ type, id }) => `${type} ${id}`)
  const more = refs.length > NAMED ? ` and ${count(refs.length - NAMED)} more` : ''
  return [`    ${what}: ${names.join(', ')}${more}`]
}

const factText = (fact: FactCheck): string =>
  [
    `${WORDS[fact.state]}: ${fact.sentence}`,
    fact.recounted === null
      ? `    said ${fact.observed}; counted again from ${count(fact.kept)} interactions: nothing`
      : `    said ${fact.observed}; counted again ${fact.recounted}, from ${count(fact.kept)} of ${count(fact.interactionCount)} interactions`,
    ...refsText('no longer there', fact.missing),
    ...refsText('with other content', fact.changed),
  ].join('\n')

const summary = (check: RingCheck): string => {
  const holding = check.facts.filter(({ state }) => state === 'holds' || state === 'holds-in-part').length
  return `${holding} of ${check.facts.length} facts hold.`
}

const runVerify = async (context: Context, id: string, options: VerifyOptions): Promise<void> => {
  const run = options.run ?? null
  const check = isService(context.store)
    ? await verifyThere(context, id, run)
    : await withStore(context, { create: false }, (store) => verifyIn(store, id, run, context.store))
  if (check.ring !== id) context.say(`Ring ${id} was merged into ${check.ring}, whose facts these are.`)
  if (!check.holds) context.exit = EXIT_BROKEN
  await context.result(
    { ...check },
    [`Ring ${check.ring}, run ${check.run}`, ...check.facts.map(factText), summary(check)].join('\n'),
  )
}

export const addVerify = (program: Command, act: Act): void => {
  program
    .command('verify')
    .argument('<ring>', 'id of a ring')
    .description(
      'Counts every fact of a ring again from what the store holds now: whether its interactions are there, say the same, and give the number. Exit code 3 when a fact does not hold.',
    )
    .option('--run <id>', 'the run that named it (default: the latest finished one)')
    .addHelpText(
      'after',
      ['', 'Examples:', '  ringfence verify r-0123456789abcdef', '  ringfence verify r-0123456789abcdef --json'].join(
        '\n',
      ),
    )
    .action((id: string, options: VerifyOptions, command: Command) =>
      act(command, (context) => runVerify(context, id, options)),
    )
}
