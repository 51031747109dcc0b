import { expect, test } from '@jest/globals'
import { interactionTypeNames } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { entityName, findEntity, kindOf, relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { snapshotBytes, snapshotDigest } from '#src/graph/snapshot-digest.js'
import { type InteractionLine, rawGraphFrom, snapshotFrom } from '../../support/raw-graph.js'

const namesOf = (snapshot: Snapshot): string[] =>
  Array.from({ length: snapshot.entities.count }, (_, index) => entityName(snapshot, index))

test('entities are numbered by kind, then by the UTF-8 bytes of their id', () => {
  const snapshot = snapshotFrom(
    [
      // In UTF-16, U+FF5E stands after the surrogates of U+1F600; in UTF-8 before.
      { type: 'like', actor: 'user:～', target: 'video:b' },
      { type: 'like', actor: 'user:😀', target: 'video:a' },
      { type: 'like', actor: 'user:', target: 'video:B' },
      { type: 'publish', actor: 'creator:z', target: 'video:a' },
    ],
    { declared: ['product:p', 'user:a', 'user:ab'] },
  )
  expect(namesOf(snapshot)).toEqual([
    'creator:z',
    'user:',
    'user:a',
    'user:ab',
    'user:～',
    'user:😀',
    'video:B',
    'video:a',
    'video:b',
    'product:p',
  ])
  expect(findEntity(snapshot, 'user', '😀')).toBe(5)
  expect(findEntity(snapshot, 'video', '😀')).toBe(-1)
  expect(kindOf(snapshot, 9)).toBe('product')
})

test('an entity that nothing names and that was not recorded is left out', () => {
  const raw = rawGraphFrom([{ type: 'like', actor: 'user:a', target: 'video:v' }], { declared: ['user:b', 'user:c'] })
  const c = 3
  raw.declared[c] = 0
  expect(namesOf(buildSnapshot(raw))).toEqual(['user:a', 'user:b', 'video:v'])
})

test('an empty graph is a snapshot without entities', () => {
  const snapshot = snapshotFrom([])
  expect(snapshot.entities.count).toBe(0)
  expect(snapshot.relations).toEqual([])
  expect(snapshot.markets).toEqual([''])
  expect(snapshotDigest(snapshot)).toMatch(/^[0-9a-f]{64}$/)
})

test('parallel interactions are ordered by time with unknown first, market, scenario, weight', () => {
  const base = { type: 'view', actor: 'user:a', target: 'video:v' } as const
  const wanted: InteractionLine[] = [
    { ...base, weight: 3 },
    { ...base, market: 'US', weight: 1 },
    { ...base, at: 10, market: 'ID' },
    { ...base, at: 10, market: 'US', scenario: 'content', weight: 1 },
    { ...base, at: 10, market: 'US', scenario: 'content', weight: 2 },
    { ...base, at: 10, market: 'US', scenario: 'shelf', weight: 1 },
    { ...base, at: 11, weight: 1 },
  ]
  const relation = relationOf(snapshotFrom([...wanted].reverse()), 'view')!
  expect([...relation.at]).toEqual([Number.NaN, Number.NaN, 10, 10, 10, 10, 11])
  expect([...relation.market]).toEqual([0, 2, 1, 2, 2, 2, 0])
  expect([...relation.scenario]).toEqual([0, 0, 0, 0, 0, 1, 0])
  expect([...relation.weight]).toEqual([3, 1, 1, 1, 2, 1, 1])
  expect([...relation.inEdge]).toEqual([0, 1, 2, 3, 4, 5, 6])
})

test('only markets that are named stay, sorted by bytes after the unknown one', () => {
  const raw = rawGraphFrom([
    { type: 'view', actor: 'user:a', target: 'video:v', market: 'b' },
    { type: 'view', actor: 'user:a', target: 'video:v', market: 'B' },
  ])
  const snapshot = buildSnapshot({ ...raw, markets: [...raw.markets, 'unused'] })
  expect(snapshot.markets).toEqual(['', 'B', 'b'])
})

test('offsets cover whole kinds, so that accounts without an edge have an empty row', () => {
  const snapshot = snapshotFrom([{ type: 'uses', actor: 'user:b', target: 'device:d' }], {
    declared: ['creator:c', 'user:a', 'user:z', 'network:n'],
  })
  const relation = relationOf(snapshot, 'uses')!
  expect(relation.actorFrom).toBe(1)
  expect([...relation.outOffsets]).toEqual([0, 0, 1, 1])
  expect(relation.targetFrom).toBe(4)
  expect([...relation.inOffsets]).toEqual([0, 1])
  expect([...relation.source]).toEqual([2])
})

test('a hub with 100,000 interactions, half of them with one target, is ordered', () => {
  const lines: InteractionLine[] = []
  for (let i = 0; i < 100_000; i++)
    lines.push({
      type: 'view',
      actor: 'user:hub',
      target: i % 2 ? 'video:one' : `video:v${(i * 7919) % 50_000}`,
      at: (i * 104_729) % 1_000_003,
    })
  const { target, at, inOffsets, inEdge, targetFrom } = relationOf(snapshotFrom(lines), 'view')!
  let sorted = true
  for (let k = 1; k < target.length; k++)
    if (target[k]! < target[k - 1]! || (target[k] === target[k - 1] && at[k]! < at[k - 1]!)) sorted = false
  expect(sorted).toBe(true)
  for (let row = 0; row + 1 < inOffsets.length; row++)
    for (let k = inOffsets[row]!; k < inOffsets[row + 1]!; k++)
      if (target[inEdge[k]!] !== row + targetFrom) throw new Error(`entry ${k} is not in its row`)
})

test('a relation is made for each type, by schema code', () => {
  const snapshot = snapshotFrom(
    [...interactionTypeNames].reverse().map((type) => ({ type, actor: 'user:a', target: 'user:b' })),
  )
  expect(snapshot.relations.map(({ type }) => type)).toEqual(interactionTypeNames)
})

test('all arrays are in shared memory and counted', () => {
  const snapshot = snapshotFrom([{ type: 'like', actor: 'user:a', target: 'video:v' }])
  const arrays = [snapshot.entities, ...snapshot.relations].flatMap((part) =>
    Object.values(part).filter((value): value is Int32Array => ArrayBuffer.isView(value)),
  )
  expect(arrays.every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true)
  expect(snapshotBytes(snapshot)).toBe(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0))
})

test('unknown codes, positions outside and doubled entities are errors', () => {
  const raw = rawGraphFrom([{ type: 'like', actor: 'user:a', target: 'video:v' }])
  expect(() => buildSnapshot({ ...raw, type: Uint8Array.of(200) })).toThrow(/unknown type code 200/)
  expect(() => buildSnapshot({ ...raw, entityKind: Uint8Array.of(1, 99) })).toThrow(/unknown kind code 99/)
  expect(() => buildSnapshot({ ...raw, target: Int32Array.of(2) })).toThrow(/outside 0\.\.1/)
  const twice = rawGraphFrom([], { declared: ['user:a', 'user:b'] })
  twice.names[1] = 'a'.charCodeAt(0)
  expect(() => buildSnapshot(twice)).toThrow(/same id/)
})
