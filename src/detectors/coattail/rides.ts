/**
 * Rides: an account acts on a little-known target right beside one that is wanted far more, as a recommender that learns from
 * co-clicks would see it.
 *
 * The actions of an account in one relation are put in order of time. An action on W rides on H where H is at most `reach` places and `within`
 * milliseconds away and at least `ratio` times as many accounts act on H as on W. Rides of one account on one target that are within a
 * session of each other are one. Without times all actions of an account are beside each other, and parallel ones are rides of their own.
 */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { type Check, checkInterval } from '../../kernels/check.js'
import { bipartiteCsr } from '../../kernels/csr.js'
import { RunSorter } from '../../kernels/sort-runs.js'
import type { Holdings } from '../matrix/holdings.js'
import { Visits } from './visits.js'

export interface RideOptions {
  readonly reach: number
  /** Milliseconds. */
  readonly within: number
  readonly session: number
  readonly ratio: number
  readonly check: Check
}

export interface Rides {
  readonly relation: Relation
  /** Accounts (rows) and what they ride with (columns), each once. */
  readonly holdings: Holdings
  /** Those of `holdings` that were ridden in more than one session. */
  readonly repeated: Holdings
  /** Sessions of each entry of `holdings.graph.rows`. */
  readonly sessions: Int32Array
  /** Sum of `sessions`. */
  readonly sessionCount: number
  /** To any target, whether they ride or not. */
  readonly visits: Visits
  /** Different accounts of each target. */
  readonly audience: Int32Array
  readonly untimed: number
}

const audienceOf = ({ inOffsets, source }: Relation): Int32Array => {
  const audience = new Int32Array(inOffsets.length - 1)
  for (let t = 0; t < audience.length; t++)
    for (let k = inOffsets[t]!, last = -1; k < inOffsets[t + 1]!; k++) {
      if (source[k] !== last) audience[t]!++
      last = source[k]!
    }
  return audience
}

const sorter = new RunSorter()

/** Puts the edges of one account into `order` by time, unknown times last as Infinity, equal ones by position; their number. */
const fillOrder = ({ outOffsets, at }: Relation, row: number, order: Int32Array, times: Float64Array): number => {
  const from = outOffsets[row]!
  const count = outOffsets[row + 1]! - from
  for (let i = 0; i < count; i++) {
    const when = at[from + i]!
    order[i] = from + i
    times[i] = Number.isNaN(when) ? Infinity : when
  }
  sorter.sort(times, order, 0, count)
  return count
}

/** Edges of one account in order of time, unknown times last, equal ones by position. */
export const orderOf = (relation: Relation, row: number): Int32Array => {
  const order = new Int32Array(relation.outOffsets[row + 1]! - relation.outOffsets[row]!)
  fillOrder(relation, row, order, new Float64Array(order.length))
  return order
}

/** Whether two actions of an account are beside each other. */
export const isBeside = ({ at }: Relation, a: number, b: number, within: number): boolean => {
  const gap = Math.abs(at[a]! - at[b]!)
  return Number.isNaN(gap) ? Number.isNaN(at[a]!) && Number.isNaN(at[b]!) : gap <= within
}

/** Calls `take` with each action on a weak target, by place in `order`, and one on a hot target beside it. */
export const eachRide = (
  relation: Relation,
  order: Int32Array,
  audience: Int32Array,
  { reach, within, ratio }: Pick<RideOptions, 'reach' | 'within' | 'ratio'>,
  take: (weak: number, hot: number) => void,
): void => {
  const { target, targetFrom } = relation
  for (let i = 0; i < order.length; i++) {
    const own = audience[target[order[i]!]! - targetFrom]!
    for (let j = Math.max(0, i - reach); j <= Math.min(order.length - 1, i + reach); j++) {
      if (j === i || audience[target[order[j]!]! - targetFrom]! < ratio * own) continue
      if (isBeside(relation, order[i]!, order[j]!, within)) take(order[i]!, order[j]!)
    }
  }
}

const holdingsFrom = (
  rows: number,
  columns: number,
  source: Int32Array,
  target: Int32Array,
  check: Check,
): Holdings => {
  const graph = bipartiteCsr(rows, columns, { source, target }, 'one', check)
  const holders = new Int32Array(columns)
  for (let t = 0; t < columns; t++) holders[t] = graph.columns.offsets[t + 1]! - graph.columns.offsets[t]!
  return { kind: 'product', graph, holders, outside: null, total: source.length }
}

const longestRow = (offsets: Int32Array): number => {
  let longest = 0
  for (let row = 0; row + 1 < offsets.length; row++) longest = Math.max(longest, offsets[row + 1]! - offsets[row]!)
  return longest
}

export const ridesOf = (snapshot: Snapshot, type: Relation['type'], options: RideOptions): Rides | null => {
  const relation = relationOf(snapshot, type)
  if (!relation) return null
  const { outOffsets, target, targetFrom, count } = relation
  const { reach, within, ratio, session, check } = options
  const audience = audienceOf(relation)
  const accounts = outOffsets.length - 1
  const visits = new Visits(relation, session)
  const longest = longestRow(outOffsets)
  const order = new Int32Array(longest)
  const times = new Float64Array(longest)
  const wanted = new Int32Array(longest)
  // Pairs of an account and what it rides with, in the order in which they are first met, and their sessions.
  const source = new Int32Array(count)
  const things = new Int32Array(count)
  const sessionsOf = new Int32Array(count)
  let pairs = 0
  const pairOf = new Int32Array(audience.length).fill(-1)
  const last = new Float64Array(audience.length)
  let untimed = 0
  let steps = 0
  for (let row = 0; row < accounts; row++) {
    const size = fillOrder(relation, row, order, times)
    visits.add(row, order.subarray(0, size))
    for (let i = 0; i < size; i++) wanted[i] = audience[target[order[i]!]! - targetFrom]!
    const from = pairs
    for (let i = 0; i < size; i++) {
      const at = times[i]!
      if (at === Infinity) untimed++
      const least = ratio * wanted[i]!
      const end = Math.min(size - 1, i + reach)
      let j = Math.max(0, i - reach)
      // Two unknown times are beside each other: their difference is no number.
      while (j <= end && (j === i || wanted[j]! < least || Math.abs(at - times[j]!) > within)) j++
      if (j > end) continue
      const thing = target[order[i]!]! - targetFrom
      const known = pairOf[thing]!
      if (known < from) {
        pairOf[thing] = pairs
        source[pairs] = row
        things[pairs] = thing
        sessionsOf[pairs++] = 1
      } else if (at - last[thing]! <= session) continue
      // Of unknown times each is one of its own.
      else sessionsOf[known] = sessionsOf[known]! + 1
      last[thing] = at
    }
    steps += size
    if (steps > checkInterval) {
      check()
      steps = 0
    }
  }
  const holdings = holdingsFrom(accounts, audience.length, source.slice(0, pairs), things.slice(0, pairs), check)
  const again: [number[], number[]] = [[], []]
  const sessions = new Int32Array(pairs)
  const { offsets, columns } = holdings.graph.rows
  let sessionCount = 0
  for (let i = 0; i < pairs; ) {
    const row = source[i]!
    for (let k = offsets[row]!; k < offsets[row + 1]!; k++) pairOf[columns[k]!] = k
    for (; i < pairs && source[i] === row; i++) {
      sessions[pairOf[things[i]!]!] = sessionsOf[i]!
      sessionCount += sessionsOf[i]!
      if (sessionsOf[i]! === 1) continue
      again[0].push(row)
      again[1].push(things[i]!)
    }
  }
  const [rows, repeatedThings] = again
  return {
    relation,
    holdings,
    repeated: holdingsFrom(accounts, audience.length, Int32Array.from(rows), Int32Array.from(repeatedThings), check),
    sessions,
    sessionCount,
    visits,
    audience,
    untimed,
  }
}
