/**
 * From a score to a probability, by market where its labels suffice, with an interval and the number of labels behind it.
 *
 * Two curves are fitted to scores in log-odds: a line in log-odds (John Platt, "Probabilistic Outputs for Support Vector Machines",
 * 1999, with his smoothed targets) and an isotonic one (Bianca Zadrozny and Charles Elkan, KDD 2002). The isotonic one is taken
 * where its log loss on left-out parts is better by more than its own noise; with few labels it never is. By the same rule each market has
 * a shift in log-odds with a normal prior around none, so that a market's own labels count as much as there are of them, those of one ring
 * together as one, and a market never seen gets the curve of all.
 */

import { RingfenceError } from '../../errors.js'
import { Random } from '../../kernels/random.js'
import { isotonicSteps, readSteps, type Steps } from './isotonic.js'
import { fitLogistic } from './logistic.js'

export interface CalibrationRows {
  /** Log-odds, finite; of rows that the model did not learn from. */
  readonly scores: Float64Array
  readonly labels: Uint8Array
  /** Market of each row, '' where unknown; absent: one market. */
  readonly markets?: readonly string[]
  /** Parts that rows of one ring share, by which curves are compared: 0 and up. Absent: random fifths. */
  readonly folds?: Uint8Array
  /**
   * Which rows hang together (one ring's), by any number. In a market's shift those of one piece count as one label: a market whose labels
   * are a few large rings tells how these were, not how the market is. Absent: each row for itself.
   */
  readonly pieces?: Int32Array
}

interface MarketShift {
  readonly shift: number
  /** Scores of the market's labels, ascending. */
  readonly scores: Float64Array
}

export interface Calibration {
  readonly method: 'platt' | 'isotonic'
  readonly line: { readonly intercept: number; readonly slope: number }
  /** Null with `platt`. */
  readonly steps: Steps | null
  readonly markets: ReadonlyMap<string, MarketShift>
  /** Scores of all labels, ascending. */
  readonly scores: Float64Array
}

export interface Probability {
  readonly probability: number
  /** 95 of 100 such intervals hold the rate among entities with such scores. */
  readonly low: number
  readonly high: number
  /** Calibration labels with a score within half a unit of log-odds: of the market where it has any, else of all. */
  readonly labels: number
  readonly basis: 'market' | 'pooled'
}

/** Standard deviation of markets around the whole, in log-odds: two markets may differ three-fold in odds without surprise. */
const marketDeviation = 0.7
/** Half of the width of scores whose labels stand behind a score. */
const nearby = 0.5
/** Probabilities are kept this far from 0 and 1: no finite set of labels shows more. */
const margin = 1e-6
const randomFolds = 5
/** 97.5 per cent point of the normal distribution. */
const z = 1.959963984540054

const logit = (p: number): number => Math.log(p / (1 - p))
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const clip = (p: number): number => Math.min(1 - margin, Math.max(margin, p))

/** Platt's targets: as if each class had one more label of the other, so that separable labels give no certainty. */
const fitLine = (scores: Float64Array, labels: Uint8Array): Calibration['line'] => {
  const positives = labels.reduce((sum, y) => sum + y, 0)
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (labels.length - positives + 2)
  const targets = Float64Array.from(labels, (y) => (y ? high : low))
  // A slope of 1 says that the model's log-odds are right; one label in ten tells against it.
  const prior = { center: Float64Array.of(0, 1), precision: Float64Array.of(0, 0.1) }
  const [intercept, slope] = fitLogistic([scores], targets, prior).coefficients
  // A falling line would turn the ranking round, which calibration may not.
  return { intercept: intercept!, slope: Math.max(slope!, 1e-3) }
}

const lineAt = ({ intercept, slope }: Calibration['line'], score: number): number =>
  clip(sigmoid(intercept + slope * score))

const lossOf = (p: number, label: number): number => -Math.log(label ? p : 1 - p)

/** Log-odds of a row by a curve. */
type Curve = (row: number) => number

/**
 * Whether curves of the second kind have less log loss than those of the first on parts that they were not fitted to, by two standard errors of
 * the difference; rows of one piece are one draw.
 */
const isBetter = (
  { labels, folds, pieces }: CalibrationRows,
  seed: number,
  curves: (kept: readonly number[]) => readonly [Curve, Curve],
): boolean => {
  const random = new Random(seed, 83)
  const fold = folds ?? Uint8Array.from(labels, () => random.below(randomFolds))
  const gains = new Map<number, { sum: number; rows: number }>()
  const all = [...fold.keys()]
  for (let f = 0; f <= fold.reduce((most, own) => Math.max(most, own), 0); f++) {
    const kept = all.filter((i) => fold[i] !== f)
    if (kept.length === 0 || kept.length === labels.length) continue
    const [first, second] = curves(kept)
    for (const i of all) {
      if (fold[i] !== f) continue
      const gain = gains.get(pieces?.[i] ?? i) ?? { sum: 0, rows: 0 }
      gains.set(pieces?.[i] ?? i, gain)
      gain.sum += lossOf(clip(sigmoid(first(i))), labels[i]!) - lossOf(clip(sigmoid(second(i))), labels[i]!)
      gain.rows++
    }
  }
  const draws = [...gains.values()]
  const total = draws.reduce((sum, gain) => sum + gain.sum, 0)
  const mean = total / draws.reduce((sum, gain) => sum + gain.rows, 0)
  const variance = draws.reduce((sum, gain) => sum + (gain.sum - gain.rows * mean) ** 2, 0)
  return total > 2 * Math.sqrt(variance)
}

/** One over the number of the rows that are of the same piece. */
const pieceWeights = (rows: readonly number[], pieces: Int32Array): Float64Array => {
  const sizes = new Map<number, number>()
  for (const i of rows) sizes.set(pieces[i]!, (sizes.get(pieces[i]!) ?? 0) + 1)
  return Float64Array.from(rows, (i) => 1 / sizes.get(pieces[i]!)!)
}

/** Shift of each market that labels name, around a curve. */
const fitShifts = (
  { labels, markets = [], pieces }: CalibrationRows,
  curve: Curve,
  kept: readonly number[],
): ReadonlyMap<string, number> => {
  const shifts = new Map<string, number>()
  // The slope is held at 1 by its prior, so that only the intercept moves.
  const prior = { center: Float64Array.of(0, 1), precision: Float64Array.of(1 / marketDeviation ** 2, 1e12) }
  for (const market of [...new Set(kept.map((i) => markets[i] ?? ''))].filter((name) => name !== '').sort()) {
    const own = kept.filter((i) => markets[i] === market)
    const { coefficients } = fitLogistic(
      [Float64Array.from(own, curve)],
      Float64Array.from(own, (i) => labels[i]!),
      prior,
      pieces && pieceWeights(own, pieces),
    )
    shifts.set(market, coefficients[0]!)
  }
  return shifts
}

/** Throws `model.one-class` where all labels are of one class. */
export const fitCalibration = (rows: CalibrationRows, seed: number): Calibration => {
  const { scores, labels, markets } = rows
  const positives = labels.reduce((sum, y) => sum + y, 0)
  if (positives === 0 || positives === labels.length)
    throw new RingfenceError('model.one-class', `of ${labels.length} calibration labels, ${positives} are positive`)
  for (let i = 0; i < scores.length; i++)
    if (!Number.isFinite(scores[i]!)) throw new RangeError(`score ${scores[i]} of row ${i} is not a finite number`)
  const taken = (kept: readonly number[]) =>
    [Float64Array.from(kept, (i) => scores[i]!), Uint8Array.from(kept, (i) => labels[i]!)] as const
  const lineOf = (kept: readonly number[]): Curve => {
    const line = fitLine(...taken(kept))
    return (i) => logit(lineAt(line, scores[i]!))
  }
  const stepsOf = (kept: readonly number[]): Curve => {
    const steps = isotonicSteps(...taken(kept))
    return (i) => logit(clip(readSteps(steps, scores[i]!)))
  }
  const isIsotonic = isBetter(rows, seed, (kept) => [lineOf(kept), stepsOf(kept)])
  const curveOf = isIsotonic ? stepsOf : lineOf
  const hasLevels = isBetter(rows, seed, (kept) => {
    const curve = curveOf(kept)
    const shifts = fitShifts(rows, curve, kept)
    return [curve, (i) => curve(i) + (shifts.get(markets?.[i] ?? '') ?? 0)]
  })
  const all = [...scores.keys()]
  const shifts = hasLevels ? fitShifts(rows, curveOf(all), all) : new Map<string, number>()
  const own = (market: string) => Float64Array.from(all.filter((i) => markets![i] === market).map((i) => scores[i]!))
  return {
    method: isIsotonic ? 'isotonic' : 'platt',
    line: fitLine(scores, labels),
    steps: isIsotonic ? isotonicSteps(scores, labels) : null,
    markets: new Map([...shifts].map(([market, shift]) => [market, { shift, scores: own(market).sort() }])),
    scores: Float64Array.from(scores).sort(),
  }
}

/** Number of entries of an ascending list below x. */
const countBelow = (sorted: Float64Array, x: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}

/** Wilson's interval (Edwin B. Wilson, Journal of the American Statistical Association 22, 1927) around a rate seen in n labels. */
export const wilsonInterval = (p: number, n: number): { readonly low: number; readonly high: number } => {
  const scale = 1 / (1 + (z * z) / n)
  const middle = scale * (p + (z * z) / (2 * n))
  const half = scale * z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return n === 0 ? { low: 0, high: 1 } : { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}

/** Keeps the order of scores within a market. */
export const calibrate = (calibration: Calibration, score: number, market = ''): Probability => {
  const { line, steps, markets, scores } = calibration
  const own = markets.get(market)
  const pooled = steps ? clip(readSteps(steps, score)) : lineAt(line, score)
  const probability = own ? clip(sigmoid(logit(pooled) + own.shift)) : pooled
  const near = (list: Float64Array) => countBelow(list, score + nearby) - countBelow(list, score - nearby)
  const labels = near(own ? own.scores : scores)
  return { probability, ...wilsonInterval(probability, labels), labels, basis: own ? 'market' : 'pooled' }
}
