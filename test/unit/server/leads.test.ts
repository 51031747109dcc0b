/** Leads by expected harm, and what people decided on rings, over HTTP. */
import { beforeAll, expect, test } from '@jest/globals'
import type { RingRecord } from '#src/store/store.js'
import { runRecord } from '../../support/runs.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const ring = (id: string, detectors: readonly string[], fdr: number, accounts: number, targets = 0): RingRecord => ({
  id,
  score: 30 - accounts / 10,
  fdr,
  detectors,
  behaviours: ['lockstep'],
  types: ['like'],
  markets: ['US'],
  scenarios: ['content'],
  window: null,
  facts: [],
  members: [
    ...Array.from({ length: accounts }, (_, i) => ({
      kind: 'user' as const,
      id: `${id}-${i}`,
      role: 'core' as const,
      score: 1,
    })),
    ...Array.from({ length: targets }, (_, i) => ({
      kind: 'video' as const,
      id: `${id}-${i}`,
      role: 'beneficiary' as const,
      score: 1,
    })),
  ],
})

const get = async (url: string) => (await service.http.inject({ method: 'GET', url: `/v1${url}` })).json()
const decide = (id: string, label: string) =>
  service.http.inject({ method: 'POST', url: '/v1/labels', payload: { subject: `ring:${id}`, label, reason: 'seen' } })

beforeAll(async () => {
  await service.store.saveRun({
    run: runRecord('one', {}),
    rings: [
      ring('a', ['lockstep'], 0.01, 10),
      ring('b', ['sybil'], 0.5, 30, 2),
      ring('c', ['lockstep'], 0.2, 14),
      ring('d', ['sybil'], 0, 4),
    ],
  })
  await service.services.current.load()
})

test('expected harm is the chance that a lead is right times what it touches, and moves with what people find', async () => {
  const before = await get('/leads')
  expect(before.how).toMatch(/^Expected harm is the chance that the lead is right times what it touches\./)
  expect(before.leads.map((each: { id: string; expectedHarm: number }) => [each.id, each.expectedHarm])).toEqual([
    ['b', 16],
    ['c', expect.closeTo(11.2, 9)],
    ['a', 9.9],
    ['d', 4],
  ])
  expect(before.leads[0]).toMatchObject({
    chance: 0.5,
    touches: 32,
    judged: { confirmed: 0, cleared: 0 },
    decision: null,
  })

  await decide('d', 'cleared')
  await decide('a', 'confirmed')
  await decide('c', 'unsure')
  const after = await get('/leads')
  expect(after.leftOut).toEqual({ confirmed: 1, cleared: 1 })
  // One of 1 + 20 for each: (20 x .5) / 21 x 32, (20 x .8 + 1) / 21 x 14.
  expect(after.leads).toMatchObject([
    { id: 'b', expectedHarm: expect.closeTo((10 / 21) * 32, 9), judged: { confirmed: 0, cleared: 1 } },
    {
      id: 'c',
      expectedHarm: expect.closeTo((17 / 21) * 14, 9),
      judged: { confirmed: 1, cleared: 0 },
      decision: 'unsure',
    },
  ])
  const [first] = [await get('/leads?limit=1')]
  expect(first).toMatchObject({ total: 2, leads: [{ id: 'b' }] })
  expect((await get(`/leads?limit=1&cursor=${first.next}`)).leads).toMatchObject([{ id: 'c' }])
})

test('rings say what is held of them, and can be chosen by it', async () => {
  const { rings } = await get('/rings')
  expect(rings.map(({ id, decision }: { id: string; decision: string | null }) => [id, decision])).toEqual([
    ['d', 'cleared'],
    ['a', 'confirmed'],
    ['c', 'unsure'],
    ['b', null],
  ])
  expect((await get('/rings?decision=none')).rings).toMatchObject([{ id: 'b' }])
  expect((await get('/rings?decision=cleared')).rings).toMatchObject([{ id: 'd' }])
  expect((await get('/rings/a')).decision).toBe('confirmed')
})
