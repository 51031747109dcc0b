import { expect, test } from '@jest/globals'
import { commonWith, connectionsOf } from '#src/graph/connections.js'
import { findEntity } from '#src/graph/snapshot.js'
import { snapshotFrom } from '../../support/raw-graph.js'

const uses = (user: string, device: string, at: string | null = null) =>
  ({ type: 'uses', actor: `user:${user}`, target: `device:${device}`, at }) as const

test('the rarest shared place comes first, with when each was there, and a crowd is left out', () => {
  const snapshot = snapshotFrom([
    uses('a', 'phone', '2026-01-01T00:00:00Z'),
    uses('b', 'phone', '2026-01-01T00:01:00Z'),
    ...['a', 'b', 'c'].map((user) => uses(user, 'tablet')),
    ...['a', 'b', 'c', 'd', 'e'].map((user) => uses(user, 'campus')),
    { type: 'transfer', actor: 'user:a', target: 'user:b' },
  ])
  const index = (id: string): number => findEntity(snapshot, 'user', id)
  const { connections, leftOut } = connectionsOf(snapshot, index('a'), { limit: 10, maxShared: 3 })
  expect(connections.map((each) => each.entity)).toEqual(['user:b', 'user:c'])
  expect(connections[0]!.shared).toEqual([
    {
      type: 'uses',
      through: 'device:phone',
      sharedBy: 2,
      times: { first: '2026-01-01T00:00:00.000Z', second: '2026-01-01T00:01:00.000Z', gapSeconds: 60 },
    },
    { type: 'uses', through: 'device:tablet', sharedBy: 3, times: { first: null, second: null, gapSeconds: null } },
  ])
  expect(leftOut).toEqual({ crowdedPlaces: 1, entities: 0 })
  const pair = commonWith(snapshot, index('a'), index('b'))
  expect(pair.map(({ through, sharedBy }) => [through, sharedBy])).toEqual([
    ['device:phone', 2],
    ['user:b', 2],
    ['device:tablet', 3],
    ['device:campus', 5],
  ])
})

test('an account with very many places is answered within bounds, and what was left out is counted', () => {
  const lines = []
  for (let fan = 0; fan < 4000; fan++)
    for (let creator = 0; creator < 100; creator++)
      lines.push({ type: 'follow', actor: `user:${fan}`, target: `creator:${creator}` } as const)
  const snapshot = snapshotFrom([...lines, { type: 'follow', actor: 'user:quiet', target: 'creator:0' }])
  const { connections, leftOut } = connectionsOf(snapshot, findEntity(snapshot, 'creator', '0'), {
    limit: 5,
    maxShared: 200,
  })
  expect(connections).toHaveLength(5)
  expect(leftOut).toEqual({ crowdedPlaces: 1001, entities: 94 })
})
