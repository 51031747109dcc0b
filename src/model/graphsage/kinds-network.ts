/**
 * Heterogeneous GraphSAGE: two layers with weights of their own for each kind of node and for each interaction type and direction, mean
 * and maximum aggregation, skip connection and layer normalization.
 *
 *   h1_v = drop(relu(norm(W_k x_v + b_k)))                                         for v of the kind k
 *   h2_v = drop(relu(norm(S_k h1_v + sum over r of (M_r mean_r h1 + X_r max_r h1) + c_k))) + h1_v
 *   logit_v = u_k h1_v + w_k h2_v + d_k
 *
 * r runs over the relations in which v has neighbours. x_v are the kind's own features, statistics of its neighbours' measures among them,
 * so that the first layer sees one step too; none of them comes from a label, since a neighbour's would tell v its own.
 *
 * William L. Hamilton, Rex Ying, Jure Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017,
 * arXiv:1706.02216, algorithm 1. A matrix per relation: Michael Schlichtkrull et al., "Modeling Relational Data with Graph
 * Convolutional Networks", ESWC 2018, arXiv:1703.06103, equation 2.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { TensorFlow } from '../backend.js'
import type { KindRelation } from './kinds-graph.js'
import type { Parameters } from './network.js'
import { type DropMask, normalizedRelu } from './normalize-op.js'
import { type Layout, layOut, type Part } from './parameters.js'
import { neighbourMax, neighbourMean } from './sparse-op.js'

export interface KindNetworkShape {
  readonly hidden: number
  readonly kinds: readonly { readonly name: string; readonly width: number; readonly isScored: boolean }[]
  readonly relations: readonly Omit<KindRelation, 'csr'>[]
}

export const kindLayout = ({ hidden, kinds, relations }: KindNetworkShape): Layout => {
  const row = (name: string, begin: 'zero' | 'one'): Part => ({ name, shape: [1, hidden], begin })
  const square = (name: string): Part => ({ name, shape: [hidden, hidden], begin: 'weight' })
  const norm = (name: string): readonly Part[] => [
    row(`${name} bias`, 'zero'),
    row(`${name} scale`, 'one'),
    row(`${name} shift`, 'zero'),
  ]
  return layOut([
    ...kinds.flatMap(({ name, width }): readonly Part[] =>
      width === 0 ? [] : [{ name: `${name} first`, shape: [width, hidden], begin: 'weight' }, ...norm(`${name} first`)],
    ),
    ...kinds
      .filter(({ isScored }) => isScored)
      .flatMap(({ name }): readonly Part[] => [
        square(`${name} self`),
        ...norm(`${name} second`),
        { name: `${name} outOne`, shape: [hidden, 1], begin: 'weight' },
        { name: `${name} outTwo`, shape: [hidden, 1], begin: 'weight' },
        { name: `${name} outBias`, shape: [1, 1], begin: 'zero' },
      ]),
    ...relations
      .filter(({ of }) => kinds[of]!.isScored)
      .flatMap(({ name }) => [square(`${name} mean`), square(`${name} max`)]),
  ])
}

/** One a kind, [rows, width] or [rows, hidden]; null where there are no rows. */
export type KindTensors = readonly (Tensor2D | null)[]
/** One a kind; null keeps all. */
export type KindMasks = readonly (DropMask | null)[]

const normed = (tf: TensorFlow, p: Parameters, name: string, mixed: Tensor2D, drop: DropMask | null): Tensor2D => {
  const biased = tf.add(mixed, p.get(`${name} bias`)!) as Tensor2D
  return normalizedRelu(tf, biased, p.get(`${name} scale`)!, p.get(`${name} shift`)!, drop)
}

export const kindFirstLayer = (
  tf: TensorFlow,
  { kinds }: KindNetworkShape,
  p: Parameters,
  inputs: KindTensors,
  drop: KindMasks | null,
): KindTensors =>
  kinds.map(({ name, width }, k) => {
    const input = inputs[k]
    if (!input || width === 0) return null
    return normed(tf, p, `${name} first`, tf.matMul(input, p.get(`${name} first`)!) as Tensor2D, drop?.[k] ?? null)
  })

/** Logits of the seeds of each scored kind; null where it has none. `products` are of a piece's graphs, `hidden` of its rows. */
export const kindSecondLayer = (
  tf: TensorFlow,
  { kinds, relations, hidden: width }: KindNetworkShape,
  p: Parameters,
  hidden: KindTensors,
  { seeds, products }: { readonly seeds: readonly number[]; readonly products: readonly (SparseDense | null)[] },
  drop: KindMasks | null,
): readonly (Tensor1D | null)[] =>
  kinds.map(({ name, isScored }, k) => {
    const all = hidden[k]
    if (!isScored || !all || seeds[k] === 0) return null
    const own = all.shape[0] === seeds[k] ? all : tf.slice(all, [0, 0], [seeds[k]!, width])
    let mixed = tf.matMul(own, p.get(`${name} self`)!) as Tensor2D
    relations.forEach((relation, r) => {
      const product = products[r]
      const near = hidden[relation.to]
      if (relation.of !== k || !product || !near) return
      mixed = tf.add(mixed, tf.matMul(neighbourMean(tf, product, near), p.get(`${relation.name} mean`)!))
      mixed = tf.add(mixed, tf.matMul(neighbourMax(tf, product, near), p.get(`${relation.name} max`)!))
    })
    const top = tf.add(normed(tf, p, `${name} second`, mixed, drop?.[k] ?? null), own) as Tensor2D
    const logits = tf.add(
      tf.add(tf.matMul(own, p.get(`${name} outOne`)!), tf.matMul(top, p.get(`${name} outTwo`)!)),
      p.get(`${name} outBias`)!,
    )
    return tf.reshape(logits, [-1]) as Tensor1D
  })

/** Sum of weight (softplus(z) - y z) over all kinds; weights are scaled by the caller. */
export const kindLoss = (
  tf: TensorFlow,
  logits: readonly (Tensor1D | null)[],
  targets: readonly (Tensor1D | null)[],
  weights: readonly (Tensor1D | null)[],
): Tensor => {
  let sum: Tensor = tf.scalar(0)
  logits.forEach((own, k) => {
    if (own) sum = tf.add(sum, tf.sum(tf.mul(weights[k]!, tf.sub(tf.softplus(own), tf.mul(targets[k]!, own)))))
  })
  return sum
}
