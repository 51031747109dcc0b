/**
 * Isotonic regression: the rising curve of least squares through the labels, by pooling adjacent violators in O(n log n).
 *
 * Miriam Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and Edward Silverman, "An Empirical Distribution Function for Sampling with
 * Incomplete Information", Annals of Mathematical Statistics 26(4), 1955. Read between the centres of its steps, as in Assaf P.
 * Oron and Nancy Flournoy, "Centered Isotonic Regression: Point and Interval Estimation for Dose-Response Studies", Statistics in
 * Biopharmaceutical Research 9(3), 2017, so that the order of scores is kept where steps would tie them.
 */
import { argsortFloat64 } from '../../kernels/sort.js'

export interface Steps {
  /** Mean score of each step, ascending. */
  readonly scores: Float64Array
  /** Mean label of each step, ascending. */
  readonly values: Float64Array
  /** Labels in each step. */
  readonly counts: Int32Array
}

export const isotonicSteps = (scores: Float64Array, labels: ArrayLike<number>): Steps => {
  const order = argsortFloat64(scores)
  const scoreSums: number[] = []
  const labelSums: number[] = []
  const counts: number[] = []
  for (let k = 0; k < order.length; ) {
    let scoreSum = 0
    let labelSum = 0
    let count = 0
    const score = scores[order[k]!]!
    for (; k < order.length && scores[order[k]!] === score; k++) {
      scoreSum += score
      labelSum += labels[order[k]!]!
      count++
    }
    while (counts.length > 0 && labelSums.at(-1)! * count >= labelSum * counts.at(-1)!) {
      scoreSum += scoreSums.pop()!
      labelSum += labelSums.pop()!
      count += counts.pop()!
    }
    scoreSums.push(scoreSum)
    labelSums.push(labelSum)
    counts.push(count)
  }
  return {
    scores: Float64Array.from(scoreSums, (sum, k) => sum / counts[k]!),
    values: Float64Array.from(labelSums, (sum, k) => sum / counts[k]!),
    counts: Int32Array.from(counts),
  }
}

/** The curve at a score, on straight lines between steps and level beyond the first and last. */
export const readSteps = ({ scores, values }: Steps, score: number): number => {
  let low = 0
  let high = scores.length - 1
  if (score <= scores[0]!) return values[0]!
  if (score >= scores[high]!) return values[high]!
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (scores[middle]! <= score) low = middle
    else high = middle
  }
  const share = (score - scores[low]!) / (scores[high]! - scores[low]!)
  return values[low]! + share * (values[high]! - values[low]!)
}
