/**
 * Interactions that carry something beside the columns of all, named as a store knows them, and their positions in the relation: placed
 * after the relation is built, so that no other type pays for them.
 */
import { argsortInt32 } from '../kernels/sort.js'
import { sharedFloat64, sharedInt32 } from './shared-arrays.js'
import type { Relation } from './snapshot.js'

/** One entry for each interaction that carries something, in any order. */
export interface Carriers {
  readonly count: number
  /** Positions in the raw entity columns. */
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Epoch milliseconds; NaN is unknown. */
  readonly at: Float64Array
}

export const sharedCarriers = (count: number): Carriers => ({
  count,
  actor: sharedInt32(count),
  target: sharedInt32(count),
  at: sharedFloat64(count),
})

/** Unknown times come first. */
const timeOrder = (time: number): number => (Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time)

const firstEdge = (
  { target, at, outOffsets, actorFrom }: Relation,
  actor: number,
  to: number,
  time: number,
): number => {
  let low = outOffsets[actor - actorFrom]!
  const end = outOffsets[actor - actorFrom + 1]!
  let high = end
  const wanted = timeOrder(time)
  while (low < high) {
    const middle = (low + high) >> 1
    const other = target[middle]!
    if (other < to || (other === to && timeOrder(at[middle]!) < wanted)) low = middle + 1
    else high = middle
  }
  if (low === end || target[low] !== to || timeOrder(at[low]!) !== wanted)
    throw new RangeError('what an interaction carries belongs to no interaction of its type')
  return low
}

/**
 * `order`: the carriers by position in the relation; `edge`: these positions, ascending. Interactions equal in actor, target and time
 * cannot be told apart by anyone; what they carry is given out in the order of `compare`, so that the same records give the same
 * bytes. `rank` is the entity index of each raw position. Throws RangeError where no interaction fits.
 */
export const placeCarriers = (
  { count, actor, target, at }: Carriers,
  rank: Int32Array,
  relation: Relation,
  compare: (i: number, j: number) => number,
): { readonly order: Int32Array; readonly edge: Int32Array } => {
  const first = new Int32Array(count)
  for (let i = 0; i < count; i++) first[i] = firstEdge(relation, rank[actor[i]!]!, rank[target[i]!]!, at[i]!)
  const order = argsortInt32(first)
  const edge = sharedInt32(count)
  for (let from = 0, to = 0; from < count; from = to) {
    const start = first[order[from]!]!
    while (to < count && first[order[to]!] === start) to++
    if (to - from > 1) order.subarray(from, to).sort(compare)
    for (let k = from; k < to; k++) edge[k] = start + k - from
  }
  return { order, edge }
}

/** Those of the carriers at `kept`. */
export const pickCarriers = ({ actor, target, at }: Carriers, kept: Int32Array): Carriers => {
  const picked = sharedCarriers(kept.length)
  for (let k = 0; k < kept.length; k++) {
    picked.actor[k] = actor[kept[k]!]!
    picked.target[k] = target[kept[k]!]!
    picked.at[k] = at[kept[k]!]!
  }
  return picked
}

/** Positions of the carriers of which neither end is dropped. */
export const carriersWithout = ({ count, actor, target }: Carriers, drop: Uint8Array): Int32Array => {
  const kept = new Int32Array(count)
  let size = 0
  for (let i = 0; i < count; i++) if (drop[actor[i]!] === 0 && drop[target[i]!] === 0) kept[size++] = i
  return kept.slice(0, size)
}

/** Interactions of a relation as carriers again, for a snapshot whose raw positions are its own entities. */
export const carriersAt = (relation: Relation, actors: Int32Array, edges: Int32Array): Carriers => {
  const carriers = sharedCarriers(edges.length)
  for (let k = 0; k < edges.length; k++) {
    carriers.actor[k] = actors[edges[k]!]!
    carriers.target[k] = relation.target[edges[k]!]!
    carriers.at[k] = relation.at[edges[k]!]!
  }
  return carriers
}
