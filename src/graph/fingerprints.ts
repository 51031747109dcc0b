/**
 * Fingerprints of published content beside the `publish` relation: sparse, since an export need not carry any, and after the
 * relation is built, so that no other type pays for them.
 */
import { argsortInt32 } from '../kernels/sort.js'
import { sharedInt32, sharedUint32 } from './shared-arrays.js'
import type { Fingerprints, Relation } from './snapshot.js'

/** What a store hands over: one entry for each interaction that carries a fingerprint, in any order. */
export interface RawFingerprints {
  readonly count: number
  /** Positions in the raw entity columns. */
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Epoch milliseconds; NaN is unknown. */
  readonly at: Float64Array
  /** The upper and lower 32 bits of the perceptual hash. */
  readonly high: Uint32Array
  readonly low: Uint32Array
}

const firstEdge = (
  { target, at, outOffsets, actorFrom }: Relation,
  actor: number,
  to: number,
  time: number,
): number => {
  let low = outOffsets[actor - actorFrom]!
  const end = outOffsets[actor - actorFrom + 1]!
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (target[middle]! < to) low = middle + 1
    else high = middle
  }
  while (low < end && target[low] === to && !(at[low] === time || (Number.isNaN(at[low]!) && Number.isNaN(time)))) low++
  if (low === end || target[low] !== to) throw new RangeError('a fingerprint belongs to no interaction of its type')
  return low
}

/**
 * The fingerprints by position in the relation, ascending. Interactions equal in actor, target and time cannot be told apart by anyone;
 * theirs are given out in order of value, so that the same records give the same bytes. `rank` is the entity index of each raw position.
 */
export const placeFingerprints = (raw: RawFingerprints, rank: Int32Array, relation: Relation): Fingerprints => {
  const { count } = raw
  const first = new Int32Array(count)
  for (let i = 0; i < count; i++)
    first[i] = firstEdge(relation, rank[raw.actor[i]!]!, rank[raw.target[i]!]!, raw.at[i]!)
  const order = argsortInt32(first)
  const edge = sharedInt32(count)
  const high = sharedUint32(count)
  const low = sharedUint32(count)
  for (let from = 0, to = 0; from < count; from = to) {
    const start = first[order[from]!]!
    while (to < count && first[order[to]!] === start) to++
    if (to - from > 1) order.subarray(from, to).sort((i, j) => raw.high[i]! - raw.high[j]! || raw.low[i]! - raw.low[j]!)
    for (let k = from; k < to; k++) {
      edge[k] = start + k - from
      high[k] = raw.high[order[k]!]!
      low[k] = raw.low[order[k]!]!
    }
  }
  return { edge, high, low }
}

const FORM = /^[0-9a-f]{16}$/

/** The two halves of a hash of 16 lower-case hex digits; null for anything else. */
export const fingerprintOf = (value: unknown): { readonly high: number; readonly low: number } | null =>
  typeof value === 'string' && FORM.test(value)
    ? { high: Number.parseInt(value.slice(0, 8), 16), low: Number.parseInt(value.slice(8), 16) }
    : null
