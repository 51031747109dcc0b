/** Counts of how two labellings of the same items overlap, for measures that compare them. */
export interface Contingency {
  readonly total: number
  readonly rowSums: Float64Array
  readonly columnSums: Float64Array
  /** Counts of the cells that are not empty, with the row and column of each. */
  readonly cells: Float64Array
  readonly cellRow: Int32Array
  readonly cellColumn: Int32Array
}

/** Labels may be any whole numbers; a negative one means "not labelled", and leaves the item out. */
export const contingency = (a: Int32Array, b: Int32Array): Contingency => {
  if (a.length !== b.length)
    throw new RangeError(`two labellings of ${a.length} and ${b.length} items cannot be compared`)
  const rows = new Map<number, number>()
  const columns = new Map<number, number>()
  const cells = new Map<string, number>()
  let total = 0
  for (let i = 0; i < a.length; i++) {
    if (a[i]! < 0 || b[i]! < 0) continue
    total++
    if (!rows.has(a[i]!)) rows.set(a[i]!, rows.size)
    if (!columns.has(b[i]!)) columns.set(b[i]!, columns.size)
    const key = `${rows.get(a[i]!)} ${columns.get(b[i]!)}`
    cells.set(key, (cells.get(key) ?? 0) + 1)
  }
  const rowSums = new Float64Array(rows.size)
  const columnSums = new Float64Array(columns.size)
  const counts = new Float64Array(cells.size)
  const cellRow = new Int32Array(cells.size)
  const cellColumn = new Int32Array(cells.size)
  let at = 0
  for (const [key, count] of cells) {
    const [row, column] = key.split(' ').map(Number) as [number, number]
    rowSums[row]! += count
    columnSums[column]! += count
    counts[at] = count
    cellRow[at] = row
    cellColumn[at++] = column
  }
  return { total, rowSums, columnSums, cells: counts, cellRow, cellColumn }
}
