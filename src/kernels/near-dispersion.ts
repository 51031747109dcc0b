/**
 * How unevenly near meetings spread over pairs that are equally alike: people look at like things in one sitting, so that some pairs meet
 * near far more often than their far meetings lead one to expect (see near-pairs.ts for the null model and its symbols).
 *
 * n | e is negative binomial with mean e = mu (A + F) / (A + mu_far) and shape k, 1/k = 1/(A + F) + 1/B + 1/((A + F) B): the product of
 * the likeness learned from far meetings and a likeness of the sitting, S ~ Gamma(B, B). B(l) is the greatest-likelihood value over a
 * sample of the pairs that chance alone would bring together often; those that are sought have small e and take little part in it.
 * (Matching the tail of the sample instead follows the largest columns, which in a quiet relation are the sought ones.)
 */
import { type Check, neverCancelled } from './check.js'
import { logGamma } from './gamma-poisson.js'
import { argsortFloat64 } from './sort.js'
import type { TimedMatrix } from './timed-matrix.js'

export interface NearDispersionOptions {
  readonly tolerances: Float64Array
  readonly reach: number
  /** Shape A of the prior of likeness. */
  readonly likeness: number
  /** Pairs of entries of one row, near at each level, and in all. */
  readonly near: Float64Array
  readonly all: number
  /** 1 for levels that are of interest. */
  readonly telling: Uint8Array
  readonly check?: Check
}

/** Near meetings that a pair must lead one to expect to be in the sample. */
const LEAST_EXPECTED = 0.5

/** Pairs of entries that are looked at, and pairs of columns kept a level: enough for a few percent of error. */
const SAMPLED_MEETINGS = 1_000_000
const SAMPLED_PAIRS = 1000

/** Fewer pairs than this tell nothing. */
const LEAST_PAIRS = 50

const SMALLEST_SHAPE = 0.002
const LARGEST_SHAPE = 1000

/** Pairs at one level: near meetings, what is expected of them, and how sure the likeness is. Every `step`-th of those seen. */
interface Sample {
  n: number[]
  e: number[]
  shape: number[]
  seen: number
  step: number
}

const halve = (sample: Sample): void => {
  const even = (_: number, i: number): boolean => i % 2 === 0
  sample.n = sample.n.filter(even)
  sample.e = sample.e.filter(even)
  sample.shape = sample.shape.filter(even)
  sample.step *= 2
}

/** How many more are passed over before the next is kept, `more` after those seen. */
const untilNext = ({ seen, step }: Sample, more: number): number => (step - ((seen + more) % step)) % step

/** How many of 0 .. count - 1 come before the first that does not hold; those after it do not hold either. */
const countWhile = (count: number, holds: (i: number) => boolean): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/** Shape of the product of two gamma variables of mean 1: exact in its variance. */
export const productShape = (a: number, b: number): number => 1 / (1 / a + 1 / b + 1 / (a * b))

/** One shape B a level; infinite where nothing was learned at it and at wider ones. The same for the same matrix. */
export const nearDispersion = (matrix: TimedMatrix, options: NearDispersionOptions): Float64Array => {
  const { rowOffsets, row, column, time, columnCount, columnOffsets, entries } = matrix
  const { tolerances, reach, likeness, near, all, check = neverCancelled } = options
  const levels = tolerances.length
  const entryCount = entries.length
  const size = (c: number): number => columnOffsets[c + 1]! - columnOffsets[c]!
  const order = argsortFloat64(Float64Array.from({ length: columnCount }, (_, c) => -size(c)))
  const scale = 2 / (entryCount * entryCount)
  const sample = Array.from(tolerances, (): Sample => ({ n: [], e: [], shape: [], seen: 0, step: 1 }))

  const total = new Int32Array(columnCount)
  const nearCount = new Int32Array(columnCount * levels)
  const touched: number[] = []
  let looked = 0
  for (let x = 1; x < columnCount && looked < SAMPLED_MEETINGS; x++) {
    const a = order[x]!
    const sizeA = size(a)
    // The larger columns are the partners: with none of them would this one, and so none after it, be expected to meet often.
    if (near[levels - 1]! * scale * sizeA * size(order[0]!) < LEAST_EXPECTED) break
    check()
    for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++) {
      const entry = entries[i]!
      const from = Math.max(rowOffsets[row[entry]!]!, entry - reach)
      const to = Math.min(rowOffsets[row[entry]! + 1]!, entry + reach + 1)
      for (let other = from; other < to; other++) {
        const b = column[other]!
        if (total[b]!++ === 0) touched.push(b)
        const gap = Math.abs(time[other]! - time[entry]!)
        for (let level = levels - 1; level >= 0 && gap <= tolerances[level]!; level--) nearCount[b * levels + level]!++
      }
      looked += to - from
    }
    for (let level = 0; level < levels; level++) {
      if (!options.telling[level]) continue
      const into = sample[level]!
      const expected = (y: number): number => near[level]! * (scale * sizeA * size(order[y]!))
      const partners = countWhile(x, (y) => expected(y) >= LEAST_EXPECTED)
      // Of those seen at this level so far, every `step`-th is kept: the others are not looked at.
      for (let y = untilNext(into, 0); y < partners; y += untilNext(into, y + 1) + 1) {
        const b = order[y]!
        const shape = likeness + total[b]! - nearCount[b * levels + level]!
        into.n.push(nearCount[b * levels + level]!)
        into.e.push((expected(y) * shape) / (likeness + (all - near[level]!) * (scale * sizeA * size(b))))
        into.shape.push(shape)
        if (into.n.length === 2 * SAMPLED_PAIRS) halve(into)
      }
      into.seen += partners
    }
    for (const b of touched) {
      total[b] = 0
      nearCount.fill(0, b * levels, (b + 1) * levels)
    }
    touched.length = 0
  }

  const learned = Float64Array.from(sample, ({ n, e, shape }) => {
    if (n.length < LEAST_PAIRS) return Number.POSITIVE_INFINITY
    const likelihood = (b: number): number => {
      let sum = 0
      for (let i = 0; i < n.length; i++) {
        const k = productShape(shape[i]!, b)
        const mean = Math.max(e[i]!, Number.MIN_VALUE)
        sum += logGamma(n[i]! + k) - logGamma(k) - k * Math.log1p(mean / k) - n[i]! * Math.log1p(k / mean)
      }
      return sum
    }
    // Golden section over ln B.
    const ratio = (Math.sqrt(5) - 1) / 2
    let low = Math.log(SMALLEST_SHAPE)
    let high = Math.log(LARGEST_SHAPE)
    let left = high - ratio * (high - low)
    let right = low + ratio * (high - low)
    let atLeft = likelihood(Math.exp(left))
    let atRight = likelihood(Math.exp(right))
    while (high - low > 0.1) {
      if (atLeft >= atRight) {
        high = right
        right = left
        atRight = atLeft
        left = high - ratio * (high - low)
        atLeft = likelihood(Math.exp(left))
      } else {
        low = left
        left = right
        atLeft = atRight
        right = low + ratio * (high - low)
        atRight = likelihood(Math.exp(right))
      }
    }
    return Math.exp((low + high) / 2)
  })
  // Where meetings are too rare to tell, sittings are as uneven as at the next wider tolerance.
  for (let level = levels - 2; level >= 0; level--)
    if (learned[level] === Number.POSITIVE_INFINITY) learned[level] = learned[level + 1]!
  return learned
}
