/**
 * Ties between actors that act on the same targets at nearly the same moments, more than once: all of them, with how often.
 *
 * A tie's count at a tolerance is the number of pairs of events, one of each actor, on the same target and at most the tolerance apart;
 * an actor may act on a target any number of times. It is the co-share network of
 *   Giglietto, F. et al. (2020): It takes a village to manipulate the media: coordinated link sharing behavior during 2018 and 2019
 *   Italian elections. Information, Communication & Society 23(6), 867-891,
 * with components as its groups; what of it chance explains is another kernel's question (coincidence.ts).
 *
 * Most pairs meet once. A first pass counts pairs by a hash of a byte each; the second keeps only those whose hash was met more than
 * once, so that memory follows the repeated pairs and not all. Time: events times their near neighbours, twice.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { argsortFloat64 } from './sort.js'

export interface TargetEvents {
  readonly actorCount: number
  /** Target t has events targetOffsets[t] .. targetOffsets[t + 1] - 1, by rising time; all times are known. */
  readonly targetOffsets: Int32Array
  readonly actor: Int32Array
  readonly time: Float64Array
}

export interface CoActionOptions {
  /** Rising, in the unit of the times. */
  readonly tolerances: Float64Array
  /** Pairs of events that a tie has at least, within the widest tolerance. From 2. */
  readonly least: number
  /** An event with more later ones than this on its target within the widest tolerance is one of a crowd, and ties nobody. */
  readonly reach: number
  readonly check?: Check
}

export interface CoActions {
  readonly count: number
  /** a < b, ordered by a, then b. */
  readonly a: Int32Array
  readonly b: Int32Array
  /** Pairs of events of tie i within tolerance l, at i times levels plus l. */
  readonly times: Int32Array
  /** Events that were passed over, as one of a crowd. */
  readonly crowded: number
}

/** Counters of the first pass, as a power of two: so many that few different pairs share one, and never more than 16 MB. */
const LEAST_COUNTERS = 2 ** 16
const MOST_COUNTERS = 2 ** 24
const COUNTERS_AN_EVENT = 4

/** Mixes two numbers of 32 bits (the finalizer of MurmurHash3, by Austin Appleby). */
export const mixPair = (a: number, b: number): number => {
  let x = Math.imul(a, 0x9e3779b1) ^ b
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** Calls `visit` with each pair of events of different actors within the tolerance; the number of events in a crowd, which are passed over. */
const visitPairs = (
  { targetOffsets, actor, time }: TargetEvents,
  tolerance: number,
  reach: number,
  check: Check,
  visit: (earlier: number, later: number) => void,
): number => {
  let steps = 0
  let crowded = 0
  for (let t = 0; t + 1 < targetOffsets.length; t++) {
    const to = targetOffsets[t + 1]!
    for (let i = targetOffsets[t]!; i + 1 < to; i++) {
      const first = i + 1 + reach
      if (first < to && time[first]! - time[i]! <= tolerance) {
        crowded++
        continue
      }
      let j = i + 1
      for (; j < to && time[j]! - time[i]! <= tolerance; j++) if (actor[i] !== actor[j]) visit(i, j)
      steps += j - i
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
    }
  }
  return crowded
}

export const coActions = (events: TargetEvents, options: CoActionOptions): CoActions => {
  const { tolerances, least, reach, check = neverCancelled } = options
  if (!(Number.isInteger(least) && least >= 2))
    throw new RangeError(`least must be a whole number from 2, not ${least}`)
  const { actorCount, actor, time } = events
  const levels = tolerances.length
  const widest = tolerances[levels - 1]!
  let counters = LEAST_COUNTERS
  while (counters < MOST_COUNTERS && counters < actor.length * COUNTERS_AN_EVENT) counters *= 2
  const met = new Uint8Array(counters)
  const hash = (i: number, j: number): number => {
    const a = actor[i]!
    const b = actor[j]!
    return (a < b ? mixPair(a, b) : mixPair(b, a)) & (counters - 1)
  }
  const crowded = visitPairs(events, widest, reach, check, (i, j) => {
    const h = hash(i, j)
    if (met[h]! < 255) met[h]!++
  })
  let keys = new Float64Array(1024)
  let gaps = new Float64Array(1024)
  let kept = 0
  visitPairs(events, widest, reach, check, (i, j) => {
    if (met[hash(i, j)]! < least) return
    if (kept === keys.length) {
      const grow = (old: Float64Array): Float64Array<ArrayBuffer> => {
        const next = new Float64Array(2 * kept)
        next.set(old)
        return next
      }
      keys = grow(keys)
      gaps = grow(gaps)
    }
    const a = Math.min(actor[i]!, actor[j]!)
    keys[kept] = a * actorCount + Math.max(actor[i]!, actor[j]!)
    gaps[kept++] = time[j]! - time[i]!
  })
  const order = argsortFloat64(keys.subarray(0, kept))
  const a: number[] = []
  const b: number[] = []
  const times: number[] = []
  for (let from = 0; from < kept; ) {
    const key = keys[order[from]!]!
    let end = from
    while (end < kept && keys[order[end]!] === key) end++
    if (end - from >= least) {
      a.push(Math.floor(key / actorCount))
      b.push(key % actorCount)
      for (let level = 0; level < levels; level++) {
        let count = 0
        for (let k = from; k < end; k++) if (gaps[order[k]!]! <= tolerances[level]!) count++
        times.push(count)
      }
    }
    from = end
  }
  return { count: a.length, a: Int32Array.from(a), b: Int32Array.from(b), times: Int32Array.from(times), crowded }
}
