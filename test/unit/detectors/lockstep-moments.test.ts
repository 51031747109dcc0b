import { expect, test } from '@jest/globals'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { relationOf } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { DAY, DAYS, HOUR, MINUTE, organic, ringsIn, runOn, SECOND, START, shuffled } from './lockstep-worlds.js'

/** Accounts r0, r1 ... that act on the same videos within `within` of each other, `times` times. */
const together = (random: Random, accounts: number, times: number, within: number, name = 'r'): InteractionLine[] =>
  Array.from({ length: times }, () => {
    const video = random.below(2000)
    const from = START + random.float() * DAYS * DAY
    return Array.from(
      { length: accounts },
      (_, account): InteractionLine => ({
        type: 'like',
        actor: `user:${name}${account}`,
        target: `video:v${video}`,
        at: from + random.float() * within,
      }),
    )
  }).flat()

const accountsOf = (lines: readonly InteractionLine[]): string[][] =>
  ringsIn(lines).map(({ accounts }) => [...accounts].sort())

test('three accounts that act as one again and again are a ring', () => {
  const random = new Random(21)
  const lines = [...organic(random), ...together(random, 3, 25, 8 * SECOND)]
  expect(accountsOf(lines)).toEqual([['user:r0', 'user:r1', 'user:r2']])
})

test('two are not, however often: a pair is a lead and no ring', () => {
  const random = new Random(22)
  expect(accountsOf([...organic(random), ...together(random, 2, 25, 8 * SECOND)])).toEqual([])
})

test('a household that watches together, night after night, is no ring; as many strangers are', () => {
  const random = new Random(29)
  const lines = [...organic(random), ...together(random, 5, 25, 40 * SECOND)]
  const home = Array.from(
    { length: 5 },
    (_, account): InteractionLine => ({ type: 'uses', actor: `user:r${account}`, target: 'network:home' }),
  )
  expect(accountsOf(lines).map((ring) => ring.length)).toEqual([5])
  expect(accountsOf([...lines, ...home])).toEqual([])
  const two = together(random, 4, 25, 40 * SECOND, 's').map((line) => ({
    ...line,
    actor: line.actor.replace('user:s', 'user:r'),
  }))
  expect(accountsOf([...organic(random), ...two, ...home.slice(0, 4)])).toEqual([])
})

test('one account that keeps company with two groups leaves them two', () => {
  const random = new Random(23)
  const lines = [
    ...organic(random),
    ...together(random, 6, 20, 8 * SECOND),
    ...together(random, 6, 20, 8 * SECOND, 's'),
  ]
  for (const [first, second] of [
    ['user:r0', 'user:s0'],
    ['user:r1', 'user:s1'],
  ] as const)
    lines.push(
      { type: 'like', actor: first, target: 'video:v1', at: START + 9 * HOUR },
      { type: 'like', actor: second, target: 'video:v1', at: START + 9 * HOUR + SECOND },
    )
  expect(accountsOf(lines).map((ring) => ring.length)).toEqual([6, 6])
})

test('repetition on one and the same target counts, moment by moment', () => {
  const random = new Random(24)
  const lines = organic(random)
  for (let k = 0; k < 40; k++) {
    const from = START + random.float() * DAYS * DAY
    for (let account = 0; account < 4; account++)
      lines.push({
        type: 'like',
        actor: `user:r${account}`,
        target: `video:v${k % 2 === 0 ? 7 : 1900}`,
        at: from + random.float() * 5 * SECOND,
      })
  }
  const snapshot = snapshotFrom(lines)
  const { candidates } = runOn(snapshot)
  expect(candidates.length).toBeGreaterThan(0)
  const likes = relationOf(snapshot, 'like')!
  for (const { facts } of candidates)
    for (const { count, shows, observed, expected } of facts) {
      expect(recount(count, interactionsAt(likes, shows[0]!.edges))).toBe(observed)
      expect(observed).toBeGreaterThan(expected)
    }
  expect(candidates.some(({ facts }) => facts[0]!.code === 'lockstep.moments')).toBe(true)
})

test.each([31, 32, 33])('targets dealt anew leave nothing, though the accounts keep their times (seed %d)', (seed) => {
  const random = new Random(seed)
  const lines = [...organic(random), ...together(random, 8, 25, 8 * SECOND)]
  expect(accountsOf(shuffled(lines, random))).toEqual([])
})

test.each([
  ['friends who look at what one of them sends, within the hour', HOUR],
  ['a family in front of one screen within twenty minutes', 20 * MINUTE],
])('%s, are no ring', (_, within) => {
  const random = new Random(25)
  expect(accountsOf([...organic(random), ...together(random, 4, 15, within)])).toEqual([])
})

test('guests of a live room who answer the host within the same minutes, night after night, are no ring', () => {
  const random = new Random(26)
  const lines = organic(random)
  for (let night = 0; night < 10; night++) {
    const opening = START + (3 + night * 5) * DAY + 20 * HOUR
    lines.push({ type: 'publish', actor: 'creator:host', target: `video:live${night}`, at: opening })
    for (let guest = 0; guest < 60; guest++)
      if (random.float() < 0.5)
        lines.push({
          type: 'like',
          actor: `user:o${guest}`,
          target: `video:live${night}`,
          at: opening + random.below(3) * 15 * MINUTE + random.float() * MINUTE,
        })
  }
  expect(accountsOf(lines)).toEqual([])
})

test('times that are known by the day only tell no moments', () => {
  const random = new Random(27)
  const lines = [...organic(random), ...together(random, 5, 6, 8 * SECOND)].map((line) => ({
    ...line,
    at: Math.floor((line.at as number) / DAY) * DAY,
  }))
  const { candidates } = runOn(snapshotFrom(lines))
  expect(candidates.filter(({ facts }) => facts[0]!.code === 'lockstep.moments')).toEqual([])
})
