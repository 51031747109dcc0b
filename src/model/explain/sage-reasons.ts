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
  // Each feature has columns of its own in the encoding, so that one encoding of nothing known tells all single removals.
  const missing = nodes.encoded(sage.kind, new Float32Array(places.length).fill(Number.NaN))
  const offsets = nodes.offsets(sage.kind)
  const moved = places
    .map((place, j) => {
      let size = 0
      const [from, to] = [offsets[j]!, offsets[j + 1]!]
      if (!Number.isNaN(row[place]!)) for (let f = from; f < to; f++) size += (missing[f]! - sage.encoded[f]!) ** 2
      return { place, from, to, size }
    })
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size || a.place - b.place)
  const byFeature = moved.slice(0, bounds.features).map(({ place, ...columns }): SageReason => {
    const mixed = nodes.remixed(sage.kind, sage.mixed, sage.encoded, missing, columns)
    const logits = nodes.logits(sage.kind, nodes.activated(sage.kind, mixed), sage.neighbours)
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
    const kept = sage.neighbours.flatMap((read) => {
      const { from, to } = rangeOf(features.snapshot, nodes.endOf(read.relation))
      return other < from || other >= to ? [read] : nodes.leaving(read, other - from)
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
