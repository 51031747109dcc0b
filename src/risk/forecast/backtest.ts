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
import { chanceOf, fitHazard, type Hazards, within, Z90 } from './hazard.js'
import { type ForecastHistory, knownAt, movesOf } from './history.js'
import { comesIn, eachAtRisk, WEEK } from './person-weeks.js'

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
  /** And ranks better than each of the three rules, beyond chance (one-sided, 5 %, rings as draws), at 28 days. */
  readonly beatsRules: boolean
}

interface Row {
  /** In the full history, so that it is the same at every origin. */
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
  /** Called between origins with the share that is done; what it throws ends the work. */
  readonly progress?: (done: number) => void
}

const DRAWS = 200

const rowsAt = (full: ForecastHistory, day: number): Row[] => {
  const known = knownAt(full, day)
  const model = fitHazard(known)
  const reader = new CovariateReader(known)
  reader.at(day)
  const values = new Float64Array(covariates.length)
  const came = new Float64Array(known.domains.length)
  for (const { domain } of movesOf(known)) came[domain]! += 1
  const places = full.rings.flatMap(({ born }, ring) => (born <= day ? ring : []))
  const rows: Row[] = []
  const perHorizon = (hazards: Hazards) =>
    Object.fromEntries(horizons.map((days) => [days, within(days / WEEK, hazards, model.end)])) as Record<
      Horizon,
      number
    >
  const ofBase = perHorizon(model.base)
  eachAtRisk(known, day, (ring, domain) => {
    reader.read(ring, domain, values)
    const chances = perHorizon(chanceOf(model, values).hazards)
    const traffic = values[8]!
    const distance = (values[6] ? 1 : 2) * (values[7] ? 1 : 2)
    const place = places[ring]!
    rows.push({
      ring: place,
      origin: day,
      arrival: day + comesIn(full.rings[place]!, domain, day),
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

/** Share of those that did not come which each that came is ranked above, for each rule. */
interface Placement {
  readonly ring: number
  readonly above: Readonly<Record<Rule, number>>
}

const placementsOf = (byOrigin: ReadonlyMap<number, readonly Row[]>, horizon: Horizon): Placement[] => {
  const placements: Placement[] = []
  for (const rows of byOrigin.values()) {
    const others = rows.filter((row) => !isHit(row, horizon))
    if (others.length === 0 || others.length === rows.length) continue
    const sorted = perRule((rule) => Float64Array.from(others, (row) => row.scores[rule]).sort())
    for (const row of rows)
      if (isHit(row, horizon))
        placements.push({ ring: row.ring, above: perRule((rule) => rankIn(sorted[rule], row.scores[rule])) })
  }
  return placements
}

/** Ties count half. */
const rankIn = (sorted: Float64Array, score: number): number => {
  const place = (isBelow: (value: number) => boolean): number => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBelow(sorted[middle]!)) low = middle + 1
      else high = middle
    }
    return low
  }
  return (place((value) => value < score) + place((value) => value <= score)) / 2 / sorted.length
}

/** Whether the forecast ranks better than a rule, over rings as draws. What is drawn among those that did not come, many more, is left out. */
const ranksBetter = (placements: readonly Placement[], rule: Rule): boolean => {
  const sums = new Map<number, number>()
  for (const { ring, above } of placements) sums.set(ring, (sums.get(ring) ?? 0) + above.forecast - above[rule])
  const values = [...sums.values()]
  const total = values.reduce((sum, value) => sum + value, 0)
  const square = values.reduce((sum, value) => sum + (value - total / values.length) ** 2, 0)
  return values.length > 1 && total > Z90 * Math.sqrt((square * values.length) / (values.length - 1))
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
  const from = Math.ceil(options.from ?? history.days / 3)
  for (let day = from; day + 28 <= history.days; day += everyDays) {
    options.progress?.((day - from) / (history.days - from))
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
  for (const part of byOrigin.values()) {
    // Where all are equal, none is among the highest.
    if (part.every((row) => row.scores.forecast === part[0]!.scores.forecast)) continue
    for (const row of [...part].sort((a, b) => b.scores.forecast - a.scores.forecast).slice(0, k))
      if (isHit(row, 28)) leads.push(row.arrival - row.origin)
  }
  leads.sort((a, b) => a - b)
  const month = scored.at(-1)!
  const placements = placementsOf(byOrigin, month.horizon)
  const beatsBaseRate = month.skillInterval.low > 0
  return {
    origins,
    horizons: scored,
    leadDays: leads.length === 0 ? null : leads[leads.length >> 1]!,
    beatsBaseRate,
    beatsRules: beatsBaseRate && baselines.every((rule) => ranksBetter(placements, rule)),
  }
}
