/**
 * How much a copy of an entity in one domain says of its copy in another, learned from what rings did in both.
 *
 * For an ordered pair of domains: the least squares slope of "was a source in the second, not before the first" on "was a source in the first", over
 * entities with copies in both; for two yes-or-no values that is the difference of two shares. With n sources in the first it counts n times
 * beside PRIOR_HISTORY times the pooled slope of all pairs, so that a pair without history has the pooled value, and without any history
 * at all it is PRIOR_COUPLING.
 */
import type { Check } from '../../kernels/check.js'
import type { Layers } from './domains.js'
import type { Seeds } from './seeds.js'

/** Until there is history: one entity in two places is one hand more often than not, but accounts change hands and devices are shared. */
export const PRIOR_COUPLING = 0.5
/** As many sources must have been seen before a pair's own slope counts half. */
export const PRIOR_HISTORY = 20
/** A copy is never told all that another holds. */
const GREATEST_COUPLING = 0.9
const SOURCE_FROM = 0.5

export interface Coupling {
  readonly from: number
  readonly to: number
  /** Sources in `from` that have a copy in `to`. */
  readonly history: number
  /** The slope of this pair alone; null where it cannot be told. */
  readonly own: number | null
  readonly strength: number
}

export interface Couplings {
  /** strength[from * domains + to]; 0 where from = to. */
  readonly strength: Float64Array
  readonly pooled: number
  /** Pairs that some entity joins, by from, then to. */
  readonly pairs: readonly Coupling[]
}

export const learnCouplings = (
  { domains, nodeOffsets, nodeDomain }: Layers,
  { explicit, own, at }: Pick<Seeds, 'explicit' | 'own' | 'at'>,
  check: Check,
): Couplings => {
  const d = domains.length
  const sources = new Float64Array(d * d)
  const followed = new Float64Array(d * d)
  const others = new Float64Array(d * d)
  const othersToo = new Float64Array(d * d)
  const isSource = (node: number): boolean => own[node] === 1 && explicit[node]! >= SOURCE_FROM
  for (let entity = 0; entity + 1 < nodeOffsets.length; entity++) {
    if ((entity & 0xffff) === 0) check()
    const end = nodeOffsets[entity + 1]!
    for (let a = nodeOffsets[entity]!; a < end; a++)
      for (let b = nodeOffsets[entity]!; b < end; b++) {
        if (a === b) continue
        const pair = nodeDomain[a]! * d + nodeDomain[b]!
        const then = isSource(b)
        if (isSource(a)) {
          sources[pair]!++
          if (then && !(at[b]! < at[a]!)) followed[pair]!++
        } else {
          others[pair]!++
          if (then) othersToo[pair]!++
        }
      }
  }
  const slopes = Array.from(sources, (n, pair) => {
    if (n === 0) return null
    const rest = others[pair]! > 0 ? othersToo[pair]! / others[pair]! : 0
    return Math.max(0, followed[pair]! / n - rest)
  })
  let all = PRIOR_HISTORY
  let sum = PRIOR_HISTORY * PRIOR_COUPLING
  for (const [pair, slope] of slopes.entries())
    if (slope !== null) {
      all += sources[pair]!
      sum += sources[pair]! * slope
    }
  const pooled = sum / all
  const strength = new Float64Array(d * d)
  const pairs: Coupling[] = []
  for (let from = 0; from < d; from++)
    for (let to = 0; to < d; to++) {
      const pair = from * d + to
      if (from === to) continue
      const n = sources[pair]!
      const slope = slopes[pair]!
      const value = Math.min(GREATEST_COUPLING, (n * (slope ?? 0) + PRIOR_HISTORY * pooled) / (n + PRIOR_HISTORY))
      strength[pair] = value
      if (n + others[pair]! > 0) pairs.push({ from, to, history: n, own: slope, strength: value })
    }
  return { strength, pooled, pairs }
}
