/** Columns by size, for near-pairs.ts. */

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
