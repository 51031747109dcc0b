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

/** Rings that are expected to go from one domain to another within 28 days; one that is in several counts in parts. */
export interface MapFlow {
  readonly from: string
  readonly to: string
  readonly expected: number
  readonly interval: Interval
}

export interface Forecast {
  readonly day: number
  readonly pairs: readonly PairForecast[]
  readonly map: readonly MapEntry[]
  /** By falling expectation; those of less than a hundredth of a ring are left out. */
  readonly flows: readonly MapFlow[]
  readonly model: Pick<HazardModel, 'rows' | 'events' | 'end' | 'knowsNothing'>
}

const REASONS = 3
const YEAR = 365

const byHorizon = <T>(value: (horizon: Horizon) => T): Readonly<Record<Horizon, T>> =>
  Object.fromEntries(horizons.map((horizon) => [horizon, value(horizon)])) as Record<Horizon, T>

/** Below this a flow is nothing that a person could see. */
const LEAST_FLOW = 0.01

interface Sum {
  expected: number
  variance: number
  low: number
  high: number
}

const noSum = (): Sum => ({ expected: 0, variance: 0, low: 0, high: 0 })

const add = (sum: Sum, share: number, chance: number, { low, high }: Interval): void => {
  sum.expected += share * chance
  sum.variance += share * share * chance * (1 - chance)
  sum.low += share * low
  sum.high += share * high
}

/** What was learned may be off for all rings together; whether each comes is a draw of its own. */
const intervalOf = ({ expected, variance, low, high }: Sum): Interval => {
  const draws = Z90 * Math.sqrt(variance)
  return {
    low: Math.max(0, expected - Math.hypot(expected - low, draws)),
    high: expected + Math.hypot(high - expected, draws),
  }
}

/** By falling chance within 28 days, then ring and domain. */
export const forecast = (history: ForecastHistory, model = fitHazard(history)): Forecast => {
  const reader = new CovariateReader(history)
  const values = new Float64Array(covariates.length)
  const pairs: PairForecast[] = []
  const sums = history.domains.map(noSum)
  const between = history.domains.map(() => history.domains.map(noSum))
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
    add(sums[domain]!, 1, chance[28], interval[28])
    const { arrivals } = history.rings[ring]!
    const places = [...arrivals.keys()].filter((from) => arrivals[from]! <= history.days)
    for (const from of places) add(between[from]![domain]!, 1 / places.length, chance[28], interval[28])
  })
  pairs.sort(
    (a, b) =>
      b.chance[28] - a.chance[28] || (a.ring < b.ring ? -1 : a.ring > b.ring ? 1 : a.domain < b.domain ? -1 : 1),
  )
  const name = (domain: number): string => domainName(history.domains[domain]!)
  const map = sums.flatMap((sum, domain) =>
    history.opened[domain]! <= history.days
      ? { domain: name(domain), expected: sum.expected, interval: intervalOf(sum) }
      : [],
  )
  const flows = between
    .flatMap((row, from) =>
      row.flatMap((sum, to) =>
        sum.expected < LEAST_FLOW
          ? []
          : { from: name(from), to: name(to), expected: sum.expected, interval: intervalOf(sum) },
      ),
    )
    .sort((x, y) => y.expected - x.expected || (x.from + x.to < y.from + y.to ? -1 : 1))
  const { rows, events, end, knowsNothing } = model
  return { day: history.days, pairs, map, flows, model: { rows, events, end, knowsNothing } }
}
