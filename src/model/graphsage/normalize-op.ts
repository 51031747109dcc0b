/**
 * Layer normalization, rectifier and dropout as one differentiable operation on plain arrays: one pass over the numbers and two arrays kept
 * for the gradient, where the same from single TensorFlow.js operations keeps nine tensors a layer, most of an epoch's memory.
 *
 *   n = (x - mean(x)) / sqrt(var(x) + e) over each row;   y = m relu(s n + b),   m = 0 or 1 / (1 - dropout)
 *   with d = dy m [y > 0]:   db = sum of d over rows,   ds = sum of d n,
 *   dx = (d s - mean(d s) - n mean(d s n)) / sqrt(var(x) + e) over each row
 *
 * Jimmy Lei Ba, Jamie Ryan Kiros, Geoffrey E. Hinton, "Layer Normalization", arXiv:1607.06450.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import type { Random } from '../../kernels/random.js'
import type { TensorFlow } from '../backend.js'

const epsilon = 1e-5

/** Which numbers of a layer are kept in one step: 1 or 0, row-major, and what the kept ones are multiplied by. */
export interface DropMask {
  readonly kept: Uint8Array
  readonly factor: number
}

/** One random word decides for four numbers: the rate is a multiple of 1/256. */
const dropSteps = 256

export const dropMask = (size: number, rate: number, random: Random): DropMask => {
  const cut = Math.round(rate * dropSteps)
  const kept = new Uint8Array(size)
  for (let i = 0; i < size; i += 4) {
    const word = random.uint32()
    for (let b = 0; b < 4 && i + b < size; b++) kept[i + b] = ((word >>> (8 * b)) & 0xff) >= cut ? 1 : 0
  }
  return { kept, factor: dropSteps / (dropSteps - cut) }
}

const floats = (tensor: Tensor): Float32Array => tensor.dataSync() as Float32Array

interface Normalized {
  readonly output: Float32Array
  /** The rows before scale and shift, and 1 / deviation of each. */
  readonly normal: Float32Array
  readonly reciprocal: Float32Array
}

const apply = (x: Float32Array, scale: Float32Array, shift: Float32Array, drop: DropMask | null): Normalized => {
  const width = scale.length
  const rows = x.length / width
  const output = new Float32Array(x.length)
  const normal = new Float32Array(x.length)
  const reciprocal = new Float32Array(rows)
  for (let r = 0; r < rows; r++) {
    const from = r * width
    let sum = 0
    for (let f = 0; f < width; f++) sum += x[from + f]!
    const mean = sum / width
    let squares = 0
    for (let f = 0; f < width; f++) squares += (x[from + f]! - mean) ** 2
    const by = 1 / Math.sqrt(squares / width + epsilon)
    reciprocal[r] = by
    for (let f = 0; f < width; f++) {
      const at = from + f
      const n = (x[at]! - mean) * by
      normal[at] = n
      const active = n * scale[f]! + shift[f]!
      if (active > 0) output[at] = drop ? active * drop.kept[at]! * drop.factor : active
    }
  }
  return { output, normal, reciprocal }
}

const gradients = (
  dy: Float32Array,
  { output, normal, reciprocal }: Normalized,
  scale: Float32Array,
  factor: number,
): { readonly dx: Float32Array; readonly ds: Float32Array; readonly db: Float32Array } => {
  const width = scale.length
  const dx = new Float32Array(dy.length)
  const ds = new Float64Array(width)
  const db = new Float64Array(width)
  for (let r = 0; r < reciprocal.length; r++) {
    const from = r * width
    let sum = 0
    let sumNormal = 0
    for (let f = 0; f < width; f++) {
      const at = from + f
      // A dropped number is zero in the output, as is one below the rectifier's bend: neither passes a gradient.
      if (output[at] === 0) continue
      const d = dy[at]! * factor
      ds[f]! += d * normal[at]!
      db[f]! += d
      const scaled = d * scale[f]!
      dx[at] = scaled
      sum += scaled
      sumNormal += scaled * normal[at]!
    }
    const mean = sum / width
    const meanNormal = sumNormal / width
    const by = reciprocal[r]!
    for (let f = 0; f < width; f++) dx[from + f] = (dx[from + f]! - mean - normal[from + f]! * meanNormal) * by
  }
  return { dx, ds: Float32Array.from(ds), db: Float32Array.from(db) }
}

/** `x` is [rows, width], `scale` and `shift` are [1, width]. */
export const normalizedRelu = (
  tf: TensorFlow,
  x: Tensor2D,
  scale: Tensor2D,
  shift: Tensor2D,
  drop: DropMask | null,
): Tensor2D => {
  const { shape } = x
  const run = tf.customGrad((input, s, b) => {
    const factors = floats(s as Tensor)
    const done = apply(floats(input as Tensor), factors, floats(b as Tensor), drop)
    return {
      value: tf.tensor2d(done.output, shape),
      gradFunc: (dy: Tensor) => {
        const { dx, ds, db } = gradients(floats(dy), done, factors, drop?.factor ?? 1)
        return [tf.tensor2d(dx, shape), tf.tensor2d(ds, [1, ds.length]), tf.tensor2d(db, [1, db.length])] as Tensor[]
      },
    }
  })
  return run(x, scale, shift) as Tensor2D
}
