import { expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { graphWithout } from '#src/graph/without.js'
import { type InteractionLine, rawGraphFrom, snapshotFrom } from '../../support/raw-graph.js'

const lines: readonly InteractionLine[] = [
  { type: 'like', actor: 'user:a', target: 'video:v1', at: 5, market: 'US' },
  { type: 'like', actor: 'user:b', target: 'video:v1', at: 6, weight: 2 },
  { type: 'view', actor: 'user:a', target: 'video:v2', at: 7, market: 'ID' },
  { type: 'uses', actor: 'user:a', target: 'device:a', at: 8 },
  { type: 'uses', actor: 'user:b', target: 'device:a' },
  { type: 'publish', actor: 'creator:a', target: 'video:v1', at: 1, attributes: { fingerprint: '00000000ffffffff' } },
  { type: 'publish', actor: 'creator:b', target: 'video:v2', at: 2, attributes: { fingerprint: '11111111ffffffff' } },
  { type: 'review', actor: 'user:a', target: 'product:p', at: 3, attributes: { rating: 5 } },
  { type: 'review', actor: 'user:b', target: 'product:p', at: 3, attributes: { rating: 1 } },
]
const declared = ['user:z', 'user:a']

test.each([
  [['user:a'], []],
  [['device:a', 'video:v1'], []],
  [['user:z'], []],
  [[], ['view']],
  [[], ['publish']],
  [[], ['review']],
  [['creator:b'], ['like', 'uses']],
] as const)('without %j and %j it is as if they had never been recorded', (entities, types) => {
  const isKept = (name: string): boolean => !(entities as readonly string[]).includes(name)
  const kept = lines.filter(
    ({ type, actor, target }) => !(types as readonly string[]).includes(type) && isKept(actor) && isKept(target),
  )
  const all = rawGraphFrom(lines, { declared })
  expect(snapshotDigest(buildSnapshot(graphWithout(all, { entities, types })))).toBe(
    snapshotDigest(snapshotFrom(kept, { declared: declared.filter(isKept) })),
  )
  expect(snapshotDigest(buildSnapshot(all))).toBe(snapshotDigest(snapshotFrom(lines, { declared })))
})

test.each([
  ['user:nobody', 'entity.unknown'],
  ['user:device', 'entity.unknown'],
  ['video:a', 'entity.unknown'],
  ['somebody', 'request.invalid'],
  ['thing:a', 'request.invalid'],
])('%s is refused as %s', (name, code) => {
  expect(() => graphWithout(rawGraphFrom(lines, { declared }), { entities: [name], types: [] })).toThrow(
    expect.objectContaining({ code }),
  )
})
