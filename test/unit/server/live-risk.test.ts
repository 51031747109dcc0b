/** Risk that takes in what comes, on a real store: within the bound of a full run, nothing twice, and honest about what it does not know yet. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { findEntity } from '#src/graph/snapshot.js'
import { runPropagation } from '#src/jobs/propagation.js'
import { domainName } from '#src/risk/propagation/domains.js'
import { restoreRisk } from '#src/risk/propagation/propagate.js'
import type { App } from '#src/server/app.js'
import type { PropagationRecord, RiskRow } from '#src/store/risk-store.js'
import { batchOf, type InteractionInput } from '../../support/batches.js'
import { openApp, openWorld, type World } from '../../support/service.js'

let world: World
let apps: App[]
let propagation: PropagationRecord

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()
const uses = (id: string, actor: string, target: string, n = 5, market = 'US') =>
  ({ id, type: 'uses', actor, target, market, at: day(n) }) as const satisfies InteractionInput

beforeEach(async () => {
  world = await openWorld()
  apps = []
  const others = Array.from({ length: 60 }, (_, i) => uses(`x${i}`, `user:u${i}`, `device:d${i % 20}`, i % 20))
  await world.store.writeBatch(
    batchOf([
      uses('a', 'creator:seller', 'device:d1'),
      uses('b', 'user:helper', 'device:d1', 10),
      // The latest of all: ages are counted from here.
      uses('c', 'user:other', 'device:d2', 30),
      { id: 'f', type: 'follow', actor: 'user:helper', target: 'creator:else', market: 'ID', at: day(11) },
      ...others,
    ]),
  )
  propagation = (
    await runPropagation(world.store, {
      run: 'published',
      labels: [{ kind: 'creator', id: 'seller', label: 1, at: null, group: '' }],
      scores: false,
      parameters: {},
      mode: 'write',
    })
  ).record
})
afterEach(async () => {
  for (const app of apps) await app.http.close()
  await world.close()
})

const serve = async (settings: Parameters<typeof openApp>[1] = {}): Promise<App> => {
  const app = await openApp(world.store, settings)
  apps.push(app)
  return app
}
const post = async (app: App, records: readonly object[]) => {
  const answer = await app.http.inject({ method: 'POST', url: '/v1/interactions', payload: [...records] })
  expect(answer.statusCode).toBe(200)
  return answer.json()
}

interface Answer {
  readonly domains: readonly { readonly domain: string; readonly risk: number }[]
  readonly live: {
    readonly repaired: number
    readonly waiting: number
    readonly bound: number
    readonly repairedAt: string | null
    readonly domains: readonly { readonly domain: string; readonly risk: number }[]
  } | null
}

/** Asked until `wanted` holds; the test's timeout is the limit. */
const until = async (app: App, id: string, wanted: (answer: Answer) => boolean): Promise<Answer> => {
  for (;;) {
    const answer = await app.http.inject(`/v1/users/${id}/risk`)
    if (answer.statusCode === 200 && wanted(answer.json())) return answer.json()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What the same sources give over all that is in the store. */
const full = async (id: string): Promise<ReadonlyMap<string, number>> => {
  const snapshot = buildSnapshot(await world.store.readGraph(null))
  const given: RiskRow[] = []
  await world.store.readRiskRows(propagation.id, (rows) => {
    given.push(...rows.filter((row) => row.given > 0 || row.absorbs))
  })
  const { layers, risk } = restoreRisk(snapshot, { propagation, given })
  const entity = findEntity(snapshot, 'user', id)
  const found = new Map<string, number>()
  for (let node = layers.nodeOffsets[entity]!; node < layers.nodeOffsets[entity + 1]!; node++)
    found.set(domainName(layers.domains[layers.nodeDomain[node]!]!), risk[node]!)
  return found
}
const expectFull = async (app: App, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    const { live } = await until(app, id, () => true)
    const wanted = await full(id)
    expect(live!.domains.map(({ domain }) => domain).sort()).toEqual([...wanted.keys()].sort())
    for (const { domain, risk } of live!.domains)
      expect(Math.abs(risk - wanted.get(domain)!)).toBeLessThanOrEqual(live!.bound + propagation.bound)
  }
}

test('what comes is in the risk of whom it touches, new accounts too, as in a full run; the same again counts once', async () => {
  const app = await serve()
  const before = await until(app, 'helper', () => true)
  expect(before.live).toMatchObject({
    repaired: 0,
    waiting: 0,
    repairedAt: null,
    domains: before.domains.map(({ domain, risk }) => ({ domain, risk: risk })),
  })
  const records = [
    uses('n1', 'user:new', 'device:d1', 12),
    uses('n2', 'user:u5', 'device:d1', 13),
    uses('n3', 'user:new', 'device:new', 14),
    uses('n4', 'user:far', 'device:new', 15),
    { id: 'n5', type: 'follow', actor: 'user:new', target: 'creator:else', market: 'ID', at: day(16) },
  ]
  await post(app, records)
  const after = await until(app, 'helper', ({ live }) => live!.repaired === records.length)
  expect(after.live!.waiting).toBe(0)
  // Paths and what they add up to are those of the propagation.
  expect(after.domains).toEqual(before.domains)
  await expectFull(app, ['helper', 'new', 'far', 'u5', 'other', 'u1'])
  const fresh = await until(app, 'new', () => true)
  expect(fresh.domains).toEqual([])
  expect(fresh.live!.domains[0]).toMatchObject({ domain: 'account/US' })
  expect(fresh.live!.domains[0]!.risk).toBeGreaterThan(0.01)
  expect(await post(app, records)).toMatchObject({ accepted: 0, duplicates: records.length })
  expect((await until(app, 'helper', () => true)).live).toEqual(after.live)
  // Another start reads all of it from the store.
  const again = await serve()
  const read = await until(again, 'new', () => true)
  expect(read.live).toMatchObject({ repaired: 0, waiting: 0 })
  expect(read.domains).not.toEqual([])
  await expectFull(again, ['helper', 'new', 'far'])
})

test('records that come while risk is made ready are in it once, whether or not the graph had them', async () => {
  const app = await serve()
  let posted = 0
  let over = false
  const posting = (async () => {
    for (; !over || posted < 20; posted++) {
      await post(app, [uses(`p${posted}`, `user:u${posted % 60}`, 'device:d1', posted % 25)])
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  await until(app, 'helper', () => true)
  over = true
  await posting
  const answer = await until(app, 'helper', ({ live }) => live!.waiting === 0)
  expect(answer.live!.repaired).toBeLessThanOrEqual(posted)
  await expectFull(app, ['helper', 'u1', 'u7', 'other'])
})

test('what it cannot take in is counted: a market that was not there, a batch known in part, writes of others; and it can be off', async () => {
  const app = await serve()
  await until(app, 'helper', () => true)
  await post(app, [uses('m1', 'user:helper', 'device:d9', 6, 'BR')])
  await until(app, 'helper', ({ live }) => live!.waiting === 1 && live!.repaired === 0)
  await post(app, [uses('m1', 'user:helper', 'device:d9', 6, 'BR'), uses('m2', 'user:helper', 'device:d9', 6)])
  await until(app, 'helper', ({ live }) => live!.waiting === 2)
  await world.store.writeBatch(batchOf([uses('o1', 'user:helper', 'device:d8', 6)]))
  const answer = await until(app, 'helper', ({ live }) => live!.waiting === 3)
  expect(answer.live!.repaired).toBe(0)
  const off = await serve({ liveRisk: false })
  expect((await until(off, 'helper', () => true)).live).toBeNull()
})
