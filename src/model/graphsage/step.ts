/** One gradient step and one forward pass on a piece of graph that fits into memory: all of it, or a sample. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs'
import type { Csr } from '../../kernels/csr.js'
import type { Random } from '../../kernels/random.js'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { TensorFlow } from '../backend.js'
import { labelInput, labelInputWidth } from './inputs.js'
import { type DropMasks, forward, logisticLoss, named, parameterTensors } from './network.js'
import { dropMask } from './normalize-op.js'
import type { Layout } from './parameters.js'

/** The part of the graph at hand: its relations' CSR, the products with them, and the first layer's constant input. */
export interface Piece {
  readonly rows: number
  readonly graphs: readonly Csr[]
  readonly products: readonly SparseDense[]
  readonly constant: Tensor2D
}

export interface StepInput {
  readonly piece: Piece
  /** 1, 0, or -1 where the label must not be seen. */
  readonly shown: Int8Array
  /** Share of positives among training labels. */
  readonly share: number
  /** Of each row: 0 or 1, and its weight, 0 where it is not learned from. */
  readonly targets: Float32Array
  readonly weights: Float32Array
  readonly dropout: number
  readonly random: Random
}

const labelTensor = (tf: TensorFlow, { graphs, rows }: Piece, shown: Int8Array, share: number): Tensor2D =>
  tf.tensor2d(labelInput(shown, share, graphs), [rows, labelInputWidth(graphs.length)])

/** Loss and its gradient by every parameter, flat as the parameters are. */
export const gradientStep = (
  tf: TensorFlow,
  layout: Layout,
  parameters: Float32Array,
  hidden: number,
  { piece, shown, share, targets, weights, dropout, random }: StepInput,
): { readonly loss: number; readonly gradient: Float32Array } =>
  tf.tidy(() => {
    const inputs = { constant: piece.constant, labels: labelTensor(tf, piece, shown, share) }
    const drop: DropMasks =
      dropout > 0
        ? [dropMask(piece.rows * hidden, dropout, random), dropMask(piece.rows * hidden, dropout, random)]
        : null
    const y = tf.tensor1d(targets)
    const w = tf.tensor1d(weights)
    const { value, grads } = tf.valueAndGrads((...tensors: Tensor[]) =>
      logisticLoss(tf, forward(tf, named(layout, tensors), piece.products, inputs, drop), y, w),
    )([...parameterTensors(tf, layout, parameters)])
    const gradient = new Float32Array(layout.size)
    layout.parts.forEach(({ from }, i) => {
      gradient.set(grads[i]!.dataSync() as Float32Array, from)
    })
    return { loss: value.dataSync()[0]!, gradient }
  })

/** Logits of all rows of the piece. */
export const pieceLogits = (
  tf: TensorFlow,
  layout: Layout,
  parameters: Float32Array,
  piece: Piece,
  shown: Int8Array,
  share: number,
): Float32Array =>
  tf.tidy(() => {
    const inputs = { constant: piece.constant, labels: labelTensor(tf, piece, shown, share) }
    const logits: Tensor1D = forward(
      tf,
      named(layout, parameterTensors(tf, layout, parameters)),
      piece.products,
      inputs,
      null,
    )
    return logits.dataSync() as Float32Array
  })
