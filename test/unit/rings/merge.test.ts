import { expect, test } from '@jest/globals'
import type { Behaviour, Candidate, Member, Role } from '#src/detectors/detector.js'
import { mergeCandidates } from '#src/rings/merge.js'

const members = (entities: readonly number[], role: Role = 'core', membership = 0.5): Member[] =>
  entities.map((entity) => ({ entity, role, membership }))

const candidate = (detector: string, behaviour: Behaviour, nats: number, own: readonly Member[]): Candidate => ({
  detector,
  behaviour,
  nats,
  members: own,
  window: { from: nats, to: nats + 10 },
  facts: [],
})

test('candidates that share most accounts become one ring with both behaviours and the stronger surprise', () => {
  const rings = mergeCandidates(
    [
      candidate('sybil', 'sybil', 30, members([1, 2, 3, 4])),
      candidate('lockstep', 'lockstep', 50, [...members([1, 2, 3]), ...members([90], 'beneficiary')]),
    ],
    0,
  )
  expect(rings).toHaveLength(1)
  expect(rings[0]!.members.map((m) => m.entity)).toEqual([1, 2, 3, 4, 90])
  expect(rings[0]!.nats).toBe(50)
  expect(rings[0]!.behaviours).toEqual(['lockstep', 'sybil'])
  expect(rings[0]!.window).toEqual({ from: 30, to: 60 })
})

test('a common target alone does not join two groups', () => {
  const target = members([90], 'beneficiary')
  const rings = mergeCandidates(
    [
      candidate('lockstep', 'lockstep', 50, [...members([1, 2, 3]), ...target]),
      candidate('lockstep', 'lockstep', 40, [...members([4, 5, 6]), ...target]),
    ],
    0,
  )
  expect(rings).toHaveLength(2)
})

test('candidates on the same list need fewer accounts in common: each interaction type shows another part of one ring', () => {
  const list = members([90, 91, 92, 93], 'beneficiary')
  const parts = (second: readonly Member[]) => [
    candidate('lockstep', 'lockstep', 50, [...members([1, 2, 3, 4, 5]), ...list]),
    candidate('lockstep', 'lockstep', 40, [...members([4, 5, 6, 7, 8]), ...second]),
  ]
  expect(mergeCandidates(parts(members([90, 91, 92, 95], 'beneficiary')), 0)).toHaveLength(1)
  expect(mergeCandidates(parts(members([90, 95, 96, 97], 'beneficiary')), 0)).toHaveLength(2)
})

test('a chain of half-overlaps does not run together', () => {
  const rings = mergeCandidates(
    [
      candidate('a', 'sybil', 30, members([1, 2, 3, 4])),
      candidate('a', 'sybil', 29, members([3, 4, 5, 6])),
      candidate('a', 'sybil', 28, members([5, 6, 7, 8])),
    ],
    0,
  )
  expect(rings.map((ring) => ring.members.length)).toEqual([4, 4, 4])
})

test('where detectors differ about a member, the stronger role and membership stay', () => {
  const [ring] = mergeCandidates(
    [
      candidate('a', 'sybil', 30, [...members([1], 'mule', 0.9), ...members([2], 'mule', 0.1)]),
      candidate('b', 'lockstep', 20, [...members([1], 'broker', 0.3), ...members([2], 'core', 0.2)]),
    ],
    0,
  )
  expect(ring!.members).toEqual([
    { entity: 1, role: 'broker', membership: 0.9 },
    { entity: 2, role: 'core', membership: 0.2 },
  ])
})

test('a trade and the sybil group that its accounts were on the farm are one ring, in which broker and buyers keep their parts', () => {
  const traded = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  const trade = [...members(traded, 'mule', 0.9), ...members([20], 'broker'), ...members([30, 31], 'beneficiary')]
  const farm = members([1, 2, 3, 4, 5, 6, 20, 30])
  for (const [first, second] of [
    [50, 30],
    [30, 50],
  ] as const) {
    const rings = mergeCandidates(
      [candidate('account-trading', 'account-trading', first, trade), candidate('sybil', 'sybil', second, farm)],
      0,
    )
    expect(rings).toHaveLength(1)
    expect(rings[0]!.behaviours).toEqual(['account-trading', 'sybil'])
    const roles = Object.fromEntries(rings[0]!.members.map(({ entity, role }) => [entity, role]))
    expect(roles).toMatchObject({ 1: 'core', 6: 'core', 7: 'mule', 20: 'broker', 30: 'beneficiary', 31: 'beneficiary' })
  }
})

test('a small group inside a stronger ring is part of it; a weaker large group that holds a small ring is another', () => {
  const small = members([1, 2, 3, 4])
  const large = members(Array.from({ length: 12 }, (_, i) => i + 1))
  const inside = [candidate('a', 'sybil', 20, small), candidate('b', 'lockstep', 60, large)]
  expect(mergeCandidates(inside, 0)).toHaveLength(1)
  const around = [candidate('a', 'sybil', 60, small), candidate('b', 'lockstep', 20, large)]
  expect(mergeCandidates(around, 0)).toHaveLength(2)
  const halfInside = [candidate('a', 'sybil', 20, members([1, 2, 40, 41])), candidate('b', 'lockstep', 60, large)]
  expect(mergeCandidates(halfInside, 0)).toHaveLength(2)
})

test('the order in which candidates come does not matter', () => {
  const given = [
    candidate('a', 'sybil', 30, members([1, 2, 3, 4])),
    candidate('b', 'lockstep', 25, members([2, 3, 4])),
    candidate('b', 'lockstep', 24, members([7, 8])),
  ]
  const strip = (rings: ReturnType<typeof mergeCandidates>) => JSON.stringify(rings)
  expect(strip(mergeCandidates([...given].reverse(), 1))).toBe(strip(mergeCandidates(given, 1)))
})
