/** What detectors of a warm run share: where something is new, and what an earlier run found in the numbers of the present snapshot. */
import type { InteractionType } from '../../graph-schema/schema.js'
import { mapCount } from '../graph/fact-count.js'
import type { Snapshot } from '../graph/snapshot.js'
import { edgesNow, type SnapshotChange } from '../graph/snapshot-change.js'
import type { Candidate, Focus } from './detector.js'

const NONE = new Uint8Array(0)

/** 1 for each new interaction of a relation; empty where all are old. */
export const newEdges = ({ change }: Focus, type: InteractionType): Uint8Array =>
  change.relations.find((each) => each.type === type && each.newCount > 0)?.isNew ?? NONE

/** 1 for each entity that is an end of a new interaction of one of the types. */
export const touchedEntities = (focus: Focus, snapshot: Snapshot, types: readonly InteractionType[]): Uint8Array => {
  const touched = new Uint8Array(snapshot.entities.count)
  for (const { type, actorFrom, outOffsets, target } of snapshot.relations) {
    if (!types.includes(type)) continue
    const isNew = newEdges(focus, type)
    if (isNew.length === 0) continue
    for (let row = 0; row + 1 < outOffsets.length; row++)
      for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++)
        if (isNew[edge] === 1) {
          touched[actorFrom + row] = 1
          touched[target[edge]!] = 1
        }
  }
  return touched
}

/** Candidates of the earlier snapshot in the numbers of the later. */
export const carriedOver = (candidates: readonly Candidate[], change: SnapshotChange): readonly Candidate[] => {
  const places = new Map<InteractionType, Int32Array>()
  const placesOf = (type: InteractionType): Int32Array => {
    let known = places.get(type)
    if (!known) {
      const own = change.relations.find((each) => each.type === type)
      known = own ? edgesNow(own) : new Int32Array(0)
      places.set(type, known)
    }
    return known
  }
  const now = (entity: number): number => change.entityNow[entity]!
  return candidates.map((candidate) => ({
    ...candidate,
    members: candidate.members.map((member) => ({ ...member, entity: now(member.entity) })),
    facts: candidate.facts.map((fact) => ({
      ...fact,
      count: mapCount(fact.count, now),
      shows: fact.shows.map(({ type, edges }) => ({ type, edges: edges.map((edge) => placesOf(type)[edge]!) })),
    })),
  }))
}
