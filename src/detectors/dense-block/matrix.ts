/**
 * Actions of one type as a matrix: a row is an account, a column a target, or a target in one stretch of time, through one
 * device, or any such combination. With a column for each combination, a block of the matrix is a block of the tensor
 * account x target x time x device x ...; `modes` says which nodes of the tensor a column touches.
 */
import { type EntityKind, entityKinds } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { type Bipartite, type Csr, transpose } from '../../kernels/csr.js'

export const extraModes = ['time', 'device', 'network', 'payment', 'contact', 'address'] as const
export type ExtraMode = (typeof extraModes)[number]

export interface ActionMatrix {
  /** Rows are actors minus relation.actorFrom; each entry once. */
  readonly matrix: Bipartite
  /** One array a mode beyond the account, the target (minus relation.targetFrom) first: the node of each column. */
  readonly modes: readonly Int32Array[]
  /** Entries there would be if nobody had been left out: columns of too few accounts, accounts that share nothing. */
  readonly entries: number
  /** Actions left out because their time is unknown. */
  readonly untimed: number
}

export interface Cut {
  readonly relation: Relation
  /** Only this market or scenario; null is all. */
  readonly market: number | null
  readonly scenario: number | null
  /** Only interactions with this rating; null or absent is all. */
  readonly rating?: number | null
  /** Milliseconds: length of a stretch of time, and where the first one starts. */
  readonly stretch: number
  readonly from: number
  /** Identifiers used by more accounts than this are places, and tie nothing. */
  readonly maxSharing: number
  /** Columns of fewer accounts can be in no block. */
  readonly minRows: number
  readonly check: () => void
}

export const keeps = ({ relation, market, scenario, rating = null }: Cut, edge: number): boolean =>
  (market === null || relation.market[edge] === market) &&
  (scenario === null || relation.scenario[edge] === scenario) &&
  (rating === null || relation.ratings?.[edge] === rating)

/** The plain matrix. */
const byTarget = (cut: Cut): ActionMatrix => {
  const { relation, check } = cut
  const { outOffsets, target, actorFrom, targetFrom, inOffsets } = relation
  const rowCount = outOffsets.length - 1
  const columnCount = inOffsets.length - 1
  const offsets = new Int32Array(rowCount + 1)
  const columns = new Int32Array(relation.count)
  let count = 0
  for (let row = 0; row < rowCount; row++) {
    if ((row & 65535) === 0) check()
    let previous = -1
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      const to = target[edge]!
      if (to === previous || to === actorFrom + row || !keeps(cut, edge)) continue
      columns[count++] = to - targetFrom
      previous = to
    }
    offsets[row + 1] = count
  }
  const rows: Csr = { rowCount, columnCount, offsets, columns: columns.slice(0, count), weights: null }
  const { entry, ...back } = transpose(rows, check)
  const targets = new Int32Array(columnCount)
  for (let c = 0; c < columnCount; c++) targets[c] = c
  return { matrix: { rows, columns: back, entry }, modes: [targets], entries: count, untimed: 0 }
}

/** Columns given as rows of accounts, ascending, each once. */
const fromColumns = (
  rowCount: number,
  offsets: Int32Array,
  accounts: Int32Array,
  modes: readonly Int32Array[],
  entries: number,
  untimed: number,
  check: () => void,
): ActionMatrix => {
  const columns: Csr = {
    rowCount: offsets.length - 1,
    columnCount: rowCount,
    offsets,
    columns: accounts,
    weights: null,
  }
  const { entry, ...rows } = transpose(columns, check)
  return { matrix: { rows, columns, entry }, modes, entries, untimed }
}

/** Target and stretch of time. */
const byTime = (cut: Cut): ActionMatrix => {
  const { relation, stretch, from, minRows, check } = cut
  const { inOffsets, source, inEdge, at, actorFrom, targetFrom, outOffsets } = relation
  const rowCount = outOffsets.length - 1
  const accounts = new Int32Array(relation.count)
  const offsets: number[] = [0]
  const targets: number[] = []
  const stretches: number[] = []
  let count = 0
  let untimed = 0
  let all = 0
  let largest = 0
  for (let c = 0; c + 1 < inOffsets.length; c++) largest = Math.max(largest, inOffsets[c + 1]! - inOffsets[c]!)
  const keys = new Float64Array(largest)
  for (let c = 0; c + 1 < inOffsets.length; c++) {
    if ((c & 1023) === 0) check()
    let size = 0
    for (let k = inOffsets[c]!; k < inOffsets[c + 1]!; k++) {
      const edge = inEdge[k]!
      if (source[k] === targetFrom + c || !keeps(cut, edge)) continue
      if (Number.isNaN(at[edge]!)) untimed++
      else keys[size++] = Math.floor((at[edge]! - from) / stretch) * rowCount + (source[k]! - actorFrom)
    }
    all += size
    if (size < minRows) continue
    const own = keys.subarray(0, size).sort()
    for (let i = 0; i < size; ) {
      const when = Math.floor(own[i]! / rowCount)
      const begin = count
      let previous = -1
      for (; i < size && own[i]! < (when + 1) * rowCount; i++) {
        const account = own[i]! - when * rowCount
        if (account !== previous) accounts[count++] = account
        previous = account
      }
      if (count - begin < minRows) {
        count = begin
        continue
      }
      offsets.push(count)
      targets.push(c)
      stretches.push(when)
    }
  }
  return fromColumns(
    rowCount,
    Int32Array.from(offsets),
    accounts.slice(0, count),
    [Int32Array.from(targets), Int32Array.from(stretches)],
    all,
    untimed,
    check,
  )
}

/** For each account of the relation, its identifiers of one kind that others use too, as numbers 0 .. count - 1. */
const sharedIdentifiers = (
  snapshot: Snapshot,
  { relation, maxSharing }: Cut,
  kind: EntityKind,
): { readonly of: Map<number, number[]>; readonly count: number } => {
  const uses = relationOf(snapshot, 'uses')
  const of = new Map<number, number[]>()
  if (!uses) return { of, count: 0 }
  const { kindOffsets } = snapshot.entities
  const { code } = entityKinds[kind]
  const rowCount = relation.outOffsets.length - 1
  const first = Math.max(kindOffsets[code]!, uses.targetFrom)
  const end = Math.min(kindOffsets[code + 1]!, uses.targetFrom + uses.inOffsets.length - 1)
  let count = 0
  for (let identifier = first; identifier < end; identifier++) {
    const c = identifier - uses.targetFrom
    const users: number[] = []
    for (let k = uses.inOffsets[c]!; k < uses.inOffsets[c + 1]!; k++)
      if (users[users.length - 1] !== uses.source[k]!) users.push(uses.source[k]!)
    if (users.length < 2 || users.length > maxSharing) continue
    for (const user of users) {
      const row = user - relation.actorFrom
      if (row < 0 || row >= rowCount) continue
      const known = of.get(row)
      if (known) known.push(count)
      else of.set(row, [count])
    }
    count++
  }
  return { of, count }
}

/** Numbers pairs of numbers in the order in which they are first seen. */
class Pairs {
  readonly #numbers = new Map<number, number>()
  readonly #second: number
  readonly first: number[] = []
  readonly second: number[] = []

  constructor(secondCount: number) {
    this.#second = Math.max(1, secondCount)
  }

  number(first: number, second: number): number {
    const key = first * this.#second + second
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.first.length)
    this.first.push(first)
    this.second.push(second)
    return this.first.length - 1
  }
}

/** Target, any identifiers, and time where it is asked for. */
const byIdentifiers = (snapshot: Snapshot, cut: Cut, extra: readonly ExtraMode[]): ActionMatrix => {
  const { relation, stretch, from, check } = cut
  const { outOffsets, target, at, actorFrom, targetFrom } = relation
  const rowCount = outOffsets.length - 1
  const timed = extra.includes('time')
  const kinds = extra.filter((mode) => mode !== 'time')
  const shared = kinds.map((kind) => sharedIdentifiers(snapshot, cut, kind))
  let stretchCount = 1
  if (timed)
    for (let edge = 0; edge < relation.count; edge++)
      if (at[edge]! >= from) stretchCount = Math.max(stretchCount, Math.floor((at[edge]! - from) / stretch) + 1)
  const steps = [...(timed ? [new Pairs(stretchCount)] : []), ...shared.map(({ count }) => new Pairs(count))]
  const entries: { readonly row: number[]; readonly column: number[] } = { row: [], column: [] }
  let untimed = 0
  let pairs = 0
  for (let row = 0; row < rowCount; row++) {
    if ((row & 4095) === 0) check()
    const own = shared.map(({ of }) => of.get(row))
    const ties = own.every((list) => list !== undefined)
    const seen = new Set<number>()
    let previous = -1
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      if (target[edge] === actorFrom + row || !keeps(cut, edge)) continue
      if (target[edge] !== previous) pairs++
      previous = target[edge]!
      if (!ties) continue
      let columns = [target[edge]! - targetFrom]
      let step = 0
      if (timed) {
        if (Number.isNaN(at[edge]!)) {
          untimed++
          continue
        }
        columns = [steps[step++]!.number(columns[0]!, Math.floor((at[edge]! - from) / stretch))]
      }
      for (const list of own) {
        const numbers = steps[step++]!
        columns = columns.flatMap((column) => list!.map((identifier) => numbers.number(column, identifier)))
      }
      for (const column of columns) seen.add(column)
    }
    for (const column of seen) {
      entries.row.push(row)
      entries.column.push(column)
    }
  }
  // Columns of too few accounts go; the others are numbered anew, in order.
  const all = steps[steps.length - 1]!.first.length
  const degree = new Int32Array(all)
  for (const column of entries.column) degree[column]!++
  const kept = new Int32Array(all).fill(-1)
  const offsets = [0]
  for (let c = 0; c < all; c++)
    if (degree[c]! >= cut.minRows) {
      kept[c] = offsets.length - 1
      offsets.push(offsets[offsets.length - 1]! + degree[c]!)
    }
  const next = offsets.slice()
  const accounts = new Int32Array(offsets[offsets.length - 1]!)
  entries.row.forEach((row, i) => {
    const column = kept[entries.column[i]!]!
    if (column >= 0) accounts[next[column]!++] = row
  })
  const count = offsets.length - 1
  const modes = [new Int32Array(count), ...steps.map(() => new Int32Array(count))]
  for (let c = 0; c < all; c++) {
    if (kept[c] === -1) continue
    let node = c
    for (let step = steps.length - 1; step >= 0; step--) {
      modes[step + 1]![kept[c]!] = steps[step]!.second[node]!
      node = steps[step]!.first[node]!
    }
    modes[0]![kept[c]!] = node
  }
  return fromColumns(rowCount, Int32Array.from(offsets), accounts, modes, pairs, untimed, check)
}

/** `extra`: the modes beside account and target; identifiers follow time in `modes`, in the order given. */
export const actionMatrix = (snapshot: Snapshot, cut: Cut, extra: readonly ExtraMode[]): ActionMatrix =>
  extra.length === 0
    ? byTarget(cut)
    : extra.length === 1 && extra[0] === 'time'
      ? byTime(cut)
      : byIdentifiers(snapshot, cut, extra)
