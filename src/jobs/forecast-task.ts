/** The worker's side of a forecast: history, a look back, the forecast itself, and what came of those whose time is over. */
import type { Snapshot } from '../graph/snapshot.js'
import type { Check } from '../kernels/check.js'
import { type Backtest, backtest } from '../risk/forecast/backtest.js'
import { type Forecast, forecast, type Horizon, horizons } from '../risk/forecast/forecast.js'
import { DAY_MS, historyOf } from '../risk/forecast/from-graph.js'
import { fitHazard, within } from '../risk/forecast/hazard.js'
import { domainName } from '../risk/forecast/history.js'
import { type KeptPair, type Outcome, outcomeOf } from '../risk/forecast/outcome.js'
import { WEEK } from '../risk/forecast/person-weeks.js'
import type { RingRecord } from '../store/store.js'

type Ring = Pick<RingRecord, 'id' | 'members'>

/** A forecast whose time is over, with the rings that it was about as they were then. */
export interface DueForecast {
  readonly id: string
  readonly asOf: number
  readonly base: Readonly<Record<Horizon, number>>
  readonly pairs: readonly KeptPair[]
  readonly rings: readonly Ring[]
}

export interface ForecastInputs {
  readonly snapshot: Snapshot
  readonly rings: readonly Ring[]
  readonly due: readonly DueForecast[]
  /** Dates to look back from at most; the days between them are whole weeks. */
  readonly origins: number
}

export interface MadeForecast {
  /** Epoch milliseconds. */
  readonly asOf: number
  readonly made: Forecast
  readonly base: Readonly<Record<Horizon, number>>
  readonly lookedBack: Backtest | null
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly notes: readonly { readonly code: string; readonly message: string }[]
}

export interface ForecastHooks {
  readonly check: Check
  readonly progress: (step: string, done: number) => void
}

const outcomesOf = (snapshot: Snapshot, due: readonly DueForecast[], check: Check): ReadonlyMap<string, Outcome> => {
  const outcomes = new Map<string, Outcome>()
  if (due.length === 0) return outcomes
  const key = (forecastId: string, ring: string): string => `${forecastId} ${ring}`
  // One pass over the graph for the rings of all of them.
  const all = due.flatMap(({ id, rings }) => rings.map(({ id: ring, members }) => ({ id: key(id, ring), members })))
  const { history, start } = historyOf(snapshot, all, check)
  const rings = new Map(history.rings.map((ring) => [ring.id, ring]))
  const domains = new Map(history.domains.map((domain, place) => [domainName(domain), place]))
  for (const { id, asOf, base, pairs } of due)
    outcomes.set(
      id,
      outcomeOf(
        pairs,
        base,
        (asOf - start) / DAY_MS,
        (ring) => rings.get(key(id, ring)),
        (domain) => domains.get(domain),
      ),
    )
  return outcomes
}

export const makeForecast = (
  { snapshot, rings, due, origins }: ForecastInputs,
  { check, progress }: ForecastHooks,
): MadeForecast => {
  progress('history', 0)
  const { history, start, notes } = historyOf(snapshot, rings, check)
  check()
  const apart = (history.days * (2 / 3) - 28) / origins
  const lookedBack = backtest(history, {
    everyDays: WEEK * Math.max(1, Math.ceil(apart / WEEK)),
    progress: (done) => {
      check()
      progress('look back', done)
    },
  })
  progress('forecast', 0)
  const model = fitHazard(history)
  check()
  const made = forecast(history, model)
  const base = Object.fromEntries(
    horizons.map((horizon) => [horizon, within(horizon / WEEK, model.base, model.end)]),
  ) as Record<Horizon, number>
  progress('score', 0)
  return {
    asOf: start + history.days * DAY_MS,
    made,
    base,
    lookedBack,
    outcomes: outcomesOf(snapshot, due, check),
    notes,
  }
}
