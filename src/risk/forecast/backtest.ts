/**
 * How good forecasts would have been: from week to week, each made from what was known then, beside three rules that anybody could use.
 *
 *   persistence  where rings went before, all of them
 *   popularity   where most goes on
 *   gravity      size of the ring times what goes on there, halved for each of market and scenario where it is not yet
 *
 * A ring that is stopped before it came did not come. Skill is 1 - Brier score / Brier score of the base rate known at each origin.
 */

import { Random } from '../../kernels/random.js'
import { auroc, calibrationError } from '../../model/metrics.js'
import { CovariateReader, covariates } from './covariates.js'
import { type Horizon, horizons } from './forecast.js'
import { chanceOf, eachAtRisk, fitHazard, WEEK, within } from './hazard.js'
import { type ForecastHistory, knownAt, movesOf } from './history.js'

export const baselines = ['persistence', 'popularity', 'gravity'] as const
export type Rule = (typeof baselines)[number] | 'forecast'

export interface HorizonScore {
  readonly horizon: Horizon
  readonly pairs: number
  readonly arrivals: number
  /** Chance that a pair that came true is ranked above one that did not, within an origin; 0 to 1. Null without both. */
  readonly auc: Readonly<Record<Rule, number | null>>
  /** Of the `k` highest pairs of each origin, the share that came true. */
  readonly precisionAtK: Readonly<Record<Rule, number>>
  readonly k: number
  readonly brier: number
  readonly skill: number
  /** 90 %, by drawing rings. */
  readonly skillInterval: { readonly low: number; readonly high: number }
  /** Debiased, ten bins of equal mass. */
  readonly calibrationError: number | null
}

export interface Backtest {
  readonly origins: number
  readonly horizons: readonly HorizonScore[]
  /** Median days between an origin and the arrival, for arrivals among the `k` highest of an origin; null without any. */
  readonly leadDays: number | null
  /** Beats the base rate beyond chance, at 28 days. */
  readonly beatsBaseRate: boolean
  /** And ranks better than each of the three rules. */
  readonly beatsRules: boolean
}

interface Row {
  readonly ring: number
  readonly origin: number
  readonly arrival: number
  readonly scores: Readonly<Record<Rule, number>>
  readonly chances: Readonly<Record<Horizon, number>>
  readonly base: Readonly<Record<Horizon, number>>
}

export interface BacktestOptions {
  /** The first origin; default: when a third of the history is over. */
  readonly from?: number
  readonly everyDays?: number
  readonly k?: number
  readonly seed?: number
}

const DRAWS = 200

const rowsAt = (full: ForecastHistory, day: number): Row[] => {
  const known = knownAt(full, day)
  const model = fitHazard(known)
  const base = (model.events + 0.5) / (model.rows + 1)
  const reader = new CovariateReader(known)
  reader.at(day)
  const values = new Float64Array(covariates.length)
  const came = new Float64Array(known.domains.length)
  for (const { domain } of movesOf(known)) came[domain]! += 1
  const byId = new Map(full.rings.map((ring) => [ring.id, ring]))
  const rows: Row[] = []
  const perHorizon = (hazard: number) =>
    Object.fromEntries(horizons.map((days) => [days, within(days / WEEK, hazard, model.end)])) as Record<
      Horizon,
      number
    >
  const ofBase = perHorizon(base)
  eachAtRisk(known, day, (ring, domain) => {
    reader.read(ring, domain, values)
    const chances = perHorizon(chanceOf(model, values).hazard)
    const traffic = values[8]!
    const distance = (values[6] ? 1 : 2) * (values[7] ? 1 : 2)
    const { arrivals, end } = byId.get(known.rings[ring]!.id)!
    const arrival = arrivals[domain]!
    rows.push({
      ring,
      origin: day,
      arrival: end !== null && end.day < arrival ? Number.NaN : arrival,
      scores: {
        forecast: chances[28],
        persistence: came[domain]!,
        popularity: traffic,
        gravity: (values[0]! * traffic) / distance,
      },
      chances,
      base: ofBase,
    })
  })
  return rows
}

const groupBy = (rows: readonly Row[], key: (row: Row) => number): Map<number, Row[]> => {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group) group.push(row)
    else groups.set(key(row), [row])
  }
  return groups
}

const isHit = (row: Row, horizon: Horizon): boolean => row.arrival <= row.origin + horizon

/** Mean over origins that have both outcomes, each weighed by its arrivals. */
const aucWithin = (byOrigin: ReadonlyMap<number, readonly Row[]>, rule: Rule, horizon: Horizon): number | null => {
  let sum = 0
  let weight = 0
  for (const rows of byOrigin.values()) {
    const labels = Uint8Array.from(rows, (row) => (isHit(row, horizon) ? 1 : 0))
    const hits = labels.reduce((total, label) => total + label, 0)
    if (hits === 0 || hits === rows.length) continue
    sum += hits * auroc({ scores: Float64Array.from(rows, (row) => row.scores[rule]), labels })
    weight += hits
  }
  return weight === 0 ? null : sum / weight
}

/** Ties count as if drawn at random. */
const topShare = (rows: readonly Row[], rule: Rule, horizon: Horizon, k: number): number => {
  const sorted = [...rows].sort((a, b) => b.scores[rule] - a.scores[rule])
  const cut = sorted[Math.min(k, sorted.length) - 1]!.scores[rule]
  const above = sorted.filter((row) => row.scores[rule] > cut)
  const level = sorted.filter((row) => row.scores[rule] === cut)
  const hits = (part: readonly Row[]): number => part.filter((row) => isHit(row, horizon)).length
  return (
    (hits(above) + (hits(level) * (Math.min(k, sorted.length) - above.length)) / level.length) /
    Math.min(k, sorted.length)
  )
}

const perRule = <T>(value: (rule: Rule) => T): Record<Rule, T> =>
  Object.fromEntries((['forecast', ...baselines] as const).map((rule) => [rule, value(rule)])) as Record<Rule, T>

const squares = (rows: readonly Row[], horizon: Horizon, of: 'chances' | 'base'): number =>
  rows.reduce((sum, row) => sum + (row[of][horizon] - (isHit(row, horizon) ? 1 : 0)) ** 2, 0)

const skillInterval = (rows: readonly Row[], horizon: Horizon, seed: number): { low: number; high: number } => {
  const rings = [...groupBy(rows, ({ ring }) => ring).values()].map((part) => ({
    model: squares(part, horizon, 'chances'),
    base: squares(part, horizon, 'base'),
  }))
  const random = new Random(seed)
  const draws = Array.from({ length: DRAWS }, () => {
    let model = 0
    let base = 0
    for (let i = 0; i < rings.length; i++) {
      const drawn = rings[random.below(rings.length)]!
      model += drawn.model
      base += drawn.base
    }
    return base === 0 ? 0 : 1 - model / base
  }).sort((a, b) => a - b)
  return { low: draws[Math.floor(0.05 * DRAWS)]!, high: draws[Math.ceil(0.95 * DRAWS) - 1]! }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Null where the history is too short for a single origin with 28 days to follow, or no ring was at risk. */
export const backtest = (history: ForecastHistory, options: BacktestOptions = {}): Backtest | null => {
  const { everyDays = WEEK, k = 20, seed = 1 } = options
  const rows: Row[] = []
  let origins = 0
  for (let day = Math.ceil(options.from ?? history.days / 3); day + 28 <= history.days; day += everyDays) {
    const at = rowsAt(history, day)
    if (at.length > 0) origins++
    rows.push(...at)
  }
  if (rows.length === 0) return null
  const byOrigin = groupBy(rows, ({ origin }) => origin)
  const scored = horizons.map((horizon): HorizonScore => {
    const model = squares(rows, horizon, 'chances')
    const base = squares(rows, horizon, 'base')
    const labels = Uint8Array.from(rows, (row) => (isHit(row, horizon) ? 1 : 0))
    const arrivals = labels.reduce((sum, label) => sum + label, 0)
    const scores = Float64Array.from(rows, (row) => row.chances[horizon])
    return {
      horizon,
      pairs: rows.length,
      arrivals,
      auc: perRule((rule) => aucWithin(byOrigin, rule, horizon)),
      precisionAtK: perRule((rule) => mean([...byOrigin.values()].map((part) => topShare(part, rule, horizon, k)))),
      k,
      brier: model / rows.length,
      skill: base === 0 ? 0 : 1 - model / base,
      skillInterval: skillInterval(rows, horizon, seed),
      calibrationError: arrivals === 0 ? null : calibrationError({ scores, labels }).debiased,
    }
  })
  const leads: number[] = []
  for (const part of byOrigin.values())
    for (const row of [...part].sort((a, b) => b.scores.forecast - a.scores.forecast).slice(0, k))
      if (isHit(row, 28)) leads.push(row.arrival - row.origin)
  leads.sort((a, b) => a - b)
  const month = scored.at(-1)!
  const beatsBaseRate = month.skillInterval.low > 0
  return {
    origins,
    horizons: scored,
    leadDays: leads.length === 0 ? null : leads[leads.length >> 1]!,
    beatsBaseRate,
    beatsRules:
      beatsBaseRate &&
      month.auc.forecast !== null &&
      baselines.every((rule) => month.auc.forecast! > (month.auc[rule] ?? 0)),
  }
}
