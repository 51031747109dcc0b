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

/** Up to so many, insertion is quicker than a sort with a comparison. */
const FEW = 48

/** Edges of one account in order of time, unknown times last, equal ones by position. */
export const orderOf = ({ outOffsets, at }: Relation, row: number): Int32Array => {
  const from = outOffsets[row]!
  const order = new Int32Array(outOffsets[row + 1]! - from)
  for (let i = 0; i < order.length; i++) order[i] = from + i
  const time = (edge: number): number => (Number.isNaN(at[edge]!) ? Infinity : at[edge]!)
  if (order.length > FEW) return order.sort((a, b) => (time(a) === time(b) ? a - b : time(a) - time(b)))
  for (let i = 1; i < order.length; i++) {
    const edge = order[i]!
    const own = time(edge)
    let j = i - 1
    for (; j >= 0 && time(order[j]!) > own; j--) order[j + 1] = order[j]!
    order[j + 1] = edge
  }
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

const holdingsFrom = (rows: number, columns: number, source: number[], target: number[], check: Check): Holdings => {
  const edges = { source: Int32Array.from(source), target: Int32Array.from(target) }
  const graph = bipartiteCsr(rows, columns, edges, 'one', check)
  const holders = new Int32Array(columns)
  for (let t = 0; t < columns; t++) holders[t] = graph.columns.offsets[t + 1]! - graph.columns.offsets[t]!
  return { kind: 'product', graph, holders, outside: null, total: source.length }
}

export const ridesOf = (snapshot: Snapshot, type: Relation['type'], options: RideOptions): Rides | null => {
  const relation = relationOf(snapshot, type)
  if (!relation) return null
  const { outOffsets, target, targetFrom, at } = relation
  const { session, check } = options
  const audience = audienceOf(relation)
  const accounts = outOffsets.length - 1
  const visits = new Visits(relation, session)
  const source: number[] = []
  const things: number[] = []
  const counts: number[] = []
  const again: [number[], number[]] = [[], []]
  let untimed = 0
  let steps = 0
  for (let row = 0; row < accounts; row++) {
    const order = orderOf(relation, row)
    visits.add(row, order)
    const found = new Map<number, { sessions: number; last: number; edge: number }>()
    eachRide(relation, order, audience, options, (weak) => {
      const thing = target[weak]! - targetFrom
      const known = found.get(thing)
      if (!known) found.set(thing, { sessions: 1, last: at[weak]!, edge: weak })
      else if (known.edge !== weak) {
        // Unknown times: each action is one of its own.
        if (!(at[weak]! - known.last <= session)) {
          known.sessions++
          known.last = at[weak]!
        }
        known.edge = weak
      }
    })
    for (const [thing, { sessions }] of found) {
      source.push(row)
      things.push(thing)
      counts.push(sessions)
      if (sessions > 1) {
        again[0].push(row)
        again[1].push(thing)
      }
    }
    for (const edge of order) if (Number.isNaN(at[edge]!)) untimed++
    steps += order.length
    if (steps > checkInterval) {
      check()
      steps = 0
    }
  }
  const holdings = holdingsFrom(accounts, audience.length, source, things, check)
  const sessions = new Int32Array(counts.length)
  const { offsets, columns } = holdings.graph.rows
  for (let i = 0; i < counts.length; ) {
    const row = source[i]!
    const place = new Map<number, number>()
    for (let k = offsets[row]!; k < offsets[row + 1]!; k++) place.set(columns[k]!, k)
    for (; i < counts.length && source[i] === row; i++) sessions[place.get(things[i]!)!] = counts[i]!
  }
  return {
    relation,
    holdings,
    repeated: holdingsFrom(accounts, audience.length, again[0], again[1], check),
    sessions,
    sessionCount: sessions.reduce((sum, count) => sum + count, 0),
    visits,
    audience,
    untimed,
  }
}
