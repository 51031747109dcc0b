import { expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotAt } from '#src/graph/past.js'
import { ratingOf } from '#src/graph/ratings.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { type InteractionLine, rawGraphFrom, snapshotFrom } from '../../support/raw-graph.js'

const review = (user: string, product: string, at: number | null, rating?: number): InteractionLine => ({
  type: 'review',
  actor: `user:${user}`,
  target: `product:${product}`,
  at,
  ...(rating === undefined ? {} : { attributes: { rating } }),
})

const lines: readonly InteractionLine[] = [
  review('b', 'p2', 5, 1),
  review('a', 'p1', 7, 5),
  review('a', 'p1', null, 2),
  review('a', 'p1', 7, 3),
  review('a', 'p1', 6, 4),
  review('a', 'p3', 7),
  { type: 'order', actor: 'user:u', target: 'product:p1', attributes: { rating: 4 } },
]

test('each rating lies at its review, parallel ones in order of value, in any order of the records', () => {
  const snapshot = snapshotFrom(lines)
  const { target, at, ratings } = relationOf(snapshot, 'review')!
  expect([...ratings!].map((rating, e) => `${entityName(snapshot, target[e]!)} ${at[e]} ${rating}`)).toEqual([
    'product:p1 NaN 2',
    'product:p1 6 4',
    'product:p1 7 3',
    'product:p1 7 5',
    'product:p3 7 0',
    'product:p2 5 1',
  ])
  expect(relationOf(snapshot, 'order')!.ratings).toBeUndefined()
  expect(snapshotDigest(snapshotFrom([...lines].reverse()))).toBe(snapshotDigest(snapshot))
  const other = lines.map((line) => (line.target === 'product:p2' ? review('b', 'p2', 5, 2) : line))
  expect(snapshotDigest(snapshotFrom(other))).not.toBe(snapshotDigest(snapshot))
})

test('a snapshot of an earlier time holds the ratings of that time', () => {
  const known = lines.filter(({ at }) => at === undefined || at === null || Number(at) <= 6)
  expect(snapshotDigest(snapshotAt(snapshotFrom(lines), 6))).toBe(snapshotDigest(snapshotFrom(known, { asOf: 6 })))
})

test('without any, the relation has none', () => {
  expect(relationOf(snapshotFrom([review('a', 'p', 1)]), 'review')!.ratings).toBeUndefined()
})

test('one that belongs to no interaction is refused', () => {
  const raw = rawGraphFrom([review('a', 'p', 1, 5)])
  const at = Float64Array.of(2)
  expect(() => buildSnapshot({ ...raw, ratings: { ...raw.ratings!, at } })).toThrow(RangeError)
})

test('many parallel reviews are placed in time', () => {
  const count = 50_000
  const many = Array.from({ length: count }, (_, i) => review('a', 'p', i, 1 + (i % 5)))
  const { ratings } = relationOf(snapshotFrom(many), 'review')!
  expect(ratings!.every((rating, i) => rating === 1 + (i % 5))).toBe(true)
})

test('the nearest whole number of 1 to 5 is a rating, halves up', () => {
  expect([1, 2.5, 4.49, 5].map(ratingOf)).toEqual([1, 3, 4, 5])
  for (const wrong of [0, 0.9, 5.1, Number.NaN, '5', true, null, undefined]) expect(ratingOf(wrong)).toBeNull()
})
