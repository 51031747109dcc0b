/**
 * How far a number's distribution has moved, by the population stability index over bins made of its deciles at training:
 *
 *   PSI = sum over bins (p - q) ln(p / q),   p: share of the bin now, q: at training
 *
 * Where nothing has moved, PSI times 1 / (1 / n + 1 / m), for n values now and m at training, is about chi-squared with (bins - 1) degrees of
 * freedom: what sampling alone gives is told from what has moved.
 * Bilal Yurdakul, "Statistical Properties of Population Stability Index", dissertation, Western Michigan University, 2018.
 */

/** Ten bins where all values differ; a number that takes few values has fewer. */
const BINS = 10
/** Values looked at to find deciles; equally spaced ones of more. */
const MOST_SAMPLED = 200_000
/** A bin that one side has nothing in counts as half a value there. */
const LEAST_COUNT = 0.5

/** Counts by bin: of values that are not known, then between edges. */
export interface Histogram {
  /** Inner edges, ascending; a value belongs to the bin above the last edge that is not greater. */
  readonly edges: readonly number[]
  /** edges.length + 2: the first counts NaN. */
  readonly counts: readonly number[]
}

type Values = Float32Array | Float64Array

const finiteSample = (values: Values): Float64Array => {
  const step = Math.max(1, Math.ceil(values.length / MOST_SAMPLED))
  const sample = new Float64Array(Math.ceil(values.length / step))
  let size = 0
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) sample[size++] = values[i]!
  return sample.subarray(0, size).sort()
}

/** Inner deciles, each once; none where nothing is known. */
export const decileEdges = (values: Values): readonly number[] => {
  const sample = finiteSample(values)
  const edges: number[] = []
  for (let b = 1; b < BINS; b++) {
    const edge = sample[Math.floor((b * sample.length) / BINS)]
    // A bin below the least value would always be empty.
    if (edge !== undefined && edge > sample[0]! && edge !== edges.at(-1)) edges.push(edge)
  }
  // Of two values the rarer may be no decile; it has a bin of its own all the same.
  const last = sample.at(-1)
  if (edges.length === 0 && last !== undefined && last > sample[0]!) edges.push(last)
  return edges
}

export const countInBins = (values: Values, edges: readonly number[]): Histogram => {
  const counts = new Array<number>(edges.length + 2).fill(0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) {
      counts[0]!++
      continue
    }
    let bin = 0
    while (bin < edges.length && value >= edges[bin]!) bin++
    counts[bin + 1]!++
  }
  return { edges, counts }
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

/** Of two histograms over the same edges; 0 where one of them is empty. */
export const stabilityIndex = (now: Histogram, before: Histogram): number => {
  const [n, m] = [total(now.counts), total(before.counts)]
  if (n === 0 || m === 0) return 0
  let sum = 0
  for (let bin = 0; bin < before.counts.length; bin++) {
    if (now.counts[bin] === 0 && before.counts[bin] === 0) continue
    const p = Math.max(LEAST_COUNT, now.counts[bin]!) / n
    const q = Math.max(LEAST_COUNT, before.counts[bin]!) / m
    sum += (p - q) * Math.log(p / q)
  }
  return sum
}

/** Upper quantile of the normal distribution; Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.23, error below 4.5e-4. */
const normalUpper = (tail: number): number => {
  const t = Math.sqrt(-2 * Math.log(tail))
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3)
}

/**
 * What an index of so many bins stays below but for a share `tail` of cases where nothing has moved (below .5). The quantile of chi-squared is that
 * of Wilson and Hilferty, "The distribution of chi-square", PNAS 17(12), 1931.
 */
export const stabilityByChance = (now: Histogram, before: Histogram, tail: number): number => {
  const used = before.counts.filter((count, bin) => count > 0 || now.counts[bin]! > 0).length
  const [n, m] = [total(now.counts), total(before.counts)]
  if (used < 2 || n === 0 || m === 0) return 0
  const freedom = used - 1
  const spread = 2 / (9 * freedom)
  const quantile = freedom * (1 - spread + normalUpper(tail) * Math.sqrt(spread)) ** 3
  return quantile * (1 / n + 1 / m)
}
