import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { allow } from '#src/jobs/allow-list.js'
import { verifyAudit } from '#src/jobs/audit.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import type { App } from '#src/server/app.js'
import { openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App

beforeAll(async () => {
  world = await openWorld(10_000)
  await runDetect(world.store, parameters(), { mode: 'write' })
  app = await openApp(world.store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const parameters = () => ({ ...defaultDetectParameters(), detectors: ['sybil'] })
const detect = () => runDetect(world.store, parameters(), { mode: 'dry-run' })

test('what is on the list is not seen, the run says how much that is, and what is off it is seen again', async () => {
  const before = await detect()
  expect(before.isWhole).toBe(true)
  const accounts = before.rings[0]!.members.filter(({ role }) => role !== 'beneficiary')
  const users = accounts.filter(({ kind }) => kind === 'user').map(({ id }) => `user:${id}`)
  expect(users.length).toBeGreaterThan(2)
  const post = (name: string) =>
    app.http.inject({ method: 'POST', url: '/v1/allow-list', payload: { name, reason: 'ours', expiresAt: null } })
  const ids: string[] = []
  for (const name of users) {
    const answer = await post(name)
    expect([answer.statusCode, answer.json().holds]).toEqual([201, true])
    ids.push(answer.json().id)
  }
  await post('user:nobody-of-this-name-*')
  const after = await detect()
  expect(after.isWhole).toBe(false)
  const note = after.run.notes.find(({ code }) => code === 'allow-list.hidden')!
  const lost = before.run.counts.interactions - after.run.counts.interactions
  expect(note.message).toContain(`hid ${users.length} entities with ${lost} interactions`)
  expect(note.message).toContain(`${ids[0]} 1 with `)
  expect(note.message).not.toContain(users[0])
  expect(after.run.parameters.allowList).toHaveLength(users.length + 1)
  for (const ring of after.rings) for (const { kind, id } of ring.members) expect(users).not.toContain(`${kind}:${id}`)
  // A run of an earlier time did not know of it.
  const earlier = await runDetect(world.store, { ...parameters(), asOf: Date.parse('2026-01-01') }, { mode: 'dry-run' })
  expect(earlier.run.notes.some(({ code }) => code === 'allow-list.hidden')).toBe(false)

  const current = (await app.http.inject('/v1/rings?limit=1000')).json().rings
  const shown = await Promise.all(
    current.map(async ({ id }: { id: string }) => (await app.http.inject(`/v1/rings/${id}`)).json().allowed),
  )
  expect(new Set(shown.flat().map(({ name }: { name: string }) => name))).toEqual(new Set(users))

  for (const id of ids)
    expect((await app.http.inject({ method: 'DELETE', url: `/v1/allow-list/${id}?reason=done` })).statusCode).toBe(200)
  const again = await app.http.inject({ method: 'DELETE', url: `/v1/allow-list/${ids[0]}` })
  expect(again.json().code).toBe('allow.unknown')
  const restored = await detect()
  expect(restored.rings).toEqual(before.rings)
  expect((await verifyAudit(world.store)).holds).toBe(true)
  const logged = async (action: string) =>
    (await world.store.listAudit({ order: 'oldest', limit: 1000, action })).length
  expect([await logged('allow.add'), await logged('allow.remove')]).toEqual([users.length + 1, users.length])
})

test('an entry that has expired does not count', async () => {
  const expiresAt = new Date(Date.now() + 50).toISOString()
  const { id } = await allow(world.store, 'ada', { name: 'user:*1', reason: 'r', expiresAt }).catch(() => ({ id: '' }))
  expect(id).toBe('')
  await allow(world.store, 'ada', { name: 'user:soon-over', reason: 'r', expiresAt })
  await new Promise((resolve) => setTimeout(resolve, 60))
  const { entries } = (await app.http.inject('/v1/allow-list')).json()
  expect(entries.at(-1)).toMatchObject({ name: 'user:soon-over', holds: false })
})

test.each([
  ['no kind', { name: 'nobody' }],
  ['everybody', { name: 'user:*' }],
  ['a time that is over', { expiresAt: '2001-01-01T00:00:00Z' }],
  ['no word about its end', { expiresAt: undefined }],
])('%s is refused', async (_, more) => {
  const payload = { name: 'user:u1', reason: 'r', expiresAt: null, ...more }
  const answer = await app.http.inject({ method: 'POST', url: '/v1/allow-list', payload })
  expect([answer.statusCode, answer.json().code]).toEqual([400, 'request.invalid'])
})
