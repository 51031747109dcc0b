/** A group of surprising pairs into a candidate: who took part in them, on which targets, and the facts that show it. */
import { type MeetingCount, recount } from '../../graph/fact-count.js'
import { interactionsAt } from '../../graph/interactions-at.js'
import { entityName, type Relation, type Snapshot } from '../../graph/snapshot.js'
import type { NearPairs } from '../../kernels/near-pairs.js'
import type { TimedMatrix } from '../../kernels/timed-matrix.js'
import type { Candidate, Fact, Member } from '../detector.js'
import { type Households, outnumberHousehold } from '../households.js'
import type { Engagements } from './engagements.js'
import { type PairGroup, type PairSearch, pairGroup } from './groups.js'
import type { Occasions } from './occasions.js'

export interface PairSource {
  readonly snapshot: Snapshot
  readonly relation: Relation
  readonly engagements: Engagements
  /** The matrix whose columns the pairs are, and for each of its entries the entry of `engagements.accounts`. */
  readonly matrix: TimedMatrix
  readonly entry: Int32Array | null
  /** What a column is: an account that acts, or a target that is acted on. */
  readonly columnIs: 'account' | 'target'
  readonly pairs: NearPairs
  readonly looked: PairSearch
  readonly tolerances: Float64Array
  /** Milliseconds within which meetings are one occasion. */
  readonly session: number
  /** Made at the first group that asks: most relations have none. */
  readonly occasions: () => Occasions
  readonly households: () => Households
  readonly minMembers: number
}

/** A reader checks a few pairs; the summary counts the rest. */
const PAIRS_SHOWN = 8

/** A chance that one meeting is innocent is never taken as less than this: no single meeting makes a member certain. */
const LEAST_DOUBT = 0.01

const SECOND = 1000

export const durationText = (milliseconds: number): string => {
  const seconds = milliseconds / SECOND
  if (seconds < 120) return `${Math.round(seconds)} seconds`
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} hours`
  return `${Math.round(seconds / 86_400)} days`
}

export const round = (value: number): number => Number(value.toPrecision(3))

/** The two entries of each row in which columns a and b are near, as positions in the matrix. */
const meetings = (matrix: TimedMatrix, a: number, b: number, tolerance: number): Int32Array => {
  const { columnOffsets, entries, row, time } = matrix
  const ofRow = new Map<number, number>()
  for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++) ofRow.set(row[entries[i]!]!, entries[i]!)
  const found: number[] = []
  for (let i = columnOffsets[b]!; i < columnOffsets[b + 1]!; i++) {
    const second = entries[i]!
    const first = ofRow.get(row[second]!)
    if (first !== undefined && Math.abs(time[second]! - time[first]!) <= tolerance) found.push(first, second)
  }
  return Int32Array.from(found)
}

class Participation {
  /** Sum over meetings of ln(chance that the meeting is innocent), per row or column. */
  readonly doubt = new Map<number, number>()
  readonly count = new Map<number, number>()

  add(key: number, logChance: number): void {
    this.doubt.set(key, (this.doubt.get(key) ?? 0) + logChance)
    this.count.set(key, (this.count.get(key) ?? 0) + 1)
  }

  membership(key: number): number {
    return round(1 - Math.exp(this.doubt.get(key) ?? 0))
  }
}

/** The group without the pairs of columns that are not among `columns`. */
const among = ({ pairs: list }: PairGroup, columns: ReadonlySet<number>, { pairs, looked }: PairSource): PairGroup =>
  pairGroup(
    pairs,
    [...list].filter((pair) => columns.has(pairs.a[pair]!) && columns.has(pairs.b[pair]!)),
    looked,
  )

/** Null where too few accounts took part, or none but a household's, or where the habits of an audience explain when they did. */
export const candidateOf = (source: PairSource, group: PairGroup): Candidate | null => {
  const { snapshot, relation, engagements, matrix, pairs, tolerances, session, columnIs, minMembers } = source
  const { type } = relation
  const rows = new Participation()
  const columns = new Participation()
  const used = new Set<number>()
  const shownPairs: { readonly pair: number; readonly entries: Int32Array }[] = []
  let expected = 0
  for (const pair of group.pairs) {
    const entries = meetings(matrix, pairs.a[pair]!, pairs.b[pair]!, tolerances[pairs.level[pair]!]!)
    const chance = Math.log(Math.min(1, Math.max(LEAST_DOUBT, pairs.expected[pair]! / pairs.met[pair]!)))
    for (let i = 0; i < entries.length; i += 2) rows.add(matrix.row[entries[i]!]!, chance)
    for (const entry of entries) used.add(entry)
    columns.add(pairs.a[pair]!, chance * pairs.met[pair]!)
    columns.add(pairs.b[pair]!, chance * pairs.met[pair]!)
    expected += pairs.expected[pair]!
    if (shownPairs.length < PAIRS_SHOWN) shownPairs.push({ pair, entries })
  }

  const accountsAre = columnIs === 'account' ? columns : rows
  const targetsAre = columnIs === 'account' ? rows : columns
  const accounts = [...accountsAre.count.keys()].sort((x, y) => x - y)
  const entities = accounts.map((account) => account + relation.actorFrom)
  if (accounts.length < minMembers || !outnumberHousehold(entities, source.households(), minMembers)) return null
  const targets = [...targetsAre.count.keys()].sort((x, y) => x - y)
  let nats = group.nats
  // Accounts that meet on a target can be its audience; accounts that go from one target to the next at all kinds of dates are not.
  if (columnIs === 'account') {
    const timing = source.occasions().timing(accounts, targets, tolerances, session)
    nats = Math.min(nats, timing.nats)
    if (nats <= 0) return null
    if (timing.together.size < accounts.length) return candidateOf(source, among(group, timing.together, source))
  }
  const members: Member[] = [
    ...accounts.map(
      (account): Member => ({
        entity: account + relation.actorFrom,
        role: accountsAre.count.get(account)! >= 2 ? 'core' : 'mule',
        membership: accountsAre.membership(account),
      }),
    ),
    ...targets.map(
      (target): Member => ({
        entity: target + relation.targetFrom,
        role: 'beneficiary',
        membership: targetsAre.membership(target),
      }),
    ),
  ].sort((x, y) => x.entity - y.entity)

  const edgesOf = (entries: Iterable<number>): Int32Array => {
    const edges = new Set<number>()
    for (const entry of entries) edges.add(engagements.edge[source.entry ? source.entry[entry]! : entry]!)
    return Int32Array.from(edges).sort()
  }
  const all = edgesOf(used)
  const columnFrom = columnIs === 'account' ? relation.actorFrom : relation.targetFrom
  const at = columnIs === 'target' ? 'actor' : 'target'
  const counted = (pair: number): MeetingCount<number>['pairs'][number] => ({
    first: pairs.a[pair]! + columnFrom,
    second: pairs.b[pair]! + columnFrom,
    within: tolerances[pairs.level[pair]!]!,
  })
  const count: MeetingCount<number> = { of: 'meetings', at, pairs: Array.from(group.pairs, counted), session }
  const observed = recount(count, interactionsAt(relation, all))
  const facts: Fact[] = [
    {
      code: 'lockstep.meetings',
      sentence:
        `${accounts.length} accounts and ${targets.length} targets: ${observed} times ${columnIs === 'target' ? 'an account' : 'two accounts'} ` +
        `did "${type}" on ${columnIs === 'target' ? 'two of these targets' : 'one of these targets'} within ` +
        `${durationText(tolerances[Math.max(...group.pairs.map((pair) => pairs.level[pair]!))]!)}, where their activity would give ${round(expected)}.`,
      observed,
      expected: round(expected),
      unit: 'meetings',
      count,
      shows: [{ type, edges: all }],
    },
    ...shownPairs.map(({ pair, entries }): Fact => {
      const first = entityName(snapshot, pairs.a[pair]! + columnFrom)
      const second = entityName(snapshot, pairs.b[pair]! + columnFrom)
      const within = durationText(tolerances[pairs.level[pair]!]!)
      const met = entries.length / 2
      return {
        code: columnIs === 'target' ? 'lockstep.target-pair' : 'lockstep.account-pair',
        sentence:
          columnIs === 'target'
            ? `${met} accounts did "${type}" on both ${first} and ${second} within ${within}; ${round(pairs.expected[pair]!)} would be expected.`
            : `${first} and ${second} did "${type}" on the same ${met} targets within ${within} of each other; ${round(pairs.expected[pair]!)} would be expected.`,
        observed: met,
        expected: round(pairs.expected[pair]!),
        unit: columnIs === 'target' ? 'accounts' : 'targets',
        count: { of: 'meetings', at, pairs: [counted(pair)], session: null },
        shows: [{ type, edges: edgesOf(entries) }],
      }
    }),
  ]
  return {
    detector: 'lockstep',
    behaviour: 'lockstep',
    members,
    window: windowOf(relation, all),
    nats,
    facts,
  }
}

export const windowOf = ({ at }: Relation, edges: Int32Array): Candidate['window'] => {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const edge of edges) {
    from = Math.min(from, at[edge]!)
    to = Math.max(to, at[edge]!)
  }
  return { from, to }
}
