/**
 * Compressed sparse rows (CSR): a graph as two or three typed arrays. The neighbours of row r are
 * `columns[offsets[r]] .. columns[offsets[r + 1] - 1]`, ascending, with `weights` beside them (null where all are 1).
 *
 * Built by counting sort. Scattering once gives rows in the order of the input; the transpose of a matrix read row by row has
 * ascending rows (Fred G. Gustavson, "Two Fast Algorithms for Sparse Matrices: Multiplication and Permuted Transposition",
 * ACM TOMS 4(3), 1978), so two scatters sort every row in O(rows + entries).
 */
import { type Check, checkInterval, neverCancelled } from './check.js'

export interface Csr {
  readonly rowCount: number
  readonly columnCount: number
  /** Length rowCount + 1. */
  readonly offsets: Int32Array
  /** Length offsets[rowCount]. */
  readonly columns: Int32Array
  /** Positive; null where every entry weighs 1. */
  readonly weights: Float64Array | null
}

/** An undirected graph: each edge stands in the rows of both its ends; loops stand apart. */
export interface UndirectedCsr extends Csr {
  /** Weight of each node's loops, counted once; null where there are none. In modularity a loop of weight w adds 2w to the strength. */
  readonly loops: Float64Array | null
}

/** Edge e goes from source[e] to target[e]. */
export interface EdgeList {
  readonly source: Int32Array
  readonly target: Int32Array
  /** Finite and >= 0; an edge of weight 0 is no edge and is left out. Absent: every edge weighs 1. */
  readonly weight?: Float64Array | Float32Array | null | undefined
}

export interface Bipartite {
  /** From the first mode to the second. */
  readonly rows: Csr
  /** From the second mode to the first: the transpose. */
  readonly columns: Csr
  /** Entry k of `columns` is entry `entry[k]` of `rows`. */
  readonly entry: Int32Array
}

/** Int32 offsets hold this many entries. */
const maxEntries = 2 ** 31 - 1

const checkEdges = (rows: number, columns: number, { source, target, weight }: EdgeList): void => {
  if (
    !(Number.isInteger(rows) && rows >= 0 && Number.isInteger(columns) && columns >= 0 && rows + columns < maxEntries)
  )
    throw new RangeError(`node counts must be whole numbers from 0 to 2^31 - 1, not ${rows} and ${columns}`)
  if (source.length !== target.length || (weight && weight.length !== source.length))
    throw new RangeError(
      `source, target and weight must be of one length, not ${source.length}, ${target.length} and ${weight?.length ?? 'none'}`,
    )
  for (let e = 0; e < source.length; e++) {
    if (!(source[e]! >= 0 && source[e]! < rows))
      throw new RangeError(`source ${source[e]} of edge ${e} is outside 0 .. ${rows - 1}`)
    if (!(target[e]! >= 0 && target[e]! < columns))
      throw new RangeError(`target ${target[e]} of edge ${e} is outside 0 .. ${columns - 1}`)
  }
  if (weight)
    for (let e = 0; e < weight.length; e++)
      if (!(weight[e]! >= 0 && weight[e]! < Infinity))
        throw new RangeError(`weight ${weight[e]} of edge ${e} must be finite and not negative`)
}

/** Turns counts, one place up, into start positions. */
const prefixSums = (counts: Int32Array): void => {
  for (let r = 1; r < counts.length; r++) counts[r]! += counts[r - 1]!
}

/** The transpose, rows ascending. Entry k of the result is entry `entry[k]` of the input. */
export const transpose = (csr: Csr, check: Check = neverCancelled): Csr & { readonly entry: Int32Array } => {
  const { rowCount, columnCount, offsets, columns, weights } = csr
  const entries = columns.length
  const at = new Int32Array(columnCount + 1)
  for (let k = 0; k < entries; k++) at[columns[k]! + 1]!++
  prefixSums(at)
  const outOffsets = at.slice()
  const outColumns = new Int32Array(entries)
  const outWeights = weights && new Float64Array(entries)
  const entry = new Int32Array(entries)
  for (let r = 0; r < rowCount; r++) {
    if (r % checkInterval === 0) check()
    for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++) {
      const to = at[columns[k]!]!++
      outColumns[to] = r
      entry[to] = k
      if (outWeights) outWeights[to] = weights![k]!
    }
  }
  return {
    rowCount: columnCount,
    columnCount: rowCount,
    offsets: outOffsets,
    columns: outColumns,
    weights: outWeights,
    entry,
  }
}

/**
 * Rows of the list of edges, parallel ones kept, each row ascending by column and then in the order of the input.
 * Entry k is edge `edge[k]` of the list.
 */
export const directedCsr = (
  rowCount: number,
  columnCount: number,
  edges: EdgeList,
  check: Check = neverCancelled,
): Csr & { readonly edge: Int32Array } => {
  checkEdges(rowCount, columnCount, edges)
  const { source, target, weight } = edges
  // First by column, then by row, both stable.
  const byColumn = new Int32Array(columnCount + 1)
  const offsets = new Int32Array(rowCount + 1)
  let entries = 0
  for (let e = 0; e < source.length; e++) {
    if (weight && weight[e] === 0) continue
    entries++
    byColumn[target[e]! + 1]!++
    offsets[source[e]! + 1]!++
  }
  prefixSums(byColumn)
  prefixSums(offsets)
  const sorted = new Int32Array(entries)
  for (let e = 0; e < source.length; e++) {
    if (e % checkInterval === 0) check()
    if (weight?.[e] !== 0) sorted[byColumn[target[e]!]!++] = e
  }
  const at = offsets.slice()
  const columns = new Int32Array(entries)
  const edge = new Int32Array(entries)
  const weights = weight ? new Float64Array(entries) : null
  for (let k = 0; k < entries; k++) {
    if (k % checkInterval === 0) check()
    const e = sorted[k]!
    const to = at[source[e]!]!++
    columns[to] = target[e]!
    edge[to] = e
    if (weights) weights[to] = weight![e]!
  }
  return { rowCount, columnCount, offsets, columns, weights, edge }
}

/** Makes each (row, column) one entry, in place where rows are ascending. `weigh` 'sum' adds weights, 'one' makes all 1. */
const mergeParallel = (csr: Csr, weigh: 'sum' | 'one'): Csr => {
  const { rowCount, columnCount, offsets, columns } = csr
  let distinct = 0
  for (let r = 0; r < rowCount; r++)
    for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++)
      if (k === offsets[r]! || columns[k] !== columns[k - 1]) distinct++
  const given = weigh === 'one' ? null : csr.weights
  if (distinct === columns.length) return weigh === 'one' ? { ...csr, weights: null } : csr
  const outOffsets = new Int32Array(rowCount + 1)
  const outColumns = new Int32Array(distinct)
  const outWeights = weigh === 'one' ? null : new Float64Array(distinct)
  let to = -1
  for (let r = 0; r < rowCount; r++) {
    let last = -1
    for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++) {
      if (columns[k] !== last) {
        last = columns[k]!
        outColumns[++to] = last
      }
      if (outWeights) outWeights[to]! += given ? given[k]! : 1
    }
    outOffsets[r + 1] = to + 1
  }
  return { rowCount, columnCount, offsets: outOffsets, columns: outColumns, weights: outWeights }
}

/** Rows and columns of a two-mode graph, parallel edges merged: their weights added (`weigh` 'sum') or made 1 ('one'). */
export const bipartiteCsr = (
  rowCount: number,
  columnCount: number,
  edges: EdgeList,
  weigh: 'sum' | 'one' = 'sum',
  check: Check = neverCancelled,
): Bipartite => {
  const { offsets, columns, weights } = directedCsr(rowCount, columnCount, edges, check)
  const rows = mergeParallel({ rowCount, columnCount, offsets, columns, weights }, weigh)
  const { entry, ...back } = transpose(rows, check)
  return { rows, columns: back, entry }
}

/**
 * The undirected graph of a list of edges, whatever their direction and order: parallel edges merged, their weights added
 * ('sum', in the order of the input) or made 1 ('one'), loops apart. Throws RangeError where an end is no node, a weight is
 * negative or not finite, or there are more than 2^30 edges. Memory: 16 bytes an edge, 32 with weights, twice that while built.
 */
export const undirectedCsr = (
  nodeCount: number,
  edges: EdgeList,
  weigh: 'sum' | 'one' = 'sum',
  check: Check = neverCancelled,
): UndirectedCsr => {
  checkEdges(nodeCount, nodeCount, edges)
  const { source, target } = edges
  const weight = edges.weight ?? null
  if (source.length * 2 > maxEntries)
    throw new RangeError(`${source.length} edges are more than the 2^30 that a CSR holds`)
  const offsets = new Int32Array(nodeCount + 1)
  let loops: Float64Array | null = null
  for (let e = 0; e < source.length; e++) {
    if (weight && weight[e] === 0) continue
    const u = source[e]!
    const v = target[e]!
    if (u === v) {
      loops ??= new Float64Array(nodeCount)
      if (weigh === 'one') loops[u] = 1
      else loops[u]! += weight ? weight[e]! : 1
    } else {
      offsets[u + 1]!++
      offsets[v + 1]!++
    }
  }
  prefixSums(offsets)
  const at = offsets.slice()
  const entries = offsets[nodeCount]!
  const columns = new Int32Array(entries)
  const weights = weight && weigh === 'sum' ? new Float64Array(entries) : null
  for (let e = 0; e < source.length; e++) {
    if (e % checkInterval === 0) check()
    const u = source[e]!
    const v = target[e]!
    if (u === v || (weight && weight[e] === 0)) continue
    const a = at[u]!++
    const b = at[v]!++
    columns[a] = v
    columns[b] = u
    if (weights) {
      weights[a] = weight![e]!
      weights[b] = weight![e]!
    }
  }
  // A symmetric matrix is its own transpose, which comes out with ascending rows.
  const sortedColumns = new Int32Array(entries)
  const sortedWeights = weights && new Float64Array(entries)
  at.set(offsets)
  for (let r = 0; r < nodeCount; r++) {
    if (r % checkInterval === 0) check()
    for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++) {
      const to = at[columns[k]!]!++
      sortedColumns[to] = r
      if (sortedWeights) sortedWeights[to] = weights![k]!
    }
  }
  const sorted = {
    rowCount: nodeCount,
    columnCount: nodeCount,
    offsets,
    columns: sortedColumns,
    weights: sortedWeights,
  }
  return { ...mergeParallel(sorted, weigh), loops }
}

/** A two-mode graph as one: rows are nodes 0 .. rowCount - 1, columns follow. */
export const bipartiteAsUndirected = ({ rows, columns }: Bipartite): UndirectedCsr => {
  const { rowCount, columnCount } = rows
  const entries = rows.columns.length
  const nodeCount = rowCount + columnCount
  const offsets = new Int32Array(nodeCount + 1)
  offsets.set(rows.offsets)
  for (let c = 0; c <= columnCount; c++) offsets[rowCount + c] = entries + columns.offsets[c]!
  const neighbours = new Int32Array(2 * entries)
  for (let k = 0; k < entries; k++) neighbours[k] = rows.columns[k]! + rowCount
  neighbours.set(columns.columns, entries)
  let weights: Float64Array | null = null
  if (rows.weights) {
    weights = new Float64Array(2 * entries)
    weights.set(rows.weights)
    weights.set(columns.weights!, entries)
  }
  return { rowCount: nodeCount, columnCount: nodeCount, offsets, columns: neighbours, weights, loops: null }
}
