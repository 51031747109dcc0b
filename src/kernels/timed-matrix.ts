/** Entries of a sparse matrix with times, by row and by column. */
export interface TimedMatrix {
  readonly rowCount: number
  readonly columnCount: number
  /** Row r holds positions rowOffsets[r] .. rowOffsets[r + 1] - 1, by rising time. Each column at most once a row. */
  readonly rowOffsets: Int32Array
  readonly row: Int32Array
  readonly column: Int32Array
  /** Any unit, finite. */
  readonly time: Float64Array
  /** Column c holds positions entries[columnOffsets[c]] .. entries[columnOffsets[c + 1] - 1], by rising time. */
  readonly columnOffsets: Int32Array
  readonly entries: Int32Array
}
