/**
 * Why two entities belong together, and why a third does not: direct interactions, places that they share with the gaps in time,
 * shortest paths, and of each place whether the third is there too.
 */
import type { InteractionType } from '../../graph-schema/schema.js'
import { commonWith, type SharedPlace } from './connections.js'
import { type PathOptions, type Paths, shortestPaths } from './paths.js'
import { entityName, type Snapshot } from './snapshot.js'

export interface DirectInteraction {
  readonly type: InteractionType
  readonly actor: string
  readonly target: string
  readonly at: string | null
  readonly market: string | null
  readonly weight: number
}

export interface PairView {
  readonly first: string
  readonly second: string
  /** By type, then time, unknown first; `directCount` says how many there are. */
  readonly direct: readonly DirectInteraction[]
  readonly directCount: number
  /** Places of both, rarest first; direct interactions are not repeated here. */
  readonly shared: readonly SharedPlace[]
  readonly sharedCount: number
  /** Of the places of both: how many are identifiers, and the least gap in time, in seconds. */
  readonly identifiers: number
  readonly leastGapSeconds: number | null
  readonly paths: Paths
}

export interface Comparison {
  readonly pair: PairView
  /** With a third entity: each of the two with it, and the places of the pair that the third is not at. */
  readonly apart: {
    readonly third: string
    readonly firstWithThird: PairView
    readonly secondWithThird: PairView
    readonly withoutThird: readonly SharedPlace[]
    readonly withoutThirdCount: number
  } | null
}

/** Of direct interactions and of places, at most so many are listed; their counts are whole. */
export const LISTED = 100

const directBetween = (snapshot: Snapshot, first: number, second: number): DirectInteraction[] => {
  const found: { readonly time: number; readonly interaction: DirectInteraction }[] = []
  for (const relation of snapshot.relations)
    for (const [actor, target] of first === second ? [] : [[first, second] as const, [second, first] as const]) {
      const row = actor - relation.actorFrom
      if (row < 0 || row >= relation.outOffsets.length - 1) continue
      for (let edge = relation.outOffsets[row]!; edge < relation.outOffsets[row + 1]!; edge++) {
        if (relation.target[edge] !== target) continue
        const time = relation.at[edge]!
        const interaction = {
          type: relation.type,
          actor: entityName(snapshot, actor),
          target: entityName(snapshot, target),
          at: Number.isNaN(time) ? null : new Date(time).toISOString(),
          market: snapshot.markets[relation.market[edge]!] || null,
          weight: relation.weight[edge]!,
        }
        found.push({ time: Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time, interaction })
      }
    }
  const order = new Map(snapshot.relations.map(({ type }, place) => [type, place]))
  found.sort(
    (a, b) =>
      order.get(a.interaction.type)! - order.get(b.interaction.type)! || (a.time === b.time ? 0 : a.time - b.time),
  )
  return found.map(({ interaction }) => interaction)
}

const IDENTIFIERS: ReadonlySet<InteractionType> = new Set<InteractionType>(['uses'])

const pairView = (snapshot: Snapshot, first: number, second: number, options: PathOptions): PairView => {
  const direct = directBetween(snapshot, first, second)
  const shared = commonWith(snapshot, first, second).filter(({ times }) => times !== null)
  const gaps = shared.flatMap(({ times }) => times?.gapSeconds ?? [])
  return {
    first: entityName(snapshot, first),
    second: entityName(snapshot, second),
    direct: direct.slice(0, LISTED),
    directCount: direct.length,
    shared: shared.slice(0, LISTED),
    sharedCount: shared.length,
    identifiers: shared.filter(({ type }) => IDENTIFIERS.has(type)).length,
    leastGapSeconds: gaps.length === 0 ? null : gaps.reduce((least, gap) => Math.min(least, gap)),
    paths: shortestPaths(snapshot, first, second, options),
  }
}

/** Entities are indices of the snapshot; `third` null asks for the pair alone. */
export const compareEntities = (
  snapshot: Snapshot,
  first: number,
  second: number,
  third: number | null,
  options: PathOptions,
): Comparison => {
  const pair = pairView(snapshot, first, second, options)
  if (third === null) return { pair, apart: null }
  const key = ({ type, through }: SharedPlace): string => `${type} ${through}`
  // A place of the first that is a place of the third is one of theirs together.
  const ofThird = new Set(commonWith(snapshot, first, third).map(key))
  const without = commonWith(snapshot, first, second).filter(
    (place) => place.times !== null && !ofThird.has(key(place)),
  )
  return {
    pair,
    apart: {
      third: entityName(snapshot, third),
      firstWithThird: pairView(snapshot, first, third, options),
      secondWithThird: pairView(snapshot, second, third, options),
      withoutThird: without.slice(0, LISTED),
      withoutThirdCount: without.length,
    },
  }
}
