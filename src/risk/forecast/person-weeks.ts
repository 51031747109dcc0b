/**
 * What a forecast learns from: each ring and domain that it was not in yet, at the beginning of each week, with what was known then and how
 * long it took until the ring came. One moment serves several leads (the first week, the second, the two after), each with a hazard of its own, as what tells
 * of the next days need not tell of the next month.
 *
 * Hans C. van Houwelingen, "Dynamic Prediction by Landmarking in Event History Analysis", Scandinavian Journal of Statistics 34(1), 2007.
 */
import { Random } from '../../kernels/random.js'
import { CovariateReader, covariates, transformed } from './covariates.js'
import type { ForecastHistory } from './history.js'

export const WEEK = 7

/** Days after the moment, from which to which. */
export const leads = [
  { from: 0, to: WEEK },
  { from: WEEK, to: 2 * WEEK },
  { from: 2 * WEEK, to: 4 * WEEK },
] as const
const LAST_LEAD = leads.at(-1)!.to

/**
 * Moments after which nothing came tell little each, and there are many: all that came are kept, and so many of the others, or this many times as
 * many as came, weighted up. Beyond four to one a further one adds next to nothing to what is known of a coefficient.
 */
const OTHERS = { least: 1000, each: 4 } as const
const SEED = 1

export interface Moments {
  /** Transformed covariates. */
  readonly columns: readonly Float64Array[]
  /** Days until the ring came; Infinity where it has not, or was stopped before. */
  readonly comes: Float64Array
  /** Days until it was stopped; Infinity. */
  readonly stops: Float64Array
  readonly days: Float64Array
  readonly rings: Uint32Array
  /** How many moments it stands for. */
  readonly weights: Float64Array
  /** Moments, before any was left out. */
  readonly all: number
  /** Known up to this day. */
  readonly known: number
}

type Ring = ForecastHistory['rings'][number]

/** Calls with each ring and domain that it could come to at `day`. */
export const eachAtRisk = (
  { rings, domains, opened }: Pick<ForecastHistory, 'rings' | 'domains' | 'opened'>,
  day: number,
  visit: (ring: number, domain: number) => void,
): void => {
  for (const [ring, { born, end, arrivals }] of rings.entries()) {
    if (born > day || (end !== null && end.day <= day)) continue
    for (let domain = 0; domain < domains.length; domain++)
      if (opened[domain]! <= day && !(arrivals[domain]! <= day)) visit(ring, domain)
  }
}

/** Days from `day` until a ring comes, Infinity where it does not or is stopped before. */
export const comesIn = ({ arrivals, end }: Ring, domain: number, day: number): number => {
  const arrival = arrivals[domain]!
  return arrival <= (end?.day ?? Number.POSITIVE_INFINITY) ? arrival - day : Number.POSITIVE_INFINITY
}

const eachMoment = (
  history: ForecastHistory,
  begin: (day: number) => void,
  visit: (ring: number, domain: number, day: number, comes: number) => void,
): void => {
  for (let day = history.days % WEEK; day + WEEK <= history.days; day += WEEK) {
    begin(day)
    eachAtRisk(history, day, (ring, domain) => {
      visit(ring, domain, day, comesIn(history.rings[ring]!, domain, day))
    })
  }
}

export const momentsOf = (history: ForecastHistory): Moments => {
  let all = 0
  let came = 0
  eachMoment(
    history,
    () => {},
    (_ring, _domain, _day, comes) => {
      all++
      if (comes <= LAST_LEAD) came++
    },
  )
  const share = Math.min(1, Math.max(OTHERS.least, OTHERS.each * came) / Math.max(1, all - came))
  const reader = new CovariateReader(history)
  const values = new Float64Array(covariates.length)
  const columns: number[][] = covariates.map(() => [])
  const comesAfter: number[] = []
  const stops: number[] = []
  const days: number[] = []
  const rings: number[] = []
  const weights: number[] = []
  const random = new Random(SEED)
  eachMoment(
    history,
    (day) => reader.at(day),
    (ring, domain, day, comes) => {
      const isSure = comes <= LAST_LEAD
      if (!isSure && share < 1 && random.float() >= share) return
      reader.read(ring, domain, values)
      for (const [c, column] of columns.entries()) column.push(transformed[c]!(values[c]!))
      comesAfter.push(comes)
      stops.push((history.rings[ring]!.end?.day ?? Number.POSITIVE_INFINITY) - day)
      days.push(day)
      rings.push(ring)
      weights.push(isSure ? 1 : 1 / share)
    },
  )
  return {
    columns: columns.map((column) => Float64Array.from(column)),
    comes: Float64Array.from(comesAfter),
    stops: Float64Array.from(stops),
    days: Float64Array.from(days),
    rings: Uint32Array.from(rings),
    weights: Float64Array.from(weights),
    all,
    known: history.days,
  }
}

/** Moments of one lead: those after which the ring had neither come nor stopped when the lead began, and that are known until it ends. */
export interface Rows {
  readonly columns: readonly Float64Array[]
  /** 1: it came in the lead. */
  readonly labels: Uint8Array
  readonly rings: Uint32Array
  readonly weights: Float64Array
}

export const rowsOf = (
  { columns, comes, stops, days, rings, weights, known }: Moments,
  { from, to }: (typeof leads)[number],
  days0 = Number.NEGATIVE_INFINITY,
  days1 = known,
): Rows => {
  const chosen: number[] = []
  for (let i = 0; i < days.length; i++)
    if (days[i]! >= days0 && days[i]! + to <= days1 && !(comes[i]! <= from) && stops[i]! > from) chosen.push(i)
  return {
    columns: columns.map((column) => Float64Array.from(chosen, (i) => column[i]!)),
    labels: Uint8Array.from(chosen, (i) => (comes[i]! <= to ? 1 : 0)),
    rings: Uint32Array.from(chosen, (i) => rings[i]!),
    weights: Float64Array.from(chosen, (i) => weights[i]!),
  }
}
