/**
 * Damping by degree: what a node's ties tell it is divided by a power of how much they tell in all, and so is what it tells them.
 *
 * With S the sum of what node i's ties tell it, s(i) = max(1, S / floor):  dilution(i) = share / floor x s(i)^-x,  reach(j) = s(j)^-(1 - x). So a
 * tie of strength w tells i the share  share x w / floor x s(i)^-x s(j)^-(1 - x)  of what j holds, and x is where the division is made:
 *
 *   x = 1    by who is told: everyone holds a mean of what their ties say (SybilSCAR-D, linearized belief propagation)
 *   x = 0    by who tells: everyone shares out what they hold (personalized PageRank)
 *   x = 1/2  by both alike (local and global consistency)
 *
 * All have the same walks and weigh the same walk differently by its two ends alone: the matrices are similar, and in the norm that divides by
 * s^(1 - x) the sum of the shares that a node is told is at most `share`, whatever the graph: the bound of belief-system.ts.
 *
 * S is rounded up to steps of 2^(1/8): a hub's next tie then seldom changes what all its other ties carry, and a repaired system and one
 * built anew take the same steps.
 *
 * Dengyong Zhou, Olivier Bousquet, Thomas Navin Lal, Jason Weston and Bernhard Schoelkopf, "Learning with Local and Global Consistency", NIPS 2003.
 * Binghui Wang, Le Zhang and Neil Zhenqiang Gong, "SybilSCAR: Sybil detection in online social networks via local rule based propagation",
 * IEEE INFOCOM 2017. Taher H. Haveliwala, "Topic-Sensitive PageRank", WWW 2002.
 */

import type { Damping, Ties } from './belief-system.js'
import { type Check, checkInterval, neverCancelled } from './check.js'

/** Up to here one tie of many changes the sum noticeably. */
export const FEW_TIES = 8
const STEPS_A_DOUBLING = 8
/** Sums in another order may differ in their last bits. */
const ROUNDING = 1e-9

export interface DampingOptions {
  /** Greatest sum of shares that goes on, above 0 to below 1. */
  readonly share: number
  /** x above, 0 to 1. */
  readonly receiver: number
  /** Sum of strengths up to which nothing is divided, above 0. */
  readonly floor: number
  /**
   * Whether the weakest of a node's ties is left out of S where there are few: what goes on to one neighbour comes from the others alone, so a chain
   * of ties passes on `share` at each step and not half of it.
   */
  readonly onward: boolean
}

/** s, from the sum over ties, the weakest and their number; at least 1. */
export const dampingStrength = (
  sum: number,
  weakest: number,
  ties: number,
  { floor, onward }: Pick<DampingOptions, 'floor' | 'onward'>,
): number => {
  // Never less than one tie: its share must not be above `share` either.
  const counted = (onward && ties <= FEW_TIES ? Math.max(sum - weakest, weakest) : sum) / floor
  if (!(counted > 1)) return 1
  return 2 ** (Math.ceil(Math.log2(counted) * STEPS_A_DOUBLING - ROUNDING) / STEPS_A_DOUBLING)
}

/** Exact for the powers that are used. */
const power = (strength: number, exponent: number): number => {
  if (exponent === 0) return 1
  if (exponent === 1) return 1 / strength
  return exponent === 0.5 ? 1 / Math.sqrt(strength) : strength ** -exponent
}

export const dilutionAt = (strength: number, { share, receiver, floor }: DampingOptions): number =>
  (share / floor) * power(strength, receiver)
export const reachAt = (strength: number, { receiver }: DampingOptions): number => power(strength, 1 - receiver)

/** s of each node. */
export const tieStrengths = (
  { rowCount, offsets, incoming }: Ties,
  options: DampingOptions,
  check: Check = neverCancelled,
): Float64Array => {
  const strengths = new Float64Array(rowCount)
  let steps = 0
  for (let i = 0; i < rowCount; i++) {
    const from = offsets[i]!
    const to = offsets[i + 1]!
    let sum = 0
    let weakest = Number.POSITIVE_INFINITY
    for (let k = from; k < to; k++) {
      const s = Math.abs(incoming[k]!)
      sum += s
      if (s < weakest) weakest = s
    }
    strengths[i] = dampingStrength(sum, to > from ? weakest : 0, to - from, options)
    steps += to - from + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return strengths
}

/** `strengths`: s of each node; `absorbs`: 1 for nodes that take nothing. */
export const dampingOf = (strengths: Float64Array, absorbs: Uint8Array, options: DampingOptions): Damping => {
  const n = strengths.length
  const dilution = new Float64Array(n)
  const reach = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    dilution[i] = absorbs[i] === 1 ? 0 : dilutionAt(strengths[i]!, options)
    reach[i] = reachAt(strengths[i]!, options)
  }
  return { dilution, reach }
}

/** Throws RangeError for options outside their range. */
export const degreeDamping = (
  ties: Ties,
  absorbs: Uint8Array,
  options: DampingOptions,
  check: Check = neverCancelled,
): Damping => {
  const { share, receiver, floor } = options
  if (!(share > 0)) throw new RangeError(`the share must be above 0, not ${share}`)
  if (!(receiver >= 0 && receiver <= 1)) throw new RangeError(`the receiver's part must be 0 to 1, not ${receiver}`)
  if (!(floor > 0)) throw new RangeError(`the floor must be above 0, not ${floor}`)
  return dampingOf(tieStrengths(ties, options, check), absorbs, options)
}
