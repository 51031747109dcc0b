/**
 * A discrete-time survival model: weeks in which a ring could come to a domain are rows, whether it did is the label, and a logistic regression with
 * a normal prior gives the chance of a week. A ban is a competing end with a chance of its own; a young ring has few rows, none of them a "no" for what is
 * still to come.
 *
 *   logit h(g, d, week) = b_0 + x(g, d, week) b
 *   P(within n weeks)   = sum over k = 1..n of h (1 - h)^(k-1) (1 - e)^(k-1),   e the chance of the ring's end in a week
 *
 * Paul D. Allison, "Discrete-Time Methods for the Analysis of Event Histories", Sociological Methodology 13, 1982. How strongly the coefficients are
 * held at zero is chosen on the latest weeks, going forward: the strongest hold whose loss is within a standard error of the best. Held for good,
 * the forecast is the base rate, and says that it knows nothing.
 */
import { fitLogistic } from '../../model/calibration/logistic.js'
import { CovariateReader, covariates, transformed } from './covariates.js'
import type { ForecastHistory } from './history.js'

export const WEEK = 7
/** Of the coefficients of standardized columns. */
const HOLDS = [1, 10, 100, 1000] as const
/** What the choice between them is made on. */
const VALIDATION_DAYS = 56
/** Below this there is nothing to choose with. */
const LEAST_EVENTS = 10
/** 90 % of a normal distribution lies within so many deviations. */
const Z90 = 1.645
/** As many weeks without one end as a base rate is begun with. */
const END_PRIOR_WEEKS = 52

interface Rows {
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  /** The day a row's week begins. */
  readonly days: Float64Array
  readonly rings: Uint32Array
}

const isAtRisk = ({ born, end, arrivals }: ForecastHistory['rings'][number], domain: number, day: number): boolean =>
  born <= day && (end === null || end.day > day) && !(arrivals[domain]! <= day)

/** Calls with each ring and domain that it could come to at `day`. */
export const eachAtRisk = (
  { rings, domains }: Pick<ForecastHistory, 'rings' | 'domains'>,
  day: number,
  visit: (ring: number, domain: number) => void,
): void => {
  for (const [ring, history] of rings.entries())
    for (let domain = 0; domain < domains.length; domain++) if (isAtRisk(history, domain, day)) visit(ring, domain)
}

const rowsOf = (history: ForecastHistory): Rows => {
  const reader = new CovariateReader(history)
  const values = new Float64Array(covariates.length)
  const columns: number[][] = covariates.map(() => [])
  const labels: number[] = []
  const days: number[] = []
  const rings: number[] = []
  for (let day = history.days % WEEK; day + WEEK <= history.days; day += WEEK) {
    reader.at(day)
    eachAtRisk(history, day, (ring, domain) => {
      reader.read(ring, domain, values)
      for (const [c, column] of columns.entries()) column.push(transformed[c]!(values[c]!))
      labels.push(history.rings[ring]!.arrivals[domain]! <= day + WEEK ? 1 : 0)
      days.push(day)
      rings.push(ring)
    })
  }
  return {
    columns: columns.map((column) => Float64Array.from(column)),
    labels: Uint8Array.from(labels),
    days: Float64Array.from(days),
    rings: Uint32Array.from(rings),
  }
}

const keep = (rows: Rows, where: (row: number) => boolean): Rows => {
  const chosen: number[] = []
  for (let row = 0; row < rows.labels.length; row++) if (where(row)) chosen.push(row)
  return {
    columns: rows.columns.map((column) => Float64Array.from(chosen, (row) => column[row]!)),
    labels: Uint8Array.from(chosen, (row) => rows.labels[row]!),
    days: Float64Array.from(chosen, (row) => rows.days[row]!),
    rings: Uint32Array.from(chosen, (row) => rows.rings[row]!),
  }
}

interface Scale {
  readonly mean: number
  readonly deviation: number
}

const scaleOf = (column: Float64Array): Scale => {
  let mean = 0
  for (const value of column) mean += value / column.length
  let square = 0
  for (const value of column) square += (value - mean) ** 2 / column.length
  return { mean, deviation: Math.sqrt(square) }
}

const standardized = (value: number, { mean, deviation }: Scale): number =>
  deviation > 1e-9 ? (value - mean) / deviation : 0

interface Fit {
  readonly scales: readonly Scale[]
  /** Intercept first. */
  readonly coefficients: Float64Array
  readonly covariance: Float64Array
  /** Infinity: the base rate alone. */
  readonly hold: number
}

const logit = (p: number): number => Math.log(p / (1 - p))
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const baseRate = (labels: Uint8Array): number =>
  (labels.reduce((sum, label) => sum + label, 0) + 0.5) / (labels.length + 1)

const learn = (rows: Rows, hold: number): Fit => {
  const scales = rows.columns.map(scaleOf)
  const d = scales.length + 1
  if (hold === Number.POSITIVE_INFINITY) {
    const p = baseRate(rows.labels)
    const covariance = new Float64Array(d * d)
    covariance[0] = 1 / ((rows.labels.length + 1) * p * (1 - p))
    const coefficients = new Float64Array(d)
    coefficients[0] = logit(p)
    return { scales, coefficients, covariance, hold }
  }
  const columns = rows.columns.map((column, c) => column.map((value) => standardized(value, scales[c]!)))
  const center = new Float64Array(d)
  const precision = new Float64Array(d).fill(hold)
  precision[0] = 0
  return { scales, ...fitLogistic(columns, rows.labels, { center, precision }), hold }
}

const linear = ({ scales, coefficients }: Fit, value: (column: number) => number): number => {
  let sum = coefficients[0]!
  for (let c = 0; c < scales.length; c++) sum += coefficients[c + 1]! * standardized(value(c), scales[c]!)
  return sum
}

/** Loss of each row, in nats. */
const losses = (model: Fit, rows: Rows): Float64Array =>
  Float64Array.from(rows.labels, (label, row) => {
    const s = linear(model, (column) => rows.columns[column]![row]!)
    return Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - label * s
  })

/** Mean of differences with its standard error, where rows of one ring count as one draw. */
const meanByRing = (
  differences: Float64Array,
  rings: Uint32Array,
): { readonly mean: number; readonly error: number } => {
  const sums = new Map<number, number>()
  for (let row = 0; row < differences.length; row++)
    sums.set(rings[row]!, (sums.get(rings[row]!) ?? 0) + differences[row]!)
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0)
  const count = sums.size
  const square = [...sums.values()].reduce((sum, value) => sum + (value - total / count) ** 2, 0)
  const scale = 1 / differences.length
  return { mean: total * scale, error: Math.sqrt((square * count) / Math.max(1, count - 1)) * scale }
}

/** The strongest hold whose loss on the latest weeks is within a standard error of the best one's. */
const chooseHold = (rows: Rows, days: number): number => {
  const from = days - VALIDATION_DAYS
  const earlier = keep(rows, (row) => rows.days[row]! + WEEK <= from)
  const later = keep(rows, (row) => rows.days[row]! >= from)
  const events = (part: Rows): number => part.labels.reduce((sum, label) => sum + label, 0)
  if (events(earlier) < LEAST_EVENTS || events(later) < LEAST_EVENTS) return Number.POSITIVE_INFINITY
  const holds = [...HOLDS, Number.POSITIVE_INFINITY]
  const each = holds.map((hold) => losses(learn(earlier, hold), later))
  const means = each.map((loss) => loss.reduce((sum, value) => sum + value, 0) / loss.length)
  const best = means.indexOf(Math.min(...means))
  for (let h = holds.length - 1; h > best; h--) {
    const { mean, error } = meanByRing(
      each[h]!.map((value, row) => value - each[best]![row]!),
      later.rings,
    )
    if (mean <= error) return holds[h]!
  }
  return holds[best]!
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

export interface HazardModel {
  readonly fit: Fit
  /** Chance that a ring ends in a week. */
  readonly end: number
  /** Weeks of rings and domains that it learned from, and arrivals among them. */
  readonly rows: number
  readonly events: number
  /** Nothing but the base rate helped on the latest weeks. */
  readonly knowsNothing: boolean
}

/** Learns from all weeks that the history has whole. */
export const fitHazard = (history: ForecastHistory): HazardModel => {
  const rows = rowsOf(history)
  const hold = chooseHold(rows, history.days)
  const events = rows.labels.reduce((sum, label) => sum + label, 0)
  return {
    fit: learn(rows, hold),
    end: endRate(history),
    rows: rows.labels.length,
    events,
    knowsNothing: hold === Number.POSITIVE_INFINITY,
  }
}

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Chance {
  /** Of a week. */
  readonly hazard: number
  readonly hazardInterval: Interval
  /** What each covariate adds to the logit of the hazard, beside the mean of what was learned from. */
  readonly contributions: Float64Array
}

/** `values` as a person reads them. */
export const chanceOf = ({ fit: model }: HazardModel, values: Float64Array): Chance => {
  const d = model.coefficients.length
  const x = new Float64Array(d)
  x[0] = 1
  const contributions = new Float64Array(d - 1)
  let s = model.coefficients[0]!
  for (let c = 0; c + 1 < d; c++) {
    x[c + 1] = standardized(transformed[c]!(values[c]!), model.scales[c]!)
    contributions[c] = model.coefficients[c + 1]! * x[c + 1]!
    s += contributions[c]!
  }
  let variance = 0
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) variance += x[i]! * x[j]! * model.covariance[i * d + j]!
  const spread = Z90 * Math.sqrt(Math.max(0, variance))
  return {
    hazard: sigmoid(s),
    hazardInterval: { low: sigmoid(s - spread), high: sigmoid(s + spread) },
    contributions,
  }
}

/** Chance of an arrival within so many weeks, at one hazard, with an end in between as the other way out. */
export const within = (weeks: number, hazard: number, end: number): number => {
  let sum = 0
  let still = 1
  for (let week = 0; week < weeks; week++) {
    sum += still * hazard
    still *= (1 - hazard) * (1 - end)
  }
  return sum
}
