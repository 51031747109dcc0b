import { expect, test } from '@jest/globals'
import { hangsOn, hangsOnEntities } from '#src/rings/counterfactual.js'
import type { FactRecord, InteractionRecord, RingRecord } from '#src/store/store.js'
import { ringRecord } from '../../support/runs.js'

const fact = (observed: number, expected: number, more: Partial<FactRecord> = {}): FactRecord => ({
  code: 'some.fact',
  sentence: '',
  observed,
  expected,
  unit: 'pairs',
  interactionCount: 0,
  interactions: [],
  count: { of: 'pairs' },
  digests: [],
  ...more,
})

/** -ln P(X >= n), by summing the terms. */
const tail = (n: number, mu: number): number => {
  let term = Math.exp(-mu)
  let sum = 0
  for (let k = 0; k < n + 200; k++) {
    if (k >= n) sum += term
    term *= mu / (k + 1)
  }
  return -Math.log(sum)
}

test('the facts are the least set whose removal takes the ring above the limit, by trying all sets', () => {
  const facts = [fact(20, 2), fact(18, 2), fact(12, 4), fact(3, 2), fact(0, 9)]
  const surprises = [tail(20, 2), tail(18, 2), tail(12, 4), tail(3, 2), 9]
  for (const slack of [0.5, 4, 12, 16, 24]) {
    const ring = ringRecord('r', { score: 30, fdr: 0.05 * Math.exp(-slack), facts })
    const limit = Math.max(...surprises) - slack
    let smallest: number[] | null = null
    for (let set = 0; set < 1 << facts.length; set++) {
      const gone = facts.flatMap((_, place) => (set & (1 << place) ? [place] : []))
      const left = surprises.filter((_, place) => !gone.includes(place))
      if (left.some((surprise) => surprise >= limit)) continue
      if (smallest === null || gone.length < smallest.length) smallest = gone
    }
    expect(hangsOn(ring, 0.05)!.facts).toEqual(smallest)
    expect(hangsOn(ring, 0.05)!.slackNats).toBeCloseTo(slack, 9)
  }
})

test('a rate too small for a number leaves the score as slack; a ring without facts hangs on nothing', () => {
  expect(hangsOn(ringRecord('r', { score: 900, fdr: 0, facts: [fact(9, 1)] }), 0.05)!.slackNats).toBe(900)
  expect(hangsOn(ringRecord('r', { facts: [] }), 0.05)).toBeNull()
})

const shared = (
  devices: Readonly<Record<string, number>>,
): { ring: (fdr: number) => RingRecord; records: InteractionRecord[] } => {
  const records = Object.entries(devices).flatMap(([device, users]) =>
    Array.from(
      { length: users },
      (_, u): InteractionRecord => ({
        type: 'uses',
        id: `${device}-${u}`,
        actor: { kind: 'user', id: `${device}-${u}` },
        target: { kind: 'device', id: device },
        at: null,
        market: null,
        scenario: 'account',
        weight: 1,
        attributes: null,
      }),
    ),
  )
  const interactions = records.map(({ type, id }) => ({ type, id }))
  const one = fact(records.length, 2, { interactions, interactionCount: interactions.length })
  return { ring: (fdr) => ringRecord('r', { score: 60, fdr, facts: [one] }), records }
}

test('the entities are those that hold the facts up', () => {
  const { ring, records } = shared({ hub: 12, second: 8, third: 2 })
  expect(hangsOnEntities(ring(0.01), 0.05, records)).toEqual(['device:hub'])
  expect(hangsOnEntities(ring(0.05 * Math.exp(-28)), 0.05, records)).toEqual(['device:hub', 'device:second'])
})

test('many that hold a little each are not few, and a fact that is not kept whole is not judged', () => {
  const even = shared(Object.fromEntries(Array.from({ length: 30 }, (_, d) => [`d${d}`, 1])))
  expect(hangsOnEntities(even.ring(1e-12), 0.05, even.records)).toBeNull()
  const { ring, records } = shared({ hub: 12, second: 8 })
  expect(hangsOnEntities(ring(0.01), 0.05, records.slice(1))).toBeNull()
})
