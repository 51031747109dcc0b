/**
 * How often people come back to what they look at, learned from everything on the platform.
 *
 * A pair of account and target has m visits or more with the share of all pairs of its class that have, the classes being octaves of the
 * account's visits to other targets (who is here often comes back to more) and of the target's audience (what many want is met again).
 * Some targets invite to come back more than their class: each has a liking of its own, gamma with mean 1, so that the number of
 * its accounts that came back is negative binomial (Gelman et al., 2013, section 2.6). The liking's shape is the least broad for which at
 * most a tenth of all targets surprise at a tenth: where many things are bought again and again it is broad, and coming back says little.
 */
import { type Check, checkInterval } from '../../kernels/check.js'
import { gammaPoissonSurprise } from '../../kernels/gamma-poisson.js'
import type { Visits } from './visits.js'

/** Visits that count as coming back, again, and again and again. */
export const comings = [2, 3, 4] as const

const OCTAVES = 24
const octave = (count: number): number => Math.min(OCTAVES - 1, 31 - Math.clz32(count + 1))
const classOf = (elsewhere: number, audience: number): number => octave(elsewhere) * OCTAVES + octave(audience)

/** Pairs that the share among everybody counts for in a class. */
const PRIOR_PAIRS = 2

/** From a variance of a half (some things are looked at twice) to one of eight. */
const shapes = [2, 1, 0.5, 0.25, 0.125] as const
const TENTH = 0.1

/** A pair of an account and the target that is asked about. */
export interface Caller {
  readonly account: number
  readonly times: number
  /** The account's visits to other targets. */
  readonly elsewhere: number
}

/** Chance that an account with so many visits to other targets makes `comings[m]` visits or more to a target of the audience. */
export type ComingBack = (m: number, elsewhere: number, audience: number) => number

export interface Habits {
  readonly chance: ComingBack
  /** As learned without these pairs, all of one target. */
  chanceWithout(callers: readonly Caller[], audience: number): ComingBack
  /** Shape of the targets' own liking, for each of `comings`; null where even the broadest is too narrow. */
  readonly shapes: readonly (number | null)[]
}

/** `isTold`: pairs that are part of a find are no habit. `least`: targets of a smaller audience do not speak for the liking. */
export const habitsOf = (
  visits: Visits,
  audience: Int32Array,
  isTold: Uint8Array,
  least: number,
  check: Check,
): Habits => {
  const { offsets, things, times, ofAccount } = visits
  const eachPair = (take: (thing: number, came: number, own: number) => void): void => {
    for (let row = 0; row + 1 < offsets.length; row++) {
      if (row % checkInterval === 0) check()
      for (let k = offsets[row]!; k < offsets[row + 1]!; k++)
        if (isTold[k] === 0) take(things[k]!, times[k]!, classOf(ofAccount[row]! - times[k]!, audience[things[k]!]!))
    }
  }
  const pairs = new Float64Array(OCTAVES * OCTAVES)
  const back = comings.map(() => new Float64Array(OCTAVES * OCTAVES))
  eachPair((_, came, own) => {
    pairs[own]!++
    for (let m = 0; m < comings.length; m++) if (came >= comings[m]!) back[m]![own]!++
  })
  const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0)
  // One pair more of either kind, so that a share is never 0.
  const common = back.map((counts) => (total(counts) + 1) / (total(pairs) + 2))
  const share = (m: number, came: number, of: number): number => (came + PRIOR_PAIRS * common[m]!) / (of + PRIOR_PAIRS)
  const chances = back.map((counts, m) => counts.map((count, own) => share(m, count, pairs[own]!)))

  const expected = comings.map(() => new Float64Array(audience.length))
  const observed = comings.map(() => new Int32Array(audience.length))
  eachPair((thing, came, own) => {
    for (let m = 0; m < comings.length; m++) {
      expected[m]![thing]! += chances[m]![own]!
      if (came >= comings[m]!) observed[m]![thing]!++
    }
  })
  let looked = 0
  for (const size of audience) if (size >= least) looked++
  const surprising = (m: number, shape: number): number => {
    let count = 0
    for (let thing = 0; thing < audience.length; thing++) {
      if (audience[thing]! < least || observed[m]![thing]! <= expected[m]![thing]!) continue
      const nats = gammaPoissonSurprise(observed[m]![thing]!, expected[m]![thing]!, shape, shape)
      if (nats > -Math.log(TENTH)) count++
    }
    check()
    return count
  }
  return {
    chance: (m, elsewhere, size) => chances[m]![classOf(elsewhere, size)]!,
    chanceWithout(callers, size) {
      const ownPairs = new Map<number, number>()
      const ownBack = comings.map(() => new Map<number, number>())
      for (const caller of callers) {
        const own = classOf(caller.elsewhere, size)
        ownPairs.set(own, (ownPairs.get(own) ?? 0) + 1)
        comings.forEach((most, m) => {
          if (caller.times >= most) ownBack[m]!.set(own, (ownBack[m]!.get(own) ?? 0) + 1)
        })
      }
      return (m, elsewhere, other) => {
        const own = classOf(elsewhere, other)
        return share(m, back[m]![own]! - (ownBack[m]!.get(own) ?? 0), pairs[own]! - (ownPairs.get(own) ?? 0))
      }
    },
    shapes: comings.map((_, m) => shapes.find((shape) => surprising(m, shape) <= TENTH * looked) ?? null),
  }
}
