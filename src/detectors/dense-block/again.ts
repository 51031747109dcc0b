/**
 * Where a warm run looks for dense blocks: a block that is new or has changed has an entry that is new, so its accounts share that column, and two
 * more, with an account of the entry. Accounts that do are tied; communities of the tied are places to look, as are the accounts of blocks that were
 * found before and have a new entry. This needs no matrix: most searches have no such place and end here.
 */
import { entityKinds } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { logChoose } from '../../kernels/hypergeometric.js'
import type { Candidate, Focus } from '../detector.js'
import { newEdges } from '../focus.js'
import { alike } from './alike.js'
import { type Cut, type ExtraMode, keeps } from './matrix.js'
import { partsOf, type RowPairs } from './seeds.js'

/** Where and how pairs are compared: as in similar-rows.ts. */
export interface AgainOptions {
  readonly sample: number
  readonly reach: number
  readonly least: number
  readonly seed: number
}

export const accountsOf = ({ members }: Candidate): number[] =>
  members.flatMap(({ entity, role }) => (role === 'beneficiary' ? [] : [entity]))

export const targetsOf = ({ members }: Candidate): number[] =>
  members.flatMap(({ entity, role }) => (role === 'beneficiary' ? [entity] : []))

/** 1 for each account (row of the relation) with a new interaction, or new identifiers where these are modes. */
export const touchedRows = (
  snapshot: Snapshot,
  { relation }: Cut,
  extra: readonly ExtraMode[],
  focus: Focus,
): Uint8Array => {
  const touched = new Uint8Array(relation.outOffsets.length - 1)
  const mark = ({ type, actorFrom, outOffsets }: Relation): void => {
    const isNew = newEdges(focus, type)
    if (isNew.length === 0) return
    for (let row = 0; row + 1 < outOffsets.length; row++) {
      const own = row + actorFrom - relation.actorFrom
      if (own < 0 || own >= touched.length) continue
      for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) if (isNew[edge] === 1) touched[own] = 1
    }
  }
  mark(relation)
  const uses = extra.some((mode) => mode !== 'time') ? relationOf(snapshot, 'uses') : undefined
  if (uses) mark(uses)
  return touched
}

/** Compares accounts by what they act on: columns are targets, or targets in stretches of time. */
class Columns {
  readonly #cut: Cut
  readonly #timed: boolean
  readonly #sample: number
  readonly #accounts: number
  readonly #known = new Map<number, Float64Array>()

  constructor(cut: Cut, timed: boolean, sample: number) {
    this.#cut = cut
    this.#timed = timed
    this.#sample = sample
    const { outOffsets } = cut.relation
    let accounts = 0
    for (let row = 0; row + 1 < outOffsets.length; row++) if (outOffsets[row + 1]! > outOffsets[row]!) accounts++
    this.#accounts = Math.max(2, accounts)
  }

  /** A number for the column of an interaction; not-a-number for none. */
  column(edge: number): number {
    const { relation, stretch, from } = this.#cut
    const target = relation.target[edge]! - relation.targetFrom
    if (!this.#timed) return target
    return Math.floor((relation.at[edge]! - from) / stretch) * (relation.inOffsets.length - 1) + target
  }

  /** Columns of an account, rising; without times only the least known ones. */
  of(row: number): Float64Array {
    const known = this.#known.get(row)
    if (known) return known
    const { outOffsets, inOffsets } = this.#cut.relation
    const found = new Set<number>()
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      const column = this.column(edge)
      if (keeps(this.#cut, edge) && !Number.isNaN(column)) found.add(column)
    }
    let columns = [...found]
    if (!this.#timed && columns.length > this.#sample) {
      const degree = (c: number): number => inOffsets[c + 1]! - inOffsets[c]!
      columns = columns.sort((x, y) => degree(x) - degree(y) || x - y).slice(0, this.#sample)
    }
    const own = Float64Array.from(columns).sort()
    this.#known.set(row, own)
    return own
  }

  has(row: number, column: number): boolean {
    const own = this.of(row)
    let low = 0
    let high = own.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (own[middle]! < column) low = middle + 1
      else high = middle
    }
    return own[low] === column
  }

  /** How many columns two accounts share; 0 where chance would give as many to one in all accounts, as in matrix/groups.ts. */
  shared(one: number, other: number): number {
    const a = this.of(one)
    const b = this.of(other)
    const { inOffsets } = this.#cut.relation
    let count = 0
    let nats = 0
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] === b[j]) {
        count++
        if (!this.#timed) nats += Math.log(this.#accounts / (inOffsets[a[i]! + 1]! - inOffsets[a[i]!]!))
        i++
        j++
      } else if (a[i]! < b[j]!) i++
      else j++
    }
    if (this.#timed) return count
    return nats - logChoose(Math.min(a.length, b.length), count) >= Math.log(this.#accounts) ? count : 0
  }
}

/** Other accounts (rows) that use an identifier of the kind that this one uses; `isNew`: only by interactions that are. */
const sharers = (
  snapshot: Snapshot,
  uses: Relation,
  { relation, maxSharing }: Cut,
  kind: ExtraMode,
  row: number,
  isNew: Uint8Array | null,
): number[] => {
  const { kindOffsets } = snapshot.entities
  const { code } = entityKinds[kind as Exclude<ExtraMode, 'time'>]
  const own = row + relation.actorFrom - uses.actorFrom
  if (own < 0 || own + 1 >= uses.outOffsets.length) return []
  const found = new Set<number>()
  for (let edge = uses.outOffsets[own]!; edge < uses.outOffsets[own + 1]!; edge++) {
    const identifier = uses.target[edge]!
    if (identifier < kindOffsets[code]! || identifier >= kindOffsets[code + 1]!) continue
    if (isNew && isNew[edge] !== 1) continue
    const c = identifier - uses.targetFrom
    if (uses.inOffsets[c + 1]! - uses.inOffsets[c]! > 64 * maxSharing) continue
    const users = new Set<number>()
    for (let k = uses.inOffsets[c]!; k < uses.inOffsets[c + 1]!; k++) users.add(uses.source[k]! - relation.actorFrom)
    if (users.size <= maxSharing) for (const user of users) found.add(user)
  }
  found.delete(row)
  return [...found].filter((user) => user >= 0 && user + 1 < relation.outOffsets.length)
}

/** Accounts next to a place in the list of those who act on a target, each once, `reach` to either side. */
const neighbours = (
  { source, inOffsets, actorFrom }: Relation,
  target: number,
  row: number,
  reach: number,
): number[] => {
  const from = inOffsets[target]!
  const to = inOffsets[target + 1]!
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (source[middle]! < row + actorFrom) low = middle + 1
    else high = middle
  }
  const found: number[] = []
  const side = (step: 1 | -1): void => {
    let taken = 0
    let last = row + actorFrom
    for (let k = step === 1 ? low : low - 1; k >= from && k < to && taken < reach; k += step) {
      if (source[k] === last) continue
      last = source[k]!
      found.push(last - actorFrom)
      taken++
    }
  }
  side(1)
  side(-1)
  return found
}

/** Communities of accounts (rows of the relation) tied by what is new. `touched`: as touchedRows gives it. */
export const partsOfNew = (
  snapshot: Snapshot,
  cut: Cut,
  extra: readonly ExtraMode[],
  focus: Focus,
  touched: Uint8Array,
  { sample, reach, least, seed }: AgainOptions,
): Int32Array[] => {
  const { relation, stretch, minRows, check } = cut
  const { outOffsets, inOffsets, target, targetFrom, source, inEdge, at, actorFrom } = relation
  const isNew = newEdges(focus, relation.type)
  const timed = extra.includes('time')
  const kind = extra.find((mode) => mode !== 'time')
  const uses = kind ? relationOf(snapshot, 'uses') : undefined
  const newUses = uses ? newEdges(focus, 'uses') : new Uint8Array(0)
  const columns = new Columns(cut, timed, sample)
  const pairs: { a: number[]; b: number[]; shared: number[] } = { a: [], b: [], shared: [] }
  for (let row = 0; row + 1 < outOffsets.length; row++) {
    if (touched[row] === 0) continue
    const partners = new Set<number>()
    const sharing = kind && uses ? () => sharers(snapshot, uses, cut, kind, row, null) : null
    let sharedBy: number[] | null = null
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      if (isNew[edge] !== 1 || !keeps(cut, edge)) continue
      const column = columns.column(edge)
      if (Number.isNaN(column)) continue
      if (sharing) {
        sharedBy ??= sharing()
        for (const other of sharedBy) if (columns.has(other, column)) partners.add(other)
      } else if (timed) {
        const t = target[edge]! - targetFrom
        const when = at[edge]!
        for (let k = inOffsets[t]!; k < inOffsets[t + 1]!; k++)
          if (Math.abs(at[inEdge[k]!]! - when) <= stretch && columns.column(inEdge[k]!) === column)
            partners.add(source[k]! - actorFrom)
      } else if (columns.has(row, column))
        for (const other of neighbours(relation, column, row, reach))
          if (columns.has(other, column)) partners.add(other)
    }
    if (kind && uses && newUses.length > 0)
      for (const other of sharers(snapshot, uses, cut, kind, row, newUses)) partners.add(other)
    if (partners.size === 0) continue
    partners.delete(row)
    check()
    for (const other of partners) {
      const shared = columns.shared(row, other)
      if (shared < least) continue
      pairs.a.push(Math.min(row, other))
      pairs.b.push(Math.max(row, other))
      pairs.shared.push(shared)
    }
  }
  const tied: RowPairs = {
    a: Int32Array.from(pairs.a),
    b: Int32Array.from(pairs.b),
    shared: Float64Array.from(pairs.shared),
  }
  return partsOf(outOffsets.length - 1, tied, minRows, seed, check)
}

/** Rows or columns of the matrix, ascending, among which blocks are peeled. */
export interface Place {
  readonly side: 'rows' | 'columns'
  readonly part: Int32Array
}

/** Where to look again: around what is new, and in blocks of an earlier run whose accounts have done something new. */
export const placesAgain = (
  snapshot: Snapshot,
  cut: Cut,
  extra: readonly ExtraMode[],
  changed: readonly Candidate[],
  focus: Focus,
  touched: Uint8Array,
  options: AgainOptions,
): Place[] => {
  const { relation } = cut
  const places: Place[] = partsOfNew(snapshot, cut, extra, focus, touched, options).map((part) => ({
    side: 'rows',
    part,
  }))
  for (const candidate of changed) {
    places.push({ side: 'rows', part: Int32Array.from(accountsOf(candidate), (each) => each - relation.actorFrom) })
    // Columns are targets where nothing else is a mode.
    if (extra.length === 0)
      places.push({
        side: 'columns',
        part: Int32Array.from(targetsOf(candidate), (each) => each - relation.targetFrom),
      })
  }
  return places
}

/**
 * Blocks that are there for what is new, or were there before. A block that would surprise without its new entries too was there when the earlier run
 * looked, which did not find it or found it in another shape: a full run would not either. `worth`: most that one entry adds, in nats.
 */
export const madeByNew = (
  found: readonly Candidate[],
  before: readonly Candidate[],
  { type }: Relation,
  focus: Focus,
  worth: number,
  least: number,
): readonly Candidate[] => {
  const isNew = newEdges(focus, type)
  const known = before.map((candidate) => Int32Array.from(accountsOf(candidate)))
  return found.filter((candidate) => {
    let fresh = 0
    for (const { type: shown, edges } of candidate.facts[0]?.shows ?? [])
      if (shown === type) for (const edge of edges) fresh += isNew[edge] === 1 ? 1 : 0
    const accounts = Int32Array.from(accountsOf(candidate))
    return candidate.nats - fresh * worth < least || known.some((other) => alike(accounts, other))
  })
}

/** What an earlier run found and nothing new has touched, without what is found better now. */
export const stillThere = (untouched: readonly Candidate[], found: readonly Candidate[]): readonly Candidate[] => {
  const sets = (candidate: Candidate) =>
    [accountsOf(candidate), targetsOf(candidate)].map((each) => Int32Array.from(each))
  const now = found.map(sets)
  return untouched.filter((candidate) => {
    const [accounts, targets] = sets(candidate)
    return !now.some(([a, t]) => alike(accounts!, a!) && alike(targets!, t!))
  })
}
