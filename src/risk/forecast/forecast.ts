/** Forecasts of all rings and domains at one moment, with reasons, and their sum: the migration map. */
import { CovariateReader, covariates } from './covariates.js'
import { chanceOf, expectedDays, fitHazard, type HazardModel, type Interval, within, Z90 } from './hazard.js'
import { domainName, type ForecastHistory } from './history.js'
import { eachAtRisk, WEEK } from './person-weeks.js'

export const horizons = [7, 14, 28] as const
export type Horizon = (typeof horizons)[number]

export interface PairForecast {
  readonly ring: string
  /** `scenario/market`. */
  readonly domain: string
  /** Chance that the ring is active there within so many days. */
  readonly chance: Readonly<Record<Horizon, number>>
  /** 90 %, of what was learned; not of what was never seen. */
  readonly interval: Readonly<Record<Horizon, Interval>>
  /** Days until it comes if it goes on like this and is not stopped; null above a year. */
  readonly expectedDays: number | null
  readonly reasons: readonly {
    readonly covariate: string
    readonly value: number
    readonly sentence: string
    readonly weight: number
  }[]
}

export interface MapEntry {
  readonly domain: string
  /** Rings that are expected to come within 28 days, with a 90 % interval of that sum. */
  readonly expected: number
  readonly interval: Interval
}

export interface Forecast {
  readonly day: number
  readonly pairs: readonly PairForecast[]
  readonly map: readonly MapEntry[]
  readonly model: Pick<HazardModel, 'rows' | 'events' | 'end' | 'knowsNothing'>
}

const REASONS = 3
const YEAR = 365

const byHorizon = <T>(value: (horizon: Horizon) => T): Readonly<Record<Horizon, T>> =>
  Object.fromEntries(horizons.map((horizon) => [horizon, value(horizon)])) as Record<Horizon, T>

/** By falling chance within 28 days, then ring and domain. */
export const forecast = (history: ForecastHistory, model = fitHazard(history)): Forecast => {
  const reader = new CovariateReader(history)
  const values = new Float64Array(covariates.length)
  const pairs: PairForecast[] = []
  const sums = history.domains.map(() => ({ expected: 0, variance: 0, low: 0, high: 0 }))
  reader.at(history.days)
  eachAtRisk(history, history.days, (ring, domain) => {
    reader.read(ring, domain, values)
    const { hazards, low, high, contributions } = chanceOf(model, values)
    const chance = byHorizon((days) => within(days / WEEK, hazards, model.end))
    const interval = byHorizon((days) => ({
      low: within(days / WEEK, low, model.end),
      high: within(days / WEEK, high, model.end),
    }))
    const wait = expectedDays(hazards)
    const reasons = [...contributions.keys()]
      .filter((c) => contributions[c]! > 0.05)
      .sort((a, b) => contributions[b]! - contributions[a]! || a - b)
      .slice(0, REASONS)
      .map((c) => ({
        covariate: covariates[c]!.name,
        value: values[c]!,
        sentence: covariates[c]!.sentence(values[c]!),
        weight: contributions[c]!,
      }))
    pairs.push({
      ring: history.rings[ring]!.id,
      domain: domainName(history.domains[domain]!),
      chance,
      interval,
      expectedDays: wait > YEAR ? null : wait,
      reasons,
    })
    const sum = sums[domain]!
    sum.expected += chance[28]
    sum.variance += chance[28] * (1 - chance[28])
    sum.low += interval[28].low
    sum.high += interval[28].high
  })
  pairs.sort(
    (a, b) =>
      b.chance[28] - a.chance[28] || (a.ring < b.ring ? -1 : a.ring > b.ring ? 1 : a.domain < b.domain ? -1 : 1),
  )
  // What was learned may be off for all rings together; whether each comes is a draw of its own.
  const map = sums.flatMap(({ expected, variance, low, high }, domain) => {
    if (!(history.opened[domain]! <= history.days)) return []
    const draws = Z90 * Math.sqrt(variance)
    return {
      domain: domainName(history.domains[domain]!),
      expected,
      interval: {
        low: Math.max(0, expected - Math.hypot(expected - low, draws)),
        high: expected + Math.hypot(high - expected, draws),
      },
    }
  })
  const { rows, events, end, knowsNothing } = model
  return { day: history.days, pairs, map, model: { rows, events, end, knowsNothing } }
}
