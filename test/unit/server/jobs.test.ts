import { expect, test } from '@jest/globals'
import { jobRecord } from '../../support/runs.js'
import { openApp, openWorld } from '../../support/service.js'
import { useService } from '../../support/use-service.js'

const service = useService(20_000)

const post = async (payload: object, headers: Record<string, string> = {}) => {
  const answer = await service.http.inject({ method: 'POST', url: '/v1/jobs', payload, headers })
  return { status: answer.statusCode, body: answer.json(), location: answer.headers.location }
}
const read = async (id: string) => (await service.http.inject(`/v1/jobs/${id}`)).json()
const ended = async (id: string) => {
  for (;;) {
    const job = await read(id)
    if (['done', 'failed', 'cancelled'].includes(job.state)) return job
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
/** The progress that its watchers were told, with the last event. */
const events = async (id: string) => {
  const { body, headers } = await service.http.inject(`/v1/jobs/${id}/events`)
  expect(headers['content-type']).toBe('text/event-stream')
  return body
    .trim()
    .split('\n\n')
    .filter((block) => block.startsWith('event:'))
    .map((block) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!
      return { name, job: JSON.parse(data!) }
    })
}

test('an estimate answers at once and does nothing', async () => {
  const { status, body } = await post({ type: 'detect', mode: 'estimate' })
  expect(status).toBe(202)
  expect(body).toMatchObject({ state: 'done', result: { estimate: { interactions: 20_000 } } })
  expect(body.result.estimate.megabytes).toBeGreaterThan(100)
  expect(await service.store.listRuns(10)).toEqual([])
})

test.each([
  [{}, 400, 'request.invalid'],
  [{ type: 'destroy' }, 400, 'request.invalid'],
  [{ type: 'detect', mode: 'perhaps' }, 400, 'request.invalid'],
  [{ type: 'detect', parameters: { colour: 'red' } }, 400, 'request.invalid'],
  [{ type: 'detect', parameters: { asOf: 'yesterday' } }, 400, 'request.invalid'],
  [{ type: 'detect', parameters: { fdr: 2 } }, 400, 'request.invalid'],
  [{ type: 'detect', parameters: { detectors: ['nothing'] } }, 400, 'detector.unknown'],
  [{ type: 'detect', parameters: { settings: { lockstep: { minMembers: -1 } } } }, 400, 'detector.parameter'],
  [{ type: 'detect', parameters: { memoryLimitMb: 64 } }, 422, 'job.memory'],
  [{ type: 'detect', parameters: { whatIf: {} } }, 400, 'request.invalid'],
  [{ type: 'detect', mode: 'dry-run', parameters: { whatIf: { entities: ['x'] } } }, 400, 'request.invalid'],
  [{ type: 'detect', mode: 'dry-run', parameters: { whatIf: { types: ['x'] } } }, 400, 'request.invalid'],
  [{ type: 'detect', mode: 'dry-run', parameters: { whatIf: {} } }, 409, 'run.none'],
])('%j is refused before it starts', async (payload, status, code) => {
  const before = await service.store.listJobs(100)
  const got = await post(payload)
  expect(got.body).toMatchObject({ status, code })
  expect(got.status).toBe(status)
  expect(await service.store.listJobs(100)).toEqual(before)
})

test('a dry run reports rings and writes nothing; its key gives the same job, and other content a conflict', async () => {
  const request = { type: 'detect', mode: 'dry-run', parameters: { detectors: ['dense-block'] } }
  const headers = { 'idempotency-key': 'once' }
  const [first, second] = await Promise.all([post(request, headers), post(request, headers)])
  expect(first.status).toBe(202)
  expect(second.body.id).toBe(first.body.id)
  expect(first.location).toBe(`/v1/jobs/${first.body.id}`)
  const told = await events(first.body.id)
  expect(told.at(-1)).toMatchObject({ name: 'end', job: { state: 'done', progress: { done: 1 } } })
  const shares = told.map((each) => each.job.progress.done)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  const job = await ended(first.body.id)
  expect(job.result.rings).toBeGreaterThan(0)
  expect(await service.store.listRuns(10)).toEqual([])
  expect(service.services.current.view.run).toBeNull()
  expect((await post(request, headers)).body.id).toBe(first.body.id)
  for (const other of [
    { ...request, mode: 'write' },
    { ...request, parameters: { detectors: ['dense-block'], seed: 2 } },
  ])
    expect((await post(other, headers)).body).toMatchObject({ status: 409, code: 'request.conflict' })
})

test('a write swaps what queries see, whole; the row and the list tell of it', async () => {
  const { body } = await post({ type: 'detect', parameters: { detectors: ['dense-block'] } })
  const job = await ended(body.id)
  expect(job).toMatchObject({ state: 'done', mode: 'write', error: null })
  const rings = (await service.http.inject('/v1/rings')).json()
  expect(rings).toMatchObject({ run: job.result.run, total: job.result.rings })
  expect((await service.store.readRun(null))!.run).toMatchObject({ id: job.result.run, job: job.id })
  expect((await service.http.inject('/v1/jobs?limit=1')).json().jobs[0]).toEqual(job)
  expect(await service.store.readJob(job.id)).toMatchObject({ state: 'done', result: job.result })
})

test('cancelling stops a running job within a second and a waiting one at once, with nothing written', async () => {
  const runs = await service.store.listRuns(10)
  const running = (await post({ type: 'detect' })).body
  const waiting = (await post({ type: 'detect', parameters: { seed: 5 } })).body
  while (!(await read(running.id)).progress.stage.includes(':')) await new Promise((resolve) => setTimeout(resolve, 5))
  const stopped = await service.http.inject({ method: 'DELETE', url: `/v1/jobs/${waiting.id}` })
  expect(stopped.statusCode).toBe(202)
  expect(stopped.json()).toMatchObject({ state: 'cancelled', error: { code: 'job.cancelled' } })
  const begin = performance.now()
  expect((await service.http.inject({ method: 'DELETE', url: `/v1/jobs/${running.id}` })).statusCode).toBe(202)
  const job = await ended(running.id)
  expect(performance.now() - begin).toBeLessThan(1000)
  expect(job).toMatchObject({ state: 'cancelled', error: { code: 'job.cancelled' } })
  expect(await service.store.listRuns(10)).toEqual(runs)
  // One that has ended stays as it is.
  const again = await service.http.inject({ method: 'DELETE', url: `/v1/jobs/${running.id}` })
  expect(again.json()).toEqual(job)
  const unknown = await service.http.inject({ method: 'DELETE', url: '/v1/jobs/none' })
  expect(unknown.json()).toMatchObject({ status: 404, code: 'job.unknown' })
  expect((await events(running.id)).map((each) => each.name)).toEqual(['end'])
})

test('at the start, what a stopped process left running is taken up again, and what waited in its order', async () => {
  const at = (second: number): string => `2026-01-01T00:00:0${second}.000Z`
  const other = await openWorld(20_000)
  try {
    const left = {
      state: 'running',
      attempts: 1,
      token: 1,
      lease: { owner: 'gone', until: Date.now() + 60_000 },
    } as const
    await other.store.createJob(jobRecord('left-often', { ...left, attempts: 3, dueAt: at(0) }))
    await other.store.createJob(jobRecord('left-running', { ...left, dueAt: at(1) }))
    await other.store.createJob(jobRecord('left-second', { dueAt: at(3), mode: 'dry-run' }))
    await other.store.createJob(jobRecord('left-first', { dueAt: at(2) }))
    const app = await openApp(other.store)
    await app.services.jobs.start()
    const endOf = async (id: string) => {
      for (;;) {
        const job = (await other.store.readJob(id))!
        if (job.finishedAt) return job
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    expect(await endOf('left-often')).toMatchObject({ state: 'failed', error: { code: 'job.interrupted' } })
    const ended = [await endOf('left-running'), await endOf('left-first'), await endOf('left-second')]
    expect(ended.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
    expect(ended[0]).toMatchObject({ attempts: 2, token: 2, runId: 'run-of-left-running' })
    expect(ended[0]!.finishedAt! <= ended[1]!.startedAt!).toBe(true)
    expect(ended[1]!.finishedAt! <= ended[2]!.startedAt!).toBe(true)
    expect((await other.store.readRun('run-of-left-first'))!.run).toMatchObject({ job: 'left-first', seed: 7 })
    expect((await other.store.listRuns(10)).map(({ id }) => id)).toEqual(['run-of-left-first', 'run-of-left-running'])
    const log = (await app.http.inject('/v1/jobs/left-first/log')).json()
    expect(log.lines[0].message).toBe('started, attempt 1')
    expect(log.lines.at(-1).message).toBe('done')
    expect(log.next).toBe(log.lines.length)
    await app.http.close()
  } finally {
    await other.close()
  }
})

test('a job whose run is written, but whose end is not, ends without a second run', async () => {
  const other = await openWorld(10_000)
  try {
    const app = await openApp(other.store)
    const first = await app.services.jobs.submit({ type: 'detect', mode: 'write', parameters: {}, key: null })
    const end = async (id: string) => {
      for (;;) {
        const job = await app.services.jobs.read(id)
        if (job.finishedAt) return job
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const done = await end(first.id)
    const again = jobRecord('again', { runId: first.runId, attempts: 1, token: 1, parameters: first.parameters })
    await other.store.createJob(again)
    const repeated = await end('again')
    expect(repeated.state).toBe('done')
    expect(repeated.result).toMatchObject({
      run: first.runId,
      rings: done.result!.rings,
      members: done.result!.members,
    })
    expect(await other.store.listRuns(10)).toHaveLength(1)
    await app.http.close()
  } finally {
    await other.close()
  }
})

test('a job that takes too long is failed, and one that was cancelled can be tried again', async () => {
  const slow = await service.services.jobs.submit({
    type: 'detect',
    mode: 'dry-run',
    parameters: {},
    key: null,
    timeoutSeconds: 0.05,
  })
  expect(await ended(slow.id)).toMatchObject({ state: 'failed', error: { code: 'job.timeout' } })
  const { body } = await post({ type: 'detect', mode: 'dry-run', parameters: { detectors: ['dense-block'] } })
  await service.http.inject({ method: 'DELETE', url: `/v1/jobs/${body.id}` })
  expect(await ended(body.id)).toMatchObject({ state: 'cancelled' })
  const retried = await service.http.inject({ method: 'POST', url: `/v1/jobs/${body.id}/retry` })
  expect(retried.statusCode).toBe(202)
  expect(retried.json()).toMatchObject({ id: body.id, state: 'queued', error: null })
  expect(await ended(body.id)).toMatchObject({ state: 'done', error: null })
})

test('a service that stops gives back what runs and leaves what waits, for the next one', async () => {
  const other = await openWorld(20_000)
  try {
    const stopping = await openApp(other.store)
    const request = { type: 'detect', mode: 'dry-run', parameters: {}, key: null } as const
    const running = await stopping.services.jobs.submit(request)
    const waiting = await stopping.services.jobs.submit(request)
    while ((await stopping.services.jobs.read(running.id)).state === 'queued')
      await new Promise((resolve) => setTimeout(resolve, 5))
    await stopping.http.close()
    expect(await other.store.readJob(running.id)).toMatchObject({ state: 'queued', attempts: 0, finishedAt: null })
    expect(await other.store.readJob(waiting.id)).toMatchObject({ state: 'queued', finishedAt: null })
    const next = await openApp(other.store)
    await next.services.jobs.start()
    for (const { id } of [running, waiting]) {
      while ((await next.services.jobs.read(id)).finishedAt === null)
        await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await next.services.jobs.read(id)).toMatchObject({ state: 'done', error: null, attempts: 1 })
    }
    await next.http.close()
  } finally {
    await other.close()
  }
})

test('a service that stops takes no new jobs', async () => {
  const other = await openApp(service.store)
  await other.http.close()
  const late = other.services.jobs.submit({ type: 'detect', mode: 'dry-run', parameters: {}, key: null })
  await expect(late).rejects.toMatchObject({ code: 'server.stopping' })
})
