import { expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { fingerprintOf } from '#src/graph/fingerprints.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { type InteractionLine, rawGraphFrom, snapshotFrom } from '../../support/raw-graph.js'

const publish = (creator: string, video: string, at: number | null, fingerprint?: string): InteractionLine => ({
  type: 'publish',
  actor: `creator:${creator}`,
  target: `video:${video}`,
  at,
  ...(fingerprint === undefined ? {} : { attributes: { fingerprint } }),
})

test('each fingerprint lies at its interaction, parallel ones in order of value, in any order of the records', () => {
  const lines = [
    publish('b', 'v2', 5, 'ffffffff00000001'),
    publish('a', 'v1', 7, '00000000ffffffff'),
    publish('a', 'v1', null, '8000000000000000'),
    publish('a', 'v1', 7, '00000000fffffffe'),
    publish('a', 'v3', 7),
    { type: 'like', actor: 'user:u', target: 'video:v1', attributes: { fingerprint: '1111111111111111' } },
  ] as const
  const snapshot = snapshotFrom(lines)
  const relation = relationOf(snapshot, 'publish')!
  const { edge, high, low } = relation.fingerprints!
  const hash = (i: number) => [high[i]!, low[i]!].map((half) => half.toString(16).padStart(8, '0')).join('')
  expect([...edge].map((e, i) => `${entityName(snapshot, relation.target[e]!)} ${relation.at[e]} ${hash(i)}`)).toEqual([
    'video:v1 NaN 8000000000000000',
    'video:v1 7 00000000fffffffe',
    'video:v1 7 00000000ffffffff',
    'video:v2 5 ffffffff00000001',
  ])
  expect(snapshotDigest(snapshotFrom([...lines].reverse()))).toBe(snapshotDigest(snapshot))
  const other = lines.map((line) => (line.target === 'video:v2' ? publish('b', 'v2', 5, 'ffffffff00000000') : line))
  expect(snapshotDigest(snapshotFrom(other))).not.toBe(snapshotDigest(snapshot))
})

test('without any, the relation has none', () => {
  expect(relationOf(snapshotFrom([publish('a', 'v', 1)]), 'publish')!.fingerprints).toBeUndefined()
})

test('one that belongs to no interaction is refused', () => {
  const raw = rawGraphFrom([publish('a', 'v', 1, '00000000ffffffff')])
  const at = Float64Array.of(2)
  expect(() => buildSnapshot({ ...raw, fingerprints: { ...raw.fingerprints!, at } })).toThrow(RangeError)
})

test('only 16 lower-case hexadecimal digits are a hash', () => {
  expect(fingerprintOf('80000000ffffffff')).toEqual({ high: 0x80000000, low: 0xffffffff })
  for (const wrong of ['80000000FFFFFFFF', '80000000fffffff', 7, null, undefined])
    expect(fingerprintOf(wrong)).toBeNull()
})
