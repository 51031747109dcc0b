/**
 * Pieces of a graph: rows with at most so many neighbours each, and the nodes around some seeds renumbered from 0.
 *
 * William L. Hamilton, Rex Ying, Jure Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017,
 * arXiv:1706.02216, section 3.1 and appendix A (uniform neighbour sampling, fixed size). Robert W. Floyd's sampling without
 * replacement: Jon Bentley, Bob Floyd, "Programming Pearls: a Sample of Brilliance", CACM 30(9), 1987.
 */
import type { Csr } from '../../kernels/csr.js'
import type { Random } from '../../kernels/random.js'

/** Fills `drawn` with distinct places below `count`, ascending: at least as many as `drawn` has. Floyd's sampling. */
export const drawPlaces = (drawn: Int32Array, count: number, random: Random): void => {
  const most = drawn.length
  for (let i = 0; i < most; i++) {
    const highest = count - most + i
    const pick = random.below(highest + 1)
    let known = false
    for (let j = 0; j < i && !known; j++) known = drawn[j] === pick
    drawn[i] = known ? highest : pick
  }
  drawn.sort()
}

/** Each row keeps `most` of its neighbours, drawn without replacement, in their order; rows that have no more keep all. */
export const capNeighbours = (csr: Csr, most: number, random: Random): Csr => {
  const { rowCount, offsets, columns } = csr
  const outOffsets = new Int32Array(rowCount + 1)
  for (let r = 0; r < rowCount; r++) outOffsets[r + 1] = outOffsets[r]! + Math.min(most, offsets[r + 1]! - offsets[r]!)
  if (outOffsets[rowCount] === columns.length) return csr
  const outColumns = new Int32Array(outOffsets[rowCount]!)
  const drawn = new Int32Array(most)
  for (let r = 0; r < rowCount; r++) {
    const from = offsets[r]!
    const degree = offsets[r + 1]! - from
    const to = outOffsets[r]!
    if (degree <= most) {
      outColumns.set(columns.subarray(from, from + degree), to)
      continue
    }
    drawPlaces(drawn, degree, random)
    for (let i = 0; i < most; i++) outColumns[to + i] = columns[from + drawn[i]!]!
  }
  return { ...csr, offsets: outOffsets, columns: outColumns, weights: null }
}

export interface LocalGraph {
  /** Local node i is node nodes[i] of the whole graph; the seeds come first, in their order. */
  readonly nodes: Int32Array
  /** Square, in local numbers. Nodes `hops` away from the seeds have empty rows. */
  readonly graphs: readonly Csr[]
}

/** Finds neighbourhoods in one graph again and again without new arrays of its size. */
export class Neighbourhoods {
  readonly #graphs: readonly Csr[]
  /** Local number of each node, -1 outside. */
  readonly #local: Int32Array

  constructor(graphs: readonly Csr[], nodes: number) {
    this.#graphs = graphs
    this.#local = new Int32Array(nodes).fill(-1)
  }

  /** All nodes within `hops` steps of distinct `seeds`, with the rows of those less than `hops` away. */
  around(seeds: Int32Array, hops: number): LocalGraph {
    const local = this.#local
    const nodes: number[] = []
    const enter = (node: number): void => {
      if (local[node] !== -1) return
      local[node] = nodes.length
      nodes.push(node)
    }
    for (const seed of seeds) enter(seed)
    let begin = 0
    let full = 0
    for (let hop = 0; hop < hops; hop++) {
      full = nodes.length
      for (; begin < full; begin++)
        for (const { offsets, columns } of this.#graphs) {
          const node = nodes[begin]!
          for (let k = offsets[node]!, end = offsets[node + 1]!; k < end; k++) enter(columns[k]!)
        }
    }
    const graphs = this.#graphs.map(({ offsets, columns }): Csr => {
      const outOffsets = new Int32Array(nodes.length + 1)
      for (let i = 0; i < nodes.length; i++)
        outOffsets[i + 1] = outOffsets[i]! + (i < full ? offsets[nodes[i]! + 1]! - offsets[nodes[i]!]! : 0)
      const outColumns = new Int32Array(outOffsets[nodes.length]!)
      for (let i = 0, to = 0; i < full; i++)
        for (let k = offsets[nodes[i]!]!, end = offsets[nodes[i]! + 1]!; k < end; k++, to++)
          outColumns[to] = local[columns[k]!]!
      return {
        rowCount: nodes.length,
        columnCount: nodes.length,
        offsets: outOffsets,
        columns: outColumns,
        weights: null,
      }
    })
    for (const node of nodes) local[node] = -1
    return { nodes: Int32Array.from(nodes), graphs }
  }
}
