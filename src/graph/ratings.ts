/** Ratings beside the `review` relation: a byte an interaction where any carries one, else nothing. */
import { type Carriers, carriersWithout, pickCarriers, placeCarriers } from './carriers.js'
import { sharedUint8 } from './shared-arrays.js'
import type { Relation } from './snapshot.js'

/** What a store hands over: one entry for each review that carries a rating, in any order. */
export interface RawRatings extends Carriers {
  /** 1 to 5. */
  readonly value: Uint8Array
}

/** The rating of each interaction of the relation, 1 to 5; 0 is none. Errors: those of `placeCarriers`. */
export const placeRatings = (raw: RawRatings, rank: Int32Array, relation: Relation): Uint8Array => {
  const { order, edge } = placeCarriers(raw, rank, relation, (i, j) => raw.value[i]! - raw.value[j]!)
  const ratings = sharedUint8(relation.count)
  for (let k = 0; k < raw.count; k++) ratings[edge[k]!] = raw.value[order[k]!]!
  return ratings
}

/** Those of which neither end is dropped. */
export const ratingsWithout = (raw: RawRatings, drop: Uint8Array): RawRatings => {
  const kept = carriersWithout(raw, drop)
  const value = sharedUint8(kept.length)
  for (let k = 0; k < kept.length; k++) value[k] = raw.value[kept[k]!]!
  return { ...pickCarriers(raw, kept), value }
}

/** A whole rating: the nearest, halves up; null for what is no number of 1 to 5. */
export const ratingOf = (value: unknown): number | null =>
  typeof value === 'number' && value >= 1 && value <= 5 ? Math.floor(value + 0.5) : null
