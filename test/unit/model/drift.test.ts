import { expect, test } from '@jest/globals'
import { Random } from '#src/kernels/random.js'
import { baselineFromJson, baselineOf, baselineToJson } from '#src/model/drift/baseline.js'
import { countInBins, decileEdges, stabilityByChance, stabilityIndex } from '#src/model/drift/bins.js'
import { freshLabels, measureDrift, standardLimits } from '#src/model/drift/measure-drift.js'
import { rememberEntities, unseenShare } from '#src/model/drift/seen.js'
import { compareScores, rankCorrelation } from '#src/model/drift/shadow.js'
import { snapshotFrom } from '../../support/raw-graph.js'

const values = (size: number, make: (i: number) => number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => make(i))

test('deciles are ten bins of equal mass; few values have few bins, and what is not known has its own', () => {
  const even = values(1000, (i) => i)
  const { edges, counts } = countInBins(even, decileEdges(even))
  expect(edges).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900])
  expect(counts).toEqual([0, ...new Array<number>(10).fill(100)])
  expect(decileEdges(values(50, () => 3))).toEqual([])
  const rare = values(100, (i) => Number(i === 99))
  expect(decileEdges(rare)).toEqual([1])
  expect(
    countInBins(
      values(3, () => Number.NaN),
      [1],
    ).counts,
  ).toEqual([3, 0, 0])
  const wild = Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY)
  expect(countInBins(wild, decileEdges(wild)).counts.reduce((sum, count) => sum + count)).toBe(4)
  expect(decileEdges(values(0, () => 0))).toEqual([])
})

test('the index is the one of the formula', () => {
  const before = { edges: [1], counts: [0, 50, 50] }
  const now = { edges: [1], counts: [0, 80, 20] }
  expect(stabilityIndex(now, before)).toBeCloseTo(0.3 * Math.log(0.8 / 0.5) - 0.3 * Math.log(0.2 / 0.5), 12)
  expect(stabilityIndex(before, before)).toBe(0)
  const gone = stabilityIndex({ edges: [1], counts: [0, 100, 0] }, before)
  expect(Number.isFinite(gone)).toBe(true)
  expect(gone).toBeGreaterThan(1)
})

test('where nothing moved the index passes its quantile about as often as it should', () => {
  const random = new Random(5)
  const draw = () => values(200, () => random.float())
  const trials = 300
  let above = 0
  for (let t = 0; t < trials; t++) {
    const first = draw()
    const edges = decileEdges(first)
    // Edges come from the first sample alone, so that its bins are even: the second then has all the spread of one sample.
    const before = countInBins(draw(), edges)
    const now = countInBins(draw(), edges)
    if (stabilityIndex(now, before) > stabilityByChance(now, before, 0.05)) above++
  }
  expect(above / trials).toBeGreaterThan(0.02)
  expect(above / trials).toBeLessThan(0.09)
})

test('entities that were there are known, nearly all others are not', () => {
  const graph = (prefix: string) =>
    snapshotFrom(
      Array.from({ length: 2000 }, (_, u) => ({
        id: `${prefix}${u}`,
        type: 'like',
        actor: `user:${prefix}${u}`,
        target: 'video:v',
      })),
    )
  const seen = rememberEntities(graph('a'), ['user', 'video'])
  expect(unseenShare(graph('a'), 'user', seen)).toBe(0)
  expect(unseenShare(graph('b'), 'video', seen)).toBe(0)
  expect(unseenShare(graph('b'), 'user', seen)).toBeGreaterThan(0.97)
})

test('rank correlation shares ranks among ties', () => {
  // Mean ranks of a: 1, 2.5, 2.5, 4; of b: 1, 2, 3, 4.
  expect(rankCorrelation(Float64Array.of(1, 2, 2, 3), Float64Array.of(10, 20, 30, 40))).toBeCloseTo(
    4.5 / Math.sqrt(4.5 * 5),
    12,
  )
  expect(rankCorrelation(Float64Array.of(1, 2, 3), Float64Array.of(3, 2, 1))).toBe(-1)
  expect(rankCorrelation(Float64Array.of(1, 1), Float64Array.of(1, 2))).toBeNull()
})

test('a challenger is told by who crosses the threshold and who changed most', () => {
  const scores = (list: readonly number[]) => [
    { kind: 'user' as const, from: 7, score: Float64Array.from(list), interval: null },
  ]
  const [difference] = compareScores(scores([0.1, 0.6, 0.5, 0.9]), scores([0.7, 0.4, 0.5, 0.8]), 0.5)
  expect(difference).toMatchObject({ kind: 'user', entities: 4, up: 1, down: 1 })
  expect(difference!.meanChange).toBeCloseTo(0.225, 12)
  expect(difference!.changed.map(({ entity }) => entity)).toEqual([7, 8, 10])
})

test('fresh labels are decided after what the model knows, of entities that it had none of', () => {
  const label = { kind: 'user', id: 'a', label: 1, at: 200, group: '' } as const
  expect(
    freshLabels([label, { ...label, id: 'b', at: null }, { ...label, id: 'c', at: 100 }], [{ ...label, id: 'd' }], 100),
  ).toEqual([label])
  expect(freshLabels([label], [label], 100)).toEqual([])
  expect(freshLabels([label], [], null)).toEqual([])
})

test('what moved is warned of, by its name; the baseline survives its file', () => {
  const users = 400
  const snapshot = snapshotFrom(
    Array.from({ length: users }, (_, u) => ({ id: `l${u}`, type: 'like', actor: `user:u${u}`, target: 'video:v' })),
  )
  const random = new Random(9)
  const same = Float32Array.from({ length: users }, () => random.float())
  const score = values(users, () => random.float() * 0.4)
  const describe = (column: Float32Array, edges?: readonly number[]) => ({
    kind: 'user' as const,
    features: [{ name: 'likes', histogram: countInBins(column, edges ?? decileEdges(column)) }],
    scores: countInBins(score, decileEdges(score)),
  })
  const before = describe(same)
  const baseline = baselineFromJson(baselineToJson(baselineOf(snapshot, [before])))!
  expect(baseline).toEqual(baselineOf(snapshot, [before]))
  const scores = [{ kind: 'user' as const, from: 0, score, interval: null }]
  const edges = before.features[0]!.histogram.edges
  // All bad, though none was said to be likely so.
  const fresh = Array.from({ length: 100 }, (_, u) => ({
    kind: 'user' as const,
    id: `u${u}`,
    label: 1 as const,
    at: 5,
    group: '',
  }))
  const inputs = { snapshot, baseline, scores, limits: standardLimits }
  const quiet = measureDrift({ ...inputs, now: [before], fresh: fresh.slice(0, 20) })
  expect(quiet.warnings).toEqual([])
  expect(quiet.kinds[0]).toMatchObject({ scores: 0, unseen: 0, calibration: null, fresh: 20 })
  const moved = measureDrift({
    ...inputs,
    now: [
      describe(
        same.map((x) => x * x * x),
        edges,
      ),
    ],
    fresh,
  })
  expect(moved.warnings.map(({ code }) => code)).toEqual(['drift.inputs', 'drift.calibration'])
  expect(moved.kinds[0]!.inputs.most[0]!.name).toBe('likes')
  expect(moved.kinds[0]!.calibration).toBeGreaterThan(0.5)
  const strict = { ...standardLimits, inputs: 1000, calibration: 1 }
  expect(
    measureDrift({
      ...inputs,
      limits: strict,
      now: [
        describe(
          same.map((x) => x * x * x),
          edges,
        ),
      ],
      fresh,
    }).warnings,
  ).toEqual([])
})
