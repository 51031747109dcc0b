/**
 * What the first layer reads of each node: its encoded features, their mean, maximum and deviation over the neighbours of each relation, how
 * many neighbours there are, and labels that may be seen.
 *
 * Labels as inputs follow Yunsheng Shi et al., "Masked Label Prediction: Unified Message Passing Model for Semi-Supervised
 * Classification", IJCAI 2021, arXiv:2009.03509, section 3.2: in training a random part of the known labels is shown and the
 * others are learned, so that no node sees its own label. Rates are shrunk to the share of positives p with the weight of k neighbours:
 *   rate_r(v) = (sum of (y - p) over v's labelled neighbours) / (their number + k)
 */
import type { Csr } from '../../kernels/csr.js'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import { type Encoders, encode } from './encoder.js'

/** Labelled neighbours that the prior weighs as much as. */
const shrinkage = 4

export interface FirstInput {
  /** Row-major, rows x width: what never changes. */
  readonly values: Float32Array
  readonly rows: number
  readonly width: number
}

export const firstInputWidth = ({ features, own }: Encoders, relations: number): number =>
  features.width * (1 + 3 * relations) + (own?.width ?? 0) + relations

/** One for the node's own label, one for its neighbours' in each relation. */
export const labelInputWidth = (relations: number): number => 1 + relations

/** So many neighbours are 1; ten thousand are 2. */
const degreeScale = Math.log1p(100)

export const degreesOf = ({ rowCount, offsets }: Csr): Float32Array => {
  const degrees = new Float32Array(rowCount)
  for (let r = 0; r < rowCount; r++) degrees[r] = offsets[r + 1]! - offsets[r]!
  return degrees
}

/** `degrees` has one array a relation, of the whole graph where `products` are of a sample. */
export const firstInput = (
  encoders: Encoders,
  { features, own }: { readonly features: FeatureMatrix; readonly own: FeatureMatrix | null },
  degrees: readonly Float32Array[],
  products: readonly SparseDense[],
): FirstInput => {
  const { rows } = features
  const encodedWidth = encoders.features.width
  const width = firstInputWidth(encoders, products.length)
  const values = new Float32Array(rows * width)
  let from = 0
  const put = (block: Float32Array, blockWidth = encodedWidth): void => {
    for (let r = 0; r < rows; r++) values.set(block.subarray(r * blockWidth, (r + 1) * blockWidth), r * width + from)
    from += blockWidth
  }
  if (encodedWidth > 0) {
    const encoded = encode(encoders.features, features)
    put(encoded)
    const squares = encoded.map((value) => value * value)
    for (const product of products) {
      const mean = product.mean(encoded, encodedWidth)
      put(mean)
      put(product.max(encoded, encodedWidth).values)
      const deviation = product.mean(squares, encodedWidth)
      for (let i = 0; i < deviation.length; i++) deviation[i] = Math.sqrt(Math.max(0, deviation[i]! - mean[i]! ** 2))
      put(deviation)
    }
  }
  if (encoders.own && own) put(encode(encoders.own, own), encoders.own.width)
  for (const degree of degrees) {
    for (let r = 0; r < rows; r++) values[r * width + from] = Math.log1p(degree[r]!) / degreeScale
    from++
  }
  return { values, rows, width }
}

/** Of each column, over training rows. */
export interface Standard {
  readonly mean: Float32Array
  /** 1 / deviation; 0 for a column that is constant there. */
  readonly scale: Float32Array
}

/** Less is a constant column with rounding. */
const leastDeviation = 1e-6
/** Deviations from the mean at most, so that a node unlike all of training stays within what the network has seen. */
const furthest = 6

export const fitStandard = ({ values, width }: FirstInput, rows: Int32Array): Standard => {
  const sums = new Float64Array(width)
  const squares = new Float64Array(width)
  for (const row of rows)
    for (let f = 0, at = row * width; f < width; f++, at++) {
      sums[f]! += values[at]!
      squares[f]! += values[at]! ** 2
    }
  const mean = Float32Array.from(sums, (sum) => sum / rows.length)
  const scale = Float32Array.from(squares, (square, f) => {
    const deviation = Math.sqrt(Math.max(0, square / rows.length - (sums[f]! / rows.length) ** 2))
    return deviation > leastDeviation ? 1 / deviation : 0
  })
  return { mean, scale }
}

/** In place. Averages over a hundred neighbours differ little between nodes: without this the network would hardly see them. */
export const standardize = ({ values, rows, width }: FirstInput, { mean, scale }: Standard): void => {
  for (let r = 0, at = 0; r < rows; r++)
    for (let f = 0; f < width; f++, at++)
      values[at] = Math.max(-furthest, Math.min(furthest, (values[at]! - mean[f]!) * scale[f]!))
}

/**
 * Row-major, rows x labelInputWidth. `shown[v]` is 1 for a positive, 0 for a negative and -1 for a label that must not be seen;
 * `share` is the share of positives among the labels known to training.
 */
export const labelInput = (shown: Int8Array, share: number, graphs: readonly Csr[]): Float32Array => {
  const rows = shown.length
  const width = labelInputWidth(graphs.length)
  const values = new Float32Array(rows * width)
  // One standard deviation of a label is 1.
  const unit = 1 / Math.sqrt(Math.max(share * (1 - share), 1e-4))
  for (let r = 0; r < rows; r++) values[r * width] = shown[r]! < 0 ? 0 : unit * (shown[r]! - share)
  graphs.forEach(({ offsets, columns }, g) => {
    for (let r = 0; r < rows; r++) {
      let positives = 0
      let known = 0
      for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++) {
        const label = shown[columns[k]!]!
        if (label >= 0) {
          known++
          positives += label
        }
      }
      values[r * width + 1 + g] = (unit * (positives - known * share)) / (known + shrinkage)
    }
  })
  return values
}
