/**
 * A part of the graph small enough to look at: where entities meet, and the lines among chosen ones. All work is bounded by a number of
 * interactions that are looked at, and what a bound left out is counted.
 */
import type { InteractionType } from '../../graph-schema/schema.js'
import type { Relation, Snapshot } from './snapshot.js'

/** All interactions of one type from one entity to another. */
export interface Line {
  readonly type: InteractionType
  readonly source: number
  readonly target: number
  readonly count: number
  /** Epoch milliseconds of the first and the last whose time is known; null where none is. */
  readonly first: number | null
  readonly last: number | null
}

/** An entity where several of the chosen meet. */
export interface MeetingPlace {
  readonly entity: number
  /** How many of the chosen. */
  readonly visitors: number
  /** Of anybody. */
  readonly interactions: number
}

/** Positions [from, to) of an entity's interactions of a relation. */
const rowOf = (relation: Relation, side: 'out' | 'in', entity: number): readonly [number, number] => {
  const [first, offsets] =
    side === 'out' ? [relation.actorFrom, relation.outOffsets] : [relation.targetFrom, relation.inOffsets]
  const row = entity - first
  return row < 0 || row >= offsets.length - 1 ? [0, 0] : [offsets[row]!, offsets[row + 1]!]
}

const SIDES = ['out', 'in'] as const

export const interactionsOf = (snapshot: Snapshot, entity: number): number => {
  let all = 0
  for (const relation of snapshot.relations)
    for (const side of SIDES) {
      const [from, to] = rowOf(relation, side, entity)
      all += to - from
    }
  return all
}

/** The other ends of an entity's interactions, each once, ascending, without itself; null where it has more interactions than `most`. */
export const neighboursWithin = (snapshot: Snapshot, entity: number, most: number): Int32Array | null => {
  if (interactionsOf(snapshot, entity) > most) return null
  const found = new Set<number>()
  for (const relation of snapshot.relations)
    for (const side of SIDES) {
      const ends = side === 'out' ? relation.target : relation.source
      const [from, to] = rowOf(relation, side, entity)
      for (let i = from; i < to; i++) found.add(ends[i]!)
    }
  found.delete(entity)
  return Int32Array.from(found).sort()
}

/**
 * Entities that two or more of `members` interact with and that are no members themselves, by falling share of the members among all that
 * happens there. `unread`: members beyond a bound on the work, of whom nothing was looked at.
 */
export const meetingPlaces = (
  snapshot: Snapshot,
  members: Int32Array,
  mostVisits: number,
): { readonly places: MeetingPlace[]; readonly unread: number } => {
  const isMember = new Set(members)
  const visitors = new Map<number, number>()
  let visits = 0
  let read = 0
  for (const member of members) {
    const left = mostVisits - visits
    const around = neighboursWithin(snapshot, member, left)
    if (around === null) continue
    read++
    visits += around.length
    for (const place of around) if (!isMember.has(place)) visitors.set(place, (visitors.get(place) ?? 0) + 1)
  }
  const places: MeetingPlace[] = []
  for (const [entity, count] of visitors)
    if (count > 1) places.push({ entity, visitors: count, interactions: interactionsOf(snapshot, entity) })
  places.sort((a, b) => b.visitors / b.interactions - a.visitors / a.interactions || a.entity - b.entity)
  return { places, unread: members.length - read }
}

/** Lines whose ends are both among `chosen`, by type, source and target. `unread`: chosen actors beyond a bound on the work. */
export const linesAmong = (
  snapshot: Snapshot,
  chosen: Int32Array,
  mostVisits: number,
): { readonly lines: Line[]; readonly unread: number } => {
  const isChosen = new Set(chosen)
  const actors = Int32Array.from(chosen).sort()
  const lines: Line[] = []
  const unread = new Set<number>()
  let visits = 0
  for (const relation of snapshot.relations)
    for (const source of actors) {
      const [from, to] = rowOf(relation, 'out', source)
      if (visits + to - from > mostVisits) {
        unread.add(source)
        continue
      }
      visits += to - from
      // Ordered by target, so that all of one line stand together.
      for (let i = from; i < to; ) {
        const target = relation.target[i]!
        let first = Number.POSITIVE_INFINITY
        let last = Number.NEGATIVE_INFINITY
        const begin = i
        for (; i < to && relation.target[i] === target; i++) {
          const at = relation.at[i]!
          if (at < first) first = at
          if (at > last) last = at
        }
        if (target === source || !isChosen.has(target)) continue
        const timed = first <= last
        lines.push({
          type: relation.type,
          source,
          target,
          count: i - begin,
          first: timed ? first : null,
          last: timed ? last : null,
        })
      }
    }
  return { lines, unread: unread.size }
}
