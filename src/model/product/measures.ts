/** How good held-out scores are: ranking over all and its spread over parts, calibration of probabilities. */
import { Random } from '../../kernels/random.js'
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
  /** Standard deviation over parts or seeds, of the calibration error over draws of pieces; null where there are fewer than two. */
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

/** Drawn anew so often for the spread of a measure: its deviation is then known to a tenth. */
const draws = 50

/**
 * Deviation of a measure over rows drawn anew in whole pieces. Rows of one ring are right or wrong together, so that a few rings decide a
 * measure over thousands of rows. Bradley Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7(1), 1979; Anthony
 * Davison and David Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8 (clusters).
 */
export const spreadOverPieces = (
  { scores, labels }: Scored,
  pieces: readonly (string | number)[],
  measure: (scored: Scored) => number,
): number | null => {
  const members = new Map<string | number, number[]>()
  pieces.forEach((piece, row) => {
    const own = members.get(piece) ?? []
    members.set(piece, own)
    own.push(row)
  })
  const whole = [...members.values()]
  const random = new Random(1, 97)
  return spreadOf(
    Array.from({ length: whole.length < 2 ? 0 : draws }, () => {
      const rows = whole.flatMap(() => whole[random.below(whole.length)]!)
      return measure({
        scores: Float64Array.from(rows, (row) => scores[row]!),
        labels: Uint8Array.from(rows, (row) => labels[row]!),
      })
    }),
  )
}

/** Of probabilities; `pieces` names what each row hangs together with. */
export const calibrationMeasures = (said: Scored, pieces: readonly (string | number)[]): readonly Measured[] => {
  const error = (scored: Scored) => calibrationError(scored).debiased
  return [
    { metric: 'share of bad', value: countOf(said.labels, 1) / said.labels.length, spread: null },
    { metric: 'Brier score', value: brierScore(said), spread: null },
    { metric: 'calibration error', value: error(said), spread: spreadOverPieces(said, pieces, error) },
  ]
}
