/** A bundle of handovers with its parties into a candidate: members with roles, and the facts that show it. */
import { entityName, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, EdgeSet, Fact, Member } from '../detector.js'
import { plural, rounded } from '../sybil/words.js'
import type { Broker } from './brokers.js'
import type { Bundle } from './bundles.js'
import type { Handover } from './handovers.js'
import { outgoing } from './hubs.js'
import type { Parties, SharedIdentifier, Side } from './parties.js'
import { type AccountReader, type Population, streamKinds } from './population.js'

export interface Trade {
  readonly bundle: Bundle
  readonly handovers: readonly Handover[]
  readonly parties: Parties
  readonly brokers: readonly Broker[]
  readonly nats: number
}

export interface TradeContext {
  readonly snapshot: Snapshot
  readonly population: Population
  readonly reader: AccountReader
  /** All handovers found. */
  readonly total: number
}

/** A fact names this many, and counts the others. */
const NAMED = 3
const DAY = 86_400_000
const words: readonly (readonly [string, string])[] = [
  ['device', 'devices'],
  ['network', 'networks'],
  ['means of payment', 'means of payment'],
  ['contact', 'contacts'],
  ['address', 'addresses'],
]

const round = (value: number): number => Number(value.toPrecision(3))

const named = (snapshot: Snapshot, entities: readonly number[]): string => {
  const list = entities.slice(0, NAMED).map((entity) => entityName(snapshot, entity))
  return list.join(', ') + (entities.length > NAMED ? ` and ${entities.length - NAMED} more` : '')
}

const usesShown = (edges: Iterable<number>): readonly EdgeSet[] => [
  { type: 'uses', edges: Int32Array.from(new Set(edges)).sort() },
]

interface KindTally {
  count: number
  expected: number
  edges: number[]
}

interface Change {
  readonly kinds: readonly KindTally[]
  readonly all: readonly number[]
  /** Last sightings of what was used before, one for each account and identifier; how many chance would leave; visits after. */
  readonly left: readonly number[]
  readonly expectedLeft: number
  readonly later: number
}

const readChanges = ({ population, reader }: TradeContext, handovers: readonly Handover[]): Change => {
  const kinds = streamKinds.map((): KindTally => ({ count: 0, expected: 0, edges: [] }))
  const all: number[] = []
  const left: number[] = []
  let later = 0
  let expectedLeft = 0
  for (const { row, changes } of handovers) {
    reader.read(row)
    changes.forEach(({ kind, split, chance }, position) => {
      const stream = reader.streams[kind]!
      const edges = [stream.lastEdge[split - 1]!, stream.firstEdge[split]!]
      const tally = kinds[kind]!
      tally.count++
      tally.expected += position === 0 ? population.switchRate[kind]! : chance
      tally.edges.push(...edges)
      all.push(...edges)
      later += stream.count - split
      const last = new Map<number, number>()
      for (let v = 0; v < split; v++) last.set(stream.identifier[v]!, stream.lastEdge[v]!)
      left.push(...last.values())
      expectedLeft += last.size * (1 - population.mixed[kind]!)
    })
  }
  return { kinds, all, left, expectedLeft, later }
}

const sideWords: Readonly<Record<Side, string>> = {
  before: 'before and not after',
  between: 'only while they changed hands',
  after: 'only after',
}

const sharedFacts = (context: TradeContext, { bundle, handovers, parties }: Trade): Fact[] => {
  const { snapshot, population, total } = context
  const { relation, eligibleCount } = population
  return (['before', 'between', 'after'] as const).flatMap((side): Fact[] => {
    const list: SharedIdentifier[] = parties.shared
      .filter((each) => each.side === side)
      .sort((a, b) => b.rows.length - a.rows.length || a.entity - b.entity)
    if (list.length === 0) return []
    const rows = new Set(list.flatMap((each) => each.rows))
    const entities = new Set(list.map(({ entity }) => entity))
    const edges: number[] = []
    for (const row of rows) {
      const [from, to] = outgoing(relation, relation.actorFrom + row)
      for (let e = from; e < to; e++) if (entities.has(relation.target[e]!)) edges.push(e)
    }
    const kinds = [...new Set(list.map(({ kind }) => kind))].sort((a, b) => a - b).map((kind) => words[kind]![1])
    const expected = round((bundle.among * total) / Math.max(1, eligibleCount))
    return [
      {
        code: `account-trading.shared-${side}`,
        sentence:
          `${rows.size} of the ${handovers.length} accounts shared ${list.length === 1 ? 'one identifier' : `${list.length} identifiers`} (${kinds.join(', ')}: ` +
          `${named(snapshot, [...entities])}) ${sideWords[side]}; of all that touch what these accounts share, ${rounded(expected)} would change hands by chance.`,
        observed: rows.size,
        expected,
        unit: 'accounts',
        count: { of: 'actors' },
        shows: usesShown(edges),
      },
    ]
  })
}

const promptFact = ({ snapshot }: TradeContext, { entity, edges, prompt }: Broker): Fact => ({
  code: 'account-trading.paid-promptly',
  sentence:
    `${entityName(snapshot, entity)} was paid ${plural(edges.length, 'time')} within hours of a handover of this group, where ${rounded(prompt?.expected ?? 0)} would be ` +
    'if these payments came when all others do.',
  observed: edges.length,
  expected: round(prompt?.expected ?? 0),
  unit: 'transfers',
  count: { of: 'interactions' },
  shows: [{ type: 'transfer', edges: Int32Array.from(edges) }],
})

const brokerFact = ({ snapshot }: TradeContext, broker: Broker): Fact => ({
  code: 'account-trading.broker',
  sentence:
    `${entityName(snapshot, broker.entity)} took ${plural(broker.taken, 'transfer')} and gave ${broker.given} within days of the handovers, ` +
    `${broker.withParticipants} of them with accounts and holders of this group, where ${rounded(broker.expected)} would be by chance` +
    (Number.isFinite(broker.medianHoldingDays)
      ? `; half of what was taken was given on within ${rounded(broker.medianHoldingDays)} days (broker score ${rounded(broker.score)}).`
      : '.'),
  observed: broker.withParticipants,
  expected: round(broker.expected),
  unit: 'transfers',
  count: { of: 'interactions' },
  shows: [{ type: 'transfer', edges: Int32Array.from(broker.edges) }],
})

const membersOf = ({ population }: TradeContext, { handovers, parties, brokers }: Trade): Member[] => {
  const { actorFrom } = population.relation
  const members = new Map<number, Member>()
  const add = (entity: number, role: Member['role'], membership: number): void => {
    if (!members.has(entity)) members.set(entity, { entity, role, membership: round(Math.min(1, membership)) })
  }
  // Where the same person pays the broker and was handed over, the handover is what was seen for certain.
  for (const { row, confidence } of handovers) add(actorFrom + row, 'mule', confidence)
  for (const { entity, withParticipants, taken, given } of brokers)
    add(entity, 'broker', withParticipants / (taken + given))
  for (const entity of parties.brokers) add(entity, 'broker', 0.5)
  for (const entity of parties.sources) add(entity, 'core', 0.5)
  for (const entity of parties.buyers) add(entity, 'beneficiary', 0.5)
  for (const [row, confidence] of parties.partial) add(actorFrom + row, 'mule', confidence / 2)
  return [...members.values()].sort((a, b) => a.entity - b.entity)
}

export const candidateOf = (context: TradeContext, trade: Trade): Candidate => {
  const { population, total } = context
  const { bundle, handovers } = trade
  const changes = readChanges(context, handovers)
  const expected = round((bundle.among * total) / Math.max(1, population.eligibleCount))
  const changed = changes.kinds
    .map(({ count }, kind) => ({ count, kind }))
    .filter(({ count }) => count > 0)
    .map(({ count, kind }) => `${words[kind]![0]} of ${count}`)
    .join(', ')
  const from = Math.min(...handovers.map((h) => h.from))
  const to = Math.max(...handovers.map((h) => Math.max(h.to, ...h.changes.map(({ arrival }) => arrival))))
  const facts: Fact[] = [
    {
      code: 'account-trading.handovers',
      sentence:
        `${handovers.length} accounts were left by who held them and taken up by another, together and within ${plural(Math.max(1, Math.ceil((to - from) / DAY)), 'day')} ` +
        `(changed: ${changed}); of the ${bundle.among} accounts that touch the same identifiers and people, ${rounded(expected)} would be by chance.`,
      observed: handovers.length,
      expected,
      unit: 'accounts',
      count: { of: 'actors' },
      shows: usesShown(changes.all),
    },
    {
      code: 'account-trading.left-for-good',
      sentence: `${plural(changes.left.length, 'identifier')} of these accounts ${changes.left.length === 1 ? 'was' : 'were'} used up to the change and in none of ${plural(changes.later, 'later visit')}; ${rounded(changes.expectedLeft)} would have stayed away where identifiers are mixed as often as by all accounts that have several.`,
      observed: changes.left.length,
      expected: round(changes.expectedLeft),
      unit: 'identifiers',
      count: { of: 'pairs' },
      shows: usesShown(changes.left),
    },
    ...changes.kinds.flatMap(({ count, expected: chance, edges }, kind): Fact[] =>
      count === 0
        ? []
        : [
            {
              code: `account-trading.${streamKinds[kind]!}-changed`,
              sentence: `${count} of the ${handovers.length} accounts changed to ${kind === 3 || kind === 0 || kind === 1 ? `another ${words[kind]![0]}` : `other ${words[kind]![1]}`} at the handover; changes that had nothing to do with each other would give ${rounded(chance)}.`,
              observed: count,
              expected: round(chance),
              unit: 'accounts',
              count: { of: 'actors' },
              shows: usesShown(edges),
            },
          ],
    ),
    ...sharedFacts(context, trade),
    ...trade.brokers.map((broker) => (broker.prompt ? promptFact : brokerFact)(context, broker)),
  ]
  return {
    detector: 'account-trading',
    behaviour: 'account-trading',
    members: membersOf(context, trade),
    window: { from, to },
    nats: trade.nats,
    facts,
  }
}
