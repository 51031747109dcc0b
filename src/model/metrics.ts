/**
 * How good scores are: ranking (AUROC, average precision, recall at a cut) and calibration (Brier score, calibration error).
 *
 * Tied scores are one step of every curve, so that the order of rows never matters. Definitions of AUROC, average precision
 * and the Brier score are scikit-learn's. Calibration error: Jochen Broecker, "Estimating reliability and resolution of
 * probability forecasts through decomposition of the empirical score", Climate Dynamics 39, 2012; Ananya Kumar, Percy Liang
 * and Tengyu Ma, "Verified Uncertainty Calibration", NeurIPS 2019, whose estimator subtracts from each bin what chance
 * alone gives.
 */
import { RingfenceError } from '../errors.js'
import { argsortFloat64 } from '../kernels/sort.js'

/** Scores (finite, any scale where only ranks matter) beside labels (1 = positive, 0 = negative). */
export interface Scored {
  readonly scores: Float64Array
  readonly labels: Uint8Array
}

interface Counts {
  readonly positives: number
  readonly negatives: number
}

const countLabels = ({ scores, labels }: Scored): Counts => {
  if (scores.length !== labels.length)
    throw new RangeError(`there are ${scores.length} scores and ${labels.length} labels: give one label a score`)
  let positives = 0
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! > 1) throw new RangeError(`label ${labels[i]} of row ${i} is neither 0 nor 1`)
    if (!Number.isFinite(scores[i]!)) throw new RangeError(`score ${scores[i]} of row ${i} is not a finite number`)
    positives += labels[i]!
  }
  return { positives, negatives: labels.length - positives }
}

const countBoth = (scored: Scored): Counts => {
  const counts = countLabels(scored)
  if (counts.positives === 0 || counts.negatives === 0)
    throw new RingfenceError(
      'model.one-class',
      `ranking cannot be measured: ${counts.positives} of ${scored.labels.length} rows are positive`,
    )
  return counts
}

/** Goes through groups of equal scores, highest first. */
const eachTie = ({ scores, labels }: Scored, visit: (positives: number, negatives: number) => void): void => {
  const order = argsortFloat64(scores)
  for (let k = order.length - 1; k >= 0; ) {
    const score = scores[order[k]!]!
    let positives = 0
    let size = 0
    while (k >= 0 && scores[order[k]!] === score) {
      positives += labels[order[k]!]!
      size++
      k--
    }
    visit(positives, size - positives)
  }
}

/** Chance that a random positive scores above a random negative, ties counting one half; 0 to 1. */
export const auroc = (scored: Scored): number => {
  const { positives, negatives } = countBoth(scored)
  let above = 0
  let area = 0
  eachTie(scored, (p, n) => {
    area += n * (above + p / 2)
    above += p
  })
  return area / positives / negatives
}

/** Sum over thresholds of precision times the gain in recall, without interpolation; 0 to 1, chance gives the share of positives. */
export const averagePrecision = (scored: Scored): number => {
  const { positives } = countBoth(scored)
  let found = 0
  let taken = 0
  let sum = 0
  eachTie(scored, (p, n) => {
    found += p
    taken += p + n
    sum += p * (found / taken)
  })
  return sum / positives
}

/** Share of positives among the K highest scores, K = positives by default; a tie at the cut counts as its average. */
export const recallAtK = (scored: Scored, k?: number): number => {
  const { positives } = countBoth(scored)
  let left = k ?? positives
  if (!(Number.isInteger(left) && left > 0)) throw new RangeError(`K must be a whole number above 0, not ${k}`)
  let found = 0
  eachTie(scored, (p, n) => {
    const taken = Math.min(left, p + n)
    found += (p * taken) / (p + n)
    left -= taken
  })
  return found / positives
}

/** Greatest recall of any threshold at which at most `rate` of the negatives (0 to 1) score as high. */
export const recallAtFalsePositives = (scored: Scored, rate: number): number => {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`the rate of false positives must be in 0 .. 1, not ${rate}`)
  const { positives, negatives } = countBoth(scored)
  let found = 0
  let wrong = 0
  let best = 0
  eachTie(scored, (p, n) => {
    found += p
    wrong += n
    if (wrong <= rate * negatives) best = found
  })
  return best / positives
}

const checkProbabilities = (scored: Scored): void => {
  countLabels(scored)
  if (scored.scores.length === 0) throw new RangeError('calibration cannot be measured without rows')
  for (let i = 0; i < scored.scores.length; i++)
    if (scored.scores[i]! < 0 || scored.scores[i]! > 1)
      throw new RangeError(`score ${scored.scores[i]} of row ${i} is not a probability`)
}

/** Mean squared distance of probability and label. */
export const brierScore = (scored: Scored): number => {
  checkProbabilities(scored)
  let sum = 0
  for (let i = 0; i < scored.scores.length; i++) sum += (scored.scores[i]! - scored.labels[i]!) ** 2
  return sum / scored.scores.length
}

export interface CalibrationBin {
  readonly count: number
  /** Mean probability said, and share that was positive. */
  readonly said: number
  readonly seen: number
}

/** Bins of equal mass by probability; equal probabilities stay in one bin, so that there may be fewer than asked for. */
export const calibrationBins = (scored: Scored, count = 10): CalibrationBin[] => {
  checkProbabilities(scored)
  const { scores, labels } = scored
  const order = argsortFloat64(scores)
  const n = order.length
  const bins: CalibrationBin[] = []
  for (let k = 0; k < n; ) {
    const from = k
    // The next boundary of the equal grid beyond what ties have already taken.
    const wanted = Math.ceil(((Math.floor((from * count) / n) + 1) * n) / count)
    let said = 0
    let seen = 0
    while (k < n && (k < wanted || scores[order[k]!] === scores[order[k - 1]!])) {
      said += scores[order[k]!]!
      seen += labels[order[k]!]!
      k++
    }
    bins.push({ count: k - from, said: said / (k - from), seen: seen / (k - from) })
  }
  return bins
}

export interface CalibrationError {
  /** Mean over bins, by mass, of |said - seen|: above 0 by chance alone. */
  readonly plain: number
  /** The same less the part that sampling gives; never below 0. */
  readonly debiased: number
  /** Root of the mean squared gap less its sampling variance (Kumar, Liang and Ma): unbiased in the square. */
  readonly rootMeanSquare: number
}

/** Cumulative standard normal distribution; Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26, error below 1.5e-7. */
const normalCdf = (x: number): number => {
  const z = Math.abs(x) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * z)
  const tail =
    (((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) *
      t *
      Math.exp(-z * z)) /
    2
  return x < 0 ? tail : 1 - tail
}

/** Mean of |X| for X normal with mean `gap` and deviation `sd` (the folded normal). */
const foldedMean = (gap: number, sd: number): number =>
  sd === 0
    ? Math.abs(gap)
    : sd * Math.sqrt(2 / Math.PI) * Math.exp(-(gap * gap) / (2 * sd * sd)) + gap * (1 - 2 * normalCdf(-gap / sd))

/** Expected calibration error over bins of equal mass. */
export const calibrationError = (scored: Scored, bins = 10): CalibrationError => {
  const n = scored.scores.length
  let plain = 0
  let debiased = 0
  let square = 0
  for (const { count, said, seen } of calibrationBins(scored, bins)) {
    const gap = Math.abs(said - seen)
    // Of one row nothing is known about the spread; half a label of shrinkage keeps a pure bin from counting as certain.
    const smoothed = (seen * count + 0.5) / (count + 1)
    const variance = (smoothed * (1 - smoothed)) / Math.max(1, count - 1)
    const share = count / n
    plain += share * gap
    debiased += share * (2 * gap - foldedMean(gap, Math.sqrt(variance)))
    square += share * (gap * gap - variance)
  }
  return { plain, debiased: Math.max(0, debiased), rootMeanSquare: Math.sqrt(Math.max(0, square)) }
}
