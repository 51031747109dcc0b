/** Where the pieces of graph come from that training works on: the whole graph, or neighbourhoods drawn anew for each epoch. */

import type { Check } from '../../kernels/check.js'
import type { Csr } from '../../kernels/csr.js'
import { Random } from '../../kernels/random.js'
import { plainSparseDense, type SparseDense } from '../../kernels/sparse-dense.js'
import { SimdEngine } from '../../kernels/sparse-dense-simd.js'
import type { TensorFlow } from '../backend.js'
import { takeRows } from '../feature-matrix.js'
import type { Encoders } from './encoder.js'
import { sampledSeeds } from './estimate.js'
import type { SageGraph } from './graph.js'
import { degreesOf, type FirstInput, firstInput, fitStandard, type Standard, standardize } from './inputs.js'
import { capNeighbours, type LocalGraph, Neighbourhoods } from './local-graph.js'
import type { Layout } from './parameters.js'
import { type Piece, pieceLogits } from './step.js'

export interface BatchContext {
  readonly tf: TensorFlow
  readonly encoders: Encoders
  readonly graph: SageGraph
  readonly check: Check
  /** At most so many of each relation; null: all, and the whole graph is one batch. */
  readonly neighbours: number | null
  /** The model's standard, or the training rows to fit one on. */
  readonly fitted: Standard | Int32Array
  readonly seed: number
}

export interface Batches {
  readonly standard: Standard
  /** `visit` gets pieces that together learn from all `rows`: the nodes of a piece's rows (null: the same numbers), and which rows count. */
  each(
    rows: Int32Array,
    random: Random,
    visit: (piece: Piece, nodes: Int32Array | null, rows: Int32Array) => void,
  ): void
  /** Logits of some rows, in their order. */
  logits(layout: Layout, parameters: Float32Array, shown: Int8Array, share: number, rows: Int32Array): Float64Array
  close(): void
}

/** Rows looked at to standardize columns. */
const standardRows = 4096
/** Layers, and so steps that a seed sees. */
const hops = 2
/** The stream of the neighbours that scoring reads. */
const scoringStream = 77

export type Multiply = (graphs: readonly Csr[]) => readonly SparseDense[]

/** Products of one list of graphs after the other; each call ends those before. */
export const openMultiply = (check: Check): Multiply => {
  const engine = SimdEngine.create(check)
  return (graphs) => engine?.load(graphs) ?? graphs.map((csr) => plainSparseDense(csr, check))
}

/** Capped in the same way each time: what scoring reads. */
export const scoringGraphs = (graph: SageGraph, neighbours: number | null, seed: number): readonly Csr[] =>
  graph.relations.map(({ csr }, r) =>
    neighbours === null ? csr : capNeighbours(csr, neighbours, new Random(seed, scoringStream + r)),
  )

export const localInput = (
  { encoders, graph }: Pick<BatchContext, 'encoders' | 'graph'>,
  degrees: readonly Float32Array[],
  { nodes }: LocalGraph,
  products: readonly SparseDense[],
): FirstInput =>
  firstInput(
    encoders,
    { features: takeRows(graph.features, nodes), own: graph.own && takeRows(graph.own, nodes) },
    degrees.map((degree) => Float32Array.from(nodes, (node) => degree[node]!)),
    products,
  )

class WholeGraph implements Batches {
  readonly standard: Standard
  readonly #tf: TensorFlow
  readonly #piece: Piece

  constructor({ tf, encoders, graph, check, fitted }: BatchContext) {
    this.#tf = tf
    const graphs = graph.relations.map(({ csr }) => csr)
    const products = openMultiply(check)(graphs)
    const { rows } = graph.features
    const input = firstInput(encoders, graph, graphs.map(degreesOf), products)
    this.standard = fitted instanceof Int32Array ? fitStandard(input, fitted) : fitted
    standardize(input, this.standard)
    this.#piece = { rows, graphs, products, constant: tf.tensor2d(input.values, [rows, input.width]) }
  }

  each(rows: Int32Array, _random: Random, visit: Parameters<Batches['each']>[2]): void {
    visit(this.#piece, null, rows)
  }

  logits(layout: Layout, parameters: Float32Array, shown: Int8Array, share: number, rows: Int32Array): Float64Array {
    const logits = pieceLogits(this.#tf, layout, parameters, this.#piece, shown, share)
    return Float64Array.from(rows, (row) => logits[row]!)
  }

  close(): void {
    this.#piece.constant.dispose()
  }
}

class Samples implements Batches {
  readonly standard: Standard
  readonly #context: BatchContext
  readonly #neighbours: number
  readonly #degrees: readonly Float32Array[]
  readonly #multiply: Multiply
  readonly #scoring: Neighbourhoods

  constructor(context: BatchContext, neighbours: number) {
    this.#context = context
    this.#neighbours = neighbours
    const { graph, fitted, seed, check } = context
    this.#degrees = graph.relations.map(({ csr }) => degreesOf(csr))
    this.#multiply = openMultiply(check)
    this.#scoring = new Neighbourhoods(scoringGraphs(graph, neighbours, seed), graph.features.rows)
    if (fitted instanceof Int32Array) {
      const rows = fitted.slice()
      new Random(seed, scoringStream - 1).shuffle(rows)
      const seeds = rows.subarray(0, standardRows)
      const local = this.#scoring.around(seeds, 1)
      const input = localInput(context, this.#degrees, local, this.#multiply(local.graphs))
      this.standard = fitStandard(
        input,
        Int32Array.from(seeds, (_, at) => at),
      )
    } else this.standard = fitted
  }

  each(rows: Int32Array, random: Random, visit: Parameters<Batches['each']>[2]): void {
    const { graph } = this.#context
    const drawn = graph.relations.map(({ csr }) => capNeighbours(csr, this.#neighbours, random))
    const hood = new Neighbourhoods(drawn, graph.features.rows)
    const order = rows.slice()
    random.shuffle(order)
    this.#inBatches(order, hood, visit)
  }

  logits(layout: Layout, parameters: Float32Array, shown: Int8Array, share: number, rows: Int32Array): Float64Array {
    const scores = new Float64Array(rows.length)
    let done = 0
    this.#inBatches(rows, this.#scoring, (piece, nodes, seeds) => {
      const visible = Int8Array.from(nodes!, (node) => shown[node]!)
      const logits = pieceLogits(this.#context.tf, layout, parameters, piece, visible, share)
      for (const seed of seeds) scores[done + seed] = logits[seed]!
      done += seeds.length
    })
    return scores
  }

  close(): void {}

  #inBatches(order: Int32Array, hood: Neighbourhoods, visit: Parameters<Batches['each']>[2]): void {
    const { tf, check } = this.#context
    for (let from = 0; from < order.length; from += sampledSeeds) {
      check()
      const seeds = order.subarray(from, from + sampledSeeds)
      const local = hood.around(seeds, hops)
      const products = this.#multiply(local.graphs)
      const input = localInput(this.#context, this.#degrees, local, products)
      standardize(input, this.standard)
      const constant = tf.tensor2d(input.values, [input.rows, input.width])
      try {
        visit(
          { rows: input.rows, graphs: local.graphs, products, constant },
          local.nodes,
          Int32Array.from(seeds, (_, at) => at),
        )
      } finally {
        constant.dispose()
      }
    }
  }
}

export const openBatches = (context: BatchContext): Batches =>
  context.neighbours === null ? new WholeGraph(context) : new Samples(context, context.neighbours)
