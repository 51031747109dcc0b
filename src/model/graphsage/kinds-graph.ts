/**
 * A graph of nodes of several kinds, each kind with features of its own, and the piece of it that some seeds see.
 *
 * Neighbours are drawn uniformly and without replacement where a row has more than may be read: William L. Hamilton, Rex Ying, Jure
 * Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017, arXiv:1706.02216, section 3.1.
 */
import { type Check, checkInterval } from '../../kernels/check.js'
import type { Csr } from '../../kernels/csr.js'
import { Random } from '../../kernels/random.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import { drawPlaces } from './local-graph.js'

export interface NodeKind {
  readonly name: string
  /** One row a node. */
  readonly features: FeatureMatrix
}

/** One interaction type in one direction between two kinds: row v of the kind `of` lists its neighbours of the kind `to`. */
export interface KindRelation {
  readonly name: string
  /** Places in the list of kinds. */
  readonly of: number
  readonly to: number
  readonly csr: Csr
}

export interface KindGraph {
  readonly kinds: readonly NodeKind[]
  readonly relations: readonly KindRelation[]
}

/** Rows of each kind, in the order of the kinds. */
export type RowsByKind = readonly Int32Array[]

/** What seeds see: for each kind its rows, the seeds first, and for each relation the seeds' neighbours in places of these rows. */
export interface KindPiece {
  readonly seeds: readonly number[]
  readonly rows: RowsByKind
  /** One a relation; null where no seed has such a neighbour. */
  readonly graphs: readonly (Csr | null)[]
}

/** Makes pieces again and again without new arrays of the graph's size. */
export class KindPieces {
  readonly #graph: KindGraph
  /** Place of each row in the piece at hand, -1 outside. */
  readonly #place: readonly Int32Array[]

  constructor(graph: KindGraph) {
    this.#graph = graph
    this.#place = graph.kinds.map(({ features }) => new Int32Array(features.rows).fill(-1))
  }

  /**
   * `seeds`: distinct rows of each kind. At most `most` neighbours of each relation are read (null: all), drawn by seed, relation and
   * row alone, so that a row sees the same in every piece.
   */
  around(seeds: RowsByKind, most: number | null, seed: number, check: Check): KindPiece {
    const rows = seeds.map((own) => [...own])
    rows.forEach((own, k) => {
      own.forEach((row, at) => {
        this.#place[k]![row] = at
      })
    })
    const drawn = new Int32Array(most ?? 0)
    const graphs = this.#graph.relations.map(({ of, to, csr }, r): Csr | null => {
      const place = this.#place[to]!
      const seen = rows[to]!
      const offsets = new Int32Array(seeds[of]!.length + 1)
      const columns: number[] = []
      const read = (column: number): void => {
        if (place[column] === -1) {
          place[column] = seen.length
          seen.push(column)
        }
        columns.push(place[column]!)
      }
      seeds[of]!.forEach((row, at) => {
        if (at % checkInterval === 0) check()
        const from = csr.offsets[row]!
        const degree = csr.offsets[row + 1]! - from
        if (most === null || degree <= most) for (let k = 0; k < degree; k++) read(csr.columns[from + k]!)
        else {
          drawPlaces(drawn, degree, new Random(seed + r, row))
          for (const k of drawn) read(csr.columns[from + k]!)
        }
        offsets[at + 1] = columns.length
      })
      if (columns.length === 0) return null
      // Places of the other kind are known only when all relations are read: the number of columns is set below.
      return { rowCount: seeds[of]!.length, columnCount: 0, offsets, columns: Int32Array.from(columns), weights: null }
    })
    rows.forEach((own, k) => {
      for (const row of own) this.#place[k]![row] = -1
    })
    return {
      seeds: seeds.map(({ length }) => length),
      rows: rows.map((own) => Int32Array.from(own)),
      graphs: graphs.map((csr, r) => csr && { ...csr, columnCount: rows[this.#graph.relations[r]!.to]!.length }),
    }
  }
}
