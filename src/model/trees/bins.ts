/**
 * Features cut into at most 255 bins of about equal mass, one byte a value, for histogram trees.
 *
 * Tianqi Chen and Carlos Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016 (quantile candidates); Guolin Ke et
 * al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017 (one byte a value). Bin 0 is "not known";
 * value v is in bin 1 + (number of edges below v), so that bin <= b + 1 is the same as v <= edges[b].
 *
 * Four features share one 32-bit word a row: one load then serves four histograms, and memory stays a byte a value.
 */
import { argsortFloat64 } from '../../kernels/sort.js'
import { checkMatrix, type FeatureMatrix } from '../feature-matrix.js'

export const missingBin = 0
/** A byte holds as many bins, bin 0 for missing values among them. */
const byteBins = 256
export const featuresPerWord = 4

export interface BinnedMatrix {
  readonly rows: number
  readonly features: number
  /** Ascending, finite, without repeats, one list a feature; empty where the feature is constant. */
  readonly edges: readonly Float64Array[]
  /** Word row + rows * g holds features 4g .. 4g + 3, the first in the lowest byte. */
  readonly words: Uint32Array
  /** 1 where the feature has a value that is not known. */
  readonly hasMissing: Uint8Array
  /** Places of one feature in a histogram: the most bins that any feature has, bin 0 among them. */
  readonly stride: number
}

/** Above this many rows edges come from evenly spread rows: quantiles of a quarter of a million are exact to a thousandth. */
const edgeSample = 1 << 18

const largest = 3.4028234663852886e38
/** Between two neighbours of the sorted 32-bit values, finite also where they are not. */
const between = (low: number, high: number): number => {
  if (low === -Infinity) return -largest
  return high === Infinity ? low : low / 2 + high / 2
}

/** Edges that cut the values (NaN left out) into at most `maxBins` bins; a value with more than a bin's share has its own. */
export const quantileEdges = (values: Float32Array, maxBins: number): Float64Array => {
  const step = Math.max(1, values.length / edgeSample)
  const taken = new Float64Array(Math.floor(values.length / step))
  let n = 0
  for (let k = 0; k < taken.length; k++) {
    const value = values[Math.floor(k * step)]!
    if (!Number.isNaN(value)) taken[n++] = value
  }
  const known = taken.subarray(0, n)
  const order = argsortFloat64(known)
  const distinct: number[] = []
  const counts: number[] = []
  for (let k = 0; k < n; k++) {
    const value = known[order[k]!]! + 0
    if (k > 0 && value === distinct[distinct.length - 1]) counts[counts.length - 1]!++
    else {
      distinct.push(value)
      counts.push(1)
    }
  }
  const edges: number[] = []
  let left = n
  let held = 0
  let mass = n / maxBins
  for (let k = 0; k + 1 < distinct.length && edges.length < maxBins - 1; k++) {
    held += counts[k]!
    const few = distinct.length <= maxBins
    if (few || held >= mass || counts[k + 1]! >= mass) {
      edges.push(between(distinct[k]!, distinct[k + 1]!))
      left -= held
      held = 0
      mass = left / (maxBins - edges.length)
    }
  }
  return Float64Array.from(edges)
}

/** Number of edges below the value. */
const placeOf = (edges: Float64Array, value: number): number => {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Bins by the given edges (as many lists as features). Memory: a byte a value, whole words. */
export const binByEdges = (matrix: FeatureMatrix, edges: readonly Float64Array[], check: () => void): BinnedMatrix => {
  checkMatrix(matrix)
  const { rows, columns } = matrix
  const features = columns.length
  const words = new Uint32Array(rows * Math.ceil(features / featuresPerWord))
  const hasMissing = new Uint8Array(features)
  for (let f = 0; f < features; f++) {
    check()
    const column = columns[f]!
    const cuts = edges[f]!
    const base = rows * Math.floor(f / featuresPerWord)
    const shift = 8 * (f % featuresPerWord)
    for (let i = 0; i < rows; i++) {
      const value = column[i]!
      if (Number.isNaN(value)) hasMissing[f] = 1
      else words[base + i]! |= (1 + placeOf(cuts, value)) << shift
    }
  }
  const stride = edges.reduce((most, cuts) => Math.max(most, cuts.length + 2), 1)
  return { rows, features, edges, words, hasMissing, stride }
}

/** `maxBins` 2 .. 255, bin 0 not counted. */
export const binMatrix = (matrix: FeatureMatrix, maxBins: number, check: () => void): BinnedMatrix => {
  if (!(Number.isInteger(maxBins) && maxBins >= 2 && maxBins < byteBins))
    throw new RangeError(`bins must be a whole number in 2 .. ${byteBins - 1}, not ${maxBins}`)
  checkMatrix(matrix)
  const edges = matrix.columns.map((column) => {
    check()
    return quantileEdges(column, maxBins)
  })
  return binByEdges(matrix, edges, check)
}
