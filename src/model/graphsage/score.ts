/**
 * Scores of nodes, those of another graph included: the network reads features and neighbours, never who a node is.
 *
 * A graph that fits is scored whole. Else layer by layer in chunks of rows: the first layer of every node is kept, the second reads it.
 */
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { Backend } from '../backend.js'
import { localInput, openBatches, openMultiply, scoringGraphs } from './batches.js'
import { neighboursThatFit } from './estimate.js'
import type { SageGraph } from './graph.js'
import { degreesOf, labelInput, labelInputWidth, standardize } from './inputs.js'
import { Neighbourhoods } from './local-graph.js'
import {
  aggregate,
  firstLayer,
  named,
  networkLayout,
  type Parameters,
  parameterTensors,
  secondLayer,
} from './network.js'
import type { SageModel } from './train.js'

export interface ScoreContext {
  readonly backend: Backend
  readonly check?: Check
  /** Bytes that scoring may take; by default half of what the machine has free. */
  readonly memoryLimit?: number
  /** Overrides what the estimate chooses; a model that was trained on samples is always scored in chunks. */
  readonly chunked?: boolean
}

const chunkRows = 4096

const checkGraph = ({ relations }: SageModel, graph: SageGraph): void => {
  const names = graph.relations.map(({ name }) => name)
  if (names.length !== relations.length || names.some((name, r) => name !== relations[r]))
    throw new RangeError(`the model reads the relations ${relations.join(', ')}, not ${names.join(', ')}`)
}

/** Adds the logits of one network to `scores`. */
const scoreInChunks = (
  model: SageModel,
  parameters: Float32Array,
  graph: SageGraph,
  shown: Int8Array,
  { backend, check = neverCancelled }: ScoreContext,
  scores: Float64Array,
): void => {
  const { tf } = backend
  const { rows } = graph.features
  const { hidden } = model.shape
  const layout = networkLayout(model.shape)
  const degrees = graph.relations.map(({ csr }) => degreesOf(csr))
  const hood = new Neighbourhoods(scoringGraphs(graph, model.neighbours, model.options.seed), rows)
  const multiply = openMultiply(check)
  const first = new Float32Array(rows * hidden)
  const overChunks = (visit: (from: number, count: number, p: Parameters) => void): void => {
    for (let from = 0; from < rows; from += chunkRows) {
      check()
      tf.tidy(() => {
        visit(from, Math.min(chunkRows, rows - from), named(layout, parameterTensors(tf, layout, parameters)))
      })
    }
  }
  const localAround = (from: number, count: number) =>
    hood.around(
      Int32Array.from({ length: count }, (_, at) => from + at),
      1,
    )
  overChunks((from, count, p) => {
    const local = localAround(from, count)
    const input = localInput({ encoders: model.encoders, graph }, degrees, local, multiply(local.graphs))
    standardize(input, model.standard)
    const visible = Int8Array.from(local.nodes, (node) => shown[node]!)
    const labels = labelInput(visible, model.share, local.graphs)
    const labelWidth = labelInputWidth(local.graphs.length)
    const values = firstLayer(
      tf,
      p,
      {
        constant: tf.tensor2d(input.values.subarray(0, count * input.width), [count, input.width]),
        labels: tf.tensor2d(labels.subarray(0, count * labelWidth), [count, labelWidth]),
      },
      null,
    ).dataSync() as Float32Array
    first.set(values, from * hidden)
  })
  overChunks((from, count, p) => {
    const { nodes, graphs } = localAround(from, count)
    const read = new Float32Array(nodes.length * hidden)
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      read.set(first.subarray(node * hidden, (node + 1) * hidden), i * hidden)
    }
    const layer = tf.tensor2d(read, [nodes.length, hidden])
    const logits = secondLayer(tf, p, layer, aggregate(tf, multiply(graphs), layer), null).dataSync() as Float32Array
    for (let at = 0; at < count; at++) scores[from + at]! += logits[at]!
  })
}

/**
 * Logits of all nodes of `graph`, the mean over the model's networks. Its features and relations must be the model's. `shown` has the
 * labels that may be seen (1, 0, -1 = none): a node with its own label shown gets a score that has read it.
 */
export const scoreSage = (
  model: SageModel,
  graph: SageGraph,
  shown: Int8Array | null,
  context: ScoreContext,
): Float64Array => {
  checkGraph(model, graph)
  const { backend, check = neverCancelled } = context
  const { rows } = graph.features
  const visible = shown && model.options.labelInputs ? shown : new Int8Array(rows).fill(-1)
  const scores = new Float64Array(rows)
  const fits = neighboursThatFit(graph, model.shape, context) === null
  if (model.neighbours !== null || (context.chunked ?? !fits)) {
    for (const { parameters } of model.members) scoreInChunks(model, parameters, graph, visible, context, scores)
  } else {
    const { encoders, standard, options } = model
    const batches = openBatches({
      tf: backend.tf,
      encoders,
      graph,
      check,
      neighbours: null,
      fitted: standard,
      seed: options.seed,
    })
    const all = Int32Array.from({ length: rows }, (_, row) => row)
    try {
      for (const { parameters } of model.members) {
        check()
        const logits = batches.logits(networkLayout(model.shape), parameters, visible, model.share, all)
        for (let row = 0; row < rows; row++) scores[row]! += logits[row]!
      }
    } finally {
      batches.close()
    }
  }
  for (let row = 0; row < rows; row++) scores[row]! /= model.members.length
  return scores
}
