/**
 * What is new in a snapshot since an earlier one, without the earlier one: a trace of it is kept, 32 bits of content for each entity and
 * interaction, in its order.
 *
 * Both snapshots are in the canonical order (entities by kind and id, interactions by type, actor, target, time and so on), so where nothing went away
 * the earlier one is a subsequence of the later, and one walk over both finds what is new. Two interactions of equal content are the same to every
 * detector; two of different content have the same 32 bits with a chance of 1 in 4.3 billion, and then at worst one of two neighbours is taken for
 * the new one, or something seems gone.
 */
import type { InteractionType } from '../../graph-schema/schema.js'
import { sharedInt32, sharedUint8, sharedUint32 } from './shared-arrays.js'
import type { EntityTable, Relation, Snapshot } from './snapshot.js'

export interface SnapshotTrace {
  readonly asOf: number | null
  readonly entities: Uint32Array
  readonly relations: readonly { readonly type: InteractionType; readonly edges: Uint32Array }[]
}

export interface RelationChange {
  readonly type: InteractionType
  /** 1 for each interaction that the earlier snapshot did not have. */
  readonly isNew: Uint8Array
  readonly newCount: number
}

export interface SnapshotChange {
  /** Index of each entity of the earlier snapshot. */
  readonly entityNow: Int32Array
  /** Of every relation of the later snapshot. */
  readonly relations: readonly RelationChange[]
  /** New interactions. */
  readonly added: number
}

/** One round of the mixing of MurmurHash3 (public domain, Austin Appleby). */
const mixed = (hash: number, value: number): number => {
  let x = Math.imul(value, 0xcc9e2d51)
  x = Math.imul((x << 15) | (x >>> 17), 0x1b873593)
  const h = hash ^ x
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

const finished = (hash: number): number => {
  let x = hash
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const entityHashes = ({ count, kindOffsets, names, nameOffsets }: EntityTable): Uint32Array => {
  const hashes = sharedUint32(count)
  let kind = 0
  for (let entity = 0; entity < count; entity++) {
    while (entity >= kindOffsets[kind + 1]!) kind++
    let hash = mixed(0, kind)
    for (let i = nameOffsets[entity]!; i < nameOffsets[entity + 1]!; i++) hash = mixed(hash, names[i]!)
    hashes[entity] = finished(hash)
  }
  return hashes
}

/** The 32-bit words of an array, at whatever place of its buffer it begins. */
const wordsOf = (values: Float64Array | Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4)

const edgeHashes = (relation: Relation, entities: Uint32Array, markets: Uint32Array): Uint32Array => {
  const { count, actorFrom, outOffsets, target, market, scenario, fingerprints, ratings } = relation
  const at = wordsOf(relation.at)
  const weight = wordsOf(relation.weight)
  const hashes = sharedUint32(count)
  let marked = 0
  for (let row = 0; row + 1 < outOffsets.length; row++) {
    const actor = mixed(0, entities[actorFrom + row]!)
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      let hash = mixed(actor, entities[target[edge]!]!)
      hash = mixed(hash, at[2 * edge]!)
      hash = mixed(hash, at[2 * edge + 1]!)
      hash = mixed(hash, weight[edge]!)
      hash = mixed(hash, markets[market[edge]!]! + scenario[edge]!)
      if (ratings) hash = mixed(hash, ratings[edge]!)
      if (fingerprints && fingerprints.edge[marked] === edge) {
        hash = mixed(mixed(hash, fingerprints.high[marked]!), fingerprints.low[marked]!)
        marked++
      }
      hashes[edge] = finished(hash)
    }
  }
  return hashes
}

const textHash = (text: string): number => {
  let hash = 0
  for (const byte of Buffer.from(text)) hash = mixed(hash, byte)
  return finished(hash)
}

/** Four bytes for each entity and interaction. */
export const traceOf = (snapshot: Snapshot): SnapshotTrace => {
  const entities = entityHashes(snapshot.entities)
  const markets = Uint32Array.from(snapshot.markets, textHash)
  const relations = snapshot.relations.map((relation) => ({
    type: relation.type,
    edges: edgeHashes(relation, entities, markets),
  }))
  return { asOf: snapshot.asOf, entities, relations }
}

const NOTHING = new Uint32Array(0)

/** What `later` has that `earlier` had not; null where something of `earlier` is gone. */
export const changeBetween = (earlier: SnapshotTrace, later: SnapshotTrace): SnapshotChange | null => {
  const entityNow = sharedInt32(earlier.entities.length)
  let known = 0
  for (let entity = 0; entity < later.entities.length; entity++)
    if (known < entityNow.length && later.entities[entity] === earlier.entities[known]) entityNow[known++] = entity
  if (known < entityNow.length) return null
  const before = new Map(earlier.relations.map(({ type, edges }) => [type, edges]))
  const relations: RelationChange[] = []
  let added = 0
  for (const { type, edges } of later.relations) {
    const old = before.get(type) ?? NOTHING
    before.delete(type)
    const isNew = sharedUint8(edges.length)
    let same = 0
    for (let edge = 0; edge < edges.length; edge++)
      if (same < old.length && edges[edge] === old[same]) same++
      else isNew[edge] = 1
    if (same < old.length) return null
    relations.push({ type, isNew, newCount: edges.length - same })
    added += edges.length - same
  }
  return before.size > 0 ? null : { entityNow, relations, added }
}

/** Where each interaction of the earlier snapshot is now. */
export const edgesNow = ({ isNew, newCount }: RelationChange): Int32Array => {
  const now = new Int32Array(isNew.length - newCount)
  for (let edge = 0, known = 0; edge < isNew.length; edge++) if (isNew[edge] === 0) now[known++] = edge
  return now
}
