/**
 * A discrete-time survival model: whether a ring comes in a lead of days is the label, and a logistic regression for each lead, with a normal prior, gives
 * its hazard. A ban is a competing end with a chance of its own; a young ring has few rows, none of them a "no" for what is still to come.
 *
 *   logit h_l(g, d, t)  = b_l0 + x(g, d, t) b_l        in lead l, of those who have not come before it
 *   P(within n weeks)   = sum over k = 1..n of h_k prod over j < k of (1 - h_j) (1 - e)       e the chance of the ring's end in a week
 *
 * Paul D. Allison, "Discrete-Time Methods for the Analysis of Event Histories", Sociological Methodology 13, 1982. How strongly the coefficients are
 * held at zero is chosen going forward, on the last two thirds in three parts, each by what was learned before it: the hold whose loss is least, where it is
 * better than the base rate beyond chance (one-sided, 5 %, rings as draws). Where it is not, the forecast is the base rate, and says that it knows nothing.
 */
import { fitLogistic } from '../../model/calibration/logistic.js'
import { transformed } from './covariates.js'
import type { ForecastHistory } from './history.js'
import { leads, type Moments, momentsOf, type Rows, rowsOf, WEEK } from './person-weeks.js'

/** Of the coefficients of standardized columns. */
const HOLDS = [1, 10, 100, 1000] as const
/** Where parts begin that the choice between them is made on, as shares of the history, and where the last ends. */
const PARTS = [3 / 9, 5 / 9, 7 / 9, 1] as const
/** Below this there is nothing to learn from, or to choose with. */
const LEAST_EVENTS = 10
/** 90 % of a normal distribution lies within so many deviations, 5 % above. */
export const Z90 = 1.645
/** As many weeks without one end as a base rate is begun with. */
const END_PRIOR_WEEKS = 52

interface Scale {
  readonly mean: number
  readonly deviation: number
  /** What was never seen is not extrapolated to. */
  readonly least: number
  readonly most: number
}

const scaleOf = (column: Float64Array, weights: Float64Array): Scale => {
  let total = 0
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!
    total += weights[i]!
    sum += weights[i]! * value
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const mean = total === 0 ? 0 : sum / total
  let square = 0
  for (let i = 0; i < column.length; i++) square += weights[i]! * (column[i]! - mean) ** 2
  return { mean, deviation: total === 0 ? 0 : Math.sqrt(square / total), least, most }
}

const standardized = (value: number, { mean, deviation, least, most }: Scale): number =>
  deviation > 1e-9 ? (Math.min(most, Math.max(least, value)) - mean) / deviation : 0

interface Fit {
  readonly scales: readonly Scale[]
  /** Intercept first. */
  readonly coefficients: Float64Array
  readonly covariance: Float64Array
}

const BASE_RATE = Number.POSITIVE_INFINITY

const logit = (p: number): number => Math.log(p / (1 - p))
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const learn = ({ columns, labels, weights }: Rows, hold: number): Fit => {
  const scales = columns.map((column) => scaleOf(column, weights))
  const d = scales.length + 1
  if (hold === BASE_RATE) {
    let total = 0
    let came = 0
    for (const [i, label] of labels.entries()) {
      total += weights[i]!
      came += label
    }
    const p = (came + 0.5) / (total + 1)
    const covariance = new Float64Array(d * d)
    covariance[0] = 1 / ((total + 1) * p * (1 - p))
    const coefficients = new Float64Array(d)
    coefficients[0] = logit(p)
    return { scales, coefficients, covariance }
  }
  const scaled = columns.map((column, c) => column.map((value) => standardized(value, scales[c]!)))
  const precision = new Float64Array(d).fill(hold)
  precision[0] = 0
  return { scales, ...fitLogistic(scaled, labels, { center: new Float64Array(d), precision }, weights) }
}

/** Loss of each row, in nats, times its weight. */
const losses = ({ scales, coefficients }: Fit, { columns, labels, weights }: Rows): Float64Array =>
  Float64Array.from(labels, (label, row) => {
    let s = coefficients[0]!
    for (let c = 0; c < scales.length; c++) s += coefficients[c + 1]! * standardized(columns[c]![row]!, scales[c]!)
    return weights[row]! * (Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - label * s)
  })

/** Sum of differences with its standard error, where all rows of one ring count as one draw. */
const sumByRing = (
  differences: readonly Float64Array[],
  later: readonly Rows[],
): { readonly total: number; readonly error: number } => {
  const sums = new Map<number, number>()
  for (const [l, { rings }] of later.entries())
    for (let row = 0; row < rings.length; row++)
      sums.set(rings[row]!, (sums.get(rings[row]!) ?? 0) + differences[l]![row]!)
  const values = [...sums.values()]
  const total = values.reduce((sum, value) => sum + value, 0)
  const square = values.reduce((sum, value) => sum + (value - total / values.length) ** 2, 0)
  return { total, error: Math.sqrt((square * values.length) / Math.max(1, values.length - 1)) }
}

const eventsIn = ({ labels }: Rows): number => labels.reduce((sum, label) => sum + label, 0)

const total = (parts: readonly Float64Array[]): number =>
  parts.reduce((sum, part) => sum + part.reduce((all, value) => all + value, 0), 0)

const chooseHold = (moments: Moments): number => {
  const later: Rows[] = []
  /** By hold, the base rate last: losses of the rows of each of `later`. */
  const each: Float64Array[][] = [...HOLDS, BASE_RATE].map(() => [])
  for (let part = 0; part + 1 < PARTS.length; part++) {
    const from = PARTS[part]! * moments.known
    const earlier = leads.map((lead) => rowsOf(moments, lead, Number.NEGATIVE_INFINITY, from))
    if (earlier.some((rows) => eventsIn(rows) < LEAST_EVENTS)) continue
    for (const [l, lead] of leads.entries()) {
      const rows = rowsOf(moments, lead, from, PARTS[part + 1]! * moments.known)
      later.push(rows)
      for (const [h, hold] of [...HOLDS, BASE_RATE].entries()) each[h]!.push(losses(learn(earlier[l]!, hold), rows))
    }
  }
  if (later.reduce((sum, rows) => sum + eventsIn(rows), 0) < LEAST_EVENTS) return BASE_RATE
  const compare = (a: number, b: number) =>
    sumByRing(
      each[a]!.map((losses, l) => losses.map((value, row) => value - each[b]![l]![row]!)),
      later,
    )
  const totals = each.slice(0, HOLDS.length).map(total)
  const best = totals.indexOf(Math.min(...totals))
  const gain = compare(HOLDS.length, best)
  return gain.total <= Z90 * gain.error ? BASE_RATE : HOLDS[best]!
}

/** Chance of an end in a week, over all rings. */
const endRate = ({ rings, days }: ForecastHistory): number => {
  let weeks = 0
  let ends = 0
  for (const { born, end } of rings) {
    weeks += Math.max(0, ((end?.day ?? days) - born) / WEEK)
    if (end !== null) ends++
  }
  return (ends + 0.5) / (weeks + END_PRIOR_WEEKS)
}

/** Chances of a week of a lead, of one that has not come before. */
export type Hazards = readonly number[]

export interface HazardModel {
  /** One a lead. */
  readonly fits: readonly Fit[]
  /** What anybody would say who knows nothing but how often it happens. */
  readonly base: Hazards
  /** Chance that a ring ends in a week. */
  readonly end: number
  /** Weeks of rings and domains that it learned from, and arrivals among them. */
  readonly rows: number
  readonly events: number
  /** Nothing but the base rate helped, going forward. */
  readonly knowsNothing: boolean
}

/** The chance of a lead as that of each of its weeks. */
const weekly = (chance: number, lead: number): number => {
  const { from, to } = leads[lead]!
  return 1 - (1 - chance) ** (WEEK / (to - from))
}

/** Learns from all weeks that the history has whole. */
export const fitHazard = (history: ForecastHistory): HazardModel => {
  const moments = momentsOf(history)
  const hold = chooseHold(moments)
  const rows = leads.map((lead) => rowsOf(moments, lead))
  const base = rows.map((part) => learn(part, BASE_RATE))
  return {
    fits: hold === BASE_RATE ? base : rows.map((part) => learn(part, hold)),
    base: base.map(({ coefficients }, lead) => weekly(sigmoid(coefficients[0]!), lead)),
    end: endRate(history),
    rows: moments.all,
    events: eventsIn(rows[0]!),
    knowsNothing: hold === BASE_RATE,
  }
}

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Chance {
  readonly hazards: Hazards
  /** 90 %, all leads low or all high. */
  readonly low: Hazards
  readonly high: Hazards
  /** What each covariate adds to the logit, beside the mean of what was learned from; leads weighed by their hazard. */
  readonly contributions: Float64Array
}

/** `values` as a person reads them. */
export const chanceOf = ({ fits }: HazardModel, values: Float64Array): Chance => {
  const contributions = new Float64Array(values.length)
  const hazards: number[] = []
  const low: number[] = []
  const high: number[] = []
  let weight = 0
  for (const [lead, { scales, coefficients, covariance }] of fits.entries()) {
    const d = coefficients.length
    const x = new Float64Array(d)
    x[0] = 1
    let s = coefficients[0]!
    for (let c = 0; c + 1 < d; c++) {
      x[c + 1] = standardized(transformed[c]!(values[c]!), scales[c]!)
      s += coefficients[c + 1]! * x[c + 1]!
    }
    let variance = 0
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) variance += x[i]! * x[j]! * covariance[i * d + j]!
    const spread = Z90 * Math.sqrt(Math.max(0, variance))
    const chance = sigmoid(s)
    hazards.push(weekly(chance, lead))
    low.push(weekly(sigmoid(s - spread), lead))
    high.push(weekly(sigmoid(s + spread), lead))
    weight += chance
    for (let c = 0; c + 1 < d; c++) contributions[c]! += chance * coefficients[c + 1]! * x[c + 1]!
  }
  for (let c = 0; c < contributions.length; c++) contributions[c]! /= weight
  return { hazards, low, high, contributions }
}

/** Chance of an arrival within so many weeks, with an end in between as the other way out. Beyond the last lead its hazard goes on. */
export const within = (weeks: number, hazards: Hazards, end: number): number => {
  let sum = 0
  let still = 1
  let lead = 0
  for (let week = 0; week < weeks; week++) {
    while (lead + 1 < leads.length && week * WEEK >= leads[lead]!.to) lead++
    const hazard = hazards[lead]!
    sum += still * hazard
    still *= (1 - hazard) * (1 - end)
  }
  return sum
}

/** Days until an arrival, were there no end; a geometric wait beyond the last lead. */
export const expectedDays = (hazards: Hazards): number => {
  let days = 0
  let still = 1
  for (const [lead, { from, to }] of leads.entries())
    for (let week = from; week < to; week += WEEK) {
      days += still * hazards[lead]! * (week + WEEK / 2)
      still *= 1 - hazards[lead]!
    }
  const last = leads.at(-1)!.to
  return days + still * (last + WEEK * (1 / hazards.at(-1)! - 0.5))
}
