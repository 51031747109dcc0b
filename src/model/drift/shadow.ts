/** How the scores of a challenger differ from the champion's on the same graph. */
import type { ScoredKind } from '../features/product/sides.js'
import type { EntityScores } from '../product/score-entities.js'
import { countInBins, decileEdges, stabilityIndex } from './bins.js'

const MOST_CHANGED = 20

export interface KindDifference {
  readonly kind: ScoredKind
  readonly entities: number
  /** Spearman's: 1 is the same order; null where one of them gives all the same score. */
  readonly rankCorrelation: number | null
  /** Entities that only the challenger puts at or above the threshold, and those that only the champion does. */
  readonly up: number
  readonly down: number
  /** Of the challenger's scores against the champion's. */
  readonly stability: number
  readonly meanChange: number
  /** By falling size of the change: entity numbers of the snapshot. */
  readonly changed: readonly { readonly entity: number; readonly champion: number; readonly challenger: number }[]
}

/** Ranks from 1, equal values sharing their mean. */
const ranksOf = (values: Float64Array): Float64Array => {
  const order = Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b)
  const ranks = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2
    from = to
  }
  return ranks
}

/** Pearson's correlation; null where one of them does not vary. */
const correlation = (a: Float64Array, b: Float64Array): number | null => {
  const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length
  const [meanA, meanB] = [mean(a), mean(b)]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB)
    aa += (a[i]! - meanA) ** 2
    bb += (b[i]! - meanB) ** 2
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null
}

/** Spearman's rank correlation with mean ranks for ties. Arrays of one length. */
export const rankCorrelation = (a: Float64Array, b: Float64Array): number | null => correlation(ranksOf(a), ranksOf(b))

/** Kinds that both score. `threshold`: a probability that a person would act on. */
export const compareScores = (
  champion: readonly EntityScores[],
  challenger: readonly EntityScores[],
  threshold: number,
): readonly KindDifference[] =>
  champion.flatMap(({ kind, from, score }): readonly KindDifference[] => {
    const other = challenger.find((each) => each.kind === kind)?.score
    if (!other) return []
    let [up, down, sum] = [0, 0, 0]
    for (let row = 0; row < score.length; row++) {
      const [before, after] = [score[row]! >= threshold, other[row]! >= threshold]
      up += Number(after && !before)
      down += Number(before && !after)
      sum += Math.abs(other[row]! - score[row]!)
    }
    const size = (row: number) => Math.abs(other[row]! - score[row]!)
    const changed = Int32Array.from(score.keys())
      .sort((a, b) => size(b) - size(a) || a - b)
      .subarray(0, MOST_CHANGED)
    const edges = decileEdges(score)
    return [
      {
        kind,
        entities: score.length,
        rankCorrelation: rankCorrelation(score, other),
        up,
        down,
        stability: stabilityIndex(countInBins(other, edges), countInBins(score, edges)),
        meanChange: score.length > 0 ? sum / score.length : 0,
        changed: Array.from(changed)
          .filter((row) => size(row) > 0)
          .map((row) => ({ entity: from + row, champion: score[row]!, challenger: other[row]! })),
      },
    ]
  })
