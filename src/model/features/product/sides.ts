/**
 * Sides: an interaction type with its direction, as seen by the entities of one kind. A type that ends at several kinds (what an
 * account uses) is one side for each.
 */
import {
  type EntityKind,
  entityKinds,
  type InteractionType,
  interactionType,
  interactionTypeNames,
} from '../../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../../graph/snapshot.js'
import { type Check, checkInterval, neverCancelled } from '../../../kernels/check.js'
import type { Csr } from '../../../kernels/csr.js'
import type { Scope } from '../measure.js'

/** The kinds that are scored, each with a table of its own. */
export const scoredKinds = ['creator', 'user', 'video', 'product'] as const satisfies readonly EntityKind[]
export type ScoredKind = (typeof scoredKinds)[number]

export interface Side extends Scope {
  readonly type: InteractionType
  /** `out`: the entity is the actor; `both`: the type has no direction. */
  readonly direction: 'out' | 'in' | 'both'
  /** The kind at the other end, where the side has only one of several; null: all. */
  readonly partner: EntityKind | null
}

const wordsOf = (type: InteractionType, direction: Side['direction'], partner: EntityKind | null): string => {
  const end = partner === null ? '' : ` with a ${partner}`
  if (direction === 'both') return `\`${type}\` links${end}`
  return `\`${type}\` interactions${end} that it ${direction === 'out' ? 'makes' : 'gets'}`
}

/**
 * In the order of the schema. Enforcement is left out: a decision about an entity is what a model is to foretell, and it comes in
 * only as a known label of others.
 */
export const sidesOf = (kind: EntityKind): readonly Side[] =>
  interactionTypeNames.flatMap((type): readonly Side[] => {
    const { actors, targets, undirected, enforcement } = interactionType(type)
    if (enforcement) return []
    const side = (direction: Side['direction'], partner: EntityKind | null): Side => ({
      type,
      direction,
      partner,
      name: `${type}${partner === null ? '' : `-${partner}`}.${direction}`,
      words: wordsOf(type, direction, partner),
    })
    const partners = (kinds: readonly EntityKind[]) => (kinds.length > 1 ? kinds : [null])
    if (undirected) return actors.includes(kind) ? [side('both', null)] : []
    return [
      ...(actors.includes(kind) ? partners(targets).map((partner) => side('out', partner)) : []),
      ...(targets.includes(kind) ? partners(actors).map((partner) => side('in', partner)) : []),
    ]
  })

export interface Range {
  readonly from: number
  /** One past the last. */
  readonly to: number
}

/** Entities of the kinds from one to another in the order of the schema's codes. */
export const rangeOf = ({ entities }: Snapshot, first: EntityKind, last: EntityKind = first): Range => ({
  from: entities.kindOffsets[entityKinds[first].code]!,
  to: entities.kindOffsets[entityKinds[last].code + 1]!,
})

/** The interactions of one side, row by row: neighbours ascending, not the entity itself. */
export interface SideRows {
  readonly relation: Relation
  /** Length rows + 1. */
  readonly offsets: Int32Array
  /** Entity at the other end. */
  readonly neighbour: Int32Array
  /** Position of the interaction in the relation's arrays. */
  readonly edge: Int32Array
}

/** One direction of a relation. Out: interactions in the order of its arrays; in: by `inEdge`. */
export interface Half {
  /** Rows are entities first .. first + offsets.length - 2. */
  readonly first: number
  readonly offsets: Int32Array
  readonly neighbour: Int32Array
  /** Null: interaction k is at position k. */
  readonly edge: Int32Array | null
}

export const halfOf = (relation: Relation, direction: 'out' | 'in'): Half =>
  direction === 'out'
    ? { first: relation.actorFrom, offsets: relation.outOffsets, neighbour: relation.target, edge: null }
    : { first: relation.targetFrom, offsets: relation.inOffsets, neighbour: relation.source, edge: relation.inEdge }

const empty: Half = {
  first: 0,
  offsets: new Int32Array(1),
  neighbour: new Int32Array(0),
  edge: null,
}

export const rowStart = ({ first, offsets }: Half, entity: number): number =>
  entity >= first && entity - first + 1 < offsets.length ? offsets[entity - first]! : 0

export const rowEnd = ({ first, offsets }: Half, entity: number): number =>
  entity >= first && entity - first + 1 < offsets.length ? offsets[entity - first + 1]! : 0

/** Null where the snapshot has no such interactions of entities in the range. */
export const sideRows = (
  snapshot: Snapshot,
  side: Side,
  { from, to }: Range,
  check: Check = neverCancelled,
): SideRows | null => {
  const relation = relationOf(snapshot, side.type)
  if (!relation) return null
  const wanted = side.partner === null ? { from: 0, to: snapshot.entities.count } : rangeOf(snapshot, side.partner)
  const a = halfOf(relation, side.direction === 'in' ? 'in' : 'out')
  const b = side.direction === 'both' ? halfOf(relation, 'in') : empty
  let most = 0
  for (let v = from; v < to; v++) most += rowEnd(a, v) - rowStart(a, v) + rowEnd(b, v) - rowStart(b, v)
  const offsets = new Int32Array(to - from + 1)
  const neighbour = new Int32Array(most)
  const edge = new Int32Array(most)
  let at = 0
  for (let v = from; v < to; v++) {
    if ((v - from) % checkInterval === 0) check()
    let i = rowStart(a, v)
    let j = rowStart(b, v)
    const iEnd = rowEnd(a, v)
    const jEnd = rowEnd(b, v)
    while (i < iEnd || j < jEnd) {
      const isFirst = j >= jEnd || (i < iEnd && a.neighbour[i]! <= b.neighbour[j]!)
      const half = isFirst ? a : b
      const k = isFirst ? i++ : j++
      const u = half.neighbour[k]!
      if (u === v || u < wanted.from || u >= wanted.to) continue
      neighbour[at] = u
      edge[at++] = half.edge === null ? k : half.edge[k]!
    }
    offsets[v - from + 1] = at
  }
  if (at === 0) return null
  return { relation, offsets, neighbour: neighbour.subarray(0, at), edge: edge.subarray(0, at) }
}

/** Each neighbour of a row once. Columns are entities. */
export const distinctPairs = ({ offsets, neighbour }: SideRows, entities: number): Csr => {
  const rows = offsets.length - 1
  const distinctOffsets = new Int32Array(rows + 1)
  const columns = new Int32Array(neighbour.length)
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (let k = offsets[row]!, end = offsets[row + 1]!; k < end; k++)
      if (k === offsets[row]! || neighbour[k] !== neighbour[k - 1]) columns[at++] = neighbour[k]!
    distinctOffsets[row + 1] = at
  }
  return {
    rowCount: rows,
    columnCount: entities,
    offsets: distinctOffsets,
    columns: columns.subarray(0, at),
    weights: null,
  }
}
