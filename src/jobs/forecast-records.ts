/**
 * Forecasts as the store keeps them: a small record of each for good, its highest pairs beside it, a list of those whose time has not come, and a running
 * score of those whose time has. All of one forecast is written whole or not at all.
 */
import { RingfenceError } from '../errors.js'
import type { Backtest } from '../risk/forecast/backtest.js'
import type { Horizon, MapEntry, MapFlow, PairForecast } from '../risk/forecast/forecast.js'
import type { Knows } from '../risk/forecast/knows.js'
import { BINS, type Outcome } from '../risk/forecast/outcome.js'
import type { DocumentChange, DocumentRecord } from '../store/document-store.js'
import type { GraphStore } from '../store/store.js'

/** Pairs that a forecast keeps; of the others the sums. */
export const KEPT_PAIRS = 2000
/** Scored forecasts that are told of one by one; the sums are over all. */
const TOLD = 12

export interface ForecastRecord {
  readonly id: string
  readonly job: string | null
  readonly startedAt: string
  readonly finishedAt: string
  readonly version: string
  readonly run: string
  /** Epoch milliseconds: what is known up to then. */
  readonly asOf: number
  readonly knows: Knows
  readonly model: {
    readonly rows: number
    readonly events: number
    readonly end: number
    readonly knowsNothing: boolean
  }
  /** What the base rate says of every pair. */
  readonly base: Readonly<Record<Horizon, number>>
  readonly lookedBack: Backtest | null
  readonly map: readonly MapEntry[]
  readonly flows: readonly MapFlow[]
  readonly pairs: number
  /** Pairs that are not kept, and how many of them are expected within 28 days. */
  readonly rest: { readonly pairs: number; readonly expected: number }
  readonly notes: readonly { readonly code: string; readonly message: string }[]
  /** Once its 28 days are over; null until then. */
  readonly outcome: (Outcome & { readonly scoredBy: string }) | null
}

/** Over all forecasts whose time has come. */
export interface PastScore {
  readonly forecasts: number
  readonly pairs: number
  readonly arrivals: number
  readonly expected: number
  /** Means over pairs, at 28 days. */
  readonly brier: number
  readonly baseBrier: number
  readonly skill: number
  /** Mean over forecasts that have one. */
  readonly auc: number | null
  /** Mean distance of what came true from the chance, over bins by their pairs. */
  readonly calibrationError: number | null
  readonly latest: readonly {
    readonly forecast: string
    readonly asOf: string
    readonly arrivals: number
    readonly expected: number
    readonly brier: number
    readonly baseBrier: number
    readonly auc: number | null
  }[]
}

const RECORDS = 'forecasts'
const PAIRS = 'forecast-pairs'
const DUE = 'forecasts-due'
const STATE = 'forecasts-state'
const LATEST = 'latest'
const PAST = 'past'
const TRIES = 5

interface PastSums {
  readonly forecasts: number
  readonly pairs: number
  readonly arrivals: number
  readonly expected: number
  readonly squares: number
  readonly baseSquares: number
  readonly auc: { readonly sum: number; readonly count: number }
  readonly bins: Outcome['bins']
  readonly latest: PastScore['latest']
}

const noPast: PastSums = {
  forecasts: 0,
  pairs: 0,
  arrivals: 0,
  expected: 0,
  squares: 0,
  baseSquares: 0,
  auc: { sum: 0, count: 0 },
  bins: Array.from({ length: BINS }, () => ({ pairs: 0, chance: 0, arrivals: 0 })),
  latest: [],
}

const withOutcome = (past: PastSums, { id, asOf }: ForecastRecord, outcome: Outcome): PastSums => {
  const { pairs, arrivals, expected, brier, baseBrier, auc } = outcome.horizons.at(-1)!
  return {
    forecasts: past.forecasts + 1,
    pairs: past.pairs + pairs,
    arrivals: past.arrivals + arrivals,
    expected: past.expected + expected,
    squares: past.squares + brier * pairs,
    baseSquares: past.baseSquares + baseBrier * pairs,
    auc: auc === null ? past.auc : { sum: past.auc.sum + auc, count: past.auc.count + 1 },
    bins: past.bins.map((bin, b) => {
      const more = outcome.bins[b]!
      return {
        pairs: bin.pairs + more.pairs,
        chance: bin.chance + more.chance,
        arrivals: bin.arrivals + more.arrivals,
      }
    }),
    latest: [
      { forecast: id, asOf: new Date(asOf).toISOString(), arrivals, expected, brier, baseBrier, auc },
      ...past.latest,
    ].slice(0, TOLD),
  }
}

const pastScore = (past: PastSums): PastScore | null => {
  if (past.forecasts === 0) return null
  const { forecasts, pairs, arrivals, expected, squares, baseSquares, auc, bins, latest } = past
  const apart = bins.reduce((sum, bin) => sum + Math.abs(bin.chance - bin.arrivals), 0)
  return {
    forecasts,
    pairs,
    arrivals,
    expected,
    brier: pairs === 0 ? 0 : squares / pairs,
    baseBrier: pairs === 0 ? 0 : baseSquares / pairs,
    skill: baseSquares === 0 ? 0 : 1 - squares / baseSquares,
    auc: auc.count === 0 ? null : auc.sum / auc.count,
    calibrationError: pairs === 0 ? null : apart / pairs,
    latest,
  }
}

const contentOf = <T>(found: DocumentRecord | null): T | null => found && (found.value as unknown as T)
const asValue = (value: object): DocumentRecord['value'] => ({ ...value }) as DocumentRecord['value']

export const readForecast = async (store: GraphStore, id: string): Promise<ForecastRecord | null> =>
  contentOf<ForecastRecord>(await store.readDocument(RECORDS, id))

export const latestForecast = async (store: GraphStore): Promise<ForecastRecord | null> => {
  const latest = contentOf<{ forecast: string }>(await store.readDocument(STATE, LATEST))
  return latest && readForecast(store, latest.forecast)
}

/** By falling chance within 28 days. */
export const readPairs = async (store: GraphStore, id: string): Promise<readonly PairForecast[]> =>
  contentOf<{ pairs: readonly PairForecast[] }>(await store.readDocument(PAIRS, id))?.pairs ?? []

export const readPast = async (store: GraphStore): Promise<PastScore | null> =>
  pastScore(contentOf<PastSums>(await store.readDocument(STATE, PAST)) ?? noPast)

/** Forecasts whose 28 days are over at `asOf`, the oldest first. */
export const dueForecasts = async (
  store: GraphStore,
  asOf: number,
  limit: number,
): Promise<readonly ForecastRecord[]> => {
  const due = await store.listDocuments(DUE, { upTo: new Date(asOf).toISOString(), limit })
  const records = await Promise.all(due.map(({ id }) => readForecast(store, id)))
  return records.filter((record) => record !== null)
}

const versionOf = async (store: GraphStore, collection: string, id: string): Promise<number | null> =>
  (await store.readDocument(collection, id))?.version ?? null

/**
 * Writes a forecast, what came of earlier ones, and that it is the latest: one change. False where the forecast is there already, written by an earlier
 * attempt of its job. Throws `forecast.changed` where others kept changing the same.
 */
export const saveForecast = async (
  store: GraphStore,
  record: ForecastRecord,
  pairs: readonly PairForecast[],
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries++) {
    if ((await versionOf(store, RECORDS, record.id)) !== null) return false
    const latest = await store.readDocument(STATE, LATEST)
    const past = await store.readDocument(STATE, PAST)
    const changes: DocumentChange[] = [
      { collection: RECORDS, id: record.id, expected: null, value: asValue(record), sort: record.finishedAt },
      { collection: PAIRS, id: record.id, expected: null, value: { pairs }, sort: record.finishedAt },
      {
        collection: DUE,
        id: record.id,
        expected: null,
        value: {},
        sort: new Date(record.asOf + 28 * 86_400_000).toISOString(),
      },
      { collection: STATE, id: LATEST, expected: latest?.version ?? null, value: { forecast: record.id } },
    ]
    let sums = contentOf<PastSums>(past) ?? noPast
    for (const [id, outcome] of outcomes) {
      const found = await store.readDocument(RECORDS, id)
      const due = await store.readDocument(DUE, id)
      // Another forecast may have scored it meanwhile.
      if (found === null || due === null) continue
      const earlier = contentOf<ForecastRecord>(found)!
      sums = withOutcome(sums, earlier, outcome)
      changes.push(
        { collection: DUE, id, expected: due.version, value: null },
        {
          collection: RECORDS,
          id,
          expected: found.version,
          value: asValue({ ...earlier, outcome: { ...outcome, scoredBy: record.id } }),
          sort: found.sort,
        },
      )
    }
    if (outcomes.size > 0)
      changes.push({ collection: STATE, id: PAST, expected: past?.version ?? null, value: asValue(sums) })
    if (await store.changeDocuments(changes)) return true
  }
  throw new RingfenceError('forecast.changed', 'Other forecasts were written again and again meanwhile.')
}
