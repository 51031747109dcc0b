/**
 * Weighted one-to-one assignment on a sparse bipartite graph: of all ways to give each row at most one column and each column at most one row,
 * one of greatest total weight.
 *
 * Kuhn, H. W. (1955): The Hungarian method for the assignment problem. Naval Research Logistics Quarterly 2, 83-97;
 * Jonker, R. and Volgenant, A. (1987): A shortest augmenting path algorithm for dense and sparse linear assignment problems.
 * Computing 38, 325-340.
 *
 *   maximize  sum w(r, c) x(r, c)   with   sum_c x(r, c) <= 1,  sum_r x(r, c) <= 1
 *
 * Each row may also stay alone, at weight 0. Rows enter one by one; each takes the shortest augmenting path in reduced costs
 * -w(r, c) - u(r) - v(c) >= 0, which keeps the assignment of the rows so far optimal. Of equal ways the one found first stands, which depends on
 * the order of rows and columns alone.
 */

export interface SparseWeights {
  readonly rowCount: number
  readonly columnCount: number
  /** Row r has entries offsets[r] .. offsets[r + 1] - 1; weights are above 0 and finite, columns of a row differ. */
  readonly offsets: Int32Array
  readonly columns: Int32Array
  readonly weights: Float64Array
}

/** The column of each row; -1 where it stays alone. Time: rows times what their paths reach. */
export const assignRows = ({ rowCount, columnCount, offsets, columns, weights }: SparseWeights): Int32Array => {
  const columnOf = new Int32Array(rowCount).fill(-1)
  const rowOf = new Int32Array(columnCount).fill(-1)
  const rowPrice = new Float64Array(rowCount)
  const columnPrice = new Float64Array(columnCount)
  const distance = new Float64Array(columnCount).fill(Number.POSITIVE_INFINITY)
  const previous = new Int32Array(columnCount)
  const settled = new Uint8Array(columnCount)
  const reached = new Int32Array(columnCount)
  const rowDistance = new Float64Array(rowCount)
  const visited = new Int32Array(rowCount)

  for (let start = 0; start < rowCount; start++) {
    // Prices that leave no reduced cost of the new row below zero, its own stay at home included.
    let least = 0
    for (let i = offsets[start]!; i < offsets[start + 1]!; i++)
      least = Math.min(least, -weights[i]! - columnPrice[columns[i]!]!)
    rowPrice[start] = least

    let reachedCount = 0
    let visitedCount = 0
    let row = start
    let rowAt = 0
    let end = -1
    let alone = start
    let shortest = Number.POSITIVE_INFINITY
    for (;;) {
      visited[visitedCount++] = row
      rowDistance[row] = rowAt
      // To stay alone costs 0 - u(r) beyond the way to the row.
      if (rowAt - rowPrice[row]! < shortest) {
        shortest = rowAt - rowPrice[row]!
        alone = row
        end = -1
      }
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        const column = columns[i]!
        if (settled[column] === 1) continue
        const through = rowAt - weights[i]! - rowPrice[row]! - columnPrice[column]!
        if (through >= distance[column]!) continue
        if (distance[column] === Number.POSITIVE_INFINITY) reached[reachedCount++] = column
        distance[column] = through
        previous[column] = row
      }
      let next = -1
      for (let i = 0; i < reachedCount; i++) {
        const column = reached[i]!
        if (settled[column] === 0 && (next === -1 || distance[column]! < distance[next]!)) next = column
      }
      if (next === -1 || distance[next]! >= shortest) break
      if (rowOf[next] === -1) {
        shortest = distance[next]!
        end = next
        break
      }
      settled[next] = 1
      row = rowOf[next]!
      rowAt = distance[next]!
    }

    for (let i = 0; i < visitedCount; i++) {
      const passed = visited[i]!
      rowPrice[passed] = rowPrice[passed]! + shortest - rowDistance[passed]!
    }
    for (let i = 0; i < reachedCount; i++) {
      const column = reached[i]!
      if (settled[column] === 1) columnPrice[column] = columnPrice[column]! - shortest + distance[column]!
      distance[column] = Number.POSITIVE_INFINITY
      settled[column] = 0
    }

    // Along the path each row hands its old column on; the first takes the new one.
    let column = end
    if (end === -1) {
      column = columnOf[alone]!
      columnOf[alone] = -1
      if (alone === start) continue
      rowOf[column] = -1
    }
    while (column !== -1) {
      const taker = previous[column]!
      const left = columnOf[taker]!
      rowOf[column] = taker
      columnOf[taker] = column
      column = taker === start ? -1 : left
    }
  }
  return columnOf
}
