/**
 * Sums of gradient and hessian per bin, as whole numbers in one double each.
 *
 * Yu Shi et al., "Quantized Training of Gradient Boosting Decision Trees", NeurIPS 2022: few bits of gradient suffice where
 * rounding is at random and leaves are fitted with the true sums. Gradient g and hessian h become whole numbers and share one
 * double, h * 2^27 + g: one addition a value serves both, sums are exact, and so neither the order of rows nor taking the
 * sibling as parent minus child changes a bit of the result.
 *
 * Bits: sum of |g| < 2^25 and sum of h < 2^25 by the choice of scale, so that |h * 2^27 + g| < 2^53.
 */

/** Weight of the hessian in the packed number. */
export const hessianUnit = 2 ** 27
const maxSum = 2 ** 25

export interface Packed {
  /** One packed number a row. */
  readonly values: Float64Array
  /** True value of one unit. */
  gradientStep: number
  hessianStep: number
}

/** Uniform in (0, 1) from row and salt (MurmurHash3's finalizer, Austin Appleby, public domain). */
const uniform = (row: number, salt: number): number => {
  let x = Math.imul(row, 0x9e3779b1) ^ salt
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (((x ^ (x >>> 16)) >>> 0) + 0.5) / 4294967296
}

/** Rounds gradients and hessians (>= 0) of all rows at random without bias; `salt` any 32-bit number. */
export const pack = (gradient: Float64Array, hessian: Float64Array, salt: number, into: Packed): void => {
  const n = gradient.length
  let g = 0
  let h = 0
  for (let i = 0; i < n; i++) {
    g += Math.abs(gradient[i]!)
    h += hessian[i]!
  }
  // Each rounding adds less than one unit.
  const room = maxSum - n
  if (room <= 0) throw new RangeError(`${n} rows are more than the ${maxSum - 1} that trees train on`)
  into.gradientStep = g > 0 ? g / room : 1
  into.hessianStep = h > 0 ? h / room : 1
  const perG = 1 / into.gradientStep
  const perH = 1 / into.hessianStep
  const { values } = into
  for (let i = 0; i < n; i++) {
    const u = uniform(i, salt)
    values[i] = Math.floor(hessian[i]! * perH + u) * hessianUnit + Math.floor(gradient[i]! * perG + (1 - u))
  }
}

/** Adds `packed` (one a row of `rows[from .. to - 1]`, in that order) to the histograms of the four features of one word. */
export const addToHistograms = (
  words: Uint32Array,
  base: number,
  rows: Int32Array,
  from: number,
  to: number,
  packed: Float64Array,
  histogram: Float64Array,
  stride: number,
): void => {
  for (let k = from, p = 0; k < to; k++, p++) {
    const word = words[base + rows[k]!]!
    const value = packed[p]!
    histogram[word & 0xff]! += value
    histogram[stride + ((word >>> 8) & 0xff)]! += value
    histogram[2 * stride + ((word >>> 16) & 0xff)]! += value
    histogram[3 * stride + (word >>> 24)]! += value
  }
}
