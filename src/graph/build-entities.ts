/** The entities of a snapshot, by kind and then by the bytes of their id. */
import { entityKindByCode } from '../../graph-schema/schema.js'
import type { Check } from '../kernels/check.js'
import { compareByteStrings, sortByteStrings } from '../kernels/sort-bytes.js'
import { blockSize, eachBlock } from './blocks.js'
import type { RawGraph } from './raw-graph.js'
import { sharedFloat64, sharedInt32, sharedUint8 } from './shared-arrays.js'
import type { EntityTable } from './snapshot.js'

const kinds = entityKindByCode.length

export interface Entities {
  readonly table: EntityTable
  /** The new number of each raw position, -1 for those left out. */
  readonly rank: Int32Array
}

/** Counts into sizes[kind + 1]; returns the bytes of all ids. */
const countBlock = (
  { entityKind, nameOffsets }: RawGraph,
  used: Uint8Array,
  from: number,
  to: number,
  sizes: Int32Array,
): number => {
  let bytes = 0
  for (let e = from; e < to; e++) {
    if (used[e] === 0) continue
    sizes[entityKind[e]! + 1]!++
    bytes += nameOffsets[e + 1]! - nameOffsets[e]!
  }
  return bytes
}

const placeBlock = (
  { entityKind }: RawGraph,
  used: Uint8Array,
  from: number,
  to: number,
  next: Int32Array,
  order: Int32Array,
): void => {
  for (let e = from; e < to; e++) if (used[e] !== 0) order[next[entityKind[e]!]!++] = e
}

/** Ranks of order[from .. to - 1], and where their ids begin in the old and the new table; offsets[from] is given. */
const rankBlock = (
  { nameOffsets }: RawGraph,
  order: Int32Array,
  from: number,
  to: number,
  {
    rank,
    starts,
    offsets,
  }: { readonly rank: Int32Array; readonly starts: Float64Array; readonly offsets: Float64Array },
): void => {
  let at = offsets[from]!
  for (let index = from; index < to; index++) {
    const e = order[index]!
    rank[e] = index
    const start = nameOffsets[e]!
    starts[index - from] = start
    at += nameOffsets[e + 1]! - start
    offsets[index + 1] = at
  }
}

/** Apart from the look-ups above: the length of an id cannot be guessed, and a wrong guess must not wait for the memory. */
const copyBlock = (
  names: Uint8Array,
  starts: Float64Array,
  from: number,
  to: number,
  offsets: Float64Array,
  into: Uint8Array,
): void => {
  for (let index = from; index < to; index++) {
    const at = offsets[index]!
    const length = offsets[index + 1]! - at
    const start = starts[index - from]!
    for (let b = 0; b < length; b++) into[at + b] = names[start + b]!
  }
}

/** Throws RangeError where two entities have the same kind and id. `used`: 1 for entities that belong in the snapshot. */
export const buildEntities = (raw: RawGraph, used: Uint8Array, check: Check): Entities => {
  const { entityCount } = raw
  const kindOffsets = sharedInt32(kinds + 1)
  let nameBytes = 0
  eachBlock(entityCount, check, (from, to) => {
    nameBytes += countBlock(raw, used, from, to, kindOffsets)
  })
  for (let k = 0; k < kinds; k++) kindOffsets[k + 1]! += kindOffsets[k]!
  const count = kindOffsets[kinds]!
  const order = new Int32Array(count)
  const next = kindOffsets.slice()
  eachBlock(entityCount, check, (from, to) => placeBlock(raw, used, from, to, next, order))

  const strings = { bytes: raw.names, offsets: raw.nameOffsets }
  for (let k = 0; k < kinds; k++) sortByteStrings(strings, order, kindOffsets[k]!, kindOffsets[k + 1]!, check)

  const rank = new Int32Array(entityCount).fill(-1)
  const names = sharedUint8(nameBytes)
  const offsets = sharedFloat64(count + 1)
  const starts = new Float64Array(blockSize)
  eachBlock(count, check, (from, to) => {
    rankBlock(raw, order, from, to, { rank, starts, offsets })
    copyBlock(raw.names, starts, from, to, offsets, names)
  })

  const sorted = { bytes: names, offsets }
  for (let k = 0; k < kinds; k++)
    for (let index = kindOffsets[k]! + 1; index < kindOffsets[k + 1]!; index++)
      if (compareByteStrings(sorted, index - 1, index) === 0)
        throw new RangeError(`entities ${order[index - 1]} and ${order[index]} are of one kind and have the same id`)
  return { table: { count, kindOffsets, names, nameOffsets: offsets }, rank }
}
