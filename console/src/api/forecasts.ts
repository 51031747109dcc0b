/** Where rings may come next, with how far that is known. */
import { get, type Request } from './client.js'

export interface Interval {
  readonly low: number
  readonly high: number
}

export const horizons = ['7', '14', '28'] as const
type ByDays<T> = Readonly<Record<(typeof horizons)[number], T>>

export interface PairForecast {
  readonly ring: string
  readonly domain: string
  readonly chance: ByDays<number>
  readonly interval: ByDays<Interval>
  readonly expectedDays: number | null
  readonly reasons: readonly { readonly covariate: string; readonly sentence: string; readonly weight: number }[]
}

export interface Forecasts {
  readonly run: string
  readonly asOf: string
  readonly knows: { readonly beatsBaseRate: boolean; readonly beatsRules: boolean; readonly sentence: string }
  readonly past: {
    readonly forecasts: number
    readonly arrivals: number
    readonly expected: number
    readonly brier: number
    readonly baseBrier: number
  } | null
  readonly base: ByDays<number>
  readonly map: readonly { readonly domain: string; readonly expected: number; readonly interval: Interval }[]
  readonly flows: readonly {
    readonly from: string
    readonly to: string
    readonly expected: number
    readonly interval: Interval
  }[]
  readonly forecasts: readonly PairForecast[]
  readonly total: number
  readonly rest: { readonly pairs: number; readonly expected: number }
}

export const ringForecast = (ring: string, request: Request) =>
  get<Forecasts>('/v1/forecasts', { ring, limit: 100 }, request)
export const topForecasts = (limit: number, request: Request) => get<Forecasts>('/v1/forecasts', { limit }, request)
