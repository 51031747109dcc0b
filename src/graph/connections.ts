/**
 * Who meets an entity, and where: entities that use the same identifier, act on the same target, or are acted on by the same
 * actor, from the snapshot. A place where many meet says little, so each is given with how many do.
 */
import type { InteractionType } from '../../graph-schema/schema.js'
import { entityName, type Relation, type Snapshot } from './snapshot.js'

export interface SharedPlace {
  readonly type: InteractionType
  /** `kind:id` of the place. */
  readonly through: string
  readonly sharedBy: number
  /** When each was there first; null for two entities that interact directly. */
  readonly times: {
    readonly first: string | null
    readonly second: string | null
    readonly gapSeconds: number | null
  } | null
}

export interface Connection {
  readonly entity: string
  /** Rarest place first. */
  readonly shared: readonly SharedPlace[]
  /** Places beyond those in `shared`. */
  readonly more: number
}

const PLACES_SHOWN = 20

interface Visit {
  readonly entity: number
  readonly edge: number
}

/** The other ends of an entity's interactions of one relation, on one side. */
export const neighboursOf = (relation: Relation, side: 'out' | 'in', entity: number): Visit[] => {
  const from = side === 'out' ? relation.actorFrom : relation.targetFrom
  const offsets = side === 'out' ? relation.outOffsets : relation.inOffsets
  const row = entity - from
  if (row < 0 || row >= offsets.length - 1) return []
  const visits: Visit[] = []
  const seen = new Set<number>()
  for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
    const other = side === 'out' ? relation.target[i]! : relation.source[i]!
    if (other === entity || seen.has(other)) continue
    seen.add(other)
    visits.push({ entity: other, edge: side === 'out' ? i : relation.inEdge[i]! })
  }
  return visits
}

const text = (at: number): string | null => (Number.isNaN(at) ? null : new Date(at).toISOString())

const meeting = (
  snapshot: Snapshot,
  relation: Relation,
  place: number,
  sharedBy: number,
  first: number,
  second: number,
): SharedPlace => {
  const a = relation.at[first]!
  const b = relation.at[second]!
  const gap = Math.abs(a - b) / 1000
  const times = { first: text(a), second: text(b), gapSeconds: Number.isNaN(gap) ? null : gap }
  return { type: relation.type, through: entityName(snapshot, place), sharedBy, times }
}

const SIDES = [
  ['out', 'in'],
  ['in', 'out'],
] as const

/** What two entities have in common, all of it, rarest place first; direct interactions come as their own place. */
export const commonWith = (snapshot: Snapshot, first: number, second: number): SharedPlace[] => {
  const places: SharedPlace[] = []
  for (const relation of snapshot.relations)
    for (const [there, back] of SIDES) {
      const of = new Map(neighboursOf(relation, there, second).map((visit) => [visit.entity, visit.edge]))
      for (const { entity: place, edge } of neighboursOf(relation, there, first)) {
        if (place === second)
          places.push({ type: relation.type, through: entityName(snapshot, second), sharedBy: 2, times: null })
        const other = of.get(place)
        if (other !== undefined)
          places.push(meeting(snapshot, relation, place, neighboursOf(relation, back, place).length, edge, other))
      }
    }
  return places.sort((a, b) => a.sharedBy - b.sharedBy || (a.through < b.through ? -1 : 1))
}

/** Visits looked at for one answer, at most: about a tenth of a second, for which nothing else is answered. */
const MOST_VISITS = 300_000

interface Place {
  readonly relation: Relation
  readonly back: 'out' | 'in'
  readonly place: number
  readonly edge: number
  /** Interactions there: visitors from above, without counting them. */
  readonly interactions: number
}

const placesOf = (snapshot: Snapshot, entity: number): Place[] => {
  const places: Place[] = []
  for (const relation of snapshot.relations)
    for (const [there, back] of SIDES)
      for (const { entity: place, edge } of neighboursOf(relation, there, entity)) {
        const row = place - (back === 'out' ? relation.actorFrom : relation.targetFrom)
        const offsets = back === 'out' ? relation.outOffsets : relation.inOffsets
        places.push({ relation, back, place, edge, interactions: offsets[row + 1]! - offsets[row]! })
      }
  // The least crowded first, so that a bound on the work leaves out the least telling ones; the rest is in a fixed order already.
  return places.sort((a, b) => a.interactions - b.interactions)
}

/**
 * Entities that share places with this one, by how telling these are (the sum of 1 / visitors), most first. Places with more
 * visitors than `maxShared`, and the most crowded ones beyond a bound on the work, are counted in `crowdedPlaces`.
 */
export const connectionsOf = (
  snapshot: Snapshot,
  entity: number,
  { limit, maxShared }: { readonly limit: number; readonly maxShared: number },
): { readonly connections: Connection[]; readonly leftOut: { crowdedPlaces: number; entities: number } } => {
  const found = new Map<number, { weight: number; readonly shared: SharedPlace[] }>()
  let crowdedPlaces = 0
  let visits = 0
  for (const { relation, back, place, edge, interactions } of placesOf(snapshot, entity)) {
    visits += interactions
    const visitors = visits > MOST_VISITS ? null : neighboursOf(relation, back, place)
    if (visitors === null || visitors.length > maxShared) {
      crowdedPlaces++
      continue
    }
    for (const visitor of visitors) {
      if (visitor.entity === entity) continue
      const known = found.get(visitor.entity) ?? { weight: 0, shared: [] }
      known.weight += 1 / visitors.length
      known.shared.push(meeting(snapshot, relation, place, visitors.length, edge, visitor.edge))
      found.set(visitor.entity, known)
    }
  }
  const ordered = [...found].sort(([a, x], [b, y]) => y.weight - x.weight || a - b)
  const connections = ordered.slice(0, limit).map(([other, { shared }]): Connection => {
    shared.sort((a, b) => a.sharedBy - b.sharedBy || (a.through < b.through ? -1 : 1))
    return {
      entity: entityName(snapshot, other),
      shared: shared.slice(0, PLACES_SHOWN),
      more: Math.max(0, shared.length - PLACES_SHOWN),
    }
  })
  return { connections, leftOut: { crowdedPlaces, entities: Math.max(0, ordered.length - limit) } }
}
