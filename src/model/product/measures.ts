/** How good held-out scores are: ranking over all and its spread over parts, calibration of probabilities. */
import {
  auroc,
  averagePrecision,
  brierScore,
  calibrationError,
  recallAtFalsePositives,
  recallAtK,
  type Scored,
} from '../metrics.js'

export interface Measured {
  readonly metric: string
  readonly value: number
  /** Standard deviation over parts or seeds; null where fewer than two have both classes. */
  readonly spread: number | null
}

export const countOf = (values: ArrayLike<number>, wanted: number): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Number(values[i] === wanted)
  return sum
}

export const hasBoth = (labels: Uint8Array): boolean => labels.includes(0) && labels.includes(1)

export const spreadOf = (values: readonly number[]): number | null => {
  if (values.length < 2) return null
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1))
}

/** Scores of held-out rows, and the part each was held out with. */
export interface Held extends Scored {
  readonly parts: Uint8Array
}

export const partOf = ({ scores, labels, parts }: Held, wanted: (part: number) => boolean): Scored => {
  const kept = [...parts.keys()].filter((i) => wanted(parts[i]!))
  return { scores: Float64Array.from(kept, (i) => scores[i]!), labels: Uint8Array.from(kept, (i) => labels[i]!) }
}

const rankings: readonly (readonly [string, (scored: Scored) => number])[] = [
  ['average precision', averagePrecision],
  ['AUROC', auroc],
  ['recall at K', (scored) => recallAtK(scored)],
  ['recall at 1 % false positives', (scored) => recallAtFalsePositives(scored, 0.01)],
  ['recall at 0.1 % false positives', (scored) => recallAtFalsePositives(scored, 0.001)],
]

/** Of rows of both classes. `pieces` tell the spread; those of one class are left out. */
export const rankingMeasures = (held: Scored, pieces: readonly Scored[]): readonly Measured[] => {
  const judged = pieces.filter(({ labels }) => hasBoth(labels))
  return rankings.map(([metric, value]) => ({ metric, value: value(held), spread: spreadOf(judged.map(value)) }))
}

/** Of probabilities. */
export const calibrationMeasures = (said: Scored): readonly Measured[] => [
  { metric: 'share of bad', value: countOf(said.labels, 1) / said.labels.length, spread: null },
  { metric: 'Brier score', value: brierScore(said), spread: null },
  { metric: 'calibration error', value: calibrationError(said).debiased, spread: null },
]
