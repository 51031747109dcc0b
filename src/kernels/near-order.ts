/** What near-pairs.ts looks up for each entry, made once: the rank of its column by size, and which entries of its row are near. */
import type { TimedMatrix } from './timed-matrix.js'

export interface ColumnRanks {
  readonly rank: Int32Array
  readonly columnOf: Int32Array
  /** Rank of the first column of each size up to `sizes`, and of the first that is larger. */
  readonly firstOfSize: Int32Array
}

/** By rising size; of columns as large, the later first. */
export const rankColumns = (columnOffsets: Int32Array, sizes: number): ColumnRanks => {
  const count = columnOffsets.length - 1
  let largest = 0
  for (let c = 0; c < count; c++) largest = Math.max(largest, columnOffsets[c + 1]! - columnOffsets[c]!)
  const next = new Int32Array(largest + 2)
  for (let c = 0; c < count; c++) next[columnOffsets[c + 1]! - columnOffsets[c]! + 1]!++
  for (let size = 0; size <= largest; size++) next[size + 1]! += next[size]!
  const firstOfSize = Int32Array.from({ length: sizes + 2 }, (_, size) => next[Math.min(size, largest + 1)]!)
  const rank = new Int32Array(count)
  const columnOf = new Int32Array(count)
  for (let c = count - 1; c >= 0; c--) {
    const place = next[columnOffsets[c + 1]! - columnOffsets[c]!]!++
    rank[c] = place
    columnOf[place] = c
  }
  return { rank, columnOf, firstOfSize }
}

/** For each entry the entries of its row that are near at the widest tolerance, itself among them: first .. end - 1. */
export const nearWindows = ({ rowCount, rowOffsets, time }: TimedMatrix, widest: number, reach: number) => {
  const first = new Int32Array(time.length)
  const end = new Int32Array(time.length)
  for (let row = 0; row < rowCount; row++) {
    const from = rowOffsets[row]!
    const to = rowOffsets[row + 1]!
    let head = from
    let tail = from
    for (let entry = from; entry < to; entry++) {
      while (time[entry]! - time[tail]! > widest) tail++
      while (head < to && time[head]! - time[entry]! <= widest) head++
      first[entry] = Math.max(tail, entry - reach)
      end[entry] = Math.min(head, entry + reach + 1)
    }
  }
  return { first, end }
}
