/** The interactions of one entity as a snapshot of their own, so that whatever reads an entity's rows reads them without its neighbours' rows. */
import type { Relation, Snapshot } from './snapshot.js'

/** Rows of a relation in one direction: positions lists[from .. to - 1]. */
const rowOf = (offsets: Int32Array, first: number, entity: number): readonly [number, number] =>
  entity >= first && entity - first + 1 < offsets.length
    ? [offsets[entity - first]!, offsets[entity - first + 1]!]
    : [0, 0]

const ownRelation = (relation: Relation, entity: number, without: number): Relation | null => {
  const isKept = (other: number) => other !== entity && other !== without
  const [outFrom, outTo] = rowOf(relation.outOffsets, relation.actorFrom, entity)
  const [inFrom, inTo] = rowOf(relation.inOffsets, relation.targetFrom, entity)
  let out = 0
  for (let k = outFrom; k < outTo; k++) out += Number(isKept(relation.target[k]!))
  let back = 0
  for (let k = inFrom; k < inTo; k++) back += Number(isKept(relation.source[k]!))
  const count = out + back
  if (count === 0) return null
  const own = {
    target: new Int32Array(count),
    at: new Float64Array(count),
    weight: new Float32Array(count),
    market: new Uint16Array(count),
    scenario: new Uint8Array(count),
    source: new Int32Array(back),
    inEdge: new Int32Array(back),
  }
  let at = 0
  const copy = (edge: number, target: number) => {
    own.target[at] = target
    own.at[at] = relation.at[edge]!
    own.weight[at] = relation.weight[edge]!
    own.market[at] = relation.market[edge]!
    own.scenario[at] = relation.scenario[edge]!
    at++
  }
  for (let k = outFrom; k < outTo; k++) if (isKept(relation.target[k]!)) copy(k, relation.target[k]!)
  for (let k = inFrom, i = 0; k < inTo; k++) {
    const other = relation.source[k]!
    if (!isKept(other)) continue
    own.source[i] = other
    own.inEdge[i++] = at
    copy(relation.inEdge[k]!, entity)
  }
  return {
    ...own,
    type: relation.type,
    count,
    actorFrom: entity,
    outOffsets: Int32Array.of(0, out),
    targetFrom: entity,
    inOffsets: Int32Array.of(0, back),
  }
}

/**
 * Same numbers of entities, interactions of `entity` alone, in their order; those with `without` (-1: with nobody) and with itself are
 * left out. What interactions carry beside the columns of all (fingerprints, ratings) is not in it.
 */
export const ownInteractions = (snapshot: Snapshot, entity: number, without = -1): Snapshot => ({
  asOf: snapshot.asOf,
  entities: snapshot.entities,
  markets: snapshot.markets,
  relations: snapshot.relations.flatMap((relation) => ownRelation(relation, entity, without) ?? []),
})
