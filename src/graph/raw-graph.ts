import type { RawFingerprints } from './fingerprints.js'
import type { RawRatings } from './ratings.js'

/**
 * What a store hands over for a snapshot: plain columns in any order. `buildSnapshot` turns it into the canonical form.
 * Arrays sit on SharedArrayBuffers, so that the build can run in a worker without a copy.
 */
export interface RawGraph {
  readonly asOf: number | null
  readonly entityCount: number
  /** Schema code of each entity's kind. */
  readonly entityKind: Uint8Array
  /** UTF-8 of all bare ids, and byte positions, length entityCount + 1. */
  readonly names: Uint8Array
  readonly nameOffsets: Float64Array
  /** 1 where the entity itself was recorded (known at asOf); 0 where it is there only as an end of an interaction. */
  readonly declared: Uint8Array
  readonly markets: readonly string[]
  readonly count: number
  /** Schema code of each interaction's type. */
  readonly type: Uint8Array
  /** Positions in the entity columns above. */
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Epoch milliseconds; NaN is unknown. */
  readonly at: Float64Array
  readonly weight: Float32Array
  /** Position in `markets`; markets[0] is '' (unknown). */
  readonly market: Uint16Array
  readonly scenario: Uint8Array
  /** Of `publish` interactions; absent or empty where none carries one. */
  readonly fingerprints?: RawFingerprints
  /** Of `review` interactions; absent or empty where none carries one. */
  readonly ratings?: RawRatings
}
