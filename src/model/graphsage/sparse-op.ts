/** Aggregation over neighbours as differentiable TensorFlow.js operations on our own kernel. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { TensorFlow } from '../backend.js'

const floats = (tensor: Tensor): Float32Array => tensor.dataSync() as Float32Array

/** Mean over each row's neighbours: [columnCount, width] to [rowCount, width]. */
export const neighbourMean = (tf: TensorFlow, product: SparseDense, x: Tensor2D): Tensor2D => {
  const width = x.shape[1]
  const run = tf.customGrad((input) => ({
    value: tf.tensor2d(product.mean(floats(input as Tensor), width), [product.rowCount, width]),
    gradFunc: (dy: Tensor) =>
      tf.tensor2d(product.meanGradient(floats(dy), width), [product.columnCount, width]) as Tensor,
  }))
  return run(x) as Tensor2D
}

/** Maximum over each row's neighbours, 0 for a row without: [columnCount, width] to [rowCount, width]. */
export const neighbourMax = (tf: TensorFlow, product: SparseDense, x: Tensor2D): Tensor2D => {
  const width = x.shape[1]
  const run = tf.customGrad((input) => {
    const { values, winners } = product.max(floats(input as Tensor), width)
    return {
      value: tf.tensor2d(values, [product.rowCount, width]),
      gradFunc: (dy: Tensor) =>
        tf.tensor2d(product.maxGradient(floats(dy), winners, width), [product.columnCount, width]) as Tensor,
    }
  })
  return run(x) as Tensor2D
}
