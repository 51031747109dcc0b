/**
 * Which entities were in the graph that a model learned from, as a Bloom filter: ten bits an entity, at most one stranger in a hundred taken
 * for known, nobody known taken for a stranger.
 * Burton H. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970. Two hashes give all places: Adam Kirsch and
 * Michael Mitzenmacher, "Less hashing, same performance: building a better Bloom filter", ESA 2006.
 */
import { type EntityKind, entityKinds } from '../../../graph-schema/schema.js'
import type { Snapshot } from '../../graph/snapshot.js'

const BITS_AN_ENTITY = 10
/** ln 2 times the bits an entity. */
const PLACES = 7

export interface SeenEntities {
  readonly bits: Uint8Array
}

/** Two hashes of an entity's kind and id: FNV-1a with different offsets, mixed as in MurmurHash3's finish. */
const hashes = { first: 0, second: 0 }
const hash = (kind: number, names: Uint8Array, from: number, to: number): void => {
  let a = (0x811c9dc5 ^ kind) >>> 0
  let b = (0x9747b28c ^ Math.imul(kind + 1, 0x85ebca6b)) >>> 0
  for (let i = from; i < to; i++) {
    a = Math.imul(a ^ names[i]!, 0x01000193)
    b = Math.imul(b ^ names[i]!, 0x5bd1e995)
    b ^= b >>> 15
  }
  const mix = (x: number): number => {
    let y = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35)
    return (y ^ (y >>> 16)) >>> 0
  }
  hashes.first = mix(a)
  hashes.second = (mix(b) | 1) >>> 0
}

const rangeOfKind = ({ entities }: Snapshot, kind: EntityKind) => {
  const { code } = entityKinds[kind]
  return { code, from: entities.kindOffsets[code]!, to: entities.kindOffsets[code + 1]! }
}

export const rememberEntities = (snapshot: Snapshot, kinds: readonly EntityKind[]): SeenEntities => {
  const ranges = kinds.map((kind) => rangeOfKind(snapshot, kind))
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  const bits = new Uint8Array(Math.max(8, Math.ceil((count * BITS_AN_ENTITY) / 8)))
  const { names, nameOffsets } = snapshot.entities
  for (const { code, from, to } of ranges)
    for (let v = from; v < to; v++) {
      hash(code, names, nameOffsets[v]!, nameOffsets[v + 1]!)
      for (let k = 0; k < PLACES; k++) {
        const place = (hashes.first + k * hashes.second) % (bits.length * 8)
        bits[place >>> 3]! |= 1 << (place & 7)
      }
    }
  return { bits }
}

/** Share of a kind's entities that were not there, 0 to 1: too low by a hundredth of itself at most. */
export const unseenShare = (snapshot: Snapshot, kind: EntityKind, { bits }: SeenEntities): number => {
  const { code, from, to } = rangeOfKind(snapshot, kind)
  const { names, nameOffsets } = snapshot.entities
  let unseen = 0
  for (let v = from; v < to; v++) {
    hash(code, names, nameOffsets[v]!, nameOffsets[v + 1]!)
    for (let k = 0; k < PLACES; k++) {
      const place = (hashes.first + k * hashes.second) % (bits.length * 8)
      if ((bits[place >>> 3]! & (1 << (place & 7))) === 0) {
        unseen++
        break
      }
    }
  }
  return to > from ? unseen / (to - from) : 0
}
