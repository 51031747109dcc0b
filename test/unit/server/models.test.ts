/** Models over HTTP: trained and scored by jobs, promoted and rolled back by routes, watched in metrics. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { givenLabels } from '#src/jobs/label-records.js'
import type { App } from '#src/server/app.js'
import { worldBatch, worldLabels, worldUsers } from '../../support/labelled-world.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Awaited<ReturnType<typeof makeKeys>>
beforeAll(async () => {
  world = await openWorld()
  await world.store.writeBatch(worldBatch())
  keys = await makeKeys(world.store)
  app = await openApp(world.store)
})
afterAll(async () => {
  await app.http.close()
  await world.close()
})

type Role = keyof typeof keys
const get = async (url: string, role: Role = 'viewer') => {
  const answer = await app.http.inject({ url, headers: bearer(keys[role]) })
  return {
    status: answer.statusCode,
    body: String(answer.headers['content-type']).includes('json') ? answer.json() : answer.body,
  }
}
const post = async (url: string, payload: object, role: Role = 'operator') => {
  const answer = await app.http.inject({ method: 'POST', url, payload, headers: bearer(keys[role]) })
  return { status: answer.statusCode, body: answer.json() }
}
const performed = async (payload: object) => {
  const { status, body } = await post('/v1/jobs', payload)
  expect(status).toBe(202)
  for (;;) {
    const job = (await get(`/v1/jobs/${body.id}`)).body
    if (['done', 'failed', 'cancelled'].includes(job.state)) return job
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const labels = givenLabels(worldLabels())

test('estimates answer at once; what makes no sense is refused before it starts', async () => {
  const estimated = await post('/v1/jobs', { type: 'train', mode: 'estimate', parameters: { labels } })
  expect(estimated.body).toMatchObject({ state: 'done', parameters: { labels: labels.length } })
  expect(estimated.body.result.estimate.megabytes).toBeGreaterThan(100)
  expect((await post('/v1/jobs', { type: 'score', mode: 'estimate' })).body.result.estimate.seconds).toBeGreaterThan(0)
  for (const [payload, status, code] of [
    [{ type: 'train' }, 400, 'request.invalid'],
    [{ type: 'train', parameters: {} }, 400, 'request.invalid'],
    [{ type: 'train', parameters: { labels: [{ entity: 'u1', label: 'bad' }] } }, 400, 'request.invalid'],
    [{ type: 'train', parameters: { labels: [{ entity: 'user:u1', label: 'worst' }] } }, 400, 'request.invalid'],
    [{ type: 'train', parameters: { labels, run: 'none' } }, 404, 'run.unknown'],
    [{ type: 'train', parameters: { labels, memoryLimitMb: 64 } }, 422, 'job.memory'],
    [{ type: 'score', parameters: { model: '../elsewhere' } }, 400, 'request.invalid'],
    [{ type: 'score', parameters: { model: 'm-000000000000' } }, 404, 'model.unknown'],
    [{ type: 'score', parameters: { challenger: 'm-000000000000' } }, 404, 'model.unknown'],
  ] as const) {
    const refused = await post('/v1/jobs', payload)
    expect(refused).toMatchObject({ status, body: { code } })
  }
  expect((await performed({ type: 'score' })).error).toMatchObject({ code: 'run.none' })
  expect((await get('/v1/models')).body.models).toEqual([])
  expect((await get('/v1/models/status')).body).toMatchObject({ champion: null, scoring: null })
  expect((await get('/metrics', 'operator')).body).toContain('ringfence_model_age_seconds -1')
})

test('a job trains a candidate, a person makes it champion, a job scores by it', async () => {
  const trained = await performed({ type: 'train', parameters: { labels } })
  expect(trained).toMatchObject({
    state: 'done',
    result: { state: 'candidate', labels: 120, kinds: [{ kind: 'user', bad: 36, good: 84 }] },
  })
  const id = trained.result.model
  const dry = await performed({ type: 'score', mode: 'dry-run', parameters: { model: id } })
  expect(dry.result).toMatchObject({ scoring: null, model: id, entities: worldUsers })
  expect(await world.store.listScorings(10)).toEqual([])

  expect((await post(`/v1/models/${id}/promote`, { why: 'the first' }, 'viewer')).status).toBe(403)
  expect((await post(`/v1/models/${id}/promote`, {})).status).toBe(400)
  expect((await post('/v1/models/m-000000000000/promote', { why: 'x' })).body).toMatchObject({ code: 'model.unknown' })
  const promoted = await post(`/v1/models/${id}/promote`, { why: 'the first' })
  expect(promoted).toMatchObject({ status: 200, body: { id, state: 'champion' } })
  const [registered, change] = promoted.body.changes
  expect(registered).toMatchObject({ who: `job ${trained.id}`, action: 'register' })
  expect(change).toMatchObject({ why: 'the first', action: 'promote', to: 'champion' })
  expect(change.who).toMatch(/^test operator \(k-[0-9a-f]+\)$/)
  expect((await post('/v1/models/rollback', { why: 'x' })).body).toMatchObject({ status: 409, code: 'model.state' })

  const scored = await performed({ type: 'score', parameters: { labels } })
  expect(scored).toMatchObject({
    state: 'done',
    parameters: { labels: labels.length },
    result: { model: id, entities: worldUsers },
  })
  expect(scored.result.drift).toMatchObject([{ kind: 'user', unseen: 0, fresh: 0 }])
  expect((await world.store.readScore('user', 'u0'))!.scoring).toMatchObject({
    id: scored.result.scoring,
    model: id,
    job: scored.id,
  })

  expect((await get('/v1/models')).body.models).toMatchObject([{ id, state: 'champion' }])
  expect((await get(`/v1/models/${id}`)).body).toMatchObject({
    id,
    problem: null,
    card: expect.stringContaining('# Model'),
  })
  expect((await get('/v1/models/none')).body).toMatchObject({ status: 404, code: 'model.unknown' })
  const status = (await get('/v1/models/status')).body
  expect(status).toMatchObject({
    champion: { id },
    candidate: null,
    scoring: { id: scored.result.scoring, notes: scored.result.notes },
  })
})

test('what the champion shows is in the metrics', async () => {
  const fresh = await openApp(world.store)
  try {
    const text = (await fresh.http.inject({ url: '/metrics', headers: bearer(keys.operator) })).body
    expect(text).toMatch(/ringfence_model_score_stability_index\{kind="user"\} 0\n/)
    expect(text).toMatch(/ringfence_model_unseen_share\{kind="user"\} 0\n/)
    expect(text).toContain('ringfence_model_drift_warnings 0')
    expect(text).not.toContain('ringfence_model_age_seconds -1')
  } finally {
    await fresh.http.close()
  }
})

test('a job that trains is cancelled within a second and leaves no model', async () => {
  const { body } = await post('/v1/jobs', { type: 'train', parameters: { labels, seed: 5 } })
  while ((await get(`/v1/jobs/${body.id}`)).body.progress.done < 0.1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const from = performance.now()
  await app.http.inject({ method: 'DELETE', url: `/v1/jobs/${body.id}`, headers: bearer(keys.operator) })
  for (;;) {
    const job = (await get(`/v1/jobs/${body.id}`)).body
    if (job.state === 'cancelled') break
    expect(['queued', 'running']).toContain(job.state)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(performance.now() - from).toBeLessThan(1500)
  expect((await get('/v1/models')).body.models).toHaveLength(1)
})
