/** Facts against a real store that has changed since: records that went away, say something else, or never gave the number. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { contentDigest } from '#src/rings/content-digest.js'
import { verifyRing } from '#src/rings/verify.js'
import { openStore } from '#src/store/open.js'
import type { FactRecord, GraphStore } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord } from '../../support/runs.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-verify-'))
let store: GraphStore
let digests: readonly string[]

const refs = ['i1', 'i2', 'i3'].map((id) => ({ type: 'like', id }) as const)

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  await store.writeBatch(
    batchOf([
      {
        id: 'i1',
        type: 'like',
        actor: 'user:a',
        target: 'video:v',
        at: 1000,
        attributes: { b: 1, a: [2, { d: 1, c: 2 }] },
      },
      { id: 'i2', type: 'like', actor: 'user:b', target: 'video:v', at: 2000 },
      { id: 'i3', type: 'like', actor: 'user:b', target: 'video:w', at: 3000, weight: 2 },
    ]),
  )
  digests = (await store.readInteractions(refs)).map(contentDigest)
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const fact = (more: Partial<FactRecord> = {}): FactRecord => ({
  code: 'some.fact',
  sentence: 'Two accounts.',
  observed: 2,
  expected: 0.1,
  unit: 'accounts',
  interactionCount: 3,
  interactions: refs,
  count: { of: 'actors' },
  digests,
  ...more,
})

const check = async (...facts: FactRecord[]) => verifyRing(store, 'run-1', ringRecord('r1', { facts }))

test('a fact holds when its interactions are there, unchanged, and give the number', async () => {
  const { holds, facts } = await check(fact(), fact({ observed: 3, count: { of: 'interactions' } }))
  expect(holds).toBe(true)
  expect(facts.map(({ state, recounted }) => [state, recounted])).toEqual([
    ['holds', 2],
    ['holds', 3],
  ])
})

test('an interaction that is gone is named, and the fact does not hold', async () => {
  const gone = { type: 'like', id: 'gone' } as const
  const { holds, facts } = await check(fact(), fact({ interactions: [...refs, gone], digests: [...digests, '0'] }))
  expect(holds).toBe(false)
  expect(facts[0]!.state).toBe('holds')
  expect(facts[1]).toMatchObject({ state: 'broken', missing: [gone], changed: [] })
})

test('an interaction that says something else is named, though the number is the same', async () => {
  const { holds, facts } = await check(fact({ digests: [digests[0]!, '0000000000000000', digests[2]!] }))
  expect(holds).toBe(false)
  expect(facts[0]).toMatchObject({ state: 'broken', recounted: 2, changed: [refs[1]] })
})

test('a number that the interactions do not give does not hold', async () => {
  expect((await check(fact({ observed: 3 }))).facts[0]).toMatchObject({ state: 'broken', recounted: 2 })
  const stranger = fact({ observed: 1, count: { of: 'partners', entity: 'user:a' } })
  expect((await check(stranger)).facts[0]).toMatchObject({ state: 'broken', recounted: null })
})

test('of more interactions than are kept, those that are kept are checked', async () => {
  const some = fact({ interactionCount: 900, observed: 400 })
  const { holds, facts } = await check(some)
  expect(holds).toBe(true)
  expect(facts[0]).toMatchObject({ state: 'holds-in-part', recounted: 2, kept: 3, interactionCount: 900 })
  // More than was said is never right.
  expect((await check({ ...some, observed: 1 })).facts[0]!.state).toBe('broken')
})

test('a fact without a rule is not said to hold', async () => {
  const { holds, facts } = await check(fact({ count: null, digests: [] }))
  expect(holds).toBe(false)
  expect(facts[0]).toMatchObject({ state: 'unchecked', recounted: null })
})

test('the digest sees every field, and not the order of keys', async () => {
  const [record] = await store.readInteractions([refs[0]!])
  const base = contentDigest(record!)
  expect(contentDigest({ ...record!, attributes: { a: [2, { c: 2, d: 1 }], b: 1 } })).toBe(base)
  const changes = [
    { at: 1001 },
    { at: null },
    { weight: 2 },
    { market: 'US' },
    { scenario: 'shelf' },
    { actor: { kind: 'user', id: 'v' } },
    { target: { kind: 'video', id: 'a' } },
    { attributes: null },
    { attributes: { a: [2, { c: 2, d: 2 }], b: 1 } },
  ] as const
  const others = changes.map((change) => contentDigest({ ...record!, ...change }))
  expect(new Set([base, ...others]).size).toBe(1 + changes.length)
})
