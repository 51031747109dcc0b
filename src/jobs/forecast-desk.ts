/** The latest forecast, kept in memory: whether there is a newer one is asked now and then, so that answers cost no trip to the store. */
import { RingfenceError } from '../errors.js'
import type { PairForecast } from '../risk/forecast/forecast.js'
import type { GraphStore } from '../store/store.js'
import { type ForecastRecord, latestForecast, type PastScore, readPairs, readPast } from './forecast-records.js'

const ASK_AGAIN_MS = 2000

export interface ShownForecast {
  readonly record: ForecastRecord
  /** By falling chance within 28 days. */
  readonly pairs: readonly PairForecast[]
  readonly past: PastScore | null
}

export class ForecastDesk {
  readonly #store: GraphStore
  #shown: ShownForecast | null = null
  #checked = Number.NEGATIVE_INFINITY

  constructor(store: GraphStore) {
    this.#store = store
  }

  /** There may be a newer one: it is asked for with the next answer. */
  askAgain(): void {
    this.#checked = Number.NEGATIVE_INFINITY
  }

  /** Throws `forecast.none`. */
  async latest(): Promise<ShownForecast> {
    if (this.#shown === null || performance.now() - this.#checked >= ASK_AGAIN_MS) {
      const record = await latestForecast(this.#store)
      if (record === null) throw new RingfenceError('forecast.none', 'The store has no forecast.')
      this.#checked = performance.now()
      if (this.#shown?.record.id !== record.id)
        this.#shown = {
          record,
          pairs: await readPairs(this.#store, record.id),
          past: await readPast(this.#store),
        }
    }
    return this.#shown
  }
}

export interface ForecastFilter {
  readonly ring?: string
  readonly domain?: string
  /** Within 28 days. */
  readonly minChance?: number
}

/** Kept pairs that fit, by falling chance within 28 days. */
export const chosenPairs = (
  { pairs }: Pick<ShownForecast, 'pairs'>,
  { ring, domain, minChance = 0 }: ForecastFilter,
): readonly PairForecast[] =>
  pairs.filter(
    (pair) =>
      (ring === undefined || pair.ring === ring) &&
      (domain === undefined || pair.domain === domain) &&
      pair.chance[28] >= minChance,
  )

/** What is said with every list of forecasts, whoever asks. */
export const forecastHead = ({ record, past }: Pick<ShownForecast, 'record' | 'past'>) => ({
  forecast: record.id,
  run: record.run,
  asOf: new Date(record.asOf).toISOString(),
  finishedAt: record.finishedAt,
  knows: record.knows,
  past,
  base: record.base,
  map: record.map,
  flows: record.flows,
  rest: record.rest,
  notes: record.notes,
})
