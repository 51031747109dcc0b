/** The entities around one: what it interacts with, and at two steps who else meets it there. */
import { neighboursOf } from './connections.js'
import type { Snapshot } from './snapshot.js'

export interface Neighbourhood {
  /** Ascending, with the entity itself. */
  readonly entities: Int32Array
  /** Places at which the second step was not taken, as more than `maxShared` meet there. */
  readonly crowdedPlaces: number
}

const sides = ['out', 'in'] as const

/** `steps` is 1 or 2. The first step is always taken whole. */
export const neighbourhoodOf = (
  snapshot: Snapshot,
  entity: number,
  { steps, maxShared }: { readonly steps: 1 | 2; readonly maxShared: number },
): Neighbourhood => {
  const around = (of: number): Set<number> => {
    const found = new Set<number>()
    for (const relation of snapshot.relations)
      for (const side of sides) for (const visit of neighboursOf(relation, side, of)) found.add(visit.entity)
    return found
  }
  const first = around(entity)
  const all = new Set(first).add(entity)
  let crowdedPlaces = 0
  if (steps === 2)
    for (const place of first) {
      const visitors = around(place)
      if (visitors.size > maxShared) crowdedPlaces++
      else for (const visitor of visitors) all.add(visitor)
    }
  return { entities: Int32Array.from(all).sort(), crowdedPlaces }
}
