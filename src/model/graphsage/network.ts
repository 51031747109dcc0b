/**
 * GraphSAGE over several kinds of edges: two layers of mean and maximum aggregation with weights of their own for each interaction type
 * and direction, skip connection and layer normalization.
 *
 *   h1 = drop(relu(norm(W1 [x ; l ; for each relation r: mean_r x ; max_r x ; sd_r x ; rate_r] + b1)))
 *   h2 = drop(relu(norm(W2 h1 + sum over r of (Wmean_r mean_r h1 + Wmax_r max_r h1) + b2))) + h1
 *   logit = w [h1 ; h2] + b
 *
 * x is the encoded input, which never changes: its aggregates are computed once. l and rate_r are labels that may be seen (label-inputs.ts).
 *
 * William L. Hamilton, Rex Ying, Jure Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017,
 * arXiv:1706.02216, algorithm 1. A matrix per relation: Michael Schlichtkrull et al., "Modeling Relational Data with Graph
 * Convolutional Networks", ESWC 2018, arXiv:1703.06103, equation 2. Skip connections and layer normalization: Oleg Platonov et
 * al., "A critical look at the evaluation of GNNs under heterophily", ICLR 2023, arXiv:2302.11640, section 5.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { TensorFlow } from '../backend.js'
import { type DropMask, normalizedRelu } from './normalize-op.js'
import { type Layout, layOut, type Part } from './parameters.js'
import { neighbourMax, neighbourMean } from './sparse-op.js'

export interface NetworkShape {
  /** Width of the first layer's input, aggregates included, and of the labels beside it. */
  readonly inputWidth: number
  readonly labelWidth: number
  readonly hidden: number
  readonly relations: number
}

export const networkLayout = ({ inputWidth, labelWidth, hidden, relations }: NetworkShape): Layout => {
  const row = (name: string, begin: 'zero' | 'one'): Part => ({ name, shape: [1, hidden], begin })
  const square = (name: string): Part => ({ name, shape: [hidden, hidden], begin: 'weight' })
  return layOut([
    { name: 'first', shape: [inputWidth, hidden], begin: 'weight' },
    { name: 'firstLabels', shape: [labelWidth, hidden], begin: 'weight' },
    row('firstBias', 'zero'),
    row('firstScale', 'one'),
    row('firstShift', 'zero'),
    square('self'),
    ...Array.from({ length: relations }, (_, r) => [square(`mean${r}`), square(`max${r}`)]).flat(),
    row('secondBias', 'zero'),
    row('secondScale', 'one'),
    row('secondShift', 'zero'),
    { name: 'outOne', shape: [hidden, 1], begin: 'weight' },
    { name: 'outTwo', shape: [hidden, 1], begin: 'weight' },
    { name: 'outBias', shape: [1, 1], begin: 'zero' },
  ])
}

export type Parameters = ReadonlyMap<string, Tensor2D>

/** One tensor a part, in the layout's order. */
export const parameterTensors = (tf: TensorFlow, { parts }: Layout, values: Float32Array): readonly Tensor2D[] =>
  parts.map(({ shape, from }) => tf.tensor2d(values.slice(from, from + shape[0] * shape[1]), [...shape]))

export const named = ({ parts }: Layout, tensors: readonly Tensor[]): Parameters =>
  new Map(parts.map(({ name }, i) => [name, tensors[i] as Tensor2D]))

/** Of the two layers; null keeps all. */
export type DropMasks = readonly [DropMask, DropMask] | null

/** Both row-major, with one row a node. */
export interface Inputs {
  readonly constant: Tensor2D
  readonly labels: Tensor2D
}

export const firstLayer = (tf: TensorFlow, p: Parameters, inputs: Inputs, drop: DropMask | null): Tensor2D => {
  const read = tf.add(tf.matMul(inputs.constant, p.get('first')!), tf.matMul(inputs.labels, p.get('firstLabels')!))
  const mixed = tf.add(read, p.get('firstBias')!) as Tensor2D
  return normalizedRelu(tf, mixed, p.get('firstScale')!, p.get('firstShift')!, drop)
}

/** What each relation's neighbours give: mean and maximum of the first layer. */
export type Aggregates = readonly { readonly mean: Tensor2D; readonly max: Tensor2D }[]

export const aggregate = (tf: TensorFlow, products: readonly SparseDense[], hidden: Tensor2D): Aggregates =>
  products.map((product) => ({ mean: neighbourMean(tf, product, hidden), max: neighbourMax(tf, product, hidden) }))

export const secondLayer = (
  tf: TensorFlow,
  p: Parameters,
  hidden: Tensor2D,
  near: Aggregates,
  drop: DropMask | null,
): Tensor1D => {
  let mixed = tf.add(tf.matMul(hidden, p.get('self')!), p.get('secondBias')!) as Tensor2D
  near.forEach(({ mean, max }, r) => {
    mixed = tf.add(mixed, tf.matMul(mean, p.get(`mean${r}`)!))
    mixed = tf.add(mixed, tf.matMul(max, p.get(`max${r}`)!))
  })
  const active = normalizedRelu(tf, mixed, p.get('secondScale')!, p.get('secondShift')!, drop)
  const top = tf.add(active, hidden) as Tensor2D
  const logits = tf.add(
    tf.add(tf.matMul(hidden, p.get('outOne')!), tf.matMul(top, p.get('outTwo')!)),
    p.get('outBias')!,
  )
  return tf.reshape(logits, [-1])
}

/** Logits of all rows. */
export const forward = (
  tf: TensorFlow,
  p: Parameters,
  products: readonly SparseDense[],
  inputs: Inputs,
  drop: DropMasks,
): Tensor1D => {
  const hidden = firstLayer(tf, p, inputs, drop?.[0] ?? null)
  return secondLayer(tf, p, hidden, aggregate(tf, products, hidden), drop?.[1] ?? null)
}

/** Weighted logistic loss: sum of weight (softplus(z) - y z) over the sum of weights. A row of weight 0 says nothing. */
export const logisticLoss = (tf: TensorFlow, logits: Tensor1D, targets: Tensor1D, weights: Tensor1D): Tensor =>
  tf.div(
    tf.sum(tf.mul(weights, tf.sub(tf.softplus(logits), tf.mul(targets, logits)))),
    tf.maximum(tf.sum(weights), 1e-12),
  )
