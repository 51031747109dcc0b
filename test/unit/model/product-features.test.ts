import { expect, test } from '@jest/globals'
import { snapshotAt } from '#src/graph/past.js'
import { entityName, findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { Random } from '#src/kernels/random.js'
import type { KnownLabels } from '#src/model/features/known-labels.js'
import { blocksOf, featureDefinitions } from '#src/model/features/product/blocks.js'
import {
  featureListDigest,
  type KindFeatures,
  type LabelledInputs,
  productFeatures,
} from '#src/model/features/product/product-features.js'
import { scoredKinds } from '#src/model/features/product/sides.js'
import type { RunRecord, RunWithRings } from '#src/store/store.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { DAY, HOUR, start, world } from './small-world.js'

const inputsOf = (snapshot: Snapshot, more: Partial<LabelledInputs> = {}): LabelledInputs => ({
  snapshot,
  rings: null,
  labels: null,
  seed: 1,
  ...more,
})

const tableOf = (features: readonly KindFeatures[], kind: string) => features.find((each) => each.kind === kind)!

/** Columns with their bytes, by kind and name. */
const bytesOf = (features: readonly KindFeatures[]) =>
  new Map(
    features.flatMap(({ kind, matrix }) =>
      matrix.columns.map(
        (column, j) =>
          [`${kind} ${matrix.names[j]}`, Buffer.from(new Uint8Array(Float32Array.from(column).buffer))] as const,
      ),
    ),
  )

const differing = (a: readonly KindFeatures[], b: readonly KindFeatures[]): string[] => {
  const other = bytesOf(b)
  return [...bytesOf(a)].filter(([name, bytes]) => !bytes.equals(other.get(name)!)).map(([name]) => name)
}

/** A value of one feature of an entity. */
const reader = (snapshot: Snapshot, features: readonly KindFeatures[]) => (name: string, feature: string) => {
  const [kind, id] = name.split(':') as ['user', string]
  const { from, matrix } = tableOf(features, kind)
  const at = matrix.names.indexOf(feature)
  if (at < 0) throw new Error(`there is no feature ${feature}`)
  return matrix.columns[at]![findEntity(snapshot, kind, id) - from]!
}

test('every feature has a name of its own, a unit, a sentence and an as-of rule, and every column a feature', () => {
  const features = productFeatures(inputsOf(snapshotFrom(world(300))))
  for (const kind of scoredKinds) {
    const definitions = featureDefinitions(kind)
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length)
    for (const { name, unit, sentence, asOf } of definitions) {
      expect(name).toMatch(/^[a-z-]+(\.[a-z-]+)+$/)
      expect(unit).not.toBe('')
      expect(sentence).toMatch(/^[A-Z].*\.$/)
      expect(asOf).toMatch(/scoring time/)
    }
    expect(tableOf(features, kind).matrix.names).toEqual(definitions.map(({ name }) => name))
    expect(featureListDigest(kind)).toMatch(/^[0-9a-f]{64}$/)
  }
})

test('a snapshot cut to an earlier time is the snapshot of what was known then', () => {
  const lines = world()
  for (const day of [3, 11.5, 25]) {
    const at = start + day * DAY
    const then = lines.filter((line) => line.at === null || Number(line.at) <= at)
    expect(then.length).toBeLessThan(lines.length)
    const cut = snapshotAt(snapshotFrom(lines), at)
    expect(snapshotDigest(cut)).toBe(snapshotDigest(snapshotFrom(then, { asOf: at })))
    expect(cut.asOf).toBe(at)
  }
  expect(() => snapshotAt(snapshotFrom(lines, { asOf: start }), start + DAY)).toThrow(RangeError)
})

const foldsByNumber = (snapshot: Snapshot, random: Random, knownShare = 0.7): KnownLabels => {
  const n = snapshot.entities.count
  return {
    label: Int8Array.from({ length: n }, () => (random.float() < knownShare ? random.below(2) : -1)),
    fold: Uint8Array.from({ length: n }, () => random.below(4)),
  }
}

test('with the future deleted the features are the same bytes, and no block could look at it unseen', () => {
  const lines = world()
  const at = start + 20 * DAY
  const whole = snapshotFrom(lines)
  const before = lines.filter((line) => line.at === null || Number(line.at) <= at)
  const cut = snapshotAt(whole, at)
  const then = snapshotFrom(before, { asOf: at })
  const labels = foldsByNumber(then, new Random(3))
  const expected = productFeatures(inputsOf(then, { labels }))
  expect(differing(productFeatures(inputsOf(cut, { labels })), expected)).toEqual([])

  // The same comparison, shown what a leak would be: the whole month. The world is so dense that the entities are the same.
  expect(whole.entities.count).toBe(then.entities.count)
  const leaked = new Set(differing(productFeatures(inputsOf({ ...whole, asOf: at }, { labels })), expected))
  for (const kind of scoredKinds)
    for (const { title, definitions } of blocksOf(kind)) {
      const read = definitions.filter(({ name }) => !Number.isNaN(varied(expected, kind, name)))
      if (title !== 'Rings' && !title.startsWith('Labels') && read.length > 0)
        expect(`${kind} ${title} ${definitions.some(({ name }) => leaked.has(`${kind} ${name}`))}`).toBe(
          `${kind} ${title} true`,
        )
    }
  expect(leaked.size).toBeGreaterThan(300)
})

/** NaN for a column that is the same everywhere, as of types that the world does not have. */
const varied = (features: readonly KindFeatures[], kind: string, name: string): number => {
  const { matrix } = tableOf(features, kind)
  const column = matrix.columns[matrix.names.indexOf(name)]!
  return column.every((value) => Object.is(value, column[0])) ? Number.NaN : 1
}

test('twice gives the same bytes, and enforcement is no feature of who it was taken against', () => {
  const lines = world()
  const features = productFeatures(inputsOf(snapshotFrom(lines)))
  expect(differing(productFeatures(inputsOf(snapshotFrom([...lines].reverse()))), features)).toEqual([])
  const last = { type: 'view', actor: 'user:u0', target: 'video:v0', at: start + 40 * DAY } as const
  const free = [...lines.filter((line) => line.type !== 'ban'), last]
  expect(
    differing(productFeatures(inputsOf(snapshotFrom([...lines, last]))), productFeatures(inputsOf(snapshotFrom(free)))),
  ).toEqual([])
})

test('counts, partners, times, neighbours and walks of a graph that can be counted by hand', () => {
  const at = (hours: number) => start + hours * HOUR
  const lines: InteractionLine[] = [
    { type: 'like', actor: 'user:a', target: 'video:x', at: at(0), market: 'US', weight: 2 },
    { type: 'like', actor: 'user:a', target: 'video:x', at: at(0.5), market: 'US', weight: 4 },
    { type: 'like', actor: 'user:a', target: 'video:y', at: at(10), market: 'ID' },
    { type: 'like', actor: 'user:a', target: 'video:y', at: null },
    { type: 'like', actor: 'user:b', target: 'video:x', at: at(48) },
    { type: 'like', actor: 'user:c', target: 'video:y', at: at(72) },
    { type: 'like', actor: 'user:c', target: 'video:z', at: at(73) },
    { type: 'transfer', actor: 'user:b', target: 'user:b', at: at(80) },
    { type: 'associate', actor: 'user:c', target: 'user:a', at: at(90) },
    { type: 'publish', actor: 'creator:k', target: 'video:x', at: at(0) },
  ]
  const snapshot = snapshotFrom(lines)
  const read = reader(snapshot, productFeatures(inputsOf(snapshot)))
  expect(read('user:a', 'like.out.count')).toBe(4)
  expect(read('user:a', 'like.out.partners')).toBe(2)
  expect(read('user:a', 'like.out.log-degree')).toBeCloseTo(Math.log(3), 6)
  expect(read('user:a', 'like.out.weight')).toBeCloseTo(8 / 4, 6)
  expect(read('user:a', 'like.out.burst')).toBeCloseTo(2 / 3, 6)
  expect(read('user:a', 'like.out.gap')).toBeCloseTo(Math.log1p(((0.5 + 9.5) / 2) * 3600), 5)
  expect(read('user:a', 'like.out.span')).toBeCloseTo(10 / 24, 6)
  expect(read('user:a', 'like.out.since')).toBeCloseTo(80 / 24, 6)
  expect(read('user:a', 'associate.both.count')).toBe(1)
  expect(read('user:c', 'associate.both.count')).toBe(1)
  expect(read('user:b', 'transfer.out.count')).toBe(0)
  expect(read('user:b', 'transfer.out.span')).toBeNaN()
  expect(read('video:x', 'like.in.count')).toBe(3)
  expect(read('video:x', 'like.in.partners')).toBe(2)

  // The `associate` link counts for both of its ends: hours 0, 0, 10 and 18.
  expect(read('user:a', 'does.hours')).toBeCloseTo(-(0.5 * Math.log(0.5) + 0.5 * Math.log(0.25)), 6)
  expect(read('user:a', 'does.markets')).toBe(2)
  expect(read('user:a', 'does.active-days')).toBeCloseTo(2 / 4, 6)
  expect(read('user:c', 'does.first-seen')).toBeCloseTo(3, 6)
  expect(read('video:z', 'gets.since')).toBeCloseTo(17 / 24, 6)

  // Degrees by any interaction: a 3 (x, y, c), b 1, c 3 (y, z, a); x 3 (a, b, k), y 2, z 1.
  const log = (degree: number) => Math.log1p(degree)
  expect(read('user:a', 'like.out.degree.mean')).toBeCloseTo((log(3) + log(2)) / 2, 6)
  expect(read('user:a', 'like.out.degree.least')).toBeCloseTo(log(2), 6)
  expect(read('user:a', 'like.out.degree.greatest')).toBeCloseTo(log(3), 6)
  expect(read('user:a', 'like.out.degree.deviation')).toBeCloseTo((log(3) - log(2)) / 2, 6)
  expect(read('user:a', 'like.out.degree.minus-mean')).toBeCloseTo(log(3) - (log(3) + log(2)) / 2, 6)
  // Over x comes b, over y comes c; z leads back only.
  expect(read('user:a', 'path.user-video-user.degree')).toBeCloseTo((log(1) + log(3)) / 2, 6)
  expect(read('user:c', 'path.user-video-user.degree')).toBeCloseTo(log(3), 6)
  expect(read('user:b', 'path.user-video-user.first-seen')).toBeCloseTo(0, 6)
  expect(read('creator:k', 'path.creator-video-user.degree')).toBeCloseTo((log(3) + log(1)) / 2, 6)
  expect(read('user:a', 'path.user-product-user.degree')).toBeNaN()
})

test('known labels around are shrunk rates, and the own one is not among them', () => {
  const lines: InteractionLine[] = [
    { type: 'associate', actor: 'user:a', target: 'user:b' },
    { type: 'associate', actor: 'user:a', target: 'user:c' },
    { type: 'like', actor: 'user:a', target: 'video:x' },
    { type: 'like', actor: 'user:b', target: 'video:x' },
    { type: 'like', actor: 'user:d', target: 'video:x' },
  ]
  const snapshot = snapshotFrom(lines)
  const label = new Int8Array(snapshot.entities.count).fill(-1)
  const set = (id: string, y: number) => {
    label[findEntity(snapshot, 'user', id)] = y
  }
  set('a', 1)
  set('b', 1)
  set('c', 0)
  set('d', 0)
  const rate = 0.5
  const read = reader(snapshot, productFeatures(inputsOf(snapshot, { labels: { label, fold: null } })))
  expect(read('user:a', 'associate.both.known-bad')).toBeCloseTo((1 + 3 * rate) / (2 + 3), 6)
  expect(read('user:a', 'associate.both.known')).toBeCloseTo(Math.log(3), 6)
  expect(read('user:a', 'path.user-video-user.known-bad')).toBeCloseTo((1 + 3 * rate) / (2 + 3), 6)
  expect(read('user:d', 'path.user-video-user.known-bad')).toBeCloseTo((2 + 3 * rate) / (2 + 3), 6)
  expect(read('user:d', 'associate.both.known-bad')).toBeNaN()
  expect(read('video:x', 'like.in.known-bad')).toBeCloseTo((2 + 3 * rate) / (3 + 3), 6)
  const unlabelled = reader(snapshot, productFeatures(inputsOf(snapshot)))
  expect(unlabelled('user:a', 'trust.push')).toBeNaN()
})

test('labels of a fold say nothing to the rows of that fold', () => {
  const snapshot = snapshotFrom(world())
  const labels = foldsByNumber(snapshot, new Random(11))
  const { label, fold } = labels
  const inFold = [...label.keys()].filter((v) => fold![v] === 2 && label[v]! >= 0)
  const bad = inFold.filter((v) => label[v] === 1)
  const good = inFold.filter((v) => label[v] === 0)
  // As many change one way as the other, so that the rate of all stays.
  const swapped = label.slice()
  const pairs = Math.min(bad.length, good.length)
  for (let i = 0; i < pairs; i++) {
    swapped[bad[i]!] = 0
    swapped[good[i]!] = 1
  }
  expect(pairs).toBeGreaterThan(5)
  const one = productFeatures(inputsOf(snapshot, { labels }))
  const other = productFeatures(inputsOf(snapshot, { labels: { label: swapped, fold } }))
  const hidden = new Set(inFold)
  let seenElsewhere = 0
  one.forEach(({ kind, from, matrix }, k) => {
    matrix.columns.forEach((column, j) => {
      column.forEach((value, row) => {
        if (Object.is(value, other[k]!.matrix.columns[j]![row])) return
        if (hidden.has(from + row))
          throw new Error(`${kind} ${matrix.names[j]} of ${entityName(snapshot, from + row)} reads its own fold`)
        seenElsewhere++
      })
    })
  })
  expect(seenElsewhere).toBeGreaterThan(100)
})

const runOf = (asOf: number | null): RunWithRings => ({
  run: { id: 'run-1', asOf } as RunRecord,
  rings: [
    {
      id: 'r-1',
      score: 20,
      fdr: 0.01,
      members: [
        { kind: 'user', id: 'u1', role: 'core', score: 0.9 },
        { kind: 'video', id: 'v1', role: 'beneficiary', score: 0.5 },
        { kind: 'user', id: 'nobody', role: 'core', score: 1 },
      ],
    },
    { id: 'r-2', score: 12, fdr: 0.03, members: [{ kind: 'user', id: 'u1', role: 'mule', score: 0.4 }] },
  ] as unknown as RunWithRings['rings'],
})

test('rings are counted with their roles; a run that is later than the scoring time is refused', () => {
  const at = start + 20 * DAY
  const snapshot = snapshotAt(snapshotFrom(world()), at)
  const read = reader(snapshot, productFeatures(inputsOf(snapshot, { rings: runOf(at) })))
  expect(read('user:u1', 'rings.count')).toBe(2)
  expect(read('user:u1', 'rings.membership')).toBeCloseTo(0.9, 6)
  expect(read('user:u1', 'rings.mule')).toBeCloseTo(0.4, 6)
  expect(read('user:u1', 'rings.fdr')).toBeCloseTo(0.01, 6)
  expect(read('user:u2', 'rings.fdr')).toBe(1)
  expect(read('video:v1', 'rings.beneficiary')).toBeCloseTo(0.5, 6)
  for (const later of [at + 1, null])
    expect(() => productFeatures(inputsOf(snapshot, { rings: runOf(later) }))).toThrow(/Run run-1/)
})

test('no interactions at all, and a cancel, are met', () => {
  const empty = productFeatures(inputsOf(snapshotFrom([])))
  expect(empty.map(({ matrix }) => matrix.rows)).toEqual([0, 0, 0, 0])
  const lone = snapshotFrom([], { declared: ['user:a', 'creator:b'] })
  expect(reader(lone, productFeatures(inputsOf(lone)))('user:a', 'view.out.count')).toBe(0)
  const cancelled = () => {
    throw new Error('stopped')
  }
  expect(() => productFeatures(inputsOf(snapshotFrom(world()), { check: cancelled }))).toThrow('stopped')
  expect(() => productFeatures(inputsOf(lone, { labels: { label: new Int8Array(1), fold: null } }))).toThrow(RangeError)
})
