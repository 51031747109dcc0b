import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RingfenceError } from '#src/errors.js'
import { hashApiKey, type KeyRole, makeApiKey } from '#src/jobs/api-keys.js'
import { verifyAudit } from '#src/jobs/audit.js'
import { hashToken, type SessionRecord } from '#src/jobs/sessions.js'
import type { Authenticator } from '#src/server/access/authenticator.js'
import type { App } from '#src/server/app.js'
import { buildApp } from '#src/server/app.js'
import type { Caller } from '#src/server/plugins/auth.js'
import { bearer, Lines, makeKeys, openApp, openWorld, testSettings, type World } from '../../support/service.js'

let world: World
let app: App
/** Another process on the store, which knows nothing of what this one remembers. */
let other: App
let keys: Readonly<Record<KeyRole, string>>
const logs = new Lines()
const LIMIT = 6

beforeAll(async () => {
  world = await openWorld()
  keys = await makeKeys(world.store)
  app = await openApp(world.store, { authFailureLimit: LIMIT }, logs)
  other = await openApp(world.store)
})

afterAll(async () => {
  await app.http.close()
  await other.http.close()
  await world.close()
})

interface Cookie {
  readonly name: string
  readonly value: string
  readonly maxAge?: number
  readonly httpOnly?: boolean
  readonly secure?: boolean
  readonly sameSite?: string
  readonly path?: string
}

interface Signed {
  readonly cookies: Record<string, string>
  readonly csrf: string
  readonly id: string
}

const jar = (cookies: readonly Cookie[]) => Object.fromEntries(cookies.map(({ name, value }) => [name, value]))

const signIn = async (
  key: string,
  http = app.http,
  more: object = {},
): Promise<Signed & { readonly set: Cookie[] }> => {
  const answer = await http.inject({ method: 'POST', url: '/v1/session', payload: { key }, ...more })
  expect(answer.statusCode).toBe(201)
  const set = answer.cookies as Cookie[]
  return { cookies: jar(set), csrf: answer.json().csrf, id: answer.json().session.id, set }
}

const get = async (cookies: Record<string, string>, url = '/v1/session', http = app.http) => {
  const answer = await http.inject({ url, cookies })
  return { status: answer.statusCode, body: answer.json(), set: answer.cookies as Cookie[] }
}

/** Changes the record of a session as time or another process would. */
const change = async (id: string, more: Partial<SessionRecord>): Promise<void> => {
  const found = await world.store.readDocument('sessions', id)
  const { version, sort, value } = found!
  const changed = { collection: 'sessions', id, expected: version, sort, value: { ...value, ...more } }
  expect(await world.store.changeDocuments([changed])).toBe(true)
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

/** What a process remembers of a session without asking the store. */
const forgotten = () => new Promise((resolve) => setTimeout(resolve, 2100))

test('a key is exchanged for a cookie that no script reads; the store has hashes alone', async () => {
  const { set, csrf, id } = await signIn(keys.investigator)
  expect(set).toMatchObject([
    { name: 'ringfence-session', httpOnly: true, sameSite: 'Strict', path: '/' },
    { name: 'ringfence-csrf', value: csrf, sameSite: 'Strict', path: '/' },
  ])
  expect(set[1]!.httpOnly).toBeUndefined()
  expect(set[0]!.maxAge).toBeGreaterThan(43_100)
  const [, token] = set[0]!.value.split('.')
  const { value } = (await world.store.readDocument('sessions', id))!
  expect(value).toMatchObject({ hash: hashToken(token!), role: 'investigator' })
  for (const secret of [token!, keys.investigator, hashApiKey(keys.investigator)])
    expect(JSON.stringify(value)).not.toContain(secret)
  expect(logs.text).not.toContain(token!)
  expect(logs.text).not.toContain(csrf)
})

test('over TLS at a proxy that is trusted the cookies are Secure and of this host alone; headers of anybody else are not believed', async () => {
  const proxied = await openApp(world.store, { trustedProxies: ['127.0.0.1'] })
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' }
  const { set, cookies } = await signIn(keys.viewer, proxied.http, { headers })
  expect(set).toMatchObject([
    { name: '__Host-ringfence-session', secure: true, httpOnly: true, path: '/' },
    { name: '__Host-ringfence-csrf', secure: true, path: '/' },
  ])
  const ask = async (jarred: Record<string, string>) =>
    (await proxied.http.inject({ url: '/v1/session', headers, cookies: jarred })).statusCode
  expect(await ask(cookies)).toBe(200)
  // Another host of the domain can set a cookie without the prefix.
  expect(await ask({ 'ringfence-session': cookies['__Host-ringfence-session']! })).toBe(401)
  await proxied.http.close()
  expect((await signIn(keys.viewer, app.http, { headers })).set[0]!.name).toBe('ringfence-session')
})

test('who is signed in is told, with and without a session', async () => {
  const { cookies, csrf } = await signIn(keys.viewer)
  expect((await get(cookies)).body).toMatchObject({
    role: 'viewer',
    name: 'test viewer',
    masks: true,
    csrf,
    session: { id: expect.stringMatching(/^s-[0-9a-f]{16}$/), idleUntil: expect.any(String) },
  })
  const byKey = await app.http.inject({ url: '/v1/session', headers: bearer(keys.ingest) })
  expect(byKey.json()).toEqual({ role: 'ingest', name: 'test ingest', masks: true, session: null, csrf: null })
  // A key that is sent goes before the cookie.
  const both = await app.http.inject({ url: '/v1/session', cookies, headers: bearer(keys.lead) })
  expect(both.json()).toMatchObject({ role: 'lead', masks: false, session: null })
})

test('what changes something needs the token of its session; a key needs none', async () => {
  const mine = await signIn(keys.lead)
  const other = await signIn(keys.lead)
  let asked = 0
  const post = async (more: object) => {
    const payload = { name: `user:csrf-${asked++}`, reason: 'test', expiresAt: null }
    const answer = await app.http.inject({ method: 'POST', url: '/v1/allow-list', payload, ...more })
    return [answer.statusCode, answer.json().code]
  }
  const { cookies } = mine
  expect(await post({ cookies })).toEqual([403, 'auth.csrf'])
  for (const token of ['', 'x', other.csrf, `${mine.csrf}x`])
    expect(await post({ cookies, headers: { 'x-csrf-token': token } })).toEqual([403, 'auth.csrf'])
  // The cookie that goes with it is no proof by itself: anybody's page sends it.
  expect(
    await post({ cookies: { ...cookies, 'ringfence-csrf': 'mine' }, headers: { 'x-csrf-token': 'mine' } }),
  ).toEqual([403, 'auth.csrf'])
  expect(await post({ cookies, headers: { 'x-csrf-token': mine.csrf } })).toEqual([201, undefined])
  expect(await post({ headers: bearer(keys.lead) })).toEqual([201, undefined])
  expect((await get(cookies, '/v1/runs')).status).toBe(200)
})

test('signing out ends it everywhere, whoever kept the cookie', async () => {
  const { cookies, csrf } = await signIn(keys.investigator)
  const out = await app.http.inject({
    method: 'DELETE',
    url: '/v1/session',
    cookies,
    headers: { 'x-csrf-token': csrf },
  })
  expect([out.statusCode, out.json()]).toEqual([200, { ended: true }])
  expect((out.cookies as Cookie[]).map(({ name, value }) => [name, value])).toEqual([
    ['ringfence-session', ''],
    ['ringfence-csrf', ''],
  ])
  const after = await get(cookies)
  expect(after).toMatchObject({ status: 401, body: { code: 'session.ended' } })
  expect(after.body.detail).toContain('signed out')
  // So that the browser does not send it again.
  expect(after.set[0]).toMatchObject({ name: 'ringfence-session', value: '' })
  expect((await get(cookies, '/v1/runs', other.http)).status).toBe(401)
  const again = await app.http.inject({ method: 'DELETE', url: '/v1/session', headers: bearer(keys.viewer) })
  expect(again.json()).toEqual({ ended: false })
})

test('who signs in anew is done with the session before', async () => {
  const first = await signIn(keys.investigator)
  const second = await signIn(keys.viewer, app.http, { cookies: first.cookies })
  expect(second.cookies['ringfence-session']).not.toBe(first.cookies['ringfence-session'])
  expect((await get(first.cookies)).body.detail).toContain('signed in anew')
  expect((await get(second.cookies)).status).toBe(200)
})

test('it survives a restart and works at two services at once; renewed by one, it goes on at the other', async () => {
  const { cookies, id } = await signIn(keys.investigator)
  await change(id, { renewedAt: ago(20) })
  const all = await Promise.all(Array.from({ length: 8 }, () => get(cookies, '/v1/runs', other.http)))
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  // Of requests at once one brings the new cookie; the others are answered with the one that they had.
  const renewed = all.filter(({ set }) => set.length > 0)
  expect(renewed).toHaveLength(1)
  const fresh = jar(renewed[0]!.set)
  expect(fresh['ringfence-session']).not.toBe(cookies['ringfence-session'])
  expect(fresh['ringfence-csrf']).toBe(cookies['ringfence-csrf'])
  for (const each of [cookies, fresh])
    for (const { http } of [app, other]) expect((await get(each, '/v1/runs', http)).status).toBe(200)
  const { previous } = (await world.store.readDocument('sessions', id))!.value as unknown as SessionRecord
  await change(id, { previous: { hash: previous!.hash, until: ago(1) } })
  await forgotten()
  expect((await get(fresh, '/v1/runs', other.http)).status).toBe(200)
  expect((await get(cookies, '/v1/runs', other.http)).body.code).toBe('session.ended')
})

test.each<[string, Partial<SessionRecord>, RegExp]>([
  ['that was not used for long', { seenAt: ago(61) }, /was not used/],
  ['that was opened long ago, though in use', { expiresAt: ago(1) }, /was opened at/],
  ['whose key has another role now', { role: 'admin' }, /key was revoked/],
])('a session %s has ended', async (_, more, words) => {
  const { cookies, id } = await signIn(keys.operator)
  await change(id, more)
  const { status, body } = await get(cookies, '/v1/session', other.http)
  expect([status, body.code]).toEqual([401, 'session.ended'])
  expect(body.detail).toMatch(words)
  expect(body.advice).toMatch(/Sign in again/)
})

test('use keeps it from ending, and is written once a minute at most', async () => {
  const { cookies, id } = await signIn(keys.operator)
  await change(id, { seenAt: ago(50) })
  await get(cookies, '/v1/runs', other.http)
  const read = async () => (await world.store.readDocument('sessions', id))!
  const first = await read()
  expect(Date.parse(first.value.seenAt as string)).toBeGreaterThan(Date.now() - 10_000)
  await get(cookies, '/v1/runs', other.http)
  expect((await read()).version).toBe(first.version)
})

test('a session ends with its key, at once where it is revoked', async () => {
  const { key, record } = makeApiKey('investigator', 'leaves')
  await world.store.createKey(record)
  await app.http.reloadKeys()
  const { cookies, id } = await signIn(key)
  expect((await get(cookies, '/v1/runs')).status).toBe(200)
  await app.http.inject({ method: 'DELETE', url: `/v1/keys/${record.id}`, headers: bearer(keys.admin) })
  const { status, body } = await get(cookies, '/v1/runs')
  expect([status, body.code]).toEqual([401, 'session.ended'])
  expect((await world.store.readDocument('sessions', id))!.value.ended).toMatchObject({ why: 'its key was revoked' })
})

test('sessions of the past are swept; signing in and out are in the log, by whom, and no secret with them', async () => {
  const old = await signIn(keys.viewer)
  const found = (await world.store.readDocument('sessions', old.id))!
  await world.store.changeDocuments([
    { collection: 'sessions', id: old.id, expected: found.version, value: found.value, sort: ago(1) },
  ])
  const { id, csrf, cookies } = await signIn(keys.viewer)
  expect(await world.store.readDocument('sessions', old.id)).toBeNull()
  await app.http.inject({ method: 'DELETE', url: '/v1/session', cookies, headers: { 'x-csrf-token': csrf } })
  const [opened] = await world.store.listAudit({ order: 'newest', limit: 1, action: 'session.open' })
  const [ended] = await world.store.listAudit({ order: 'newest', limit: 1, action: 'session.end' })
  expect(JSON.parse(opened!.text)).toMatchObject({
    who: expect.stringMatching(/^test viewer \(k-/),
    subject: expect.stringMatching(/^key:k-/),
    after: { session: id, role: 'viewer', address: '127.0.0.1' },
  })
  expect(JSON.parse(ended!.text)).toMatchObject({ before: { session: id }, after: { why: 'signed out' } })
  for (const { text } of [opened!, ended!]) {
    expect(text).not.toContain(csrf)
    expect(text).not.toContain(cookies['ringfence-session']!.split('.')[1])
  }
  expect((await verifyAudit(world.store)).holds).toBe(true)
})

test.each([
  ['nothing at all', undefined],
  ['no key', {}],
  ['an empty key', { key: '' }],
  ['a key that is too long', { key: 'x'.repeat(201) }],
  ['what is not asked for', { key: 'x', role: 'admin' }],
  ['a list', []],
])('%s signs nobody in', async (_, payload) => {
  const answer = await app.http.inject({
    method: 'POST',
    url: '/v1/session',
    remoteAddress: '203.0.113.90',
    ...(payload === undefined ? {} : { payload }),
  })
  expect([answer.statusCode, answer.json().code]).toEqual([400, 'request.invalid'])
  expect(answer.cookies).toEqual([])
})

test('guesses at sign-in lock the address out for a while, and this is logged once', async () => {
  const remoteAddress = '203.0.113.50'
  const guess = (key: string, from = remoteAddress) =>
    app.http.inject({ method: 'POST', url: '/v1/session', payload: { key }, remoteAddress: from })
  for (let i = 0; i < LIMIT; i++) expect((await guess(`ringfence_${i}`)).json().code).toBe('auth.unknown')
  for (let i = 0; i < 3; i++) {
    const refused = await guess(keys.viewer)
    expect([refused.statusCode, refused.json().code, refused.cookies]).toEqual([429, 'auth.rate', []])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  }
  expect((await guess(keys.viewer, '203.0.113.51')).statusCode).toBe(201)
  const log = await world.store.listAudit({ order: 'newest', limit: 10, action: 'auth.lock-out' })
  expect(log.filter(({ subject }) => subject === `address:${remoteAddress}`)).toHaveLength(1)
})

test('guesses at one key from many addresses lock out that key where it was not let in before, and no other', async () => {
  const { key, record } = makeApiKey('viewer', 'guessed at')
  await world.store.createKey(record)
  await app.http.reloadKeys()
  const ask = (sent: string, remoteAddress: string) =>
    app.http.inject({ url: '/v1/runs', headers: bearer(sent), remoteAddress })
  expect((await ask(key, '198.51.100.1')).statusCode).toBe(200)
  const [prefix, id] = key.split('_')
  for (let i = 0; i < LIMIT; i++)
    expect((await ask(`${prefix}_${id}_guess${i}`, `192.0.2.${i}`)).json().code).toBe('auth.unknown')
  expect((await ask(key, '198.51.100.2')).json().code).toBe('auth.rate')
  expect((await ask(key, '198.51.100.1')).statusCode).toBe(200)
  expect((await ask(keys.viewer, '198.51.100.2')).statusCode).toBe(200)
  const [entry] = await world.store.listAudit({ order: 'newest', limit: 1, action: 'auth.lock-out' })
  expect(entry!.subject).toBe(record.id)
})

test('guesses at the token of a session lock it out elsewhere; an ended one is no guess', async () => {
  const { cookies, csrf, id } = await signIn(keys.investigator)
  const ask = (session: string, remoteAddress: string) =>
    app.http.inject({ url: '/v1/runs', cookies: { 'ringfence-session': session }, remoteAddress })
  const mine = cookies['ringfence-session']!
  expect((await ask(mine, '198.51.100.7')).statusCode).toBe(200)
  for (let i = 0; i < LIMIT; i++)
    expect((await ask(`${id}.${'A'.repeat(42)}${i}`, `192.0.2.${100 + i}`)).json().code).toBe('session.ended')
  expect((await ask(mine, '198.51.100.8')).json().code).toBe('auth.rate')
  expect((await ask(mine, '198.51.100.7')).statusCode).toBe(200)
  await app.http.inject({ method: 'DELETE', url: '/v1/session', cookies, headers: { 'x-csrf-token': csrf } })
  for (let i = 0; i < 2 * LIMIT; i++) expect((await ask(mine, '198.51.100.7')).statusCode).toBe(401)
})

/** As a sign-in of the house would be added: who it is comes in a header from the proxy before the service, which a browser sends by itself. */
const singleSignOn = (people: Map<string, KeyRole>): Authenticator => ({
  name: 'sso',
  ambient: true,
  credential: ({ headers }) => {
    const account = headers['x-house-account']
    if (typeof account !== 'string') return null
    return {
      fingerprint: hashToken(account),
      claims: `sso:${account}`,
      async caller(): Promise<Caller | null> {
        const role = people.get(account)
        return role === undefined ? null : { role, key: null, name: account, who: `${account} (sso)`, session: null }
      },
      refusal: () => new RingfenceError('auth.unknown', 'The house does not know this account.'),
    }
  },
  holds: async ({ name, role }) => people.get(name) === role,
})

test('single sign-on is one more authenticator: its sessions are as any, and end when it says so', async () => {
  const people = new Map<string, KeyRole>([['ada', 'investigator']])
  const { http } = await buildApp(world.store, { ...testSettings, logLevel: 'silent' })
  http.addAuthenticator(singleSignOn(people))
  await http.ready()
  const headers = { 'x-house-account': 'ada' }
  // What a browser sends by itself opens a session and nothing else.
  expect((await http.inject({ url: '/v1/runs', headers })).statusCode).toBe(401)
  const answer = await http.inject({ method: 'POST', url: '/v1/session', headers })
  expect([answer.statusCode, answer.json()]).toMatchObject([201, { role: 'investigator', name: 'ada', masks: false }])
  const cookies = jar(answer.cookies as Cookie[])
  expect((await get(cookies, '/v1/runs', http)).status).toBe(200)
  const [opened] = await world.store.listAudit({ order: 'newest', limit: 1, action: 'session.open' })
  expect(opened).toMatchObject({ who: 'ada (sso)', subject: 'sso:ada (sso)' })
  people.set('ada', 'viewer')
  expect((await get(cookies, '/v1/runs', http)).body).toMatchObject({ status: 401, code: 'session.ended' })
  await http.close()
})
