/**
 * Time-bounded similarity join: all pairs of actors that share at least `minShared` targets, where a target counts as shared
 * when the two acted on it within `tolerance` of each other.
 *
 * The match of SynchroTrap: Qiang Cao, Xiaowei Yang, Jieqi Yu and Christopher Palow, "Uncovering Large Groups of Active
 * Malicious Accounts in Online Social Networks", CCS 2014; exact, where bucketed times lose or repeat matches at the borders.
 * Computed actor by actor as a row of the sparse product A A' (Gustavson, ACM TOMS 4(3), 1978): for each event of the actor,
 * the events on the same target within the tolerance, found by binary search, are tallied by their actors. No pair is stored
 * that does not qualify. An actor with fewer than `minShared` targets is left out before, which loses nothing; popular targets
 * are never dropped, they weigh less where `targetWeight` says so.
 *
 * Time O(events log events + matching pairs of events); `countMatches` gives that number beforehand, for estimates and limits.
 */

import { type Check, checkInterval, neverCancelled } from './check.js'
import { lowerBound } from './lower-bound.js'
import { argsortFloat64, countingArgsort } from './sort.js'

export interface Events {
  readonly actorCount: number
  readonly targetCount: number
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Any unit; NaN is unknown, and matches only where the tolerance is Infinity. */
  readonly time: Float64Array
}

export interface JoinOptions {
  /** Greatest difference in time that still matches, from 0; Infinity: times do not matter. */
  readonly tolerance: number
  /** Targets that two actors must share, from 1. */
  readonly minShared: number
  /** What each target adds to `weight`; default 1. */
  readonly targetWeight?: Float64Array
  /** More matching pairs of events throw a RangeError before any work; default no limit. */
  readonly maxMatches?: number
  readonly check?: Check
}

export interface ActorPairs {
  readonly count: number
  /** first[i] < second[i]; ordered by first, then second. */
  readonly first: Int32Array
  readonly second: Int32Array
  /** Targets shared within the tolerance. */
  readonly shared: Int32Array
  /** Sum of the weights of those targets. */
  readonly weight: Float64Array
  /** Distinct targets of each actor, for a Jaccard index: shared / (targets[a] + targets[b] - shared). */
  readonly targets: Int32Array
}

interface Sorted {
  /** Event positions by target, then time (unknown last), then input. */
  readonly byTarget: Int32Array
  readonly targetStarts: Int32Array
  /** Of each place in byTarget. */
  readonly actor: Int32Array
  readonly time: Float64Array
  /** Distinct targets of each actor. */
  readonly targets: Int32Array
}

const starts = (keys: Int32Array, count: number): Int32Array => {
  const at = new Int32Array(count + 1)
  for (let i = 0; i < keys.length; i++) at[keys[i]! + 1]!++
  for (let k = 0; k < count; k++) at[k + 1]! += at[k]!
  return at
}

const validate = ({ actorCount, actor, target, time }: Events, tolerance: number, minShared: number): void => {
  if (actor.length !== target.length || time.length !== actor.length)
    throw new RangeError(
      `actor, target and time must be of one length, not ${actor.length}, ${target.length} and ${time.length}`,
    )
  if (!(tolerance >= 0)) throw new RangeError(`the tolerance must be 0 or more, not ${tolerance}`)
  if (!(Number.isInteger(minShared) && minShared >= 1))
    throw new RangeError(`minShared must be a whole number from 1, not ${minShared}`)
  for (let e = 0; e < actor.length; e++)
    if (!(actor[e]! >= 0 && actor[e]! < actorCount))
      throw new RangeError(`actor ${actor[e]} of event ${e} is outside 0 .. ${actorCount - 1}`)
}

/** Sorts, and leaves out actors that cannot have a partner. */
const sortEvents = (events: Events, minShared: number): Sorted => {
  const { actorCount, targetCount, actor, target, time } = events
  const order = argsortFloat64(time)
  const targetInOrder = new Int32Array(order.length)
  for (let i = 0; i < order.length; i++) targetInOrder[i] = target[order[i]!]!
  const place = countingArgsort(targetInOrder, targetCount)
  const targets = new Int32Array(actorCount)
  const last = new Int32Array(actorCount).fill(-1)
  for (let i = 0; i < place.length; i++) {
    const e = order[place[i]!]!
    const a = actor[e]!
    if (last[a] !== target[e]) {
      last[a] = target[e]!
      targets[a]!++
    }
  }
  const byTarget = new Int32Array(place.length)
  let kept = 0
  for (let i = 0; i < place.length; i++) {
    const e = order[place[i]!]!
    if (targets[actor[e]!]! >= minShared) byTarget[kept++] = e
  }
  const all = byTarget.slice(0, kept)
  const actors = new Int32Array(kept)
  const times = new Float64Array(kept)
  const keptTargets = new Int32Array(kept)
  for (let i = 0; i < kept; i++) {
    actors[i] = actor[all[i]!]!
    times[i] = time[all[i]!]!
    keptTargets[i] = target[all[i]!]!
  }
  return { byTarget: all, targetStarts: starts(keptTargets, targetCount), actor: actors, time: times, targets }
}

/** Pairs of events on one target within the tolerance, of the actors that `minShared` leaves; a double, as it can pass 2^31. */
const matchesOf = ({ targetStarts, time }: Sorted, tolerance: number): number => {
  let matches = 0
  for (let t = 0; t + 1 < targetStarts.length; t++) {
    const to = targetStarts[t + 1]!
    if (tolerance === Infinity) {
      const size = to - targetStarts[t]!
      matches += (size * (size - 1)) / 2
      continue
    }
    let low = targetStarts[t]!
    for (let i = low; i < to; i++) {
      if (Number.isNaN(time[i]!)) break
      while (time[i]! - time[low]! > tolerance) low++
      matches += i - low
    }
  }
  return matches
}

/** The work of a join: pairs of events that match. */
export const countMatches = (events: Events, tolerance: number, minShared: number): number => {
  validate(events, tolerance, minShared)
  return matchesOf(sortEvents(events, minShared), tolerance)
}

class PairList {
  first = new Int32Array(1024)
  second = new Int32Array(1024)
  shared = new Int32Array(1024)
  weight = new Float64Array(1024)
  count = 0

  push(a: number, b: number, shared: number, weight: number): void {
    if (this.count === this.first.length) {
      const size = 2 * this.count
      const grown = <T extends Int32Array | Float64Array>(bigger: T, values: T): T => {
        bigger.set(values)
        return bigger
      }
      this.first = grown(new Int32Array(size), this.first)
      this.second = grown(new Int32Array(size), this.second)
      this.shared = grown(new Int32Array(size), this.shared)
      this.weight = grown(new Float64Array(size), this.weight)
    }
    const i = this.count++
    this.first[i] = a
    this.second[i] = b
    this.shared[i] = shared
    this.weight[i] = weight
  }
}

export const timeJoin = (events: Events, options: JoinOptions): ActorPairs => {
  const { tolerance, minShared, targetWeight, maxMatches = Infinity, check = neverCancelled } = options
  validate(events, tolerance, minShared)
  if (targetWeight && targetWeight.length !== events.targetCount)
    throw new RangeError(`${targetWeight.length} target weights for ${events.targetCount} targets`)
  const sorted = sortEvents(events, minShared)
  const { byTarget, targetStarts, actor, time, targets } = sorted
  if (maxMatches < Infinity) {
    const matches = matchesOf(sorted, tolerance)
    if (matches > maxMatches)
      throw new RangeError(
        `${matches} pairs of events match within the tolerance, more than the ${maxMatches} allowed: lower the tolerance, or raise minShared`,
      )
  }
  const { actorCount } = events
  // Places in byTarget of each actor's events; a stable sort keeps them by target and time.
  const byActor = countingArgsort(actor, actorCount)
  const actorStarts = starts(actor, actorCount)
  const shared = new Int32Array(actorCount)
  const weight = new Float64Array(actorCount)
  /** The last target that was counted for a partner: it counts once, however often the two met on it. */
  const counted = new Int32Array(actorCount)
  const partners = new Int32Array(actorCount)
  const pairs = new PairList()
  let steps = 0
  for (let a = 0; a < actorCount; a++) {
    let found = 0
    const end = actorStarts[a + 1]!
    for (let i = actorStarts[a]!; i < end; ) {
      const t = events.target[byTarget[byActor[i]!]!]!
      const from = targetStarts[t]!
      const to = targetStarts[t + 1]!
      const w = targetWeight ? targetWeight[t]! : 1
      /** Up to here the target's events were already seen from an earlier event of this actor. */
      let seen = from
      for (; i < end; i++) {
        const place = byActor[i]!
        if (place >= to) break
        const at = time[place]!
        if (tolerance < Infinity && Number.isNaN(at)) continue
        let j = tolerance === Infinity ? from : lowerBound(time, from, to, at - tolerance)
        if (tolerance < Infinity) {
          // The bound is rounded; the difference decides, so that both ends of a pair and the count of matches agree.
          while (j > from && at - time[j - 1]! <= tolerance) j--
          while (at - time[j]! > tolerance) j++
        }
        if (j < seen) j = seen
        for (; j < to; j++) {
          // False for unknown times.
          if (tolerance < Infinity && !(time[j]! - at <= tolerance)) break
          steps++
          const b = actor[j]!
          if (b <= a) continue
          if (shared[b] === 0) {
            partners[found++] = b
            counted[b] = -1
          }
          if (counted[b] === t) continue
          counted[b] = t
          shared[b]!++
          weight[b]! += w
        }
        if (j > seen) seen = j
        if (steps >= checkInterval) {
          steps = 0
          check()
        }
      }
    }
    const met = partners.subarray(0, found).sort()
    for (let i = 0; i < found; i++) {
      const b = met[i]!
      if (shared[b]! >= minShared) pairs.push(a, b, shared[b]!, weight[b]!)
      shared[b] = 0
      weight[b] = 0
    }
  }
  return {
    count: pairs.count,
    first: pairs.first.slice(0, pairs.count),
    second: pairs.second.slice(0, pairs.count),
    shared: pairs.shared.slice(0, pairs.count),
    weight: pairs.weight.slice(0, pairs.count),
    targets,
  }
}
