import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compareEntities } from '#src/graph/comparison.js'
import { shortestPaths } from '#src/graph/paths.js'
import { findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const user = (snapshot: Snapshot, id: string): number => findEntity(snapshot, 'user', id)
const options = { maxDegree: 100, maxLength: 6, limit: 5 }

const transfer = (from: string, to: string, at?: string): InteractionLine => ({
  type: 'transfer',
  actor: `user:${from}`,
  target: `user:${to}`,
  ...(at ? { at } : {}),
})
const uses = (who: string, device: string, at?: string): InteractionLine => ({
  type: 'uses',
  actor: `user:${who}`,
  target: `device:${device}`,
  ...(at ? { at } : {}),
})

test('two are together through identifiers, targets, gaps, transfers and paths; the third is not where they are', () => {
  const like = (who: string, video: string, at: string): InteractionLine => ({
    type: 'like',
    actor: `user:${who}`,
    target: `video:${video}`,
    at,
  })
  const snapshot = snapshotFrom([
    uses('a', 'phone', '2026-01-01T00:00:00Z'),
    uses('b', 'phone', '2026-01-02T00:00:00Z'),
    like('a', 'v', '2026-01-03T00:00:00Z'),
    like('b', 'v', '2026-01-03T00:00:05Z'),
    like('c', 'v', '2026-01-09T00:00:00Z'),
    transfer('b', 'a', '2026-01-05T00:00:00Z'),
    transfer('a', 'b', '2026-01-04T00:00:00Z'),
    transfer('a', 'b', '2026-01-06T00:00:00Z'),
  ])
  const index = (id: string): number => user(snapshot, id)
  const { pair, apart } = compareEntities(snapshot, index('a'), index('b'), index('c'), options)
  expect(pair.direct.map(({ type, actor, at }) => [type, actor, at])).toEqual([
    ['transfer', 'user:a', '2026-01-04T00:00:00.000Z'],
    ['transfer', 'user:b', '2026-01-05T00:00:00.000Z'],
    ['transfer', 'user:a', '2026-01-06T00:00:00.000Z'],
  ])
  expect(pair).toMatchObject({ directCount: 3, sharedCount: 2, identifiers: 1, leastGapSeconds: 5 })
  expect(pair.shared.map(({ through }) => through)).toEqual(['device:phone', 'video:v'])
  expect(pair.paths.paths).toEqual([
    [{ type: 'transfer', direction: 'forward', entity: 'user:b' }],
    [{ type: 'transfer', direction: 'backward', entity: 'user:b' }],
  ])
  expect(apart).toMatchObject({ third: 'user:c', withoutThirdCount: 1 })
  expect(apart!.withoutThird.map(({ through }) => through)).toEqual(['device:phone'])
  expect(apart!.firstWithThird).toMatchObject({ directCount: 0, sharedCount: 1, identifiers: 0 })
  expect(apart!.firstWithThird.leastGapSeconds).toBe(6 * 86_400)
  expect(apart!.secondWithThird.paths.paths).toEqual([
    [
      { type: 'like', direction: 'forward', entity: 'video:v' },
      { type: 'like', direction: 'backward', entity: 'user:c' },
    ],
  ])
  expect(compareEntities(snapshot, index('a'), index('b'), null, options).apart).toBeNull()
})

test('paths do not pass through a crowd, may start in one, and say when they were cut', () => {
  const crowd = Array.from({ length: 50 }, (_, i) => uses(`x${i}`, 'campus'))
  const chain = ['a', 'p', 'q', 'b'].slice(1).map((to, i) => transfer(['a', 'p', 'q'][i]!, to))
  const snapshot = snapshotFrom([...crowd, uses('a', 'campus'), uses('b', 'campus'), ...chain])
  const between = (more: Partial<typeof options>) =>
    shortestPaths(snapshot, user(snapshot, 'a'), user(snapshot, 'b'), { ...options, ...more })
  expect(between({}).paths.map((path) => path.length)).toEqual([2])
  expect(between({ maxDegree: 20 }).paths.map((path) => path.map(({ entity }) => entity))).toEqual([
    ['user:p', 'user:q', 'user:b'],
  ])
  expect(between({ maxDegree: 20, maxLength: 2 })).toEqual({ paths: [], cut: true })
  const campus = findEntity(snapshot, 'device', 'campus')
  expect(shortestPaths(snapshot, campus, user(snapshot, 'q'), { ...options, maxDegree: 20 }).paths[0]).toHaveLength(2)
})

test('as many shortest paths as there are, each a walk in the graph, as brute force finds', () => {
  const edges = fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(6)), {
    maxLength: 14,
    selector: ([a, b]) => `${a} ${b}`,
  })
  fc.assert(
    fc.property(edges, (pairs) => {
      const lines = pairs.filter(([a, b]) => a !== b).map(([a, b]) => transfer(`n${a}`, `n${b}`))
      const snapshot = snapshotFrom([...lines, transfer('n0', 'lone'), transfer('n1', 'other')])
      const ties = new Map<string, number>()
      for (const { actor, target } of lines)
        for (const key of [`${actor} ${target}`, `${target} ${actor}`]) ties.set(key, (ties.get(key) ?? 0) + 1)
      // Walks of each length from user:n0 to user:n1 by counting; the first length with any is the shortest.
      let at = new Map([['user:n0', 1]])
      let expected = { length: 0, count: 0 }
      for (let length = 1; length <= 6 && expected.count === 0; length++) {
        const next = new Map<string, number>()
        for (const [key, number] of ties) {
          const [from, to] = key.split(' ') as [string, string]
          if (at.has(from)) next.set(to, (next.get(to) ?? 0) + at.get(from)! * number)
        }
        at = next
        expected = { length, count: at.get('user:n1') ?? 0 }
      }
      const { paths, cut } = shortestPaths(snapshot, user(snapshot, 'n0'), user(snapshot, 'n1'), {
        ...options,
        limit: 10_000,
      })
      expect(cut && paths.length > 0).toBe(false)
      expect(paths.length).toBe(expected.count)
      for (const path of paths) expect(path.length).toBe(expected.length)
      expect(new Set(paths.map((path) => JSON.stringify(path))).size).toBe(paths.length)
    }),
    { numRuns: 300 },
  )
})
