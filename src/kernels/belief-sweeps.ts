/**
 * Beliefs of all nodes by sweeps over the system of belief-system.ts:  b(i) <- b(i) + w (e(i) + sum A(i, j) b(j) - (1 + D(i)) b(i)) / (1 + D(i)).
 *
 * Gauss-Seidel (w = 1) converges for every H-matrix (Richard S. Varga, "Matrix Iterative Analysis", 1962, chapter 3). Successive
 * over-relaxation takes far fewer sweeps where it works: w comes from the rate that the first sweeps show (David M. Young, "Iterative
 * Solution of Large Linear Systems", 1971, chapter 6), and falls back to 1 for good where changes grow. The end is never taken on
 * trust: the residual is computed anew, and with it the bound on the error.
 */

import { type BeliefSystem, errorPerResidual } from './belief-system.js'
import { type Check, checkInterval, neverCancelled } from './check.js'

export interface SweepOptions {
  /** Bound on the error of every belief, above 0; default 1e-6. */
  readonly tolerance?: number
  /** Where to begin; default 0. Is not changed. */
  readonly start?: Float64Array
  readonly maxSweeps?: number
  readonly check?: Check
}

export interface Beliefs {
  readonly belief: Float64Array
  readonly sweeps: number
  /** No belief is further than this from the solution (rounding of double precision aside). */
  readonly bound: number
}

/** Rates of the first sweeps are not yet the lasting one. */
const OBSERVED_SWEEPS = 6
/** Beyond, one wrong rate would cost more than the right one gains. */
const GREATEST_RELAXATION = 1.5
/** Rows between two looks at the clock of a cancel. */
const BLOCK = 1 << 13

/** One sweep over rows from .. to - 1; the greatest change met times its node's reach, before relaxation. `inverse` is 1 / (1 + D). */
const sweepRows = (
  offsets: Int32Array,
  columns: Int32Array,
  coefficient: Float32Array,
  inverse: Float64Array,
  reach: Float64Array,
  explicit: Float64Array,
  belief: Float64Array,
  relaxation: number,
  from: number,
  to: number,
): number => {
  let greatest = 0
  let k = offsets[from]!
  for (let i = from; i < to; i++) {
    const end = offsets[i + 1]!
    let sum = explicit[i]!
    for (; k < end; k++) sum += coefficient[k]! * belief[columns[k]!]!
    const change = sum * inverse[i]! - belief[i]!
    const size = (change < 0 ? -change : change) * reach[i]!
    if (size > greatest) greatest = size
    belief[i] = belief[i]! + relaxation * change
  }
  return greatest
}

/** e + A b - (1 + D) b of each node. */
export const residualOf = (
  system: BeliefSystem,
  explicit: Float64Array,
  belief: Float64Array,
  check: Check = neverCancelled,
): Float64Array => {
  const { rowCount, offsets, columns, coefficient, diagonal } = system
  const residual = new Float64Array(rowCount)
  let steps = 0
  for (let i = 0; i < rowCount; i++) {
    let sum = explicit[i]!
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) sum += coefficient[k]! * belief[columns[k]!]!
    residual[i] = sum - diagonal[i]! * belief[i]!
    steps += offsets[i + 1]! - offsets[i]! + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return residual
}

/** No belief is further from the solution than this, given its residual. */
export const errorBound = (system: BeliefSystem, residual: Float64Array): number => {
  const { reach } = system
  let greatest = 0
  let least = 1
  for (let i = 0; i < residual.length; i++) {
    const size = Math.abs(residual[i]!) * reach[i]!
    if (size > greatest) greatest = size
    if (reach[i]! < least) least = reach[i]!
  }
  return (greatest / least) * errorPerResidual(system)
}

/**
 * Solves for `explicit` (e, one a node, finite). Throws RangeError where it has another length or holds no number, and where `maxSweeps` (default 5,000)
 * are not enough, which a tolerance below the rounding of the numbers brings about.
 */
export const sweepBeliefs = (system: BeliefSystem, explicit: Float64Array, options: SweepOptions = {}): Beliefs => {
  const { tolerance = 1e-6, start, maxSweeps = 5000, check = neverCancelled } = options
  const { rowCount: n, offsets, columns, coefficient, diagonal, reach } = system
  if (explicit.length !== n || (start && start.length !== n))
    throw new RangeError(`explicit and start must hold ${n} numbers, one a node`)
  if (!(tolerance > 0)) throw new RangeError(`the tolerance must be above 0, not ${tolerance}`)
  for (let i = 0; i < n; i++) if (!Number.isFinite(explicit[i])) throw new RangeError(`explicit[${i}] is no number`)
  const belief = start ? start.slice() : new Float64Array(n)
  const inverse = new Float64Array(n)
  let leastReach = 1
  for (let i = 0; i < n; i++) {
    inverse[i] = 1 / diagonal[i]!
    if (reach[i]! < leastReach) leastReach = reach[i]!
  }
  // Changes are residuals divided by the diagonal, which is 1 or more; the residual itself decides below.
  const target = (tolerance * leastReach) / errorPerResidual(system)
  let relaxation = 1
  let mayRelax = true
  let before = Number.POSITIVE_INFINITY
  for (let sweeps = 1; sweeps <= maxSweeps; sweeps++) {
    let greatest = 0
    for (let from = 0; from < n; from += BLOCK) {
      check()
      const to = Math.min(n, from + BLOCK)
      const own = sweepRows(offsets, columns, coefficient, inverse, reach, explicit, belief, relaxation, from, to)
      if (own > greatest) greatest = own
    }
    if (greatest <= target) {
      const bound = errorBound(system, residualOf(system, explicit, belief, check))
      if (bound <= tolerance) return { belief, sweeps, bound }
    }
    const rate = greatest / before
    before = greatest
    if (mayRelax && relaxation > 1 && rate > 1) {
      mayRelax = false
      relaxation = 1
    } else if (mayRelax && relaxation === 1 && sweeps >= OBSERVED_SWEEPS && rate < 1)
      relaxation = Math.min(GREATEST_RELAXATION, 2 / (1 + Math.sqrt(1 - rate)))
  }
  throw new RangeError(`beliefs did not settle to ${tolerance} within ${maxSweeps} sweeps`)
}
