/** A forecast as a job: store -> snapshot -> history -> forecast, scored when its time comes. */
import { randomUUID } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import type { PairForecast } from '../risk/forecast/forecast.js'
import { knowsOf } from '../risk/forecast/knows.js'
import type { GraphStore } from '../store/store.js'
import { version } from '../version.js'
import {
  dueForecasts,
  type ForecastRecord,
  KEPT_PAIRS,
  latestForecast,
  type PastScore,
  readPairs,
  readPast,
  saveForecast,
} from './forecast-records.js'
import type { DueForecast } from './forecast-task.js'
import { chosenRun, type PropagationRequest } from './propagation.js'
import { WorkerPool } from './worker-pool.js'

/** Forecasts scored by one job at most; those left wait for the next. */
const SCORED_AT_ONCE = 8
/** Dates looked back from: each costs a fit, and more of them tell little more. */
const ORIGINS = 12
/** A chance within 28 days that moved by so much is told as a change. */
const MOVED = 0.1

export interface ForecastRequest {
  readonly run: PropagationRequest['run']
  readonly mode: 'dry-run' | 'write'
  readonly job?: string
  readonly id?: string
  readonly signal?: AbortSignal
  readonly progress?: (done: number, stage: string) => void
}

/** Against the forecast before. */
export interface ForecastChange {
  readonly before: string
  /** Pairs whose chance within 28 days is higher, or lower, by a tenth or more; of those that both keep. */
  readonly risen: number
  readonly fallen: number
  readonly newPairs: number
  readonly gonePairs: number
  readonly map: readonly { readonly domain: string; readonly before: number; readonly now: number }[]
}

export interface ForecastOutcome {
  readonly record: ForecastRecord
  readonly pairs: readonly PairForecast[]
  readonly past: PastScore | null
  readonly change: ForecastChange | null
  readonly scored: number
}

const dueWithRings = async (store: GraphStore, asOf: number): Promise<readonly DueForecast[]> => {
  const due: DueForecast[] = []
  for (const { id, asOf: at, run, base } of await dueForecasts(store, asOf, SCORED_AT_ONCE)) {
    const found = await store.readRun(run)
    due.push({ id, asOf: at, base, pairs: await readPairs(store, id), rings: found?.rings ?? [] })
  }
  return due
}

const keyOf = ({ ring, domain }: PairForecast): string => `${ring} ${domain}`

const changeOf = (
  before: ForecastRecord,
  earlier: readonly PairForecast[],
  pairs: readonly PairForecast[],
  map: ForecastRecord['map'],
): ForecastChange => {
  const old = new Map(earlier.map((pair) => [keyOf(pair), pair.chance[28]]))
  let risen = 0
  let fallen = 0
  let newPairs = 0
  for (const pair of pairs) {
    const chance = old.get(keyOf(pair))
    if (chance === undefined) newPairs++
    else if (pair.chance[28] >= chance + MOVED) risen++
    else if (pair.chance[28] <= chance - MOVED) fallen++
    old.delete(keyOf(pair))
  }
  const expected = new Map(before.map.map((entry) => [entry.domain, entry.expected]))
  return {
    before: before.id,
    risen,
    fallen,
    newPairs,
    gonePairs: old.size,
    map: map.map((entry) => ({ domain: entry.domain, before: expected.get(entry.domain) ?? 0, now: entry.expected })),
  }
}

/** Throws `run.none`, `run.unknown`, `job.cancelled` and `forecast.changed`. Written whole or not at all. */
export const runForecast = async (store: GraphStore, request: ForecastRequest): Promise<ForecastOutcome> => {
  const startedAt = new Date().toISOString()
  const { signal, progress, mode } = request
  const check = (): void => {
    if (signal?.aborted) throw new RingfenceError('job.cancelled', 'It was stopped; nothing was written.')
  }
  const found = await chosenRun(store, request.run)
  if (found === null) throw new RingfenceError('run.none', 'A forecast is about the rings of a run, and there is none.')
  const raw = await store.readGraph(found.run.asOf, (done) => {
    check()
    progress?.(done * 0.2, 'read')
  })
  check()
  const due = await dueWithRings(store, found.run.asOf ?? Date.now())
  const pool = new WorkerPool(1, signal ?? null)
  try {
    const { snapshot } = await pool.run({ name: 'snapshot', raw, without: null })
    // What has no time of its own ends with what is known: it may be earlier than the time at which it is asked.
    const { asOf, made, base, lookedBack, outcomes, notes } = await pool.run(
      { name: 'forecast', snapshot, rings: found.rings, due, origins: ORIGINS },
      (step, done) => progress?.(0.3 + 0.6 * done, step),
    )
    check()
    const judged = new Map(
      [...outcomes].filter(([id]) => due.find((each) => each.id === id)!.asOf + 28 * 86_400_000 <= asOf),
    )
    const pairs = made.pairs.slice(0, KEPT_PAIRS)
    const left = made.pairs.slice(KEPT_PAIRS)
    const record: ForecastRecord = {
      id: request.id ?? randomUUID(),
      job: request.job ?? null,
      startedAt,
      finishedAt: new Date().toISOString(),
      version,
      run: found.run.id,
      asOf,
      knows: knowsOf(lookedBack, made.model.knowsNothing),
      model: made.model,
      base,
      lookedBack,
      map: made.map,
      flows: made.flows,
      pairs: made.pairs.length,
      rest: { pairs: left.length, expected: left.reduce((sum, { chance }) => sum + chance[28], 0) },
      notes: [
        ...notes,
        ...due
          .filter(({ rings }) => rings.length === 0)
          .map(({ id }) => ({
            code: 'forecast.unscored',
            message: `The rings that forecast ${id} was about are not in the store any more: nothing is said of what came of it.`,
          })),
      ],
      outcome: null,
    }
    const before = await latestForecast(store)
    const change = before && changeOf(before, await readPairs(store, before.id), pairs, made.map)
    check()
    if (mode === 'write') {
      progress?.(0.95, 'save')
      await saveForecast(store, record, pairs, judged)
    }
    progress?.(1, 'done')
    return { record, pairs, past: await readPast(store), change, scored: judged.size }
  } finally {
    await pool.close()
  }
}

const BASE_BYTES = 300 * 2 ** 20
/** The graph, and a first time in each domain of accounts that somebody asks about. */
const BYTES = { entity: 300, interaction: 90, ring: 20_000 }
const SECONDS = { entity: 1e-6, interaction: 1e-6, ring: 2e-3 }

export const estimateForecast = async (store: GraphStore) => {
  const { entities, interactions } = await store.counts()
  const [latest] = await store.listRuns(1)
  const rings = latest?.counts.rings ?? 0
  const bytes = BASE_BYTES + entities * BYTES.entity + interactions * BYTES.interaction + rings * BYTES.ring
  return {
    entities,
    interactions,
    rings,
    megabytes: Math.ceil(bytes / 2 ** 20),
    seconds: 5 + entities * SECONDS.entity + interactions * SECONDS.interaction + rings * SECONDS.ring * ORIGINS,
  }
}

/** What a person or a program is told of a forecast. */
export const forecastSummary = (record: ForecastRecord, isWritten: boolean) => ({
  forecast: isWritten ? record.id : null,
  run: record.run,
  asOf: new Date(record.asOf).toISOString(),
  knows: record.knows,
  pairs: record.pairs,
  rest: record.rest,
  map: record.map,
  flows: record.flows,
  notes: record.notes,
})
