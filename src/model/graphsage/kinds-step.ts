/** One gradient step and one forward pass of the heterogeneous network on a piece. */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs'
import type { Random } from '../../kernels/random.js'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { TensorFlow } from '../backend.js'
import type { KindPiece } from './kinds-graph.js'
import {
  type KindMasks,
  type KindNetworkShape,
  type KindTensors,
  kindFirstLayer,
  kindLoss,
  kindSecondLayer,
} from './kinds-network.js'
import { named, parameterTensors } from './network.js'
import { dropMask } from './normalize-op.js'
import type { Layout } from './parameters.js'

/** A piece with what is computed on it: products with its graphs, and the constant inputs. */
export interface OpenPiece {
  readonly piece: KindPiece
  readonly products: readonly (SparseDense | null)[]
  readonly inputs: KindTensors
}

/** Labels and weights of a piece's seeds, by kind. */
export interface SeedTargets {
  readonly targets: readonly Float32Array[]
  readonly weights: readonly Float32Array[]
}

/** The parts of the layout that reach a logit of the piece's seeds. */
const usedParts = (layout: Layout, shape: KindNetworkShape, { piece, products }: OpenPiece): Layout => {
  const used = new Set<string>()
  shape.kinds.forEach(({ name, width }, k) => {
    if (piece.rows[k]!.length === 0 || width === 0) return
    for (const part of ['', ' bias', ' scale', ' shift']) used.add(`${name} first${part}`)
    if (piece.seeds[k] === 0) return
    for (const part of ['self', 'second bias', 'second scale', 'second shift', 'outOne', 'outTwo', 'outBias'])
      used.add(`${name} ${part}`)
  })
  shape.relations.forEach(({ name, to }, r) => {
    if (!products[r] || shape.kinds[to]!.width === 0) return
    used.add(`${name} mean`)
    used.add(`${name} max`)
  })
  return { ...layout, parts: layout.parts.filter(({ name }) => used.has(name)) }
}

const logitsOf = (
  tf: TensorFlow,
  shape: KindNetworkShape,
  p: ReturnType<typeof named>,
  { piece, products, inputs }: OpenPiece,
  drop: readonly [KindMasks, KindMasks] | null,
): readonly (Tensor1D | null)[] => {
  const hidden = kindFirstLayer(tf, shape, p, inputs, drop?.[0] ?? null)
  return kindSecondLayer(tf, shape, p, hidden, { seeds: piece.seeds, products }, drop?.[1] ?? null)
}

export interface KindStep {
  readonly shape: KindNetworkShape
  readonly layout: Layout
  readonly parameters: Float32Array
  readonly dropout: number
  readonly random: Random
}

/** Loss and its gradient by every parameter, flat as the parameters are; 0 for those that the piece does not use. */
export const kindGradientStep = (
  tf: TensorFlow,
  open: OpenPiece,
  { targets, weights }: SeedTargets,
  { shape, layout, parameters, dropout, random }: KindStep,
): { readonly loss: number; readonly gradient: Float32Array } =>
  tf.tidy(() => {
    const { piece } = open
    const masks = (counts: readonly number[]): KindMasks =>
      counts.map((rows) => (rows > 0 && dropout > 0 ? dropMask(rows * shape.hidden, dropout, random) : null))
    const drop = [masks(piece.rows.map(({ length }) => length)), masks(piece.seeds)] as const
    const used = usedParts(layout, shape, open)
    const y = targets.map((own) => (own.length > 0 ? tf.tensor1d(own) : null))
    const w = weights.map((own) => (own.length > 0 ? tf.tensor1d(own) : null))
    const { value, grads } = tf.valueAndGrads((...tensors: Tensor[]) =>
      kindLoss(tf, logitsOf(tf, shape, named(used, tensors), open, drop), y, w),
    )([...parameterTensors(tf, used, parameters)])
    const gradient = new Float32Array(layout.size)
    used.parts.forEach(({ from }, i) => {
      gradient.set(grads[i]!.dataSync() as Float32Array, from)
    })
    return { loss: value.dataSync()[0]!, gradient }
  })

/** Logits of the seeds of each kind. */
export const kindLogits = (
  tf: TensorFlow,
  open: OpenPiece,
  { shape, layout, parameters }: Omit<KindStep, 'dropout' | 'random'>,
): readonly Float64Array[] => {
  const found: Float64Array[] = []
  tf.tidy(() => {
    const used = usedParts(layout, shape, open)
    for (const own of logitsOf(tf, shape, named(used, parameterTensors(tf, used, parameters)), open, null))
      found.push(own ? Float64Array.from(own.dataSync()) : new Float64Array(0))
  })
  return found
}
