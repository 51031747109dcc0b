import { describe, expect, test } from '@jest/globals'
import { continueRings, type LineageOptions, type NewRing } from '#src/rings/history.js'
import { matchRings } from '#src/rings/identity.js'
import type { MemberRecord, RememberedRing, RunMemory } from '#src/store/store.js'
import { runRecord } from '../../support/runs.js'

const accounts = (names: string, role = 'core'): MemberRecord[] =>
  [...names].map((id) => ({ kind: 'user', id, role, score: 1 }))

const video = (id: string): MemberRecord => ({ kind: 'video', id, role: 'beneficiary', score: 1 })

const ring = (id: string, ...members: readonly MemberRecord[][]): NewRing => ({ id, members: members.flat() })

const remember = (rings: readonly (NewRing & Partial<RememberedRing>)[], asOf: number | null = null): RunMemory => ({
  run: runRecord('base', { asOf }),
  rings: rings.map((each) => ({ lastRun: 'base', absent: 0, detectors: ['lockstep'], ...each })),
})

const goOn = (rings: readonly NewRing[], memory: RunMemory | null, more: Partial<LineageOptions> = {}) =>
  continueRings(rings, { memory, detectors: ['lockstep', 'sybil'], asOf: null, dissolveAfter: 3, ...more })

const told = ({ lineage }: ReturnType<typeof goOn>): string[] =>
  lineage.events.map(({ ring: id, event, other, accounts: n }) => `${id} ${event} ${n}${other ? ` ${other}` : ''}`)

test('the first run bears its rings', () => {
  const first = goOn([ring('r-b', accounts('cd')), ring('r-a', accounts('ab'))], null)
  expect(first.ids).toEqual(['r-b', 'r-a'])
  expect(told(first)).toEqual(['r-a born 2', 'r-b born 2'])
  expect(first.lineage.dormant).toEqual([])
})

test('the same rings keep their ids and nothing is told', () => {
  const same = goOn(
    [ring('r-x', accounts('ab')), ring('r-y', accounts('cd'))],
    remember([ring('r1', accounts('cd')), ring('r2', accounts('ab'))]),
  )
  expect(same.ids).toEqual(['r2', 'r1'])
  expect(same.lineage).toEqual({ events: [], dormant: [] })
})

test('one that grew and lost some tells both, with the overlap', () => {
  const { ids, lineage } = goOn(
    [ring('new', accounts('bcdef'), [video('v')])],
    remember([ring('r1', accounts('abcd'))]),
  )
  expect(ids).toEqual(['r1'])
  expect(lineage.events).toEqual([
    { ring: 'r1', event: 'grown', overlap: 3 / 6, accounts: 2, other: null },
    { ring: 'r1', event: 'shrunk', overlap: 3 / 6, accounts: 1, other: null },
  ])
})

test('targets do not make a ring the same', () => {
  const other = goOn(
    [ring('new', accounts('xyz'), [video('v')])],
    remember([ring('r1', accounts('abc'), [video('v')])]),
  )
  expect(told(other)).toEqual(['new born 3', 'r1 dormant 3'])
})

test('core members weigh more than mules: the id goes with the core', () => {
  const before = remember([ring('r1', accounts('abc'), accounts('mnopqr', 'mule'))])
  const split = goOn([ring('core', accounts('abc')), ring('mules', accounts('mnopqr', 'mule'))], before)
  expect(split.ids).toEqual(['r1', 'mules'])
  expect(told(split)).toEqual(['mules split 6 r1', 'r1 shrunk 6'])
})

test('of two that become one the nearer goes on, the other is merged into it', () => {
  const before = remember([ring('r1', accounts('abcd')), ring('r2', accounts('efg'))])
  const merged = goOn([ring('new', accounts('abcdefg'))], before)
  expect(merged.ids).toEqual(['r1'])
  expect(told(merged)).toEqual(['r1 grown 3', 'r2 merged 3 r1'])
  expect(merged.lineage.dormant).toEqual([])
})

test('one assignment over all: a ring gives way where the total is greater', () => {
  // To r1 alone the first new ring is the nearest; r2 has no other.
  const { ids } = goOn(
    [ring('x', accounts('abcdef')), ring('y', accounts('abcd'))],
    remember([ring('r1', accounts('abcde')), ring('r2', accounts('ef'), accounts('abcd'))]),
  )
  expect(ids).toEqual(['r2', 'r1'])
})

describe('a ring that is not found', () => {
  const r1 = ring('r1', accounts('abc'))

  test('is dormant, then dissolved after so many runs that looked for it', () => {
    const first = goOn([], remember([r1]))
    expect(told(first)).toEqual(['r1 dormant 3'])
    expect(first.lineage.dormant).toEqual([{ id: 'r1', lastRun: 'base', absent: 1 }])
    const second = goOn([], remember([{ ...r1, lastRun: 'old', absent: 1 }]))
    expect(told(second)).toEqual([])
    expect(second.lineage.dormant).toEqual([{ id: 'r1', lastRun: 'old', absent: 2 }])
    const third = goOn([], remember([{ ...r1, lastRun: 'old', absent: 2 }]))
    expect(told(third)).toEqual(['r1 dissolved 3'])
    expect(third.lineage.dormant).toEqual([])
  })

  test('comes back under its id', () => {
    const back = goOn([ring('x', accounts('abcd'))], remember([{ ...r1, lastRun: 'old', absent: 2 }]))
    expect(back.ids).toEqual(['r1'])
    expect(told(back)).toEqual(['r1 grown 1', 'r1 back 4'])
  })

  test.each([
    ['its detectors did not run', { detectors: ['sybil'] }, null],
    ['the run looks at an earlier time', { asOf: 10 }, 20],
    ['the base saw everything and the run does not', { asOf: 10 }, null],
  ] as const)('is remembered and not missed when %s', (_, more, asOf) => {
    const quiet = goOn([], remember([r1], asOf), more)
    expect(told(quiet)).toEqual([])
    expect(quiet.lineage.dormant).toEqual([{ id: 'r1', lastRun: 'base', absent: 0 }])
    const again = goOn([ring('x', accounts('abc'))], remember([{ ...r1, lastRun: 'old', absent: 0 }]))
    expect(again.ids).toEqual(['r1'])
    expect(told(again)).toEqual([])
  })
})

test('an id that another ring goes on under is not given twice', () => {
  // The part that leaves has the very members under which its parent was born.
  const before = remember([ring('r-ab', accounts('abcdef'))])
  const after = goOn([ring('r-ab', accounts('ab')), ring('r-cdef', accounts('cdef'))], before)
  expect(after.ids).toEqual(['r-ab-2', 'r-ab'])
  expect(told(after)).toEqual(['r-ab shrunk 2', 'r-ab-2 split 2 r-ab'])
})

test('the order in which rings are found does not matter', () => {
  const before = remember([ring('r1', accounts('abcd')), ring('r2', accounts('efgh')), ring('r3', accounts('ij'))])
  const found = [ring('x', accounts('abef')), ring('y', accounts('cdgh')), ring('z', accounts('kl'))]
  const one = goOn(found, before)
  const two = goOn([...found].reverse(), before)
  expect([...two.ids].reverse()).toEqual(one.ids)
  expect(two.lineage).toEqual(one.lineage)
})

test('overlap is the weighted Jaccard index of the accounts', () => {
  const [overlap] = matchRings(
    [ring('a', accounts('ab'), accounts('c', 'mule'))],
    [ring('b', accounts('a'), accounts('bc', 'mule'), accounts('d'))],
  ).overlaps
  // min: 1 + .25 + .25; max: 1 + 1 + .25 + 1
  expect(overlap!.jaccard).toBeCloseTo(1.5 / 3.25, 12)
  expect(overlap!.ofBefore).toBe(1)
  expect(overlap!.ofAfter).toBeCloseTo(1.5 / 2.5, 12)
})
