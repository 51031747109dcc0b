import { describe, expect, test } from '@jest/globals'
import { type CountedInteraction, type FactCount, mapCount, recount } from '#src/graph/fact-count.js'

const at = (actor: string, target: string, time: number | null, more: Partial<CountedInteraction<string>> = {}) =>
  ({ type: 'like', actor, target, at: time, ...more }) satisfies CountedInteraction<string>

const likes = [
  at('a', 'v', 0),
  at('a', 'v', 5),
  at('b', 'v', 10),
  at('b', 'w', 100),
  at('a', 'w', 200),
  at('c', 'w', null),
]

test.each([
  ['interactions', 6],
  ['actors', 3],
  ['targets', 2],
  ['pairs', 5],
] as const)('%s', (of, expected) => {
  expect(recount({ of }, likes)).toBe(expected)
  expect(recount({ of }, [])).toBe(0)
})

test('cells tell stretches of time apart, and unknown times from all', () => {
  expect(recount({ of: 'cells', from: 0, stretch: 10 }, likes)).toBe(5)
  expect(recount({ of: 'cells', from: 3, stretch: 10 }, likes)).toBe(6)
})

test('co-actors are pairs on one target', () => {
  expect(recount({ of: 'co-actors' }, likes)).toBe(1 + 3)
})

test('pairs of two types are two', () => {
  expect(recount({ of: 'pairs' }, [at('a', 'v', 0), at('a', 'v', 0, { type: 'share' })])).toBe(2)
})

test('named are counted at either end, and an interaction of others breaks the count', () => {
  expect(recount({ of: 'named', entities: ['a', 'w', 'absent'] }, likes.slice(3, 5))).toBe(2)
  expect(recount({ of: 'named', entities: ['a', 'w'] }, likes)).toBeNaN()
  expect(recount({ of: 'named', entities: [] }, [])).toBe(0)
})

test('partners are the other ends, of interactions of that one alone', () => {
  const dealings = [at('x', 'y', 0), at('y', 'x', 1), at('z', 'x', 2)]
  expect(recount({ of: 'partners', entity: 'x' }, dealings)).toBe(2)
  expect(recount({ of: 'partners', entity: 'y' }, dealings)).toBeNaN()
})

describe('meetings', () => {
  const meet = (within: number | null, session: number | null = null, where: 'actor' | 'target' = 'target') =>
    ({ of: 'meetings', at: where, pairs: [{ first: 'a', second: 'b', within }], session }) satisfies FactCount<string>

  test('are places of both within the tolerance, by the first known time', () => {
    expect(recount(meet(10), likes)).toBe(1)
    expect(recount(meet(9), likes)).toBe(0)
    expect(recount(meet(100), likes)).toBe(2)
    expect(recount(meet(null), likes)).toBe(2)
  })

  test('within a session are one', () => {
    const three = [0, 50, 300].flatMap((time, i) => [at('a', `v${i}`, time), at('b', `v${i}`, time + 1)])
    expect(recount(meet(1, 100), three)).toBe(2)
    expect(recount(meet(1, null), three)).toBe(3)
  })

  test('of targets are at actors; unknown times meet only where times do not matter', () => {
    const lists = [at('u', 'a', 0), at('u', 'b', 3), at('w', 'a', null), at('w', 'b', 3)]
    expect(recount(meet(5, null, 'actor'), lists)).toBe(1)
    expect(recount(meet(null, null, 'actor'), lists)).toBe(2)
  })
})

test('copies are near fingerprints of another actor', () => {
  const publish = (actor: string, fingerprint: string | null) =>
    at(actor, `v${fingerprint}`, 0, { type: 'publish', fingerprint })
  const shown = [
    publish('a', '0000000000000000'),
    publish('b', '0000000000000003'),
    publish('b', 'ffffffffffffffff'),
    publish('b', 'fffffffffffffffe'),
    publish('c', null),
  ]
  expect(recount({ of: 'copies', distance: 2 }, shown)).toBe(2)
  expect(recount({ of: 'copies', distance: 1 }, shown)).toBe(0)
})

test('a rule is the same with entities written another way', () => {
  const name = (entity: number): string => `user:${entity}`
  expect(mapCount({ of: 'named', entities: [1, 2] }, name)).toEqual({ of: 'named', entities: ['user:1', 'user:2'] })
  expect(mapCount({ of: 'partners', entity: 1 }, name)).toEqual({ of: 'partners', entity: 'user:1' })
  expect(mapCount({ of: 'pairs' }, name)).toEqual({ of: 'pairs' })
  const pairs = [{ first: 1, second: 2, within: 5 }]
  expect(mapCount({ of: 'meetings', at: 'actor', pairs, session: 1 }, name)).toEqual({
    of: 'meetings',
    at: 'actor',
    pairs: [{ first: 'user:1', second: 'user:2', within: 5 }],
    session: 1,
  })
})

test('moments count every interaction of a pair, those of one occasion once', () => {
  const pairs = [{ first: 'a', second: 'b', within: 3 }]
  const shown = [
    ...[0, 2, 50, 200].map((time) => at('a', 'v', time)),
    ...[1, 52, 204].map((time) => at('b', 'v', time)),
    at('b', 'w', 200),
    at('c', 'v', 200),
    at('a', 'w', null),
  ]
  expect(recount({ of: 'moments', pairs, session: 10 }, shown)).toBe(2)
  expect(recount({ of: 'moments', pairs, session: 0 }, shown)).toBe(3)
  expect(recount({ of: 'moments', pairs, session: 50 }, shown)).toBe(1)
  expect(mapCount({ of: 'moments', pairs, session: 10 }, (name) => name.length)).toEqual({
    of: 'moments',
    pairs: [{ first: 1, second: 1, within: 3 }],
    session: 10,
  })
})
