import { describe, expect, test } from '@jest/globals'
import { compareWithTruth } from '#src/simulate/compare.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import type { RingRecord } from '#src/store/store.js'

const simulation = new Simulation(defaultSimulation(20_000))

type Named = readonly { readonly kind: 'user' | 'creator'; readonly id: string }[]

const accountsOf = (members: readonly { readonly kind: string; readonly index: number }[]): Named =>
  members
    .filter(
      (member): member is { kind: 'user' | 'creator'; index: number } =>
        member.kind === 'user' || member.kind === 'creator',
    )
    .map(({ kind, index }) => ({ kind, id: simulation.names.id(kind, index) }))

const ring = (id: string, members: Named): RingRecord => ({
  id,
  score: 9,
  fdr: 0.01,
  behaviours: ['lockstep'],
  detectors: ['lockstep'],
  window: null,
  types: [],
  markets: [],
  scenarios: [],
  members: members.map((member) => ({ ...member, role: 'core', score: 1 })),
  facts: [],
})

const planted = simulation.rings[0]!
const accounts = accountsOf(planted.members)
const strangers: Named = Array.from({ length: accounts.length * 2 }, (_, i) => ({ kind: 'user', id: `stranger${i}` }))
const of = (rings: readonly RingRecord[]) => {
  const comparison = compareWithTruth(simulation, rings)
  return { ...comparison, first: comparison.planted[0]! }
}

describe('a planted ring', () => {
  test('is found when a ring is the same, with overlap 1', () => {
    const { first, falseRings } = of([ring('r', accounts)])
    expect(first).toMatchObject({ verdict: 'found', ring: 'r', overlap: 1, recall: 1, accounts: accounts.length })
    expect(falseRings).toEqual([])
  })

  test('is missed when nothing has it, or when it drowns in a ring of strangers', () => {
    expect(of([]).first).toMatchObject({ verdict: 'missed', ring: null, overlap: 0, recall: 0 })
    const drowned = of([ring('r', [...accounts, ...strangers])])
    expect(drowned.first).toMatchObject({ verdict: 'missed', ring: 'r', recall: 0 })
    expect(drowned.falseRings).toEqual([{ id: 'r', accounts: accounts.length * 3 }])
  })

  test('is partly found when pieces of it are, and the pieces together are its recall', () => {
    const third = Math.ceil(accounts.length / 3)
    const { first } = of([ring('a', accounts.slice(0, third)), ring('b', accounts.slice(third, 2 * third))])
    expect(first.verdict).toBe('partly')
    expect(first.recall).toBeCloseTo((2 * third) / accounts.length)
    expect(first.overlap).toBeCloseTo(third / accounts.length)
  })
})

test('an innocent group that comes out as a ring is named with it, and the ring is a false one', () => {
  const group = simulation.innocents.find(({ story }) => story === 'fan-club')!
  const { innocents, falseRings } = of([ring('r', accountsOf(group.members))])
  expect(innocents.find(({ id }) => id === group.id)!.ring).toBe('r')
  expect(innocents.filter(({ ring: touched }) => touched !== null).length).toBe(1)
  expect(falseRings.map(({ id }) => id)).toEqual(['r'])
})
