import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { KeyRole } from '#src/jobs/api-keys.js'
import { AuthLimit, addressGroup } from '#src/server/access/auth-limit.js'
import type { App } from '#src/server/app.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Readonly<Record<KeyRole, string>>
const LIMIT = 5

beforeAll(async () => {
  world = await openWorld()
  keys = await makeKeys(world.store)
  app = await openApp(world.store, { authFailureLimit: LIMIT })
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const call = async (remoteAddress: string, key: string | null) => {
  const headers = key === null ? {} : bearer(key)
  const answer = await app.http.inject({ url: '/v1/runs', remoteAddress, headers })
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() }
}

test('an address that guesses is turned away before its key is looked at; others and keys in use there are not', async () => {
  const [guesser, other] = ['203.0.113.7', '203.0.113.8']
  expect((await call(guesser, keys.viewer)).status).toBe(200)
  for (let i = 0; i < LIMIT; i++)
    expect((await call(guesser, i % 2 ? null : `ringfence_guess-${i}`)).body.code).toBe(
      i % 2 ? 'auth.missing' : 'auth.unknown',
    )
  for (const key of ['ringfence_guess', null, keys.admin]) {
    const refused = await call(guesser, key)
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({ status: 429, code: 'auth.rate', type: 'urn:ringfence:error:auth.rate' })
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/)
    const seconds = Number(refused.headers['retry-after'])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
  }
  expect((await call(guesser, keys.viewer)).status).toBe(200)
  for (const key of [keys.viewer, keys.admin]) expect((await call(other, key)).status).toBe(200)
  expect((await call(other, 'ringfence_guess')).status).toBe(401)
  expect((await app.http.inject({ url: '/health/live', remoteAddress: guesser })).statusCode).toBe(200)
  const { body } = await app.http.inject({ url: '/metrics', remoteAddress: other, headers: bearer(keys.operator) })
  for (const [reason, count] of Object.entries({ missing: 2, unknown: 4, limited: 3 }))
    expect(body).toContain(`ringfence_auth_failures_total{reason="${reason}"} ${count}\n`)
})

test('a key of a role that may not is no guess', async () => {
  for (let i = 0; i < 2 * LIMIT; i++) {
    const headers = bearer(keys.ingest)
    const answer = await app.http.inject({ url: '/v1/runs', remoteAddress: '203.0.113.20', headers })
    expect(answer.json().code).toBe('auth.role')
  }
})

test('IPv6 addresses of one /64 are one caller', async () => {
  for (let i = 0; i < LIMIT; i++) await call(`2001:db8:1:2::${i}`, 'ringfence_guess')
  expect((await call('2001:db8:1:2:ffff::1', keys.admin)).status).toBe(429)
  expect((await call('2001:db8:1:3::1', keys.admin)).status).toBe(200)
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:0:2::', '2001:db8:0:2::/64'],
  ['2001:0db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group)
})

test('the wait ends with the minute, and what is known of a key with its hour', () => {
  let now = 1000
  const limit = new AuthLimit(2, () => now)
  limit.letIn('a', 'k')
  limit.failed('a')
  expect(limit.wait('a', null)).toBe(0)
  now += 30_000
  limit.failed('a')
  expect([limit.wait('a', null), limit.wait('a', 'other'), limit.wait('a', 'k')]).toEqual([30, 30, 0])
  now += 29_999
  expect(limit.wait('a', null)).toBe(1)
  now += 1
  expect(limit.wait('a', null)).toBe(0)
  now += 3_600_000
  for (let i = 0; i < 2; i++) limit.failed('a')
  expect(limit.wait('a', 'k')).toBe(60)
})

test('many addresses cost bounded memory, and the latest are remembered', () => {
  const limit = new AuthLimit(1, () => 0)
  for (let i = 0; i < 50_000; i++) limit.failed(`10.0.${i >> 8}.${i & 255}`)
  expect(limit.wait('10.0.0.0', null)).toBe(0)
  expect(limit.wait(`10.0.${49_999 >> 8}.${49_999 & 255}`, null)).toBe(60)
})
