/**
 * Shortest paths between two entities over interactions of any type, in either direction. A place where many meet ties everybody to
 * everybody, so paths do not pass through entities with more than `maxDegree` interactions; the two ends may have any number.
 */
import type { InteractionType } from '../../graph-schema/schema.js'
import { neighboursOf } from './connections.js'
import { entityName, type Snapshot } from './snapshot.js'

export interface PathStep {
  readonly type: InteractionType
  /** `forward`: the entity before acts on this one. */
  readonly direction: 'forward' | 'backward'
  readonly entity: string
}

export interface Paths {
  /** Steps of each path from the first entity to the second, all equally long; none where they are not tied. */
  readonly paths: readonly (readonly PathStep[])[]
  /** Whether there may be shorter or more ones: the bound on the work, on the length or on their number was met. */
  readonly cut: boolean
}

export interface PathOptions {
  readonly maxDegree: number
  /** Steps of a path. */
  readonly maxLength: number
  readonly limit: number
}

/** Interactions looked at for one answer, at most: about a tenth of a second. */
const MOST_VISITS = 300_000

interface Arrival {
  readonly from: number
  readonly type: InteractionType
  readonly direction: PathStep['direction']
}

export const degreeOf = (snapshot: Snapshot, entity: number): number => {
  let degree = 0
  for (const { outOffsets, inOffsets, actorFrom, targetFrom } of snapshot.relations)
    for (const [offsets, from] of [
      [outOffsets, actorFrom],
      [inOffsets, targetFrom],
    ] as const) {
      const row = entity - from
      if (row >= 0 && row < offsets.length - 1) degree += offsets[row + 1]! - offsets[row]!
    }
  return degree
}

/** Breadth first from `first`; the same graph gives the same paths in the same order. */
export const shortestPaths = (
  snapshot: Snapshot,
  first: number,
  second: number,
  { maxDegree, maxLength, limit }: PathOptions,
): Paths => {
  const depth = new Map([[first, 0]])
  const arrivals = new Map<number, Arrival[]>()
  let frontier = [first]
  let visits = 0
  for (let length = 1; length <= maxLength && frontier.length > 0 && !depth.has(second); length++) {
    const next: number[] = []
    for (const entity of frontier) {
      const degree = degreeOf(snapshot, entity)
      if (entity !== first && degree > maxDegree) continue
      visits += degree
      if (visits > MOST_VISITS) return { paths: [], cut: true }
      for (const relation of snapshot.relations)
        for (const side of ['out', 'in'] as const)
          for (const { entity: other } of neighboursOf(relation, side, entity)) {
            const known = depth.get(other)
            if (known === undefined) {
              depth.set(other, length)
              next.push(other)
            } else if (known !== length) continue
            const arrival: Arrival = {
              from: entity,
              type: relation.type,
              direction: side === 'out' ? 'forward' : 'backward',
            }
            const all = arrivals.get(other)
            if (all) all.push(arrival)
            else arrivals.set(other, [arrival])
          }
    }
    frontier = next
  }
  const tied = depth.has(second)
  if (!tied || first === second) return { paths: [], cut: !tied && frontier.length > 0 }

  const paths: PathStep[][] = []
  let more = false
  const walk = (entity: number, after: readonly PathStep[]): void => {
    if (paths.length === limit) {
      more = true
      return
    }
    if (entity === first) {
      paths.push([...after])
      return
    }
    for (const { from, type, direction } of arrivals.get(entity)!) {
      walk(from, [{ type, direction, entity: entityName(snapshot, entity) }, ...after])
      if (more) return
    }
  }
  walk(second, [])
  return { paths, cut: more }
}
