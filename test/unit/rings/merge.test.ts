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

test('the order in which candidates come does not matter', () => {
  const given = [
    candidate('a', 'sybil', 30, members([1, 2, 3, 4])),
    candidate('b', 'lockstep', 25, members([2, 3, 4])),
    candidate('b', 'lockstep', 24, members([7, 8])),
  ]
  const strip = (rings: ReturnType<typeof mergeCandidates>) => JSON.stringify(rings)
  expect(strip(mergeCandidates([...given].reverse(), 1))).toBe(strip(mergeCandidates(given, 1)))
})
