/** Fingerprints of published content beside the `publish` relation: sparse, since an export need not carry any. */
import { type Carriers, carriersWithout, pickCarriers, placeCarriers } from './carriers.js'
import { sharedUint32 } from './shared-arrays.js'
import type { Fingerprints, Relation } from './snapshot.js'

/** What a store hands over: one entry for each interaction that carries a fingerprint, in any order. */
export interface RawFingerprints extends Carriers {
  /** The upper and lower 32 bits of the perceptual hash. */
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/** The fingerprints by position in the relation, ascending. Errors: those of `placeCarriers`. */
export const placeFingerprints = (raw: RawFingerprints, rank: Int32Array, relation: Relation): Fingerprints => {
  const { order, edge } = placeCarriers(
    raw,
    rank,
    relation,
    (i, j) => raw.high[i]! - raw.high[j]! || raw.low[i]! - raw.low[j]!,
  )
  const high = sharedUint32(raw.count)
  const low = sharedUint32(raw.count)
  for (let k = 0; k < raw.count; k++) {
    high[k] = raw.high[order[k]!]!
    low[k] = raw.low[order[k]!]!
  }
  return { edge, high, low }
}

/** Those of which neither end is dropped. */
export const fingerprintsWithout = (raw: RawFingerprints, drop: Uint8Array): RawFingerprints => {
  const kept = carriersWithout(raw, drop)
  const high = sharedUint32(kept.length)
  const low = sharedUint32(kept.length)
  for (let k = 0; k < kept.length; k++) {
    high[k] = raw.high[kept[k]!]!
    low[k] = raw.low[kept[k]!]!
  }
  return { ...pickCarriers(raw, kept), high, low }
}

const FORM = /^[0-9a-f]{16}$/

/** The two halves of a hash of 16 lower-case hex digits; null for anything else. */
export const fingerprintOf = (value: unknown): { readonly high: number; readonly low: number } | null =>
  typeof value === 'string' && FORM.test(value)
    ? { high: Number.parseInt(value.slice(0, 8), 16), low: Number.parseInt(value.slice(8), 16) }
    : null
