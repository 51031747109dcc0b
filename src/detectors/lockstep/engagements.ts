/** Interactions of one type as a timed matrix: one row an account, one column a target, the first known time where there are several. */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { TimedMatrix } from '../../kernels/near-pairs.js'
import { argsortFloat64 } from '../../kernels/sort.js'

export interface Engagements {
  readonly accounts: TimedMatrix
  /** Position in the relation's arrays of each entry of `accounts`. */
  readonly edge: Int32Array
  /** 1 for each entry of `accounts` that comes within `FRESH` of the target's publication, where that is known. */
  readonly fresh: Uint8Array
  /** Interactions left out because their time is unknown. */
  readonly untimed: number
}

/** A video lives on its first days: then all who ever see it are near one another. */
const FRESH = 3 * 86_400_000

/** The first known moment at which each target of a relation was published or offered; infinite where none is known. */
const publications = (snapshot: Snapshot, { targetFrom, inOffsets }: Relation): Float64Array => {
  const first = new Float64Array(inOffsets.length - 1).fill(Number.POSITIVE_INFINITY)
  for (const type of ['publish', 'sell'] as const) {
    const { target, at } = relationOf(snapshot, type) ?? { target: [], at: [] }
    for (let edge = 0; edge < target.length; edge++) {
      const column = target[edge]! - targetFrom
      if (column >= 0 && column < first.length && at[edge]! < first[column]!) first[column] = at[edge]!
    }
  }
  return first
}

/** Rows are actors (index + relation.actorFrom), columns targets (index + relation.targetFrom); entries ordered by row, then time. */
export const engagementsOf = (snapshot: Snapshot, relation: Relation): Engagements => {
  const published = publications(snapshot, relation)
  const { outOffsets, target, at, actorFrom, targetFrom } = relation
  const rowCount = outOffsets.length - 1
  const columnCount = relation.inOffsets.length - 1
  const kept = new Int32Array(relation.count)
  let count = 0
  let untimed = 0
  const rowOffsets = new Int32Array(rowCount + 1)
  for (let row = 0; row < rowCount; row++) {
    let previous = -1
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      const to = target[edge]!
      if (Number.isNaN(at[edge]!)) untimed++
      else if (to !== previous && to !== actorFrom + row) {
        kept[count++] = edge
        previous = to
      }
    }
    rowOffsets[row + 1] = count
  }

  const row = new Int32Array(count)
  const edge = new Int32Array(count)
  const column = new Int32Array(count)
  const time = new Float64Array(count)
  for (let r = 0; r < rowCount; r++) {
    const from = rowOffsets[r]!
    const to = rowOffsets[r + 1]!
    if (from === to) continue
    const own = kept.subarray(from, to)
    const order = argsortFloat64(Float64Array.from(own, (e) => at[e]!))
    for (let i = 0; i < order.length; i++) {
      const e = own[order[i]!]!
      row[from + i] = r
      edge[from + i] = e
      column[from + i] = target[e]! - targetFrom
      time[from + i] = at[e]!
    }
  }
  return {
    accounts: { rowCount, columnCount, rowOffsets, row, column, time, ...columnsOf(column, time, columnCount) },
    edge,
    fresh: Uint8Array.from(time, (at, i) =>
      at >= published[column[i]!]! && at <= published[column[i]!]! + FRESH ? 1 : 0,
    ),
    untimed,
  }
}

const columnsOf = (
  column: Int32Array,
  time: Float64Array,
  columnCount: number,
): { columnOffsets: Int32Array; entries: Int32Array } => {
  const columnOffsets = new Int32Array(columnCount + 1)
  for (const c of column) columnOffsets[c + 1] = columnOffsets[c + 1]! + 1
  for (let c = 0; c < columnCount; c++) columnOffsets[c + 1] = columnOffsets[c + 1]! + columnOffsets[c]!
  const next = columnOffsets.slice()
  const entries = new Int32Array(column.length)
  const byTime = argsortFloat64(time)
  for (const entry of byTime) {
    const c = column[entry]!
    entries[next[c]!] = entry
    next[c] = next[c]! + 1
  }
  return { columnOffsets, entries }
}

/** The same entries with targets as rows; `entry` is each one's position in the original. */
export const transposed = (matrix: TimedMatrix): { readonly matrix: TimedMatrix; readonly entry: Int32Array } => {
  const entry = matrix.entries
  const row = Int32Array.from(entry, (e) => matrix.column[e]!)
  const column = Int32Array.from(entry, (e) => matrix.row[e]!)
  const time = Float64Array.from(entry, (e) => matrix.time[e]!)
  const rows = { rowCount: matrix.columnCount, columnCount: matrix.rowCount, rowOffsets: matrix.columnOffsets }
  return { matrix: { ...rows, row, column, time, ...columnsOf(column, time, matrix.rowCount) }, entry }
}
