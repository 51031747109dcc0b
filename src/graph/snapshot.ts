/**
 * The graph in memory at one `asOf`: immutable, in shared memory, the same bytes whatever order the records came in.
 *
 * Entities are numbered 0..count-1 by kind (schema code), then by the bytes of their id, so that one kind is one range.
 * Interactions are kept per type as CSR in both directions. All arrays sit on SharedArrayBuffers, so that posting a snapshot
 * to a worker copies nothing.
 */
import { type EntityKind, entityKindNames, entityKinds, type InteractionType } from '../../graph-schema/schema.js'

export interface EntityTable {
  readonly count: number
  /** Length kinds + 1: entities of the kind with code k are kindOffsets[k] .. kindOffsets[k + 1] - 1. */
  readonly kindOffsets: Int32Array
  /** UTF-8 of all bare ids, one after the other. */
  readonly names: Uint8Array
  /** Length count + 1, byte positions in `names`. */
  readonly nameOffsets: Float64Array
}

/** 64-bit perceptual hashes of some interactions of a relation: positions in its arrays, ascending, and the halves of each hash. */
export interface Fingerprints {
  readonly edge: Int32Array
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/** Interactions of one type, ordered by actor, target, time (unknown first), market, scenario, weight. */
export interface Relation {
  readonly type: InteractionType
  readonly count: number
  /** Actors are entities actorFrom .. actorFrom + outOffsets.length - 2. */
  readonly actorFrom: number
  readonly outOffsets: Int32Array
  /** Entity index of the target of each interaction. */
  readonly target: Int32Array
  /** Epoch milliseconds; NaN is unknown, and no comparison with NaN is true. */
  readonly at: Float64Array
  readonly weight: Float32Array
  /** Index into Snapshot.markets; 0 is unknown. */
  readonly market: Uint16Array
  /** Scenario code of the schema. */
  readonly scenario: Uint8Array
  /** Targets are entities targetFrom .. targetFrom + inOffsets.length - 2. */
  readonly targetFrom: number
  readonly inOffsets: Int32Array
  /** Entity index of the actor, per target, ascending; `inEdge` is the same interaction's position in the arrays above. */
  readonly source: Int32Array
  readonly inEdge: Int32Array
  /** Of `publish`, where any interaction carries one. */
  readonly fingerprints?: Fingerprints
  /** Of `review`, where any interaction carries one: the rating of each, a whole number of 1 to 5, 0 for none. */
  readonly ratings?: Uint8Array
}

export interface Snapshot {
  /** Epoch milliseconds; null is everything that is in the store. */
  readonly asOf: number | null
  readonly entities: EntityTable
  /** Sorted by bytes; markets[0] is '' (unknown). */
  readonly markets: readonly string[]
  /** Only types that have interactions, by schema code. */
  readonly relations: readonly Relation[]
}

const decoder = new TextDecoder()

/** The bare id of an entity. */
export const entityId = ({ entities }: Snapshot, index: number): string =>
  decoder.decode(entities.names.slice(entities.nameOffsets[index]!, entities.nameOffsets[index + 1]!))

export const kindOf = ({ entities }: Snapshot, index: number): EntityKind => {
  const { kindOffsets } = entities
  for (const kind of entityKindNames) if (index < kindOffsets[entityKinds[kind].code + 1]!) return kind
  throw new RangeError(`entity ${index} is outside 0..${entities.count - 1}`)
}

/** `kind:id`, as people and files write it. */
export const entityName = (snapshot: Snapshot, index: number): string =>
  `${kindOf(snapshot, index)}:${entityId(snapshot, index)}`

/** The index of `kind:id`, by binary search over the id's bytes; -1 where the snapshot does not have it. */
export const findEntity = ({ entities }: Snapshot, kind: EntityKind, id: string): number => {
  const wanted = Buffer.from(id)
  const names = Buffer.from(entities.names.buffer, entities.names.byteOffset, entities.names.byteLength)
  let low = entities.kindOffsets[entityKinds[kind].code]!
  let high = entities.kindOffsets[entityKinds[kind].code + 1]! - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const from = entities.nameOffsets[middle]!
    const to = entities.nameOffsets[middle + 1]!
    const order = names.compare(wanted, 0, wanted.length, from, to)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle - 1
  }
  return -1
}

export const relationOf = (snapshot: Snapshot, type: InteractionType): Relation | undefined =>
  snapshot.relations.find((relation) => relation.type === type)
