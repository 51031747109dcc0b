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

/** Numbers values in the order in which they are first seen, again and again: cleared by what was seen, not whole. */
class Numbering {
  readonly #place: Int32Array
  readonly #seen: Int32Array
  #count = 0

  /** Values are 0 .. most - 1. */
  constructor(most: number) {
    this.#place = new Int32Array(most).fill(-1)
    this.#seen = new Int32Array(most)
  }

  number(values: Int32Array): { readonly nodes: Int32Array; readonly size: number } {
    const place = this.#place
    const seen = this.#seen
    const nodes = new Int32Array(values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (place[value] === -1) {
        seen[this.#count] = value
        place[value] = this.#count++
      }
      nodes[i] = place[value]!
    }
    const size = this.#count
    for (let i = 0; i < size; i++) place[seen[i]!] = -1
    this.#count = 0
    return { nodes, size }
  }
}

/** Equal values of a mode have equal numbers, 0 .. count - 1. */
const numbered = (mode: Int32Array): { readonly of: Int32Array; readonly count: number } => {
  const numbers = new Map<number, number>()
  const of = new Int32Array(mode.length)
  for (let c = 0; c < mode.length; c++) {
    const known = numbers.get(mode[c]!)
    of[c] = known ?? numbers.size
    if (known === undefined) numbers.set(mode[c]!, numbers.size)
  }
  return { of, count: numbers.size }
}

/** The densest blocks of one part after the other. */
export class PartPeeler {
  readonly #matrix: ActionMatrix['matrix']
  readonly #modes: readonly Int32Array[]
  readonly #numberings: readonly Numbering[]
  readonly #weightOf: Float64Array
  readonly #tally: Int32Array
  readonly #check: () => void

  constructor({ matrix, modes }: ActionMatrix, check: () => void) {
    const { rowCount, columnCount } = matrix.rows
    const { offsets } = matrix.columns
    const columns = modes.map(numbered)
    this.#matrix = matrix
    this.#modes = columns.map(({ of }) => of)
    this.#numberings = [rowCount, ...columns.map(({ count }) => count)].map((most) => new Numbering(most))
    this.#weightOf = new Float64Array(columnCount)
    for (let c = 0; c < columnCount; c++) this.#weightOf[c] = 1 / Math.log(offsets[c + 1]! - offsets[c]! + CAMOUFLAGE)
    this.#tally = new Int32Array(Math.max(rowCount, columnCount))
    this.#check = check
  }

  /** Entries of the part on what it touches at least `touches` times. */
  #entries(side: 'rows' | 'columns', part: Int32Array, touches: number): { rows: Int32Array; columns: Int32Array } {
    const { offsets, columns } = side === 'rows' ? this.#matrix.rows : this.#matrix.columns
    const tally = this.#tally
    for (const r of part)
      for (let k = offsets[r]!; k < offsets[r + 1]!; k++) tally[columns[k]!] = tally[columns[k]!]! + 1
    let count = 0
    for (const r of part)
      for (let k = offsets[r]!; k < offsets[r + 1]!; k++) count += Number(tally[columns[k]!]! >= touches)
    const mine = new Int32Array(count)
    const others = new Int32Array(count)
    let at = 0
    for (const r of part)
      for (let k = offsets[r]!; k < offsets[r + 1]!; k++) {
        if (tally[columns[k]!]! < touches) continue
        mine[at] = r
        others[at++] = columns[k]!
      }
    for (const r of part) for (let k = offsets[r]!; k < offsets[r + 1]!; k++) tally[columns[k]!] = 0
    return side === 'rows' ? { rows: mine, columns: others } : { rows: others, columns: mine }
  }

  /** The part's rows (or columns) with what touches them at least `touches` times. */
  peel(side: 'rows' | 'columns', part: Int32Array, touches: number, maxBlocks: number): Seed[] {
    const { rows, columns } = this.#entries(side, part, touches)
    if (rows.length === 0) return []
    // A mode that is the same everywhere would only thin the density out.
    const tensor = [rows, ...this.#modes.map((mode) => columns.map((c) => mode[c]!))]
      .map((values, m) => this.#numberings[m]!.number(values))
      .filter(({ size }, m) => m < 2 || size > 1)
    const weights = new Float64Array(columns.length)
    for (let e = 0; e < columns.length; e++) weights[e] = this.#weightOf[columns[e]!]!
    const blocks = peel(
      { sizes: tensor.map(({ size }) => size), coordinates: tensor.map(({ nodes }) => nodes), weights },
      { maxBlocks, check: this.#check },
    )
    return blocks.map(({ entries, density }) => {
      const own = entries.map((e) => columns[e]!).sort()
      return { columns: own.filter((c, i) => i === 0 || c !== own[i - 1]), density, modes: tensor.length }
    })
  }
}
