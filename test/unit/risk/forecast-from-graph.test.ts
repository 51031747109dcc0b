import { describe, expect, test } from '@jest/globals'
import { HUB_USERS } from '#src/risk/forecast/footholds.js'
import { forecast } from '#src/risk/forecast/forecast.js'
import { historyOf } from '#src/risk/forecast/from-graph.js'
import { domainName, knownAt } from '#src/risk/forecast/history.js'
import type { MemberRecord } from '#src/store/store.js'
import { type InteractionLine, snapshotFrom, splitName } from '../../support/raw-graph.js'

const time = (days: number): string => new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString()
const member = (name: string, role = 'core'): MemberRecord => ({ ...splitName(name), role, score: 1 })

const ring = {
  id: 'r-1',
  members: [...['a', 'b', 'c', 'd'].map((id) => member(`user:${id}`)), member('product:p', 'beneficiary')],
}

const line = (
  days: number | null,
  type: InteractionLine['type'],
  actor: string,
  target: string,
  market?: string,
): InteractionLine => ({
  type,
  actor,
  target,
  ...(days === null ? {} : { at: time(days) }),
  ...(market === undefined ? {} : { market }),
})

const lines: readonly InteractionLine[] = [
  line(0.5, 'like', 'user:other', 'video:v', 'US'),
  line(1, 'like', 'user:a', 'video:w', 'US'),
  line(2, 'like', 'user:a', 'video:v', 'US'),
  line(3.25, 'like', 'user:b', 'video:v', 'US'),
  // One account alone does not make the ring active in shelf/US; two do, on day 9.
  line(5, 'order', 'user:c', 'product:p', 'US'),
  line(9, 'order', 'user:d', 'product:p', 'US'),
  // Of two things of the ring others are seen in content/ID: v on day 6, and on day 8 the phone of b, by one who acts there since day 7.
  line(6, 'like', 'user:other', 'video:v', 'ID'),
  line(4, 'uses', 'user:b', 'device:phone'),
  line(8, 'uses', 'user:stranger', 'device:phone'),
  line(7, 'view', 'user:stranger', 'video:x', 'ID'),
  // Not a thing of the ring: only one of its accounts liked w.
  line(6, 'like', 'user:other', 'video:w', 'ID'),
  line(10, 'ban', 'user:a', 'user:a'),
  line(12, 'ban', 'user:other', 'user:other'),
  line(14.5, 'ban', 'user:b', 'user:b'),
  // After its end.
  line(15, 'like', 'user:c', 'video:y', 'ID'),
  line(16, 'like', 'user:d', 'video:y', 'ID'),
  line(null, 'like', 'user:c', 'video:z', 'ID'),
  line(11, 'like', 'user:c', 'video:z'),
  line(20, 'view', 'user:stranger', 'video:x', 'ID'),
]

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'number' && Number.isNaN(each) ? 'NaN' : each))

describe('by hand', () => {
  const { history, start, notes } = historyOf(snapshotFrom(lines), [ring])
  const names = history.domains.map(domainName)
  const at = (domain: string): number => names.indexOf(domain)
  const [only] = history.rings

  test('domains, days and what went on in them', () => {
    expect(names).toEqual(['content/ID', 'content/US', 'shelf/US'])
    expect(start).toBe(Date.UTC(2026, 0, 1))
    expect(history.days).toBe(20)
    expect([...history.opened]).toEqual([6, 0.5, 5])
    expect(history.activity[0 * 3 + at('content/US')]).toBe(1)
    expect(history.activity[6 * 3 + at('content/ID')]).toBe(2)
    expect(history.activity.reduce((sum, value) => sum + value, 0)).toBe(11)
  })

  test('a ring is active where two of its accounts acted, until half of them are banned', () => {
    expect(only).toMatchObject({ id: 'r-1', born: 3.25, end: { day: 14.5, kind: 'banned' } })
    expect([...only!.joined]).toEqual([1, 3.25, 5, 9])
    expect(only!.arrivals[at('content/US')]).toBe(3.25)
    expect(only!.arrivals[at('shelf/US')]).toBe(9)
    expect(only!.arrivals[at('content/ID')]).toBeNaN()
  })

  test('footholds count from the day at which both sides are known', () => {
    expect([...only!.footholds[at('content/ID')]!]).toEqual([6, 8])
    // `other` liked v in the United States on day 0.5; that it is a thing of the ring is known from day 3.25.
    expect([...only!.footholds[at('content/US')]!]).toEqual([3.25])
    expect([...only!.footholds[at('shelf/US')]!]).toEqual([])
  })

  test('a ban counts wherever the account acted before', () => {
    const of = (day: number): number[] => [...history.bans.subarray(3 * day, 3 * day + 3)]
    expect(of(10)).toEqual([0, 1, 0])
    expect(of(12)).toEqual([1, 1, 0])
    expect(history.bans.reduce((sum, value) => sum + value, 0)).toBe(4)
  })

  test('what has no time or no market is counted, not placed', () => {
    expect(notes.map(({ code }) => code)).toEqual(['forecast.no-time', 'forecast.no-market'])
    expect(notes[0]!.message).toContain('1 interactions')
    expect(notes[1]!.message).toContain('2 interactions')
  })
})

test('deleting the future gives the same bytes', () => {
  const far = Array.from({ length: 40 }, (_, i) =>
    line(30 + i, 'like', `user:${'abcdefg'[i % 7]}`, 'video:v', i % 2 ? 'TH' : 'ID'),
  )
  const all = [
    ...lines.filter(({ type }) => type !== 'ban'),
    ...far,
    line(33, 'ban', 'user:a', 'user:a'),
    line(41, 'ban', 'user:b', 'user:b'),
  ]
  const other = { id: 'r-2', members: ['e', 'f', 'g'].map((id) => member(`user:${id}`)) }
  for (const day of [2, 5.5, 9, 20, 33.5, 41, 55]) {
    const known = all.filter(
      ({ at }) => at === undefined || at === null || Date.parse(String(at)) <= Date.parse(time(day)),
    )
    const cut = historyOf({ ...snapshotFrom(known), asOf: Date.parse(time(day)) }, [ring, other]).history
    const full = historyOf(snapshotFrom(all), [ring, other]).history
    const past = knownAt(full, day)
    expect(cut.rings.map(({ id, born, end, joined }) => text({ id, born, end, joined }))).toEqual(
      past.rings.map(({ id, born, end, joined }) => text({ id, born, end, joined })),
    )
    expect(text(forecast(cut))).toBe(text(forecast(past)))
  }
})

test('a place with many users is a sign as far as it was one hand: later users change nothing', () => {
  const crowd = Array.from({ length: HUB_USERS + 20 }, (_, i) => [
    line(10 + i / 10, 'uses', `user:u${i}`, 'device:phone'),
    line(9, 'view', `user:u${i}`, 'video:x', i < HUB_USERS ? 'TH' : 'VN'),
  ]).flat()
  const { history } = historyOf(snapshotFrom([...lines, ...crowd]), [ring])
  const of = (domain: string) => [...history.rings[0]!.footholds[history.domains.map(domainName).indexOf(domain)]!]
  expect(of('content/TH')).toEqual([10])
  expect(of('content/VN')).toEqual([])
})

test.each([
  ['no interactions', [], []],
  ['no times', lines.map(({ at: _, ...rest }) => rest), []],
  ['no markets: scenarios alone', lines.map(({ market: _, ...rest }) => rest), ['content/', 'shelf/', 'account/']],
] as const)('%s', (_name, given, expected) => {
  const { history, notes } = historyOf(snapshotFrom(given), [ring])
  if (expected.length > 0) {
    expect(history.domains.map(domainName)).toEqual(expected)
    expect(history.rings).toHaveLength(1)
  } else {
    expect(history.rings).toEqual([])
    expect(notes.map(({ code }) => code)).toContain('forecast.no-domain')
  }
  expect(forecast(history).pairs.every(({ chance }) => Number.isFinite(chance[28]))).toBe(true)
})
