/** `/{kind}/{id}/score` on a real store, run and model: by the champion on record, explained, masked, coded where it cannot be. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { entityId, findEntity } from '#src/graph/snapshot.js'
import { loadBackend } from '#src/model/backend.js'
import { rangeOf } from '#src/model/features/product/sides.js'
import { trainOnLabels } from '#src/model/product/labelled-training.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { readModel, writeModel } from '#src/model/registry/model-folder.js'
import type { App } from '#src/server/app.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Awaited<ReturnType<typeof makeKeys>>

/** Members of rings are called bad, as many others good: what matters here is that it is a model. */
const trainModel = async (folder: string): Promise<void> => {
  const snapshot = app.services.current.graph()
  const { run, rings } = app.services.current.view
  const members = new Set(rings.flatMap((ring) => ring.members.filter((m) => m.kind === 'user').map(({ id }) => id)))
  const { from, to } = rangeOf(snapshot, 'user')
  const others = Array.from({ length: to - from }, (_, i) => entityId(snapshot, from + i)).filter(
    (id) => !members.has(id),
  )
  const of = (ids: readonly string[], label: 0 | 1): LabelRecord[] =>
    ids.map((id) => ({ kind: 'user', id, label, at: null, group: '' }))
  const records = [...of([...members].sort().slice(0, 60), 1), ...of(others.slice(0, 80), 0)]
  const backend = await loadBackend('wasm')
  const work = { snapshot, rings: run && { run, rings }, backend, epochs: 1, records, seed: 1 }
  const { models, networks, labels, window, skipped } = trainOnLabels(work)
  await writeModel(
    folder,
    {
      version: '0.0.0',
      trainedAt: '2026-01-31T00:00:00.000Z',
      seed: 1,
      asOf: null,
      run: run!.id,
      window,
      models,
      networks,
      labels,
      skipped,
      baseline: null,
    },
    '# A model for a test\n',
  )
}

beforeAll(async () => {
  world = await openWorld(20_000, true)
  app = await openApp(world.store)
  keys = await makeKeys(world.store)
}, 60_000)

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const get = async (url: string, key = keys.investigator) => {
  const answer = await app.http.inject({ url, headers: bearer(key) })
  return { status: answer.statusCode, body: answer.json(), text: answer.body, headers: answer.headers }
}

const member = () => {
  const { rings } = app.services.current.view
  return rings.flatMap(({ members }) => members).find(({ kind }) => kind === 'user')!
}

test('without a champion it is told so, and rings still rank', async () => {
  const { id } = member()
  expect((await get(`/v1/users/${id}/score`)).body).toMatchObject({ status: 409, code: 'model.none' })
  const { status, body } = await get(`/v1/users/${id}/score?basis=rings`)
  expect(status).toBe(200)
  expect(body).toMatchObject({ entity: `user:${id}`, supervised: false, interval: null, model: null, labels: 0 })
  const ringsOf = app.services.current.view.ringsOf('user', id)
  expect(body.score).toBeCloseTo(Math.max(...ringsOf.map(({ membership, fdr }) => membership * (1 - fdr))), 12)
  expect(body.explanation[0].sentence).toMatch(/^It is in the ring .* as .*\.$/)
  expect((await get('/v1/users/nobody/score?basis=rings')).body).toMatchObject({ status: 404, code: 'entity.unknown' })
})

test('with a champion on record the first question waits for it, and then scores are explained', async () => {
  const folder = join(world.folder, 'model')
  await trainModel(folder)
  const { model, digest } = await readModel(folder)
  const record = {
    id: 'm-test',
    type: 'entities',
    folder,
    digest,
    trainedAt: model.trainedAt,
    version: model.version,
    seed: 1,
    asOf: null,
    window: model.window,
    run: model.run,
    labels: model.labels.length,
    kinds: [],
  }
  const note = { at: '2026-02-01T00:00:00.000Z', who: 'test', why: 'test' }
  await world.store.addModel(record, note)
  await world.store.changeChampion({ ...note, action: 'promote', model: 'm-test', instead: null })

  const { id } = member()
  const early = await get(`/v1/users/${id}/score`)
  expect(early.body).toMatchObject({ status: 503, code: 'server.loading' })
  expect(early.headers['retry-after']).toBe('2')
  await app.services.scores.settled()

  const { status, body, text } = await get(`/v1/users/${id}/score`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    run: app.services.current.view.run!.id,
    model: 'm-test',
    entity: `user:${id}`,
    supervised: true,
  })
  expect(body.score).toBeGreaterThanOrEqual(body.interval.low)
  expect(body.score).toBeLessThanOrEqual(body.interval.high)
  const parts: { name: string; contribution: number }[] = body.parts
  expect(parts.reduce((sum, { contribution }) => sum + contribution, body.intercept)).toBeCloseTo(body.logOdds, 9)
  expect(body.explanation.length).toBeGreaterThan(1)
  expect(body.counterfactuals.length).toBeGreaterThan(0)
  expect((await get(`/v1/users/${id}/score`)).text).toBe(text)

  const bare = (await get(`/v1/users/${id}/score?explain=0`)).body
  expect(bare).toMatchObject({ score: body.score, explanation: [], counterfactuals: [] })
  const few = (await get(`/v1/users/${id}/score?explain=2`)).body.explanation
  expect(few.filter(({ part }: { part: string }) => part === 'trees').length).toBeLessThanOrEqual(2)
})

test('identifiers of persons are masked in sentences and ids for roles that may not see them', async () => {
  const snapshot = app.services.current.graph()
  const { from, to } = rangeOf(snapshot, 'user')
  let shown = 0
  for (let entity = from; entity < to && shown < 3; entity += 7) {
    const path = `/v1/users/${encodeURIComponent(entityId(snapshot, entity))}/score`
    const open = await get(path)
    if (!/"device:/.test(open.text)) continue
    shown++
    const masked = await get(path, keys.viewer)
    const devices = [...masked.text.matchAll(/(?:device|payment|network|contact|address):([^\s",]+)/g)].map(
      ([, id]) => id!,
    )
    expect(devices.length).toBeGreaterThan(0)
    for (const id of devices) {
      expect(id.startsWith('~')).toBe(true)
      expect(findEntity(snapshot, 'device', id)).toBe(-1)
    }
    expect(masked.body.score).toBe(open.body.score)
  }
  expect(shown).toBe(3)
})

test('who was recorded after the run is told so, with what to do', async () => {
  const like = { id: 'later', type: 'like', actor: 'user:later', target: 'video:later', at: '2026-02-01T00:00:00Z' }
  const posted = await app.http.inject({
    method: 'POST',
    url: '/v1/interactions',
    headers: bearer(keys.ingest),
    payload: [like],
  })
  expect(posted.json()).toMatchObject({ accepted: 1 })
  for (const path of ['/v1/users/later/score', '/v1/users/later/score?basis=rings', '/v1/videos/later/score'])
    expect((await get(path)).body).toMatchObject({ status: 404, code: 'entity.later' })
})

test('what cannot be scored is told by code', async () => {
  expect((await get('/v1/users/nobody/score')).body).toMatchObject({ status: 404, code: 'entity.unknown' })
  const snapshot = app.services.current.graph()
  const product = entityId(snapshot, rangeOf(snapshot, 'product').from)
  expect((await get(`/v1/products/${product}/score`)).body).toMatchObject({ status: 409, code: 'model.kind' })
  expect((await get('/v1/users/x/score?explain=-1')).body).toMatchObject({ status: 400, code: 'request.invalid' })
  expect((await get('/v1/users/x/score', keys.ingest)).body).toMatchObject({ status: 403, code: 'auth.role' })
})
