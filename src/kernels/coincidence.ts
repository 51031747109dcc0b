/**
 * How often two actors hit the same target within a moment by chance, given roughly when each acts and on what.
 *
 * Two nulls; what either explains is no surprise.
 *
 * 1. When. What they act on is kept, and when, up to a window of sixty tolerances: where u acts on a target at t and v on the same one
 *    within the window, v is within the tolerance with chance
 *      q = (c(tolerance) + S r) / (c(window) + S),
 *    c the other actors' events around t on that target (a crowd that all comes at one moment explains itself), r the share of all pairs
 *    of actors whose first meeting within a window is within the tolerance. This is the interval jitter of
 *      Amarasingham, A., Harrison, M. T., Hatsopoulos, N. G., Geman, S. (2012): Conditional modeling and the jitter method of spike
 *      resynchronization. Journal of Neurophysiology 107(2), 517-531,
 *    with the chance learned and not taken as uniform: one appointment, one habit, one live room keeps its effect.
 * 2. On what. When they act is kept: where u acts on a target and v on anything within the tolerance, it is the same target with chance
 *      p = that target's share of the events, in all or within an hour of t, whichever is more.
 *
 * Meetings within a window are one occasion, whatever was done in it: its chance is at most the sum of theirs. With n occasions of mean
 * chance q, the number k of hits is at most binomial in its tail: Hoeffding, W. (1956): On the distribution of the number of successes in
 * independent trials. Annals of Mathematical Statistics 27(3), 713-721.
 *
 * `tied(u, k)` is the sum over all v of that tail: how many actors chance would tie to u so often.
 */

import type { Check } from './check.js'
import { mixPair, type TargetEvents } from './co-actions.js'
import { binomialSurprise } from './gamma-poisson.js'
import { lowerBound } from './lower-bound.js'
import { argsortFloat64, countingArgsort } from './sort.js'

/** The window, in tolerances: a minute within an hour. Wide enough to tell chance from purpose, narrow enough to keep what the hour brings. */
export const WINDOW = 60

/** Events around one event on its target beyond which the moment is too crowded to count, for or against. */
const REACH = 1024

/** Events for which what is known of all targets counts in one. */
const SHRINK = 5

/** Meetings from which the common rate is learned, at most, and actors of pairs told apart in it, in bits. */
const SAMPLED_MEETINGS = 1_000_000
const PAIR_BITS = 2 ** 24

/** Partners of one actor: occasions, hits and the mean chance of a hit. */
export interface Partners {
  readonly actor: readonly number[]
  readonly occasions: readonly number[]
  readonly hits: readonly number[]
  readonly chance: readonly number[]
}

/** Meetings of one actor beyond which it is too busy to be judged. */
const MOST_MEETINGS = 200_000

const HOUR = 3_600_000

const ANYBODY = -1

interface Meeting {
  readonly other: number
  readonly at: number
  readonly gap: number
  readonly chance: number
}

const partnersOf = (meetings: Meeting[], tolerance: number, occasion: number): Partners => {
  meetings.sort((x, y) => x.other - y.other || x.at - y.at || x.gap - y.gap || y.chance - x.chance)
  const found = { actor: [] as number[], occasions: [] as number[], hits: [] as number[], chance: [] as number[] }
  for (let from = 0; from < meetings.length; ) {
    const { other } = meetings[from]!
    let occasions = 0
    let hits = 0
    let chances = 0
    while (from < meetings.length && meetings[from]!.other === other) {
      const until = meetings[from]!.at + occasion
      let chance = 0
      let hit = 0
      let last: Meeting | null = null
      for (; from < meetings.length && meetings[from]!.other === other && meetings[from]!.at <= until; from++) {
        const each = meetings[from]!
        // Several targets of one post on either side are one meeting, of the likeliest chance.
        if (last && last.at === each.at && last.gap === each.gap) continue
        last = each
        chance += each.chance
        if (Math.abs(each.gap) <= tolerance) hit = 1
      }
      occasions++
      hits += hit
      chances += Math.min(1, chance)
    }
    if (occasions < 2) continue
    found.actor.push(other)
    found.occasions.push(occasions)
    found.hits.push(hits)
    found.chance.push(chances / occasions)
  }
  return found
}

/** The same events by actor and by time: made once for all tolerances. */
export class EventIndex {
  readonly events: TargetEvents
  /** Target of each event. */
  readonly target: Int32Array
  /** Actor a has events byActor[actorOffsets[a]] .. byActor[actorOffsets[a + 1] - 1], by target, then time. */
  readonly byActor: Int32Array
  readonly actorOffsets: Int32Array
  #byTime: { readonly order: Int32Array; readonly time: Float64Array } | null = null

  constructor(events: TargetEvents) {
    this.events = events
    const { actor, targetOffsets, actorCount } = events
    this.target = new Int32Array(actor.length)
    for (let t = 0; t + 1 < targetOffsets.length; t++) this.target.fill(t, targetOffsets[t], targetOffsets[t + 1])
    this.byActor = countingArgsort(actor, actorCount)
    this.actorOffsets = new Int32Array(actorCount + 1)
    for (let e = 0; e < actor.length; e++) this.actorOffsets[actor[e]! + 1]!++
    for (let a = 0; a < actorCount; a++) this.actorOffsets[a + 1]! += this.actorOffsets[a]!
  }

  /** All events by rising time, sorted when first asked for: where nothing stands out nobody asks. */
  byTime(): { readonly order: Int32Array; readonly time: Float64Array } {
    if (!this.#byTime) {
      const { time } = this.events
      const order = argsortFloat64(time)
      this.#byTime = { order, time: Float64Array.from(order, (e) => time[e]!) }
    }
    return this.#byTime
  }
}

export class Coincidences {
  readonly #index: EventIndex
  readonly #events: TargetEvents
  readonly #tolerance: number
  readonly #window: number
  readonly #target: Int32Array
  readonly #byActor: Int32Array
  readonly #actorOffsets: Int32Array
  readonly #check: Check
  /** The share of first meetings within the window that are within the tolerance. */
  readonly rate: number

  constructor(index: EventIndex, tolerance: number, check: Check) {
    this.#index = index
    this.#events = index.events
    this.#target = index.target
    this.#byActor = index.byActor
    this.#actorOffsets = index.actorOffsets
    this.#tolerance = tolerance
    this.#window = WINDOW * tolerance
    this.#check = check
    this.rate = this.#commonRate()
  }

  #commonRate(): number {
    const { actor, time, targetOffsets } = this.#events
    const seen = new Uint8Array(PAIR_BITS / 8)
    let meetings = 0
    let near = 0
    let looked = 0
    const targets = targetOffsets.length - 1
    // Every so many-th target, in a fixed order that does not depend on what they are.
    const step = 7919
    for (let k = 0; k < targets && looked < SAMPLED_MEETINGS; k++) {
      const t = targets % step === 0 ? k : (k * step) % targets
      const to = targetOffsets[t + 1]!
      for (let i = targetOffsets[t]!; i < to; i++) {
        const end = Math.min(to, i + 1 + REACH)
        for (let j = i + 1; j < end && time[j]! - time[i]! <= this.#window; j++) {
          looked++
          const a = actor[i]!
          const b = actor[j]!
          if (a === b) continue
          const bit = (a < b ? mixPair(a, b) : mixPair(b, a)) % PAIR_BITS
          if ((seen[bit >> 3]! >> (bit & 7)) & 1) continue
          seen[bit >> 3]! |= 1 << (bit & 7)
          meetings++
          if (time[j]! - time[i]! <= this.#tolerance) near++
        }
      }
      this.#check()
    }
    return Math.max(1 / WINDOW, (near + SHRINK / WINDOW) / (meetings + SHRINK))
  }

  /** Adds the meetings of an event of u with those within the window on its target: of all, or of one other actor. */
  #meet(event: number, own: Uint8Array, only: number, meetings: Meeting[]): void {
    const { actor, time, targetOffsets } = this.#events
    const u = actor[event]!
    const at = time[event]!
    const t = this.#target[event]!
    let from = event
    while (from > targetOffsets[t]! && at - time[from - 1]! <= this.#window && event - from <= REACH) from--
    let to = event + 1
    while (to < targetOffsets[t + 1]! && time[to]! - at <= this.#window && to - event <= REACH) to++
    if (event - from > REACH || to - event > REACH) return
    let crowd = 0
    let crowdNear = 0
    for (let j = from; j < to; j++) {
      if (actor[j] === u || own[actor[j]!]) continue
      crowd++
      if (Math.abs(time[j]! - at) <= this.#tolerance) crowdNear++
    }
    for (let j = from; j < to; j++) {
      const other = actor[j]!
      if (other === u || (only !== ANYBODY && other !== only)) continue
      const gap = time[j]! - at
      const self = own[other] ? 0 : 1
      const selfNear = self === 1 && Math.abs(gap) <= this.#tolerance ? 1 : 0
      const chance = (crowdNear - selfNear + SHRINK * this.rate) / (crowd - self + SHRINK)
      meetings.push({ other, at, gap, chance })
    }
  }

  /** Actors that act on the same targets within the window; `own` is 1 for the group whose events are no crowd. Null: too many to judge. */
  inWindow(u: number, own: Uint8Array): Partners | null {
    const meetings: Meeting[] = []
    for (let k = this.#actorOffsets[u]!; k < this.#actorOffsets[u + 1]!; k++) {
      if (meetings.length > MOST_MEETINGS) return null
      this.#meet(this.#byActor[k]!, own, ANYBODY, meetings)
    }
    this.#check()
    return partnersOf(meetings, this.#tolerance, this.#window)
  }

  /** The same of one partner alone: at far less cost. */
  pair(u: number, v: number, own: Uint8Array): Partners {
    const { time } = this.#events
    const meetings: Meeting[] = []
    let k = this.#actorOffsets[v]!
    const end = this.#actorOffsets[v + 1]!
    // The events of each actor stand by target, then time.
    for (let i = this.#actorOffsets[u]!; i < this.#actorOffsets[u + 1]!; i++) {
      const event = this.#byActor[i]!
      const t = this.#target[event]!
      const from = time[event]! - this.#window
      while (
        k < end &&
        (this.#target[this.#byActor[k]!]! < t ||
          (this.#target[this.#byActor[k]!] === t && time[this.#byActor[k]!]! < from))
      )
        k++
      if (k === end) break
      const other = this.#byActor[k]!
      if (this.#target[other] === t && time[other]! - time[event]! <= this.#window) this.#meet(event, own, v, meetings)
    }
    return partnersOf(meetings, this.#tolerance, this.#window)
  }

  /** Actors that act within the tolerance of u's events, on anything; a hit is on the same target. Null: too many to judge. */
  atTimes(u: number, own: Uint8Array): Partners | null {
    const { actor, time, targetOffsets } = this.#events
    const { order, time: times } = this.#index.byTime()
    const meetings: Meeting[] = []
    for (let k = this.#actorOffsets[u]!; k < this.#actorOffsets[u + 1]!; k++) {
      const event = this.#byActor[k]!
      const at = time[event]!
      const t = this.#target[event]!
      if (meetings.length > MOST_MEETINGS) return null
      const first = targetOffsets[t]!
      const end = targetOffsets[t + 1]!
      let here = 0
      for (let j = lowerBound(time, first, end, at - HOUR); j < end && time[j]! - at <= HOUR; j++)
        if (!own[actor[j]!]) here++
      const hour = lowerBound(times, 0, times.length, at + HOUR) - lowerBound(times, 0, times.length, at - HOUR)
      const chance = Math.min(1, Math.max((end - first) / actor.length, here / (hour + SHRINK)))
      for (let i = lowerBound(times, 0, times.length, at - this.#tolerance); i < times.length; i++) {
        const gap = times[i]! - at
        if (gap > this.#tolerance) break
        const other = order[i]!
        if (actor[other] === u) continue
        meetings.push({
          other: actor[other]!,
          at,
          gap: this.#target[other] === t ? gap : Number.POSITIVE_INFINITY,
          chance,
        })
      }
    }
    this.#check()
    return partnersOf(meetings, this.#tolerance, this.#window)
  }
}

/** How many partners chance would tie so often: the sum of the tails; infinite where there were too many to judge. */
export const tiedByChance = (partners: Partners | null, hits: number): number => {
  if (!partners) return Number.POSITIVE_INFINITY
  const { occasions, chance } = partners
  let sum = 0
  for (let i = 0; i < occasions.length; i++)
    if (occasions[i]! >= hits) sum += Math.exp(-binomialSurprise(hits, occasions[i]!, chance[i]!))
  return sum
}
