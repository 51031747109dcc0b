/**
 * From a store's columns to the canonical snapshot: the same entities and interactions give the same bytes, whatever order they
 * come in. Linear in entities and interactions: entities by radix sort on their ids' bytes, interactions by two counting sorts
 * (Gustavson 1978, see kernels/csr.ts) and a small sort where one actor meets one target more than once.
 */
import { entityKindByCode, interactionTypeByCode } from '../../graph-schema/schema.js'
import { compareByteStrings, sortByteStrings } from '../kernels/sort-bytes.js'
import type { RawGraph } from './raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from './shared-arrays.js'
import type { EntityTable, Relation, Snapshot } from './snapshot.js'

/** Entities that belong in the snapshot, renumbered; `rank` is the new number of each raw position, -1 for those left out. */
const buildEntities = (raw: RawGraph): { readonly table: EntityTable; readonly rank: Int32Array } => {
  const { entityCount, entityKind, names, nameOffsets, declared, count, actor, target } = raw
  const used = new Uint8Array(entityCount)
  for (let e = 0; e < entityCount; e++) used[e] = declared[e]!
  for (let i = 0; i < count; i++) {
    const a = actor[i]!
    const t = target[i]!
    if (!(a >= 0 && a < entityCount && t >= 0 && t < entityCount))
      throw new RangeError(`interaction ${i} has ends ${a} and ${t}, outside 0..${entityCount - 1}`)
    used[a] = 1
    used[t] = 1
  }

  const kinds = entityKindByCode.length
  const kindOffsets = sharedInt32(kinds + 1)
  let nameBytes = 0
  for (let e = 0; e < entityCount; e++) {
    if (used[e] === 0) continue
    if (entityKind[e]! >= kinds) throw new RangeError(`entity ${e} has the unknown kind code ${entityKind[e]}`)
    kindOffsets[entityKind[e]! + 1]!++
    nameBytes += nameOffsets[e + 1]! - nameOffsets[e]!
  }
  for (let k = 0; k < kinds; k++) kindOffsets[k + 1]! += kindOffsets[k]!
  const total = kindOffsets[kinds]!
  const order = new Int32Array(total)
  const next = kindOffsets.slice()
  for (let e = 0; e < entityCount; e++) if (used[e] !== 0) order[next[entityKind[e]!]!++] = e

  const strings = { bytes: names, offsets: nameOffsets }
  for (let k = 0; k < kinds; k++) sortByteStrings(strings, order, kindOffsets[k]!, kindOffsets[k + 1]!)

  const rank = new Int32Array(entityCount).fill(-1)
  const sortedNames = sharedUint8(nameBytes)
  const sortedOffsets = sharedFloat64(total + 1)
  let at = 0
  for (let index = 0; index < total; index++) {
    const e = order[index]!
    if (
      index > 0 &&
      entityKind[e] === entityKind[order[index - 1]!] &&
      compareByteStrings(strings, order[index - 1]!, e) === 0
    )
      throw new RangeError(`entities ${order[index - 1]} and ${e} are of one kind and have the same id`)
    rank[e] = index
    for (let b = nameOffsets[e]!, end = nameOffsets[e + 1]!; b < end; b++) sortedNames[at++] = names[b]!
    sortedOffsets[index + 1] = at
  }
  return { table: { count: total, kindOffsets, names: sortedNames, nameOffsets: sortedOffsets }, rank }
}

/** The markets that interactions name, sorted by bytes after '', and the new place of each raw one. */
const buildMarkets = (raw: RawGraph): { readonly markets: readonly string[]; readonly place: Uint16Array } => {
  const seen = new Uint8Array(raw.markets.length)
  for (let i = 0; i < raw.count; i++) seen[raw.market[i]!] = 1
  const named = new Set(raw.markets.filter((name, m) => seen[m] === 1 && name !== ''))
  const markets = ['', ...[...named].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))]
  const places = new Map(markets.map((name, m) => [name, m]))
  return { markets, place: Uint16Array.from(raw.markets, (name) => places.get(name) ?? 0) }
}

/** Positions of interactions by type: those of type t are byType[offsets[t]] .. byType[offsets[t + 1] - 1], in the given order. */
const groupByType = ({ count, type }: RawGraph): { readonly byType: Int32Array; readonly offsets: Int32Array } => {
  const types = interactionTypeByCode.length
  const offsets = new Int32Array(types + 1)
  for (let i = 0; i < count; i++) {
    if (type[i]! >= types) throw new RangeError(`interaction ${i} has the unknown type code ${type[i]}`)
    offsets[type[i]! + 1]!++
  }
  for (let t = 0; t < types; t++) offsets[t + 1]! += offsets[t]!
  const next = offsets.slice()
  const byType = new Int32Array(count)
  for (let i = 0; i < count; i++) byType[next[type[i]!]!++] = i
  return { byType, offsets }
}

/** First and last entity, rounded to whole kinds, so that a detector sees all accounts of a kind, also those without an edge. */
const kindRange = (kindOffsets: Int32Array, least: number, most: number): readonly [number, number] => {
  let from = 0
  let to = kindOffsets.length - 1
  while (kindOffsets[from + 1]! <= least) from++
  while (kindOffsets[to - 1]! > most) to--
  return [kindOffsets[from]!, kindOffsets[to]!]
}

/** Orders interactions of one actor and one target: time with unknown first, market, scenario, weight. */
const compareParallel = (raw: RawGraph, place: Uint16Array, i: number, j: number): number => {
  const a = raw.at[i]!
  const b = raw.at[j]!
  if (a !== b) {
    const unknownA = Number.isNaN(a)
    const unknownB = Number.isNaN(b)
    if (unknownA !== unknownB) return unknownA ? -1 : 1
    if (!unknownA) return a < b ? -1 : 1
  }
  return (
    place[raw.market[i]!]! - place[raw.market[j]!]! ||
    raw.scenario[i]! - raw.scenario[j]! ||
    raw.weight[i]! - raw.weight[j]!
  )
}

/** Above this a run of parallel interactions is sorted by the engine's merge sort, not by insertion. */
const shortRun = 16

const sortRun = (raw: RawGraph, place: Uint16Array, edges: Int32Array, from: number, to: number): void => {
  if (to - from > shortRun) {
    edges.subarray(from, to).sort((i, j) => compareParallel(raw, place, i, j))
    return
  }
  for (let k = from + 1; k < to; k++) {
    const moved = edges[k]!
    let j = k - 1
    while (j >= from && compareParallel(raw, place, edges[j]!, moved) > 0) {
      edges[j + 1] = edges[j]!
      j--
    }
    edges[j + 1] = moved
  }
}

interface RelationInput {
  readonly raw: RawGraph
  readonly rank: Int32Array
  readonly place: Uint16Array
  readonly kindOffsets: Int32Array
  /** Positions of the interactions of this type. */
  readonly edges: Int32Array
}

const buildRelation = (code: number, { raw, rank, place, kindOffsets, edges }: RelationInput): Relation => {
  const n = edges.length
  let leastActor = rank.length
  let mostActor = -1
  let leastTarget = rank.length
  let mostTarget = -1
  for (let k = 0; k < n; k++) {
    const a = rank[raw.actor[edges[k]!]!]!
    const t = rank[raw.target[edges[k]!]!]!
    if (a < leastActor) leastActor = a
    if (a > mostActor) mostActor = a
    if (t < leastTarget) leastTarget = t
    if (t > mostTarget) mostTarget = t
  }
  const [actorFrom, actorTo] = kindRange(kindOffsets, leastActor, mostActor)
  const [targetFrom, targetTo] = kindRange(kindOffsets, leastTarget, mostTarget)

  const outOffsets = sharedInt32(actorTo - actorFrom + 1)
  const inOffsets = sharedInt32(targetTo - targetFrom + 1)
  for (let k = 0; k < n; k++) {
    outOffsets[rank[raw.actor[edges[k]!]!]! - actorFrom + 1]!++
    inOffsets[rank[raw.target[edges[k]!]!]! - targetFrom + 1]!++
  }
  for (let r = 1; r < outOffsets.length; r++) outOffsets[r]! += outOffsets[r - 1]!
  for (let r = 1; r < inOffsets.length; r++) inOffsets[r]! += inOffsets[r - 1]!

  const byTarget = new Int32Array(n)
  const nextIn = inOffsets.slice()
  for (let k = 0; k < n; k++) {
    const i = edges[k]!
    byTarget[nextIn[rank[raw.target[i]!]! - targetFrom]!++] = i
  }
  const nextOut = outOffsets.slice()
  const sorted = new Int32Array(n)
  const target = sharedInt32(n)
  for (let k = 0; k < n; k++) {
    const i = byTarget[k]!
    const to = nextOut[rank[raw.actor[i]!]! - actorFrom]!++
    sorted[to] = i
    target[to] = rank[raw.target[i]!]!
  }
  for (let r = 0; r + 1 < outOffsets.length; r++) {
    const end = outOffsets[r + 1]!
    for (let k = outOffsets[r]!; k < end; ) {
      let to = k + 1
      while (to < end && target[to] === target[k]) to++
      if (to - k > 1) sortRun(raw, place, sorted, k, to)
      k = to
    }
  }

  const at = sharedFloat64(n)
  const weight = sharedFloat32(n)
  const market = sharedUint16(n)
  const scenario = sharedUint8(n)
  for (let k = 0; k < n; k++) {
    const i = sorted[k]!
    // One bit pattern for unknown and for zero: NaN has many, -0 equals 0.
    at[k] = Number.isNaN(raw.at[i]!) ? Number.NaN : raw.at[i]! + 0
    weight[k] = raw.weight[i]! + 0
    market[k] = place[raw.market[i]!]!
    scenario[k] = raw.scenario[i]!
  }

  const source = sharedInt32(n)
  const inEdge = sharedInt32(n)
  nextIn.set(inOffsets)
  for (let r = 0; r + 1 < outOffsets.length; r++) {
    for (let k = outOffsets[r]!, end = outOffsets[r + 1]!; k < end; k++) {
      const to = nextIn[target[k]! - targetFrom]!++
      source[to] = r + actorFrom
      inEdge[to] = k
    }
  }
  const type = interactionTypeByCode[code]
  if (type === undefined) throw new RangeError(`the schema has no interaction type with code ${code}`)
  return {
    type,
    count: n,
    actorFrom,
    outOffsets,
    target,
    at,
    weight,
    market,
    scenario,
    targetFrom,
    inOffsets,
    source,
    inEdge,
  }
}

/**
 * The snapshot of all interactions of `raw`, the entities at their ends, and those that were recorded by themselves.
 * Throws RangeError where a code or a position is outside its range, or where two entities have the same kind and id.
 * Memory: the result (27 bytes an interaction) and 12 bytes an interaction while it runs.
 */
export const buildSnapshot = (raw: RawGraph): Snapshot => {
  const { table, rank } = buildEntities(raw)
  const { markets, place } = buildMarkets(raw)
  const { byType, offsets } = groupByType(raw)
  const relations: Relation[] = []
  for (let code = 0; code + 1 < offsets.length; code++) {
    const edges = byType.subarray(offsets[code]!, offsets[code + 1]!)
    if (edges.length === 0) continue
    relations.push(buildRelation(code, { raw, rank, place, kindOffsets: table.kindOffsets, edges }))
  }
  return { asOf: raw.asOf, entities: table, markets, relations }
}
