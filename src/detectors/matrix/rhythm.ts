/**
 * Do the creators of a set post together, beyond what the rhythm of each explains?
 *
 * Two counts at each tolerance: posts that join a moment which another member opened (a moment lasts one tolerance from its first
 * post; a member counts once in it), and copies of one piece of content that follow another member's copy within the tolerance. Null:
 * every member's posts, moved together by a whole number of days (of weeks where the data is long enough), each member by another
 * number. That keeps each one's time of day, gaps, bursts and, within weeks, season; creators who all post at six in the evening, or
 * whose planner posts at the full hour, do so in the null as well. Over R such shifts with F counts in all the predictive chance of a
 * count X is a negative binomial with shape F + 1/2 and rate R (kernels/gamma-poisson.ts); counts that come in lumps (their variance
 * over the shifts above their mean) are divided by that ratio first. The largest moment, or the piece with the most copies, is left out of X: one flash sale, one launch or one
 * viral clip is one coincidence.
 */
import type { Check } from '../../kernels/check.js'
import { gammaPoissonSurprise } from '../../kernels/gamma-poisson.js'
import type { Random } from '../../kernels/random.js'
import { argsortFloat64 } from '../../kernels/sort.js'

export interface Posts {
  /** Position of the member in the set, 0 .. memberCount - 1. */
  readonly member: Int32Array
  /** Epoch milliseconds, known. */
  readonly time: Float64Array
  /** Piece of content, -1 where unknown. */
  readonly piece: Int32Array
  readonly memberCount: number
}

export interface Rhythm {
  /** Surprise in nats, tolerances and counts accounted for; 0 where posts have no times. */
  readonly nats: number
  /** What was counted. */
  readonly counted: 'moments' | 'copies'
  /** Milliseconds. */
  readonly tolerance: number
  readonly observed: number
  readonly expected: number
  /** Posts that count. */
  readonly posts: Int32Array
}

const DAY = 86_400_000
const SHIFTS = 31
/** From here shifts are whole weeks, so that the day of the week is kept too. */
const LONG = 10 * 7 * DAY
const LEAST_SHIFT = 7

interface Count {
  readonly sum: number
  readonly most: number
}

/** Moments of one tolerance over posts in order of time. `into` gets the posts that count, where given. */
const moments = (
  order: Int32Array,
  time: Float64Array,
  member: Int32Array,
  tolerance: number,
  seen: Int32Array,
  into: number[] | null,
): Count => {
  let sum = 0
  let most = 0
  seen.fill(-1)
  for (let from = 0, moment = 0; from < order.length; moment++) {
    const end = time[order[from]!]! + tolerance
    let size = 0
    let to = from
    for (; to < order.length && time[order[to]!]! <= end; to++) {
      const own = member[order[to]!]!
      if (seen[own] === moment) continue
      seen[own] = moment
      size++
    }
    sum += size - 1
    most = Math.max(most, size - 1)
    if (into && size > 1) for (let k = from; k < to; k++) into.push(order[k]!)
    from = to
  }
  return { sum, most }
}

/** Copies of one piece that come within the tolerance of the copy before, by another member. `byPiece` is ordered by piece. */
const copies = (
  byPiece: Int32Array,
  posts: Posts,
  time: Float64Array,
  tolerance: number,
  into: number[] | null,
): Count => {
  const { piece, member } = posts
  let sum = 0
  let most = 0
  for (let from = 0, to = 0; from < byPiece.length; from = to) {
    while (to < byPiece.length && piece[byPiece[to]!] === piece[byPiece[from]!]) to++
    const own = byPiece.slice(from, to).sort((i, j) => time[i]! - time[j]! || i - j)
    let close = 0
    for (let k = 1; k < own.length; k++) {
      const last = own[k - 1]!
      const next = own[k]!
      if (member[last] === member[next] || time[next]! - time[last]! > tolerance) continue
      close++
      if (into) into.push(last, next)
    }
    sum += close
    most = Math.max(most, close)
  }
  return { sum, most }
}

/** Days or weeks to move each member by, all different, small first so that the season stays. */
const shiftsOf = (members: number, unit: number, random: Random): Float64Array => {
  const range = Math.max(LEAST_SHIFT, members)
  const steps = new Int32Array(2 * range + 1)
  for (let i = 0; i < steps.length; i++) steps[i] = i - range
  random.shuffle(steps)
  return Float64Array.from({ length: members }, (_, member) => steps[member]! * unit)
}

const silent: Rhythm = {
  nats: 0,
  counted: 'moments',
  tolerance: 0,
  observed: 0,
  expected: 0,
  posts: new Int32Array(0),
}

/** `tolerances`: milliseconds. */
export const rhythmOf = (posts: Posts, tolerances: Float64Array, random: Random, check: Check): Rhythm => {
  const { member, time, piece, memberCount } = posts
  if (time.length < 2 || memberCount < 2) return silent
  const order = argsortFloat64(time)
  const span = time[order.at(-1)!]! - time[order[0]!]!
  const unit = span >= LONG ? 7 * DAY : DAY
  const byPiece = Int32Array.from(piece.keys())
    .filter((p) => piece[p]! >= 0)
    .sort((i, j) => piece[i]! - piece[j]! || i - j)
  const seen = new Int32Array(memberCount)
  const levels = tolerances.length
  // Lanes 0 .. levels - 1 count moments, the rest copies.
  const sums = Array.from({ length: 2 * levels }, () => new Float64Array(SHIFTS))
  const moved = new Float64Array(time.length)
  for (let shift = 0; shift < SHIFTS; shift++) {
    check()
    const by = shiftsOf(memberCount, unit, random)
    for (let p = 0; p < time.length; p++) moved[p] = time[p]! + by[member[p]!]!
    const movedOrder = argsortFloat64(moved)
    for (let l = 0; l < levels; l++) {
      sums[l]![shift] = moments(movedOrder, moved, member, tolerances[l]!, seen, null).sum
      sums[levels + l]![shift] = copies(byPiece, posts, moved, tolerances[l]!, null).sum
    }
  }
  let best = silent
  for (let lane = 0; lane < 2 * levels; lane++) {
    const tolerance = tolerances[lane % levels]!
    const count =
      lane < levels
        ? moments(order, time, member, tolerance, seen, null)
        : copies(byPiece, posts, time, tolerance, null)
    const observed = count.sum - count.most
    const total = sums[lane]!.reduce((sum, x) => sum + x, 0)
    const mean = total / SHIFTS
    const variance = sums[lane]!.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (SHIFTS - 1)
    const lump = Math.max(1, mean > 0 ? variance / mean : 1)
    const nats = gammaPoissonSurprise(Math.floor(observed / lump), 1, total / lump + 0.5, SHIFTS) - Math.log(2 * levels)
    if (nats <= best.nats) continue
    best = {
      nats,
      counted: lane < levels ? 'moments' : 'copies',
      tolerance,
      observed,
      expected: mean,
      posts: best.posts,
    }
  }
  if (best.nats <= 0) return silent
  const into: number[] = []
  if (best.counted === 'moments') moments(order, time, member, best.tolerance, seen, into)
  else copies(byPiece, posts, time, best.tolerance, into)
  return { ...best, posts: Int32Array.from(new Set(into)).sort() }
}
