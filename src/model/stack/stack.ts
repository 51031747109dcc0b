/**
 * One score of several: a logistic regression over what the parts say of rows that none of them learned from.
 *
 * David H. Wolpert, "Stacked Generalization", Neural Networks 5(2), 1992; Leo Breiman, "Stacked Regressions", Machine Learning 24,
 * 1996. Parts that give log-odds have a prior around an equal share each, others around none: with ten labels the stack is the
 * mean of its parts, with thousands what the labels say. Coefficients of log-odds do not fall below 0, as Breiman advises.
 */
import { RingfenceError } from '../../errors.js'
import { fitLogistic } from '../calibration/logistic.js'

export interface StackPart {
  readonly name: string
  /** One score a row, finite. */
  readonly scores: Float64Array
  /** Whether the scores are log-odds of the label; others are any number that may rise with it. */
  readonly isLogOdds: boolean
  /** Whether more of it can only speak for the label: its coefficient does not fall below 0. Always so with log-odds. */
  readonly isRising?: boolean
}

export interface Stack {
  readonly names: readonly string[]
  readonly intercept: number
  readonly coefficients: readonly number[]
  /** Log-odds beyond these are drawn in. */
  readonly limit: number
}

/** Standard deviation of a coefficient around its prior: half as much again, or half as much, is no surprise. */
const priorDeviation = 0.5
/** A part that is certain has no more say than one in three thousand. */
const limit = 8

const within = (score: number): number => Math.min(limit, Math.max(-limit, score))

const rises = ({ isLogOdds, isRising = isLogOdds }: StackPart): boolean => isRising

/** Throws `model.one-class`. */
export const fitStack = (parts: readonly StackPart[], labels: Uint8Array): Stack => {
  const positives = labels.reduce((sum, y) => sum + y, 0)
  if (positives === 0 || positives === labels.length)
    throw new RingfenceError('model.one-class', `of ${labels.length} labels to stack with, ${positives} are positive`)
  if (parts.length === 0) throw new RangeError('a stack needs at least one part')
  const modelled = parts.filter((part) => part.isLogOdds).length
  const columns = parts.map(({ scores }) => scores.map(within))
  const held = new Set<number>()
  for (;;) {
    const center = Float64Array.from([
      0,
      ...parts.map((part, j) => (part.isLogOdds && !held.has(j) ? 1 / modelled : 0)),
    ])
    // A part that is held has a prior too narrow to leave 0.
    const precision = Float64Array.from([0.01, ...parts.map((_, j) => (held.has(j) ? 1e12 : 1 / priorDeviation ** 2))])
    const [intercept, ...coefficients] = fitLogistic(columns, labels, { center, precision }).coefficients
    const falling = coefficients.findIndex((value, j) => value < 0 && rises(parts[j]!) && !held.has(j))
    if (falling >= 0) {
      held.add(falling)
      continue
    }
    return {
      names: parts.map((part) => part.name),
      intercept: intercept!,
      coefficients: coefficients.map((value, j) => (held.has(j) ? 0 : value)),
      limit,
    }
  }
}

/** Log-odds of each row; parts in the order of training. */
export const stackScores = (stack: Stack, parts: readonly StackPart[]): Float64Array => {
  const wrong = stack.names.findIndex((name, j) => parts[j]?.name !== name)
  if (wrong >= 0 || parts.length !== stack.names.length)
    throw new RangeError(
      `the stack has the parts ${stack.names.join(', ')}, not ${parts.map((p) => p.name).join(', ')}`,
    )
  return Float64Array.from(parts[0]!.scores, (_, i) =>
    parts.reduce((sum, part, j) => sum + stack.coefficients[j]! * within(part.scores[i]!), stack.intercept),
  )
}
