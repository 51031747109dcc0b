import { expect, test } from '@jest/globals'
import { latestForecast, readForecast, readPairs } from '#src/jobs/forecast-records.js'
import type { JobRecord } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const start = Date.UTC(2026, 0, 1)
const time = (days: number): string => new Date(start + days * 86_400_000).toISOString()

/** Two accounts of a ring act in a market, the second at `day`. */
const arrive = (ring: number, market: string, day: number) =>
  ['a', 'b'].map((account, i) => ({
    id: `i-${ring}-${market}-${account}`,
    type: 'like' as const,
    actor: `user:${account}${ring}`,
    target: `video:${market}${ring}`,
    market,
    at: time(day - 0.5 + 0.5 * i),
  }))

const rings = Array.from({ length: 8 }, (_, ring) =>
  ringRecord(`r${ring}`, {
    members: ['a', 'b'].map((account) => ({ kind: 'user' as const, id: `${account}${ring}`, role: 'core', score: 1 })),
  }),
)

const ask = async (mode: JobRecord['mode'], parameters: Readonly<Record<string, unknown>> = {}) => {
  const { jobs } = service.services
  const { id } = await jobs.submit({ type: 'forecast', mode, parameters, key: null })
  for (;;) {
    const job = await jobs.read(id)
    if (job.finishedAt) return job
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const get = async (query = '') => {
  const answer = await service.http.inject({ url: `/v1/forecasts${query}` })
  return { status: answer.statusCode, body: answer.json() }
}

test('without a run there is none, and none to be had', async () => {
  expect(await ask('write')).toMatchObject({ state: 'failed', error: { code: 'run.none' } })
  expect(await get()).toMatchObject({ status: 409, body: { code: 'forecast.none' } })
})

test('a dry run writes nothing; a forecast is there after its job, says what it knows, and is scored when its time has come', async () => {
  const { store } = service
  const soon = rings.flatMap((_, ring) => arrive(ring, 'US', 2 + ring))
  await store.writeBatch(batchOf([...soon, ...arrive(0, 'ID', 30), ...arrive(1, 'ID', 35)]))
  await store.saveRun({ run: runRecord('run-1', { asOf: start + 40 * 86_400_000 }), rings })

  const dry = await ask('dry-run')
  expect(dry).toMatchObject({ state: 'done', result: { forecast: null, run: 'run-1', pairs: 6, changes: null } })
  expect(await latestForecast(store)).toBeNull()

  const first = await ask('write')
  expect(first).toMatchObject({
    state: 'done',
    result: { run: 'run-1', asOf: time(40), pairs: 6, past: null, scored: 0 },
  })
  const id = first.result!.forecast as string
  expect(await latestForecast(store)).toMatchObject({ id, job: first.id, outcome: null })
  // Six rings that are not in content/ID; all are in content/US.
  const pairs = await readPairs(store, id)
  expect(pairs.map(({ domain }) => domain)).toEqual(Array(6).fill('content/ID'))

  const shown = await get('?limit=4')
  expect(shown).toMatchObject({
    status: 200,
    body: { forecast: id, run: 'run-1', asOf: time(40), past: null, total: 6, rest: { pairs: 0, expected: 0 } },
  })
  expect(shown.body.forecasts).toHaveLength(4)
  expect((await get(`?limit=4&cursor=${shown.body.next}`)).body.forecasts).toHaveLength(2)
  expect((await get('?ring=r3')).body.forecasts).toMatchObject([{ ring: 'r3', domain: 'content/ID' }])
  expect((await get('?minChance=1')).body.total).toBe(0)
  expect((await get('?domain=content/XX')).body.total).toBe(0)
  // A history of forty days with two moves tells nothing, and the answer says so.
  expect(shown.body.knows).toMatchObject({ beatsBaseRate: false, beatsRules: false })
  expect(shown.body.knows.sentence).toMatch(/too short|did not beat/)
  const chances = new Set(pairs.map(({ chance }) => chance[28]))
  expect(chances.size).toBe(1)

  // One comes on day 50, one on day 69, after the 28 days.
  await store.writeBatch(batchOf([...arrive(5, 'ID', 50), ...arrive(6, 'ID', 69)]))
  const later = runRecord('run-2', { asOf: start + 80 * 86_400_000, finishedAt: '2026-01-02T00:00:00.000Z' })
  await store.saveRun({ run: later, rings })
  const second = await ask('write', { run: 'latest' })
  expect(second).toMatchObject({
    state: 'done',
    result: { run: 'run-2', scored: 1, changes: { before: id, gonePairs: 2 } },
  })
  const [chance] = chances
  const outcome = (await readForecast(store, id))!.outcome!
  expect(outcome).toMatchObject({ scoredBy: second.result!.forecast, unknown: 0 })
  expect(outcome.horizons[2]).toMatchObject({ horizon: 28, pairs: 6, arrivals: 1, auc: 0.5 })
  expect(outcome.horizons[1]!.arrivals).toBe(1)
  expect(outcome.horizons[0]!.arrivals).toBe(0)
  expect(outcome.horizons[2]!.brier).toBeCloseTo(((1 - chance!) ** 2 + 5 * chance! ** 2) / 6, 12)
  expect(second.result!.past).toMatchObject({ forecasts: 1, pairs: 6, arrivals: 1, latest: [{ forecast: id }] })

  // Scored once only.
  const third = await ask('write', { run: 'latest' })
  expect(third).toMatchObject({ state: 'done', result: { scored: 0, past: { forecasts: 1 } } })
})

test('a job that is taken up again after it wrote gives what it wrote', async () => {
  const { store } = service
  const latest = (await latestForecast(store))!
  const { forecastJob } = await import('#src/jobs/kinds/forecast.js')
  const again = await forecastJob.perform({
    store,
    current: service.services.current,
    id: latest.job!,
    runId: latest.id,
    fence: { job: latest.job!, token: 1 } as never,
    mode: 'write',
    parameters: {},
    signal: new AbortController().signal,
    checkpoint: null,
    save: async () => {},
    progress: () => {},
    log: () => {},
  })
  expect(again).toMatchObject({ forecast: latest.id, run: latest.run })
  expect((await latestForecast(store))!.id).toBe(latest.id)
})

test('a forecast that is stopped writes nothing', async () => {
  const { store } = service
  const before = await latestForecast(store)
  const { jobs } = service.services
  const { id } = await jobs.submit({ type: 'forecast', mode: 'write', parameters: {}, key: null })
  await jobs.cancel(id)
  for (;;) {
    const job = await jobs.read(id)
    if (job.finishedAt) {
      if (job.state === 'cancelled') expect(await latestForecast(store)).toEqual(before)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})
