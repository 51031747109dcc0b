/** A block into a candidate: roles, strength of membership, and the facts that show it. */
import { type FactCount, recount } from '../../graph/fact-count.js'
import { interactionsAt } from '../../graph/interactions-at.js'
import { entityName, type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { FoundBlock } from '../../kernels/block-search.js'
import { poissonSurprise } from '../../kernels/gamma-poisson.js'
import type { Candidate, Fact, Member } from '../detector.js'
import { type Households, outnumberHousehold } from '../households.js'
import type { ActionMatrix, Cut, ExtraMode } from './matrix.js'
import { type RatingSurprise, ratingsFact } from './ratings.js'

export interface BlockSource {
  readonly snapshot: Snapshot
  readonly cut: Cut
  readonly actions: ActionMatrix
  readonly extra: readonly ExtraMode[]
  readonly households: () => Households
}

/** What the peel says of the block: its density, and that of the densest block of the same part is at most `modes` times as high. */
export interface PeelBound {
  readonly density: number
  readonly modes: number
}

export interface Judgement {
  readonly nats: number
  readonly bound: PeelBound
  /** Where it adds to the surprise. */
  readonly ratings: RatingSurprise | null
}

const round = (value: number): number => Number(value.toPrecision(3))

/** In the sentence a few targets stand for all. */
const NAMED = 3

const DAY = 86_400_000
const HOUR = 3_600_000

const stretchText = (milliseconds: number): string =>
  milliseconds % DAY === 0 && milliseconds > DAY
    ? `${milliseconds / DAY} days`
    : milliseconds >= 2 * HOUR
      ? `${round(milliseconds / HOUR)} hours`
      : `${round(milliseconds / 60_000)} minutes`

/** Interactions of the block: of its accounts, on a column's target, in its stretch of time where time is a mode. */
const edgesOf = ({ cut, actions, extra }: BlockSource, { rows, columns }: FoundBlock): Int32Array => {
  const { relation, stretch, from, market, scenario } = cut
  const { outOffsets, target, targetFrom, at } = relation
  const timed = extra.includes('time')
  const { matrix, modes } = actions
  const inBlock = new Set(columns)
  const edges: number[] = []
  for (const row of rows) {
    // Targets, and stretches where time counts, that the account's entries inside the block stand for.
    const wanted = new Map<number, Set<number>>()
    for (let k = matrix.rows.offsets[row]!; k < matrix.rows.offsets[row + 1]!; k++) {
      const column = matrix.rows.columns[k]!
      if (!inBlock.has(column)) continue
      const stretches = wanted.get(modes[0]![column]!) ?? new Set()
      wanted.set(modes[0]![column]!, stretches.add(timed ? modes[1]![column]! : 0))
    }
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      const stretches = wanted.get(target[edge]! - targetFrom)
      if (stretches === undefined) continue
      if (market !== null && relation.market[edge] !== market) continue
      if (scenario !== null && relation.scenario[edge] !== scenario) continue
      if (timed && !stretches.has(Math.floor((at[edge]! - from) / stretch))) continue
      edges.push(edge)
    }
  }
  return Int32Array.from(edges)
}

const windowOf = ({ at }: { readonly at: Float64Array }, edges: Int32Array): Candidate['window'] => {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const edge of edges) {
    if (at[edge]! < from) from = at[edge]!
    if (at[edge]! > to) to = at[edge]!
  }
  return from <= to ? { from, to } : null
}

/** Below this (chance one in 150) a second kind of evidence is not worth a reader's time. */
const WORTH_SAYING = 5

/** For each identifier that two to `most` accounts use, how many do: the same for all candidates of a run. */
const sharers = new WeakMap<Relation, { readonly most: number; readonly users: Int32Array }>()

const usersOfShared = (uses: Relation, most: number): Int32Array => {
  const known = sharers.get(uses)
  if (known?.most === most) return known.users
  const users = new Int32Array(uses.inOffsets.length - 1)
  for (let c = 0; c < users.length; c++) {
    // Sources ascend.
    let count = 0
    for (let k = uses.inOffsets[c]!; k < uses.inOffsets[c + 1]!; k++)
      if (k === uses.inOffsets[c]! || uses.source[k] !== uses.source[k - 1]) count++
    users[c] = count < 2 || count > most ? 0 : count
  }
  sharers.set(uses, { most, users })
  return users
}

/** Devices, cards and contacts that two members share, or null. Adds nothing to the nats: sharing is the sybil detector's business. */
const sharingFact = (snapshot: Snapshot, accounts: Int32Array, maxSharing: number): Fact | null => {
  const uses = relationOf(snapshot, 'uses')
  if (!uses) return null
  const identifiers = new Map<number, { readonly users: Set<number>; readonly edges: number[] }>()
  for (const account of accounts) {
    const row = account - uses.actorFrom
    if (row < 0 || row + 1 >= uses.outOffsets.length) continue
    for (let edge = uses.outOffsets[row]!; edge < uses.outOffsets[row + 1]!; edge++) {
      const known = identifiers.get(uses.target[edge]!) ?? { users: new Set<number>(), edges: [] }
      known.users.add(account)
      known.edges.push(edge)
      identifiers.set(uses.target[edge]!, known)
    }
  }
  const population = uses.outOffsets.length - 1
  let pairs = 0
  let expected = 0
  const edges: number[] = []
  const sharing = new Set<number>()
  const pairShare = (accounts.length * (accounts.length - 1)) / Math.max(1, population * (population - 1))
  const usersOf = usersOfShared(uses, maxSharing)
  for (let c = 0; c < usersOf.length; c++) {
    const users = usersOf[c]!
    if (users === 0) continue
    expected += ((users * (users - 1)) / 2) * pairShare
    const own = identifiers.get(uses.targetFrom + c)
    if (!own || own.users.size < 2) continue
    pairs += (own.users.size * (own.users.size - 1)) / 2
    for (const user of own.users) sharing.add(user)
    edges.push(...own.edges)
  }
  if (pairs === 0 || poissonSurprise(pairs, expected) < WORTH_SAYING) return null
  return {
    code: 'dense-block.shared-identifiers',
    sentence: `${sharing.size} of the ${accounts.length} accounts use a device, network, card, contact or address that another of them uses: ${pairs} pairs, where as many accounts drawn at random would give ${round(expected)}.`,
    observed: pairs,
    expected: round(expected),
    unit: 'pairs',
    count: { of: 'co-actors' },
    shows: [{ type: 'uses', edges: Int32Array.from(edges).sort() }],
  }
}

/** Null where too few accounts are in the block, or none but a household's. */
export const candidateOf = (
  source: BlockSource,
  block: FoundBlock,
  { nats, bound, ratings }: Judgement,
  minMembers: number,
): Candidate | null => {
  const { snapshot, cut, actions, extra } = source
  const { relation } = cut
  const { matrix, modes } = actions
  const { rows, columns, filled } = block
  const accounts = Array.from(rows, (row) => relation.actorFrom + row)
  if (rows.length < minMembers || !outnumberHousehold(accounts, source.households(), minMembers)) return null
  const held = new Map<number, number>()
  const byTarget = new Map<number, number>()
  const inBlock = new Set(columns)
  for (const row of rows)
    for (let k = matrix.rows.offsets[row]!; k < matrix.rows.offsets[row + 1]!; k++) {
      const column = matrix.rows.columns[k]!
      if (!inBlock.has(column)) continue
      held.set(row, (held.get(row) ?? 0) + 1)
      const target = modes[0]![column]!
      byTarget.set(target, (byTarget.get(target) ?? 0) + 1)
    }
  const columnsOf = new Map<number, number>()
  for (const column of columns) columnsOf.set(modes[0]![column]!, (columnsOf.get(modes[0]![column]!) ?? 0) + 1)
  const full = filled / (rows.length * columns.length)
  const members: Member[] = [
    ...Array.from(rows, (row): Member => {
      const share = (held.get(row) ?? 0) / columns.length
      // Who does less than half of what the block's accounts do on average took part, but does not carry it.
      return { entity: relation.actorFrom + row, role: share >= full / 2 ? 'core' : 'mule', membership: round(share) }
    }),
    ...[...byTarget].map(
      ([target, count]): Member => ({
        entity: relation.targetFrom + target,
        role: 'beneficiary',
        membership: round(count / (rows.length * columnsOf.get(target)!)),
      }),
    ),
  ].sort((x, y) => x.entity - y.entity)

  const edges = edgesOf(source, block)
  const shows = [{ type: relation.type, edges }]
  // Identifiers are no part of an action, so with one as a mode the cells of account and target are counted, and what is expected goes with them.
  const count: FactCount = extra.includes('time')
    ? { of: 'cells', from: cut.from, stretch: cut.stretch }
    : { of: 'pairs' }
  const observed = recount(count, interactionsAt(relation, edges))
  const told = observed / filled
  const targets = [...byTarget].sort((x, y) => y[1] - x[1] || x[0] - y[0])
  const named = targets.slice(0, NAMED).map(([target]) => entityName(snapshot, relation.targetFrom + target))
  const more = targets.length > NAMED ? ` and ${targets.length - NAMED} more` : ''
  const cells = rows.length * columns.length
  const what =
    extra.length === 0
      ? 'targets'
      : `combinations of target and ${extra.map((mode) => (mode === 'time' ? `stretch of ${stretchText(cut.stretch)}` : mode)).join(' and ')}`
  const facts: Fact[] = [
    {
      code: 'dense-block.full',
      sentence:
        `${rows.length} accounts did "${relation.type}" on the same ${columns.length} ${what} (${named.join(', ')}${more}): ` +
        `${filled} of ${cells} that are possible, where accounts of one taste would reach ${round(block.byTaste)} at most.`,
      observed,
      expected: round(block.byTaste * told),
      unit: 'account-target pairs',
      count,
      shows,
    },
    {
      code: 'dense-block.activity',
      sentence:
        `How active these accounts are and how popular these targets are would by itself give ${round(block.byDegrees)} of the ${filled}. ` +
        `The peel over ${bound.modes} modes that led here stopped at a density of ${round(bound.density)}; no block in this part of the graph is more than ${bound.modes} times as dense.`,
      observed,
      expected: round(block.byDegrees * told),
      unit: 'account-target pairs',
      count,
      shows,
    },
  ]
  const sharing = sharingFact(snapshot, Int32Array.from(accounts), cut.maxSharing)
  if (sharing) facts.push(sharing)
  if (ratings) facts.push(ratingsFact(ratings))
  return {
    detector: 'dense-block',
    behaviour: 'dense-block',
    members,
    window: windowOf(relation, edges),
    nats,
    facts,
  }
}
