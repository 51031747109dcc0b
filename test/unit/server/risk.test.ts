/** `/{kind}/{id}/risk` and `/risk/flows` on a real store and propagation: paths that add up, what-ifs without a trace, masked names. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runPropagation } from '#src/jobs/propagation.js'
import type { App } from '#src/server/app.js'
import { batchOf } from '../../support/batches.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Awaited<ReturnType<typeof makeKeys>>

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()

const propagate = (...bad: readonly string[]) =>
  runPropagation(world.store, {
    run: 'published',
    labels: bad.map((id) => ({ kind: 'creator', id, label: 1, at: null, group: '' })),
    scores: false,
    parameters: {},
    mode: 'write',
  })

beforeAll(async () => {
  world = await openWorld()
  const uses = (id: string, actor: string, at: string) =>
    ({ id, type: 'uses', actor, target: 'device:imei-1', market: 'US', at }) as const
  await world.store.writeBatch(
    batchOf([
      uses('a', 'creator:seller', day(0)),
      uses('b', 'user:helper', day(10)),
      uses('c', 'user:other', day(20)),
      { id: 'f', type: 'follow', actor: 'user:helper', target: 'creator:else', market: 'ID', at: day(11) },
      { id: 's', type: 'sell', actor: 'creator:seller', target: 'product:p', market: 'US', at: day(1) },
    ]),
  )
  app = await openApp(world.store)
  keys = await makeKeys(world.store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const get = async (url: string, key = keys.investigator) => {
  const answer = await app.http.inject({ url, headers: bearer(key) })
  return { status: answer.statusCode, body: answer.json(), text: answer.body }
}

/** Made ready in the background: asked until it is. */
const ready = async (url: string, propagation: string) => {
  for (;;) {
    const answer = await get(url)
    if (answer.body.propagation === propagation) return answer
    expect([200, 503]).toContain(answer.status)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

interface Domain {
  readonly domain: string
  readonly risk: number
  readonly rest: number
  readonly paths: readonly { readonly amount: number; readonly share: number }[]
}

test('without a propagation it says so', async () => {
  expect((await get('/v1/users/helper/risk')).body).toMatchObject({ status: 409, code: 'risk.none' })
  expect((await get('/v1/risk/flows')).body).toMatchObject({ status: 409, code: 'risk.none' })
})

test('risk comes with paths that add up, and what-ifs leave no trace', async () => {
  const { record } = await propagate('seller')
  const { body } = await ready('/v1/users/helper/risk', record.id)
  const stored = await world.store.readRisk('user', 'helper')
  const domains = body.domains as Domain[]
  expect(domains.map(({ domain }) => domain)).toEqual(['account/US', 'content/ID'])
  expect(domains[0]!.risk).toBe(stored!.rows.find(({ scenario }) => scenario === 'account')!.risk)
  for (const { paths, rest } of domains) {
    expect(paths.reduce((sum, { share }) => sum + share, 0) + rest).toBeCloseTo(1, 9)
    expect(Math.abs(rest)).toBeLessThanOrEqual(0.01)
  }
  expect(body.domains[0].paths[0].steps.at(-1)).toMatchObject({
    from: 'device:imei-1',
    to: 'user:helper',
    interactions: [{ type: 'uses', count: 1, first: day(10), last: day(10), ageDays: 10 }],
  })
  const cleared = (await get('/v1/users/helper/risk?whatIf=cleared&of=creator:seller&domain=account/US')).body
  expect(cleared.whatIf.domains).toHaveLength(1)
  expect(Math.abs(cleared.whatIf.domains[0].risk)).toBeLessThanOrEqual(cleared.whatIf.bound)
  const banned = (await get('/v1/users/helper/risk?whatIf=banned')).body.whatIf
  expect(banned).toMatchObject({ decision: 'banned', of: 'user:helper' })
  for (const { risk } of banned.domains) expect(risk).toBeCloseTo(1, 3)
  const unlinked = (await get('/v1/users/helper/risk?whatIf=unlinked&of=device:imei-1')).body.whatIf
  for (const { risk } of unlinked.domains) expect(Math.abs(risk)).toBeLessThanOrEqual(unlinked.bound)
  expect((await get('/v1/users/helper/risk')).body).toEqual(body)
  expect(await world.store.listPropagations(10)).toHaveLength(1)
})

test('flows say what went from domain to domain, and are filtered', async () => {
  const { body } = await get('/v1/risk/flows')
  expect(body.domains).toEqual(['content/ID', 'shelf/US', 'account/US'])
  const flow = { from: 'account/US', to: 'content/ID', kind: 'user', month: '2026-01', entities: 1 }
  expect(body.flows).toContainEqual({ ...flow, amount: expect.any(Number) as unknown })
  expect((await get('/v1/risk/flows?to=content/ID&kind=user')).body.flows).toHaveLength(1)
  expect((await get('/v1/risk/flows?since=2026-02')).body.flows).toEqual([])
  const first = (await get('/v1/risk/flows?limit=1')).body
  const rest = (await get(`/v1/risk/flows?cursor=${first.next}`)).body
  expect([...first.flows, ...rest.flows]).toEqual(body.flows)
})

test('whoever may not see identifiers sees and tries none', async () => {
  const { status, text } = await get('/v1/users/helper/risk', keys.viewer)
  expect(status).toBe(200)
  expect(text).not.toContain('imei-1')
  const tried = await get('/v1/users/helper/risk?whatIf=unlinked&of=device:imei-1', keys.viewer)
  expect(tried).toMatchObject({ status: 403, body: { code: 'auth.role' } })
})

test('what cannot be answered has its code', async () => {
  const code = async (url: string): Promise<string> => (await get(url)).body.code
  expect(await code('/v1/users/nobody/risk')).toBe('entity.unknown')
  expect(await code('/v1/users/helper/risk?whatIf=banned&of=user:nobody')).toBe('entity.unknown')
  expect(await code('/v1/users/helper/risk?domain=shelf/BR')).toBe('risk.domain')
  expect(await code('/v1/users/helper/risk?of=creator:seller')).toBe('request.invalid')
  expect(await code('/v1/users/helper/risk?whatIf=banned&of=seller')).toBe('request.invalid')
  expect(await code('/v1/users/helper/risk?whatIf=punished')).toBe('request.invalid')
})

test('a newer propagation takes the place of the one before', async () => {
  const { record } = await propagate('else')
  const { body } = await ready('/v1/users/helper/risk', record.id)
  expect(body.domains[0].paths[0].source).toBe('creator:else')
})
