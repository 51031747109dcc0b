import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { hashApiKey, type KeyRole, keyRoles } from '#src/jobs/api-keys.js'
import type { App } from '#src/server/app.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { bearer, Lines, makeKeys, openApp, openWorld, testSettings, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Readonly<Record<KeyRole, string>>
const logs = new Lines()

/** With a blank and a comma in it, where a sentence could go on. */
const secretDevice = 'imei-990000862471854, slot 2'
const secretPhone = '+4915112345678'

beforeAll(async () => {
  world = await openWorld()
  await world.store.writeBatch(
    batchOf(
      ['u1', 'u2'].map((user) => ({
        id: `i-${user}`,
        type: 'uses',
        actor: `user:${user}`,
        target: `device:${secretDevice}`,
        attributes: { reason: 'kept', phone: secretPhone },
      })),
    ),
  )
  const [fact] = ringRecord('r').facts
  const sentence = `Two accounts use device:${secretDevice}, and nobody else does.`
  const interactions = ['i-u2', 'i-u1'].map((id) => ({ type: 'uses' as const, id }))
  const members = ['u1', 'u2'].map((id) => ({ kind: 'user' as const, id, role: 'core', score: 1 }))
  await world.store.saveRun({
    run: runRecord('run-1'),
    rings: [ringRecord('r1', { members, facts: [{ ...fact!, sentence, interactions }] })],
  })
  keys = await makeKeys(world.store)
  app = await openApp(world.store, {}, logs)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

interface Route {
  readonly method: string
  readonly url: string
}

/** Every route, from what the framework prints. */
const routesOf = (http: FastifyInstance): Route[] => {
  const routes: Route[] = []
  const path: string[] = []
  for (const line of http.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^(.*?)(?:├──|└──) (\S+)(?: \(([A-Z, ]+)\))?/.exec(line)
    if (!match) continue
    const depth = match[1]!.length / 4
    path.length = depth
    path.push(match[2]!)
    for (const method of match[3]?.split(', ') ?? []) routes.push({ method, url: path.join('') })
  }
  return routes
}

/** The roles of each route as docs/api.md tells them. */
const documented = (): Map<string, string> => {
  const rows = new Map<string, string>()
  for (const line of readFileSync('docs/api.md', 'utf8').split('\n')) {
    const match = /^\| `(GET|POST|PUT|DELETE) (\/[^`]*)` \| ([^|]+) \|/.exec(line)
    if (match) rows.set(`${match[1]} ${match[2]!.replaceAll(/\{(\w+)\}/g, ':$1')}`, match[3]!.trim())
  }
  return rows
}

interface SignedIn {
  readonly cookies: Readonly<Record<string, string>>
  readonly headers: { readonly 'x-csrf-token': string }
}

const signIn = async (role: KeyRole): Promise<SignedIn> => {
  const answer = await app.http.inject({ method: 'POST', url: '/v1/session', payload: { key: keys[role] } })
  const cookies = Object.fromEntries(answer.cookies.map(({ name, value }) => [name, value]))
  return { cookies, headers: { 'x-csrf-token': answer.json().csrf } }
}

test('each role may call what docs/api.md says, by key or session, and nothing else; every route is told there', async () => {
  const table = documented()
  const sessions = new Map<KeyRole, SignedIn>()
  for (const role of keyRoles) sessions.set(role, await signIn(role))
  const seen = new Set<string>()
  for (const { method, url } of routesOf(app.http)) {
    if (url.startsWith('/docs') || url === '*' || method === 'HEAD' || method === 'OPTIONS') continue
    const route = `${method} ${url}`
    seen.add(route)
    const told = table.get(route)
    expect([route, told]).toEqual([route, expect.any(String)])
    const allowed = told === 'anyone' ? keyRoles : told!.split(', ')
    const address = url.replace(':id', 'none')
    const call = (headers: Record<string, string>, cookies: SignedIn['cookies'] = {}) =>
      // An empty body: 403 comes before any body is read, and a caller who is let in gets 400 and changes nothing.
      app.http.inject({ method: method as 'GET', url: address, headers, cookies })
    const anonymous = await call({})
    expect([route, anonymous.statusCode === 401]).toEqual([route, told !== 'anyone'])
    for (const role of keyRoles) {
      const { statusCode } = await call(bearer(keys[role]))
      expect([route, role, statusCode !== 401 && statusCode !== 403]).toEqual([route, role, allowed.includes(role)])
      // What signs in or out is one for itself: session.test.ts.
      if (url === '/v1/session') continue
      const { cookies, headers } = sessions.get(role)!
      if (method !== 'GET') {
        const { code } = (await call({}, cookies)).json()
        expect([route, role, code]).toEqual([route, role, 'auth.csrf'])
      }
      const signedIn = await call(headers, cookies)
      expect([route, role, signedIn.statusCode]).toEqual([route, role, statusCode])
    }
  }
  expect([...table.keys()].sort()).toEqual([...seen].sort())
  expect(seen.size).toBeGreaterThan(20)
})

test('a route that names no role is for administrators alone', async () => {
  const fresh = await import('#src/server/app.js')
  const { http } = await fresh.buildApp(world.store, { ...testSettings, logLevel: 'silent' })
  const forgotten: Pick<RouteOptions, 'method' | 'url' | 'handler'> = {
    method: 'GET',
    url: '/forgotten',
    handler: async () => 'ok',
  }
  http.route(forgotten)
  for (const role of keyRoles) {
    const { statusCode } = await http.inject({ url: '/forgotten', headers: bearer(keys[role]) })
    expect([role, statusCode]).toEqual([role, role === 'admin' ? 200 : 403])
  }
  await http.close()
})

test.each([
  ['no key', {}, 'auth.missing'],
  ['an unknown key', bearer('ringfence_unknown'), 'auth.unknown'],
  ['another scheme', { authorization: 'Basic dTpw' }, 'auth.missing'],
])('%s is a problem with a challenge', async (_, headers, code) => {
  const answer = await app.http.inject({ url: '/v1/runs', headers })
  expect(answer.statusCode).toBe(401)
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.json()).toMatchObject({ status: 401, code })
})

test('the documentation needs no key', async () => {
  for (const url of ['/docs/', '/docs/json', '/openapi.json', '/health/live', '/health/ready'])
    expect([url, (await app.http.inject(url)).statusCode]).toEqual([url, 200])
})

test('answers run nothing in a browser, and the documentation runs its own scripts alone', async () => {
  const data = (await app.http.inject('/health/live')).headers
  expect(data['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
  expect(data['x-content-type-options']).toBe('nosniff')
  const page = (await app.http.inject('/docs/')).headers
  expect(page['content-security-policy']).toMatch(/script-src 'self'/)
})

test.each(keyRoles.filter((role) => role !== 'ingest'))('identifiers of persons as a %s sees them', async (role) => {
  const headers = bearer(keys[role])
  const sees = ['investigator', 'lead', 'admin'].includes(role)
  const connections = await app.http.inject({ url: '/v1/users/u1/connections', headers })
  const [first] = connections.json().connections
  expect(first.entity).toBe('user:u2')
  expect(first.shared[0].through).toMatch(sees ? /^device:imei-/ : /^device:~[0-9a-f]{16}$/)
  const pair = await app.http.inject({ url: '/v1/users/u1/connections?with=user:u2', headers })
  expect(pair.json().connections[0].shared[0].through).toBe(first.shared[0].through)
  const detail = await app.http.inject({ url: '/v1/rings/r1', headers })
  const evidence = await app.http.inject({ url: '/v1/rings/r1/evidence', headers })
  const detailed = await app.http.inject({ url: '/v1/rings/r1/evidence?details=true', headers })
  for (const text of [connections.body, pair.body, detail.body, evidence.body, detailed.body])
    for (const part of secretDevice.split(', ')) expect([role, text.includes(part)]).toEqual([role, sees])
  expect([role, detailed.body.includes(secretPhone)]).toEqual([role, sees])
  expect(detailed.json().facts[0].interactions).toMatchObject([
    { id: 'i-u2', actor: 'user:u2', target: first.shared[0].through, at: null, attributes: { reason: 'kept' } },
    { id: 'i-u1', actor: 'user:u1', target: first.shared[0].through },
  ])
  const tried = await app.http.inject({
    url: `/v1/users/u1/connections?with=${encodeURIComponent(`device:${secretDevice}`)}`,
    headers,
  })
  expect([role, tried.statusCode]).toEqual([role, sees ? 200 : 403])
  expect(detail.json().facts[0]).toBe(`Two accounts use ${first.shared[0].through}, and nobody else does.`)
})

test('logs are JSON lines with a request id and a run, and hold no key, hash or identifier', async () => {
  const ring = `/v1/users/u1/connections?with=${encodeURIComponent(`device:${secretDevice}`)}`
  await app.http.inject({ url: ring, headers: { ...bearer(keys.viewer), cookie: 'session=hidden' } })
  await app.http.inject({ url: `/v1/users/${secretDevice}/rings`, headers: bearer(keys.viewer) })
  await app.http.inject({ url: `/v1/nothing/${secretDevice}`, headers: bearer('ringfence_made-up') })
  const lines = logs.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const answered = lines.filter((line) => line.msg === 'answered')
  expect(answered.length).toBeGreaterThan(100)
  for (const line of answered)
    expect(line).toMatchObject({ reqId: expect.any(String), run: 'run-1', route: expect.any(String) })
  const secrets = keyRoles.flatMap((role) => [keys[role], hashApiKey(keys[role])])
  for (const secret of [...secrets, secretDevice, 'Bearer', 'made-up', 'hidden'])
    expect(logs.text).not.toContain(secret)
})

test('a what-if names identifiers only to those who may see them', async () => {
  const secret = `device:${secretDevice}`
  const ask = (role: KeyRole, entities: readonly string[]) =>
    app.http.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: bearer(keys[role]),
      payload: { type: 'detect', mode: 'estimate', parameters: { whatIf: { entities } } },
    })
  const refused = await ask('operator', [secret])
  expect([refused.statusCode, refused.json().code]).toEqual([403, 'auth.role'])
  expect((await ask('operator', ['user:u1'])).statusCode).toBe(202)
  const asked = await ask('lead', [secret, 'user:u1'])
  expect(asked.json().parameters.whatIf.entities).toEqual([secret, 'user:u1'])
  for (const url of ['/v1/jobs', `/v1/jobs/${asked.json().id}`, `/v1/jobs/${asked.json().id}/events`]) {
    const seen = await app.http.inject({ url, headers: bearer(keys.viewer) })
    expect(seen.body).toContain('user:u1')
    expect(seen.body).not.toContain(secretDevice)
  }
})

test('whoever is shown an identifier of a person is in the log with the address that was asked', async () => {
  const secret = `device:${secretDevice}`
  const lead = bearer(keys.lead)
  const post = (url: string, payload: object) => app.http.inject({ method: 'POST', url, headers: lead, payload })
  await post('/v1/labels', { subject: secret, label: 'unsure', reason: 'shared' })
  const opened = await post('/v1/cases', { subject: secret, title: 'shared' })
  await post('/v1/allow-list', { name: secret, reason: 'shared', expiresAt: null })
  const whatIf = { type: 'detect', mode: 'estimate', parameters: { whatIf: { entities: [secret] } } }
  const job = (await post('/v1/jobs', whatIf)).json().id
  const urls = [
    '/v1/users/u1/connections',
    '/v1/rings/r1',
    '/v1/rings/r1/evidence',
    '/v1/rings/r1/verify',
    '/v1/rings/r1/graph',
    '/v1/labels',
    '/v1/cases',
    `/v1/cases/${opened.json().id}`,
    '/v1/allow-list',
    '/v1/jobs',
    `/v1/jobs/${job}`,
    `/v1/jobs/${job}/events`,
    '/v1/audit',
  ]
  for (const url of urls) {
    const { body } = await app.http.inject({ url, headers: lead })
    expect([url, body.includes('imei-990000862471854')]).toEqual([url, true])
  }
  await app.http.flushReads()
  const entries = await world.store.listAudit({ order: 'newest', limit: 20, action: 'personal.read' })
  const read = entries
    .filter(({ who }) => who.startsWith('test lead ('))
    .flatMap(({ text }) => Object.keys(JSON.parse(text).after.read))
  expect(read).toEqual(expect.arrayContaining(urls))
})

test('a revoked key stops working within seconds, and revoking the last one does not open the door', async () => {
  const call = async (role: KeyRole) =>
    (await app.http.inject({ url: '/openapi.json' })).statusCode === 200
      ? (await app.http.inject({ url: '/v1/runs', headers: bearer(keys[role]) })).statusCode
      : 0
  expect(await call('admin')).toBe(200)
  for (const key of await world.store.listKeys()) await world.store.revokeKey(key.id, new Date().toISOString())
  const begin = performance.now()
  while ((await call('admin')) !== 401 && performance.now() - begin < 5000)
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(performance.now() - begin).toBeLessThan(4000)
  expect((await app.http.inject('/v1/runs')).statusCode).toBe(401)
})
