/** Interactions of one type as a timed matrix: one row an account, one column a target, the first known time where there are several. */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { RunSorter } from '../../kernels/sort-runs.js'
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
  const times = new Float64Array(relation.count)
  let count = 0
  let untimed = 0
  const rowOffsets = new Int32Array(rowCount + 1)
  const sorter = new RunSorter()
  for (let row = 0; row < rowCount; row++) {
    const begin = count
    let previous = -1
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      if (market !== null && relation.market[edge] !== market) continue
      const to = target[edge]!
      const when = at[edge]!
      if (Number.isNaN(when)) untimed++
      else if (to !== previous && to !== actorFrom + row) {
        kept[count] = edge
        times[count++] = when
        previous = to
      }
    }
    sorter.sort(times, kept, begin, count)
    rowOffsets[row + 1] = count
  }

  const row = new Int32Array(count)
  const edge = kept.slice(0, count)
  const column = new Int32Array(count)
  const time = times.slice(0, count)
  const fresh = new Uint8Array(count)
  const columnOffsets = new Int32Array(columnCount + 1)
  for (let r = 0; r < rowCount; r++)
    for (let place = rowOffsets[r]!; place < rowOffsets[r + 1]!; place++) {
      const c = target[edge[place]!]! - targetFrom
      row[place] = r
      column[place] = c
      fresh[place] = time[place]! >= published[c]! && time[place]! <= published[c]! + FRESH ? 1 : 0
      columnOffsets[c + 1]!++
    }
  for (let c = 0; c < columnCount; c++) columnOffsets[c + 1]! += columnOffsets[c]!
  const entries = new Int32Array(count)
  const timesOfColumn = new Float64Array(count)
  const next = columnOffsets.slice()
  for (let place = 0; place < count; place++) {
    const to = next[column[place]!]!++
    entries[to] = place
    timesOfColumn[to] = time[place]!
  }
  for (let c = 0; c < columnCount; c++) sorter.sort(timesOfColumn, entries, columnOffsets[c]!, columnOffsets[c + 1]!)
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
