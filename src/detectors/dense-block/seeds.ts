/**
 * Where dense blocks may lie: rows or columns of the matrix that share rare partners (kernels/similar-rows.ts), split into
 * communities (kernels/leiden.ts), and each community peeled over all modes (kernels/peel.ts), so that a small block is not hidden behind
 * the densest of all and one pass over everything is not needed for each block.
 */
import { undirectedCsr } from '../../kernels/csr.js'
import { leiden } from '../../kernels/leiden.js'
import { peel } from '../../kernels/peel.js'
import { type SimilarOptions, similarRows } from '../../kernels/similar-rows.js'
import type { ActionMatrix } from './matrix.js'

export interface Seed {
  readonly columns: Int32Array
  /** Of the peeled block: sum of weights, 1 / ln(actions of the target + 5) each, over number of nodes. */
  readonly density: number
  readonly modes: number
}

const degreesOf = (offsets: Int32Array): Int32Array => {
  const degrees = new Int32Array(offsets.length - 1)
  for (let r = 0; r < degrees.length; r++) degrees[r] = offsets[r + 1]! - offsets[r]!
  return degrees
}

/** Communities of similar rows (or columns) of at least `least`, each ascending. */
export const similarParts = (
  { matrix }: ActionMatrix,
  side: 'rows' | 'columns',
  least: number,
  options: SimilarOptions,
): Int32Array[] => {
  const own = side === 'rows' ? matrix.rows : matrix.columns
  const other = side === 'rows' ? matrix.columns : matrix.rows
  const pairs = similarRows(own, degreesOf(other.offsets), options)
  return partsOf(own.rowCount, pairs, least, options.seed, options.check)
}

/** Pairs of rows and what they weigh. */
export interface RowPairs {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly shared: Float64Array
}

/** Communities of the pairs of at least `least` rows, each ascending. */
export const partsOf = (
  rowCount: number,
  { a, b, shared }: RowPairs,
  least: number,
  seed: number,
  check?: () => void,
): Int32Array[] => {
  if (a.length === 0) return []
  // Only what has a pair goes on: numbered anew, so that the graph is as small as its pairs.
  const place = new Int32Array(rowCount).fill(-1)
  const members: number[] = []
  for (const ends of [a, b]) for (let i = 0; i < ends.length; i++) place[ends[i]!] = 0
  for (let r = 0; r < rowCount; r++)
    if (place[r] === 0) {
      place[r] = members.length
      members.push(r)
    }
  const source = Int32Array.from(a, (r) => place[r]!)
  const target = Int32Array.from(b, (r) => place[r]!)
  const graph = undirectedCsr(members.length, { source, target, weight: shared }, 'sum', check)
  const { community, count } = leiden(graph, { seed, ...(check ? { check } : {}) })
  const parts: number[][] = Array.from({ length: count }, () => [])
  members.forEach((r, i) => {
    parts[community[i]!]!.push(r)
  })
  return parts.filter((part) => part.length >= least).map((part) => Int32Array.from(part))
}

/** A target of degree 0 or 1 must not dominate: FRAUDAR's constant, as in kernels/peel.ts. */
const CAMOUFLAGE = 5

/** The densest blocks of a part: its rows (or columns) with what touches them at least `touches` times. */
export const peelPart = (
  { matrix, modes }: ActionMatrix,
  side: 'rows' | 'columns',
  part: Int32Array,
  touches: number,
  maxBlocks: number,
  check: () => void,
): Seed[] => {
  const own = side === 'rows' ? matrix.rows : matrix.columns
  const count = new Map<number, number>()
  for (const r of part)
    for (let k = own.offsets[r]!; k < own.offsets[r + 1]!; k++)
      count.set(own.columns[k]!, (count.get(own.columns[k]!) ?? 0) + 1)
  const rows: number[] = []
  const columns: number[] = []
  for (const r of part)
    for (let k = own.offsets[r]!; k < own.offsets[r + 1]!; k++) {
      const other = own.columns[k]!
      if (count.get(other)! < touches) continue
      rows.push(side === 'rows' ? r : other)
      columns.push(side === 'rows' ? other : r)
    }
  if (rows.length === 0) return []
  const dense = (values: readonly number[]): { readonly nodes: Int32Array; readonly size: number } => {
    const places = new Map<number, number>()
    const nodes = Int32Array.from(values, (value) => {
      const known = places.get(value)
      if (known !== undefined) return known
      places.set(value, places.size)
      return places.size - 1
    })
    return { nodes, size: places.size }
  }
  // A mode that is the same everywhere would only thin the density out.
  const tensor = [rows, ...modes.map((mode) => columns.map((c) => mode[c]!))]
    .map(dense)
    .filter(({ size }, m) => m < 2 || size > 1)
  const degree = matrix.columns.offsets
  const weights = Float64Array.from(columns, (c) => 1 / Math.log(degree[c + 1]! - degree[c]! + CAMOUFLAGE))
  const blocks = peel(
    { sizes: tensor.map(({ size }) => size), coordinates: tensor.map(({ nodes }) => nodes), weights },
    { maxBlocks, check },
  )
  return blocks.map(({ entries, density }) => ({
    columns: Int32Array.from(new Set(Array.from(entries, (e) => columns[e]!))).sort(),
    density,
    modes: tensor.length,
  }))
}
