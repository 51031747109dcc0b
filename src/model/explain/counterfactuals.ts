/**
 * What the score would be without one entity or one ring: the features are read anew as if the two had never met, and scored anew.
 * Only what takes the whole graph to tell (core, community, rank, walks from known labels) stays as it is.
 *
 * The smallest change that moves a decision as its explanation: Sandra Wachter, Brent Mittelstadt and Chris Russell, "Counterfactual
 * Explanations without Opening the Black Box", Harvard Journal of Law & Technology 31(2), 2018; edges left out one by one: Ana Lucic
 * et al., "CF-GNNExplainer: Counterfactual Explanations for Graph Neural Networks", AISTATS 2022.
 */
import { entityKind } from '../../../graph-schema/schema.js'
import { entityName, kindOf } from '../../graph/snapshot.js'
import type { Change, EntityFeatures } from '../features/product/entity-features.js'

export interface Tried {
  readonly change: Change
  /** `kind:id`, or the ring's id. */
  readonly name: string
  /** What it is, for the sentence: shared by how many, or which role. */
  readonly words: string
}

export interface Trial {
  readonly tried: readonly Tried[]
  /** Neighbours and rings that were not tried. */
  readonly leftOut: number
}

/** Each costs about a millisecond. */
const bounds = { rings: 4, identifiers: 8, neighbours: 6 }
/** Ends of walks that are read for all trials together, about 20 ms; an entity with very many gets fewer trials, but some. */
const mostEnds = 1_000_000
const fewestTrials = 3
/** Reading a neighbour's interactions anew takes as long as it has interactions; beyond this it is left out. */
const mostNeighbours = 20_000

/** The first of each list, then the second of each, and so on. */
const inTurns = <T>(lists: readonly (readonly T[])[]): readonly T[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, i) =>
    lists.flatMap((list) => list.slice(i, i + 1)),
  ).flat()

/** Rings, identifiers and other neighbours in turn; of each those first that few share. Deterministic. */
export const changesOf = (features: EntityFeatures, entity: number): Trial => {
  const { snapshot } = features
  const rings = features.belongings(entity).map(
    ({ ring, member }): Tried => ({
      change: { without: 'ring', ring: ring.id },
      name: ring.id,
      words: `its membership of the ring ${ring.id} (${member.role})`,
    }),
  )
  const neighbours = Array.from(features.neighbours(entity), (other) => ({
    other,
    degree: features.neighbours(other).length,
    isIdentifier: entityKind(kindOf(snapshot, other)).identifier,
  }))
  // What nobody else uses ties to nobody: it comes last.
  const rank = (degree: number) => (degree > 1 ? degree : Number.MAX_SAFE_INTEGER)
  const of = (isIdentifier: boolean) =>
    neighbours
      .filter((each) => each.isIdentifier === isIdentifier && each.degree <= mostNeighbours)
      .sort((a, b) => rank(a.degree) - rank(b.degree) || a.other - b.other)
      .slice(0, isIdentifier ? bounds.identifiers : bounds.neighbours)
      .map(({ other, degree }): Tried => {
        const meet = degree === 1 ? 'which nobody else meets' : `which ${degree} entities meet`
        return { change: { without: 'entity', entity: other }, name: entityName(snapshot, other), words: meet }
      })
  const most = Math.max(fewestTrials, Math.floor(mostEnds / Math.max(1, features.walkEnds(entity))))
  const tried = inTurns([rings.slice(0, bounds.rings), of(true), of(false)]).slice(0, most)
  return { tried, leftOut: rings.length + neighbours.length - tried.length }
}
