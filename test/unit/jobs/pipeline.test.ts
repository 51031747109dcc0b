import { expect, test } from '@jest/globals'
import { seededSchedules } from '#src/jobs/schedules.js'
import type { JobRecord } from '#src/store/store.js'
import { useService } from '../../support/use-service.js'

const service = useService(20_000)

const submit = (type: string, parameters: object = {}, mode: JobRecord['mode'] = 'write') =>
  service.services.jobs.submit({ type, mode, parameters: parameters as Record<string, unknown>, key: null })
const end = async (id: string) => {
  for (;;) {
    const job = await service.services.jobs.read(id)
    if (job.finishedAt) return job
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const seen = async (): Promise<string | null> => (await service.http.inject('/v1/rings')).json().run
const detect = { type: 'detect', parameters: { detectors: ['lockstep'], publish: false } }

test('a pipeline runs its stages in order; what it does not publish, queries do not see; rollback goes back', async () => {
  const first = await end((await submit('pipeline', { stages: [detect, { type: 'publish' }] })).id)
  expect(first).toMatchObject({ state: 'done', result: { stages: [{ type: 'detect' }, { type: 'publish' }] } })
  const { stages } = first.result as { stages: { result: { run: string } }[] }
  const run = stages[0]!.result.run
  expect(stages[1]!.result.run).toBe(run)
  expect(await seen()).toBe(run)

  const hidden = await end((await submit('detect', { ...detect.parameters, seed: 2 })).id)
  expect(hidden.state).toBe('done')
  expect(await seen()).toBe(run)
  const published = await end((await submit('publish')).id)
  expect(published.result).toMatchObject({ run: hidden.result!.run, before: run })
  expect(await seen()).toBe(hidden.result!.run)

  const second = await end((await submit('detect', { detectors: ['lockstep'], seed: 3 })).id)
  expect(await seen()).toBe(second.result!.run)
  const third = await end((await submit('detect', { detectors: ['lockstep'], seed: 4 })).id)
  expect(await seen()).toBe(third.result!.run)
  const back = await end((await submit('rollback')).id)
  expect(back.result).toMatchObject({ run: second.result!.run, before: third.result!.run })
  expect(await seen()).toBe(second.result!.run)
  // Another start of the service sees the same.
  await service.services.current.load()
  await service.services.current.settled()
  expect(await seen()).toBe(second.result!.run)
  const later = await end((await submit('detect', { detectors: ['lockstep'], seed: 5 })).id)
  expect(await seen()).toBe(later.result!.run)
  expect(await end((await submit('publish', { run: 'none' })).id)).toMatchObject({ error: { code: 'run.unknown' } })
})

test('the nightly pipeline of a new store runs through: what queries see has its risk, and scores where a model has any', async () => {
  const { store } = service
  const { job } = seededSchedules.find(({ id }) => id === 'nightly')!
  const stages = job.parameters.stages as { type: string; parameters: object }[]
  expect(stages.map(({ type }) => type)).toEqual(['detect', 'score', 'propagate', 'forecast', 'publish'])
  const quick = stages.map((stage) =>
    stage.type === 'detect' ? { ...stage, parameters: { ...stage.parameters, detectors: ['lockstep'] } } : stage,
  )
  const done = await end((await submit(job.type, { stages: quick }, job.mode)).id)
  expect(done).toMatchObject({ state: 'done' })
  const results = (done.result!.stages as { result: Record<string, unknown> }[]).map(({ result }) => result)
  const { run } = results[0]!
  expect(results[1]).toMatchObject({ run, basis: 'unsupervised' })
  expect(results[2]).toMatchObject({ run, scoring: null })
  expect(results[3]).toMatchObject({ run, scored: 0 })
  expect(results[4]).toMatchObject({ run })
  expect(await seen()).toBe(run)
  expect(await store.readPropagation(null)).toMatchObject({ id: results[2]!.propagation, run })
})

test('a stage that fails is where the next attempt goes on', async () => {
  const stages = [detect, { type: 'publish', parameters: { run: 'there-is-none' } }]
  const runs = (await service.store.listRuns(100)).length
  const failed = await end((await submit('pipeline', { stages })).id)
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'run.unknown' } })
  expect(failed.error!.detail).toMatch(/^Stage 2, publish: /)
  expect(failed.checkpoint).toMatchObject({ stages: [{ type: 'detect' }] })
  expect(await service.store.listRuns(100)).toHaveLength(runs + 1)
  await service.services.jobs.retry(failed.id)
  const again = await end(failed.id)
  expect(again).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'run.unknown' } })
  // Detection was not done a second time.
  expect(await service.store.listRuns(100)).toHaveLength(runs + 1)
})

test.each([
  [{ stages: [] }, /stages/],
  [{ stages: [{ type: 'pipeline', parameters: { stages: [{ type: 'publish' }] } }] }, /no pipelines/],
  [{ stages: [{ type: 'destroy' }] }, /there is no job destroy/],
  [{ stages: [{ type: 'publish' }, { type: 'detect', parameters: { colour: 'red' } }] }, /stages\.1\.parameters/],
])('%j is refused before anything runs', async (parameters, message) => {
  await expect(submit('pipeline', parameters)).rejects.toMatchObject({
    code: 'request.invalid',
    detail: expect.stringMatching(message),
  })
})

test('schedules over HTTP: made, changed, run now, removed; what makes no sense is told at once', async () => {
  const put = (id: string, payload: object) =>
    service.http.inject({ method: 'PUT', url: `/v1/schedules/${id}`, payload })
  const nightly = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: { type: 'detect' } }
  const made = (await put('nightly', nightly)).json()
  expect(made).toMatchObject({
    id: 'nightly',
    job: { type: 'detect', mode: 'write', parameters: {} },
    singleFlight: true,
  })
  expect(made.later).toHaveLength(3)
  expect((await put('nightly', { ...nightly, paused: true })).json()).toMatchObject({
    paused: true,
    nextDue: null,
    later: [],
  })
  expect((await service.http.inject('/v1/schedules')).json().schedules).toHaveLength(1)
  expect((await put('bad', { ...nightly, cron: 'never' })).json()).toMatchObject({
    status: 400,
    code: 'schedule.invalid',
  })
  expect((await put('bad', { ...nightly, job: { type: 'destroy' } })).json()).toMatchObject({ code: 'request.invalid' })
  const wrong = { ...nightly, job: { type: 'detect', parameters: { fdr: 7 } } }
  expect((await put('bad', wrong)).json()).toMatchObject({ status: 400, code: 'request.invalid' })
  expect((await put('Bad', nightly)).statusCode).toBe(400)
  const run = await service.http.inject({ method: 'POST', url: '/v1/schedules/nightly/run' })
  expect(run.json()).toMatchObject({ type: 'detect', schedule: 'nightly' })
  await service.services.jobs.cancel(run.json().id)
  const remove = () => service.http.inject({ method: 'DELETE', url: '/v1/schedules/nightly' })
  expect((await remove()).json()).toEqual({ id: 'nightly', removed: true })
  expect((await remove()).json()).toMatchObject({ status: 404, code: 'schedule.unknown' })
})
