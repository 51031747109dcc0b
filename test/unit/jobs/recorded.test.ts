/** What changes the service is in the audit log, before it is done, and by whom. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { KeyRole } from '#src/jobs/api-keys.js'
import { verifyAudit } from '#src/jobs/audit.js'
import { recorded } from '#src/jobs/record.js'
import { setWebhook } from '#src/jobs/recorded.js'
import type { App } from '#src/server/app.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Readonly<Record<KeyRole, string>>

beforeAll(async () => {
  world = await openWorld()
  keys = await makeKeys(world.store)
  const webhooks = { hosts: ['hooks.example.org'], allowPrivate: false, secret: 'x'.repeat(32) }
  app = await openApp(world.store, { webhooks })
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const call = async (role: KeyRole, method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) => {
  const answer = await app.http.inject({ method, url, headers: bearer(keys[role]), ...(payload ? { payload } : {}) })
  return answer.json()
}

const entries = async (subject: string) =>
  (await world.store.listAudit({ order: 'oldest', limit: 100, subject })).map(({ text }) => {
    const { action, who, before, after } = JSON.parse(text)
    return { action, who: who.replace(/ \(k-.*/, ''), before, after }
  })

test('keys: made and revoked, and never the key itself', async () => {
  const { id, key } = await call('admin', 'POST', '/v1/keys', { role: 'viewer', name: 'wall' })
  await call('admin', 'DELETE', `/v1/keys/${id}`)
  await call('admin', 'DELETE', `/v1/keys/${id}`)
  const found = await entries(`key:${id}`)
  expect(found).toEqual([
    { action: 'key.create', who: 'test admin', before: null, after: { role: 'viewer', name: 'wall' } },
    {
      action: 'key.revoke',
      who: 'test admin',
      before: { role: 'viewer', name: 'wall' },
      after: { revokedAt: expect.any(String) },
    },
  ])
  expect(JSON.stringify(found)).not.toContain(key)
})

test('schedules and webhooks: what was asked for, and what was there before', async () => {
  const job = { type: 'publish', mode: 'write', parameters: {} }
  await call('operator', 'PUT', '/v1/schedules/s', { job, cron: '0 1 * * *' })
  await call('lead', 'PUT', '/v1/schedules/s', { job, cron: '0 2 * * *' })
  await call('operator', 'DELETE', '/v1/schedules/s')
  expect(await entries('schedule:s')).toMatchObject([
    { action: 'schedule.set', who: 'test operator', before: null, after: { cron: '0 1 * * *' } },
    { action: 'schedule.set', who: 'test lead', before: { cron: '0 1 * * *' }, after: { cron: '0 2 * * *' } },
    { action: 'schedule.remove', who: 'test operator', before: { cron: '0 2 * * *' }, after: null },
  ])
  const url = 'https://hooks.example.org/x'
  await call('operator', 'PUT', '/v1/webhooks/w', { url, events: ['job.failed'] })
  await call('operator', 'PUT', '/v1/webhooks/w', { url, events: ['job.done'], paused: true })
  await call('operator', 'DELETE', '/v1/webhooks/w')
  expect(await entries('webhook:w')).toMatchObject([
    { action: 'webhook.set', before: null, after: { url, events: ['job.failed'], paused: false } },
    { action: 'webhook.set', before: { events: ['job.failed'] }, after: { paused: true } },
    { action: 'webhook.remove', before: { url }, after: null },
  ])
})

test('jobs: asked for, cancelled and tried again by people, and asked for by schedules', async () => {
  const asked = await call('operator', 'POST', '/v1/jobs', { type: 'detect', key: 'once' })
  await call('operator', 'POST', '/v1/jobs', { type: 'detect', key: 'once' })
  await call('lead', 'DELETE', `/v1/jobs/${asked.id}`)
  await call('lead', 'POST', `/v1/jobs/${asked.id}/retry`)
  expect(await entries(`job:${asked.id}`)).toMatchObject([
    { action: 'job.create', who: 'test operator', after: { type: 'detect', mode: 'write' } },
    { action: 'job.cancel', who: 'test lead' },
    { action: 'job.retry', who: 'test lead' },
  ])
  const estimate = await call('operator', 'POST', '/v1/jobs', { type: 'detect', mode: 'estimate' })
  expect(await entries(`job:${estimate.id}`)).toEqual([])
  const labels = Array.from({ length: 500 }, (_, i) => ({ entity: `user:u${i}`, label: 'bad' }))
  const long = await call('operator', 'POST', '/v1/jobs', { type: 'train', parameters: { labels } })
  expect((await entries(`job:${long.id}`))[0]!.after.parameters).toEqual({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    characters: expect.any(Number),
  })
  const times = { type: 'publish', mode: 'write', parameters: {}, key: null, schedule: 'hourly' } as const
  await app.services.jobs.submit(times).catch(() => null)
  const [made] = await world.store.listAudit({ order: 'newest', limit: 1, who: 'schedule hourly' })
  expect(made).toMatchObject({ action: 'job.create' })
})

test('models: who wanted which champion, also where it came to nothing', async () => {
  await call('lead', 'POST', '/v1/models/m-000000000000/promote', { why: 'better' })
  expect(await entries('model:m-000000000000')).toMatchObject([
    { action: 'model.promote', who: 'test lead', before: { champion: null }, after: { why: 'better' } },
    { action: 'model.promote.failed', who: 'test lead', after: { code: 'model.unknown' } },
  ])
})

test('nothing is done that cannot be logged', async () => {
  const failing = new Proxy(world.store, {
    get: (target, name) =>
      name === 'decide' ? () => Promise.reject(new Error('the disk is full')) : Reflect.get(target, name, target),
  })
  let done = false
  const act = async () => {
    done = true
  }
  await expect(recorded(failing, { who: 'ada', action: 'x', subject: '', after: null }, act)).rejects.toThrow('disk')
  expect(done).toBe(false)
  const hook = { url: 'https://hooks.example.org/', events: ['job.done'], paused: false } as const
  await expect(setWebhook(failing, 'ada', 'never', hook)).rejects.toThrow('disk')
  expect(await world.store.readDocument('webhooks', 'never')).toBeNull()
})

test('the log holds, and a changed byte in any of these entries is found', async () => {
  const proof = await verifyAudit(world.store)
  expect(proof).toMatchObject({ holds: true, faultCount: 0 })
  const { place } = (await world.store.listAudit({ order: 'newest', limit: 1, action: 'key.revoke' }))[0]!
  const changed = new Proxy(world.store, {
    get: (target, name) =>
      name === 'listAudit'
        ? async (query: Parameters<typeof target.listAudit>[0]) =>
            (await target.listAudit(query)).map((entry) =>
              entry.place === place ? { ...entry, text: entry.text.replace('wall', 'mall') } : entry,
            )
        : Reflect.get(target, name, target),
  })
  expect((await verifyAudit(changed)).faults).toMatchObject([{ place }])
})
