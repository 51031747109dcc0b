/**
 * What GraphSAGE's log-odds of an entity hang on: features and neighbours, each left out by itself and the network evaluated anew.
 * Effects of single removals do not add up to the whole.
 *
 * Zhitao Ying et al., "GNNExplainer: Generating Explanations for Graph Neural Networks", NeurIPS 2019, arXiv:1903.03894 (the question:
 * which edges and features a prediction hangs on). Here no mask is learned: single removals are few enough to be done exactly.
 */
import { rangeOf } from '../features/product/sides.js'
import type { EntityScorer, OneScore } from './entity-scorer.js'
import { heldMean } from './shares.js'

/** Removals that are tried: of features those that move the first layer most, of neighbours those whom few others know. */
const bounds = { features: 24, neighbours: 24 }

export interface SageReason {
  /** A place among the entity's features, or a neighbour. */
  readonly is: 'feature' | 'neighbour'
  readonly index: number
  /** Log-odds with it less those without it. */
  readonly effect: number
}

export interface SageReasons {
  readonly reasons: readonly SageReason[]
  readonly tried: number
  readonly leftOut: number
}

/** By falling size of the effect. A feature is left out by saying that it is not known. */
export const sageReasons = (scorer: EntityScorer, entity: number, { row, sage }: OneScore): SageReasons => {
  const { features, nodes } = scorer
  const part = scorer.partOf(entity)
  const places = scorer.unlabelled(entity)
  const own = Float32Array.from(places, (j) => row[j]!)
  const moved = places
    .map((place, j) => {
      const value = own[j]!
      if (Number.isNaN(value)) return { place, encoded: sage.encoded, size: 0 }
      own[j] = Number.NaN
      const encoded = nodes.encoded(sage.kind, own)
      own[j] = value
      return { place, encoded, size: encoded.reduce((sum, x, f) => sum + (x - sage.encoded[f]!) ** 2, 0) }
    })
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size || a.place - b.place)
  const byFeature = moved.slice(0, bounds.features).map(({ place, encoded }): SageReason => {
    const logits = nodes.logits(sage.kind, nodes.first(sage.kind, encoded), sage.neighbours)
    return { is: 'feature', index: place, effect: sage.logOdds - heldMean(logits, part) }
  })
  const read = new Set<number>()
  for (const { relation, rows } of sage.neighbours) {
    const { from } = rangeOf(features.snapshot, nodes.endOf(relation))
    for (const other of rows) read.add(from + other)
  }
  const near = [...read]
    .map((other) => ({ other, degree: features.neighbours(other).length }))
    .sort((a, b) => a.degree - b.degree || a.other - b.other)
  const byNeighbour = near.slice(0, bounds.neighbours).map(({ other }): SageReason => {
    const kept = sage.neighbours.flatMap(({ relation, rows }) => {
      const { from, to } = rangeOf(features.snapshot, nodes.endOf(relation))
      if (other < from || other >= to) return [{ relation, rows }]
      const left = rows.filter((each) => from + each !== other)
      return left.length > 0 ? [{ relation, rows: left }] : []
    })
    const logits = nodes.logits(sage.kind, sage.first, kept)
    return { is: 'neighbour', index: other, effect: sage.logOdds - heldMean(logits, part) }
  })
  const tried = [...byFeature, ...byNeighbour]
  return {
    reasons: tried.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect) || a.index - b.index),
    tried: tried.length,
    leftOut: moved.length + near.length - tried.length,
  }
}
