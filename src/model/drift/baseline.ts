/** What the platform looked like to a model when it was trained: the distribution of every feature and score, and which entities were there. */
import type { Snapshot } from '../../graph/snapshot.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { ScoredKind } from '../features/product/sides.js'
import { countInBins, decileEdges, type Histogram } from './bins.js'
import { rememberEntities, type SeenEntities } from './seen.js'

export interface KindBaseline {
  readonly kind: ScoredKind
  readonly features: readonly { readonly name: string; readonly histogram: Histogram }[]
  readonly scores: Histogram
}

export interface ModelBaseline {
  readonly kinds: readonly KindBaseline[]
  readonly seen: SeenEntities
}

/** What one scoring shows of a kind, over the bins of a baseline or over its own deciles. */
export const describeInputs = (matrix: FeatureMatrix, before: KindBaseline | null): KindBaseline['features'] => {
  const edges = new Map(before?.features.map(({ name, histogram }) => [name, histogram.edges]))
  return matrix.names.map((name, at) => {
    const values = matrix.columns[at]!
    return { name, histogram: countInBins(values, edges.get(name) ?? decileEdges(values)) }
  })
}

export const describeScores = (scores: Float64Array, before: KindBaseline | null): Histogram =>
  countInBins(scores, before?.scores.edges ?? decileEdges(scores))

export const baselineOf = (snapshot: Snapshot, kinds: readonly KindBaseline[]): ModelBaseline => ({
  kinds,
  seen: rememberEntities(
    snapshot,
    kinds.map(({ kind }) => kind),
  ),
})

const format = 'ringfence-baseline/1'

/** An object each kind and feature, for people too. */
export const baselineToJson = ({ kinds, seen }: ModelBaseline): string =>
  JSON.stringify({ format, kinds, seen: Buffer.from(seen.bits).toString('base64') })

/** Null for what is of another format: then drift cannot be told. */
export const baselineFromJson = (text: string): ModelBaseline | null => {
  const stored = JSON.parse(text) as { format: string; kinds: readonly KindBaseline[]; seen: string }
  if (stored.format !== format) return null
  return { kinds: stored.kinds, seen: { bits: Uint8Array.from(Buffer.from(stored.seen, 'base64')) } }
}
