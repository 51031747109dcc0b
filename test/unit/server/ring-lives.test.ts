import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { App } from '#src/server/app.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App

const event = { overlap: null, accounts: 3, other: null } as const
const time = (n: number): string => `2026-01-0${n}T00:00:00.000Z`

beforeAll(async () => {
  world = await openWorld()
  const { store } = world
  await store.writeBatch(batchOf([{ id: 'i1', type: 'like', actor: 'user:a', target: 'video:v' }]))
  const born = (ring: string) => ({ ...event, ring, event: 'born' }) as const
  await store.saveRun(
    { run: runRecord('one', { finishedAt: time(1) }), rings: ['r1', 'r2', 'r3', 'r4'].map((id) => ringRecord(id)) },
    { events: ['r1', 'r2', 'r3', 'r4'].map(born), dormant: [] },
  )
  const merged = (ring: string, other: string) => ({ ...event, ring, event: 'merged', overlap: 0.5, other }) as const
  await store.saveRun(
    { run: runRecord('two', { finishedAt: time(2) }), rings: ['r1', 'r3'].map((id) => ringRecord(id)) },
    {
      events: [merged('r2', 'r1'), { ...event, ring: 'r4', event: 'dormant' }],
      dormant: [{ id: 'r4', lastRun: 'one', absent: 1 }],
    },
  )
  await store.saveRun(
    { run: runRecord('three', { finishedAt: time(3) }), rings: [ringRecord('r3')] },
    { events: [merged('r1', 'r3')], dormant: [{ id: 'r4', lastRun: 'one', absent: 2 }] },
  )
  app = await openApp(store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const get = async (url: string) => {
  const answer = await app.http.inject(url)
  return { status: answer.statusCode, location: answer.headers.location, body: answer.json() }
}

test('the life of a ring is told oldest first, in the latest run or not', async () => {
  expect((await get('/v1/rings/r3/history')).body).toEqual({
    ring: 'r3',
    state: 'active',
    mergedInto: null,
    events: [{ ...event, event: 'born', run: 'one', at: time(1) }],
  })
  const { body } = await get('/v1/rings/r1/history')
  expect(body).toMatchObject({ state: 'merged', mergedInto: 'r3' })
  expect(body.events.map((each: { event: string; run: string }) => [each.event, each.run])).toEqual([
    ['born', 'one'],
    ['merged', 'three'],
  ])
  expect((await get('/v1/rings/r4/history')).body).toMatchObject({ state: 'dormant', mergedInto: null })
  expect(await get('/v1/rings/r9/history')).toMatchObject({ status: 404, body: { code: 'ring.unknown' } })
})

test('a link to a ring that was merged, and that into another, leads to the one that goes on', async () => {
  for (const [asked, led] of [
    ['/v1/rings/r2', '/v1/rings/r3'],
    ['/v1/rings/r2/members?limit=1', '/v1/rings/r3/members?limit=1'],
    ['/v1/rings/r1/evidence', '/v1/rings/r3/evidence'],
    ['/v1/rings/r1/verify', '/v1/rings/r3/verify'],
  ] as const) {
    const { status, location, body } = await get(asked)
    expect([status, location]).toEqual([307, led])
    expect(body).toMatchObject({ mergedInto: 'r3', note: expect.stringContaining('was merged into r3') })
    expect((await get(led)).status).toBe(200)
  }
})

test('in the run that had it, a ring is itself', async () => {
  expect((await get('/v1/rings/r2?run=one')).body.id).toBe('r2')
  expect(await get('/v1/rings/r2?run=three')).toMatchObject({ status: 404, body: { code: 'ring.unknown' } })
})

test('of a dormant ring the answer says what became of it', async () => {
  const { status, body } = await get('/v1/rings/r4')
  expect(status).toBe(404)
  expect(body.detail).toContain('is dormant')
})

test('facts are counted again', async () => {
  const { status, body } = await get('/v1/rings/r3/verify')
  expect(status).toBe(200)
  expect(body).toMatchObject({ ring: 'r3', run: 'three', holds: false })
  // i1 is there with other content than was written down; i2 is not.
  expect(body.facts[0]).toMatchObject({
    state: 'broken',
    missing: [{ type: 'like', id: 'i2' }],
    changed: [{ type: 'like', id: 'i1' }],
  })
})

test('what became of the rings since a run is told, the latest first', async () => {
  const told = async (since: string) => {
    const { body } = await get(`/v1/ring-changes${since}`)
    return {
      ...body,
      changes: body.changes.map((each: { ring: string; event: string }) => `${each.ring} ${each.event}`),
    }
  }
  expect(await told('?since=two')).toEqual({ since: 'two', run: 'three', changes: ['r1 merged'], same: 1, unread: 0 })
  const sinceOne = await told('?since=one')
  expect(sinceOne.changes[0]).toBe('r1 merged')
  expect(sinceOne.changes.slice(1).sort()).toEqual(['r2 merged', 'r4 dormant'])
  // Without a run to compare with, all that is known of the rings of the latest.
  expect(await told('')).toMatchObject({ since: null, changes: ['r3 born'], same: 0 })
  expect((await get('/v1/ring-changes?since=none')).body.code).toBe('run.unknown')
})
