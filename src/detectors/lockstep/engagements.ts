/** Interactions of one type as a timed matrix: one row an account, one column a target, the first known time where there are several. */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { argsortFloat64 } from '../../kernels/sort.js'
import type { TimedMatrix } from '../../kernels/timed-matrix.js'

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

/** Rows are actors (index + relation.actorFrom), columns targets (index + relation.targetFrom); entries ordered by row, then time. `market`: only its interactions; null is all. */
export const engagementsOf = (snapshot: Snapshot, relation: Relation, market: number | null = null): Engagements => {
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
      if (market !== null && relation.market[edge] !== market) continue
      const to = target[edge]!
      if (Number.isNaN(at[edge]!)) untimed++
      else if (to !== previous && to !== actorFrom + row) {
        kept[count++] = edge
        previous = to
      }
    }
    rowOffsets[row + 1] = count
  }

  const rowOf = new Int32Array(count)
  const times = new Float64Array(count)
  const columnOffsets = new Int32Array(columnCount + 1)
  for (let r = 0; r < rowCount; r++)
    for (let k = rowOffsets[r]!; k < rowOffsets[r + 1]!; k++) {
      rowOf[k] = r
      times[k] = at[kept[k]!]!
      columnOffsets[target[kept[k]!]! - targetFrom + 1]!++
    }
  for (let c = 0; c < columnCount; c++) columnOffsets[c + 1]! += columnOffsets[c]!

  // In order of time, each entry goes to the next place of its row and of its column: both are then in order of time.
  const row = new Int32Array(count)
  const edge = new Int32Array(count)
  const column = new Int32Array(count)
  const time = new Float64Array(count)
  const fresh = new Uint8Array(count)
  const entries = new Int32Array(count)
  const nextOfRow = rowOffsets.slice()
  const nextOfColumn = columnOffsets.slice()
  const byTime = argsortFloat64(times)
  for (let i = 0; i < count; i++) {
    const k = byTime[i]!
    const e = kept[k]!
    const c = target[e]! - targetFrom
    const place = nextOfRow[rowOf[k]!]!++
    row[place] = rowOf[k]!
    edge[place] = e
    column[place] = c
    time[place] = times[k]!
    fresh[place] = times[k]! >= published[c]! && times[k]! <= published[c]! + FRESH ? 1 : 0
    entries[nextOfColumn[c]!++] = place
  }
  return {
    accounts: { rowCount, columnCount, rowOffsets, row, column, time, columnOffsets, entries },
    edge,
    fresh,
    untimed,
  }
}

/** The same entries with targets as rows; `entry` is each one's position in the original. */
export const transposed = (matrix: TimedMatrix): { readonly matrix: TimedMatrix; readonly entry: Int32Array } => {
  const entry = matrix.entries
  const count = entry.length
  const row = new Int32Array(count)
  const column = new Int32Array(count)
  const time = new Float64Array(count)
  const entries = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const e = entry[i]!
    row[i] = matrix.column[e]!
    column[i] = matrix.row[e]!
    time[i] = matrix.time[e]!
    entries[e] = i
  }
  const shape = {
    rowCount: matrix.columnCount,
    columnCount: matrix.rowCount,
    rowOffsets: matrix.columnOffsets,
    columnOffsets: matrix.rowOffsets,
  }
  return { matrix: { ...shape, row, column, time, entries }, entry }
}
