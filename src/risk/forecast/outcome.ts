/** What came of a forecast, once its 28 days are over: the pairs that it gave, beside what rings did then. */
import { auroc } from '../../model/metrics.js'
import { type Horizon, horizons } from './forecast.js'
import type { RingHistory } from './history.js'
import { comesIn } from './person-weeks.js'

/** A pair as it is kept. */
export interface KeptPair {
  readonly ring: string
  readonly domain: string
  readonly chance: Readonly<Record<Horizon, number>>
}

/** Chances from 0 to .1, to .2, and so on. */
export const BINS = 10

export interface HorizonOutcome {
  readonly horizon: Horizon
  readonly pairs: number
  /** What came true, and what was expected to. */
  readonly arrivals: number
  readonly expected: number
  readonly brier: number
  /** Of the base rate that was known then. */
  readonly baseBrier: number
  /** Null without both outcomes. */
  readonly auc: number | null
}

export interface Outcome {
  readonly horizons: readonly HorizonOutcome[]
  /** At 28 days, by bin of the chance: pairs, sum of chances, arrivals. */
  readonly bins: readonly { readonly pairs: number; readonly chance: number; readonly arrivals: number }[]
  /** Kept pairs that cannot be judged, as the graph does not have the ring or the domain any more. */
  readonly unknown: number
}

/** `ringOf` and `domainOf` say where a name is in a history of today, in which the forecast was made at `day`. */
export const outcomeOf = (
  pairs: readonly KeptPair[],
  base: Readonly<Record<Horizon, number>>,
  day: number,
  ringOf: (id: string) => RingHistory | undefined,
  domainOf: (name: string) => number | undefined,
): Outcome => {
  const judged: { readonly pair: KeptPair; readonly comes: number }[] = []
  for (const pair of pairs) {
    const ring = ringOf(pair.ring)
    const domain = domainOf(pair.domain)
    if (ring && domain !== undefined) judged.push({ pair, comes: comesIn(ring, domain, day) })
  }
  const bins = Array.from({ length: BINS }, () => ({ pairs: 0, chance: 0, arrivals: 0 }))
  const scored = horizons.map((horizon): HorizonOutcome => {
    const labels = Uint8Array.from(judged, ({ comes }) => (comes <= horizon ? 1 : 0))
    const scores = Float64Array.from(judged, ({ pair }) => pair.chance[horizon])
    const squares = (of: (i: number) => number): number =>
      labels.reduce((sum, label, i) => sum + (of(i) - label) ** 2, 0) / Math.max(1, labels.length)
    const arrivals = labels.reduce((sum, label) => sum + label, 0)
    if (horizon === horizons.at(-1))
      for (const [i, chance] of scores.entries()) {
        const bin = bins[Math.min(BINS - 1, Math.floor(chance * BINS))]!
        bin.pairs++
        bin.chance += chance
        bin.arrivals += labels[i]!
      }
    return {
      horizon,
      pairs: labels.length,
      arrivals,
      expected: scores.reduce((sum, chance) => sum + chance, 0),
      brier: squares((i) => scores[i]!),
      baseBrier: squares(() => base[horizon]),
      auc: arrivals === 0 || arrivals === labels.length ? null : auroc({ scores, labels }),
    }
  })
  return { horizons: scored, bins, unknown: pairs.length - judged.length }
}
