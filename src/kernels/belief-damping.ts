/**
 * Damping by degree: whoever has many ties is told the mean of what they say, and tells each less.
 *
 * With S the sum of what node i's ties tell it:  dilution(i) = share / max(1, S),  reach(i) = min(1, sqrt(knee / max(1, S))). Where a node has few
 * ties its weakest is not counted in S: what goes on to one neighbour comes from the others alone. So the sum of shares onward is at
 * most `share`, which is the bound of belief-system.ts, whatever the graph.
 *
 * S is rounded up to steps of 2^(1/8): a hub's next tie then seldom changes what all its other ties carry, and a repaired system and one
 * built anew take the same steps.
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
  /** Strength up to which a node tells its ties in full. */
  readonly knee: number
}

/** The strength that damps, from the sum over ties, the weakest and their number; at least 1. */
export const dampingStrength = (sum: number, weakest: number, ties: number): number => {
  const counted = ties <= FEW_TIES ? sum - weakest : sum
  if (counted <= 1) return 1
  return 2 ** (Math.ceil(Math.log2(counted) * STEPS_A_DOUBLING - ROUNDING) / STEPS_A_DOUBLING)
}

export const dilutionAt = (strength: number, { share }: DampingOptions): number => share / strength
export const reachAt = (strength: number, { knee }: DampingOptions): number => Math.min(1, Math.sqrt(knee / strength))

/** `absorbs`: 1 for nodes that take nothing. */
export const degreeDamping = (
  { rowCount, offsets, incoming }: Ties,
  absorbs: Uint8Array,
  options: DampingOptions,
  check: Check = neverCancelled,
): Damping => {
  if (!(options.share > 0)) throw new RangeError(`the share must be above 0, not ${options.share}`)
  if (!(options.knee >= 1)) throw new RangeError(`the knee must be 1 or more, not ${options.knee}`)
  const dilution = new Float64Array(rowCount)
  const reach = new Float64Array(rowCount)
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
    const strength = dampingStrength(sum, to > from ? weakest : 0, to - from)
    dilution[i] = absorbs[i] === 1 ? 0 : dilutionAt(strength, options)
    reach[i] = reachAt(strength, options)
    steps += to - from + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return { dilution, reach }
}
