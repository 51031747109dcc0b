import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { directedCsr, transpose, type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { takeRows } from '#src/model/feature-matrix.js'
import { type KnownLabels, labelFeatures as labelFeaturesOf } from '#src/model/features/known-labels.js'
import { neighbourStatistics, twoStepMean } from '#src/model/features/neighbour-statistics.js'
import { nodeFeatures, tableFeatures } from '#src/model/features/node-features.js'
import { auroc } from '#src/model/metrics.js'
import { predictLogOdds } from '#src/model/trees/ensemble.js'
import { standardTrees, trainTrees } from '#src/model/trees/train.js'

const randomGraph = (nodes: number, edges: number, random: Random) =>
  undirectedCsr(
    nodes,
    {
      source: Int32Array.from({ length: edges }, () => random.below(nodes)),
      target: Int32Array.from({ length: edges }, () => random.below(nodes)),
    },
    'one',
  )

const labelFeatures = (graph: UndirectedCsr, known: KnownLabels, seed: number) =>
  labelFeaturesOf([{ name: '', out: graph, back: graph }], graph, known, seed)

const neighboursOf = ({ offsets, columns }: { offsets: Int32Array; columns: Int32Array }, v: number) => [
  ...columns.subarray(offsets[v]!, offsets[v + 1]!),
]

test('statistics over neighbours are those of the list of their values, missing ones left out', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 30 }),
      (seed, nodes, edges) => {
        const random = new Random(seed)
        const graph = randomGraph(nodes, edges, random)
        const values = Float32Array.from({ length: nodes }, () =>
          random.float() < 0.2 ? Number.NaN : random.float() * 8 - 4,
        )
        const found = neighbourStatistics(graph, values)
        for (let v = 0; v < nodes; v++) {
          const list = neighboursOf(graph, v)
            .map((u) => values[u]!)
            .filter((x) => !Number.isNaN(x))
          const mean = list.reduce((sum, x) => sum + x, 0) / list.length
          const variance = list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length
          if (list.length === 0) {
            for (const column of Object.values(found)) expect(column[v]).toBeNaN()
            continue
          }
          expect(found.mean[v]!).toBeCloseTo(mean, 5)
          expect(found.deviation[v]!).toBeCloseTo(Math.sqrt(variance), 4)
          expect(found.least[v]!).toBe(Math.min(...list))
          expect(found.greatest[v]!).toBe(Math.max(...list))
        }
      },
    ),
  )
})

test('the mean over two steps is the mean of means over all who share a neighbour, oneself left out', () => {
  const random = new Random(2)
  const pairs = Array.from({ length: 60 }, () => [random.below(12), 12 + random.below(6)] as const)
  const distinct = [...new Map(pairs.map((pair) => [String(pair), pair])).values()]
  const { edge, ...out } = directedCsr(18, 18, {
    source: Int32Array.from(distinct, ([a]) => a),
    target: Int32Array.from(distinct, ([, b]) => b),
  })
  const back = transpose(out)
  const values = Float32Array.from({ length: 18 }, () => (random.float() < 0.2 ? Number.NaN : random.float()))
  const found = twoStepMean(out, back, values)
  for (let v = 0; v < 18; v++) {
    const means = neighboursOf(out, v)
      .map((u) => neighboursOf(back, u).filter((w) => w !== v && !Number.isNaN(values[w]!)))
      .filter((list) => list.length > 0)
      .map((list) => list.reduce((sum, w) => sum + values[w]!, 0) / list.length)
    const mean = means.reduce((sum, x) => sum + x, 0) / means.length
    if (means.length === 0) expect(found[v]).toBeNaN()
    else expect(found[v]!).toBeCloseTo(mean, 5)
  }
  expect(edge).toHaveLength(distinct.length)
})

describe('known labels', () => {
  const made = (seed: number) => {
    const random = new Random(seed)
    const graph = randomGraph(40, 90, random)
    const label = Int8Array.from({ length: 40 }, () => random.below(3) - 1)
    const fold = Uint8Array.from({ length: 40 }, () => random.below(4))
    return { graph, label, fold }
  }
  const rowOf = (columns: ReturnType<typeof labelFeatures>, v: number) => columns.map((column) => column.values[v])

  test('rates are those of the neighbours, counted by hand', () => {
    const { graph, label } = made(1)
    const [rate] = labelFeatures(graph, { label, fold: null }, 1)
    const known = [...label].filter((y) => y >= 0)
    const prior = known.reduce((sum, y) => sum + y, 0) / known.length
    for (let v = 0; v < 40; v++) {
      const list = neighboursOf(graph, v)
        .map((u) => label[u]!)
        .filter((y) => y >= 0)
      expect(rate!.values[v]!).toBeCloseTo((list.reduce((sum, y) => sum + y, 0) + 3 * prior) / (list.length + 3), 5)
    }
  })

  test("a node's own row does not change with its own label, but for the overall rate", () => {
    for (let seed = 0; seed < 10; seed++) {
      const { graph, label } = made(seed)
      // Two nodes of different label swap them, so that the overall rate stays.
      const bad = label.indexOf(1)
      const good = [...label.keys()].find(
        (v) =>
          label[v] === 0 &&
          !neighboursOf(graph, bad).includes(v) &&
          neighboursOf(graph, v).every((u) => !neighboursOf(graph, bad).includes(u)),
      )
      if (bad < 0 || good === undefined) continue
      const swapped = label.slice()
      swapped[bad] = 0
      swapped[good] = 1
      const before = labelFeatures(graph, { label, fold: null }, 1).slice(0, 4)
      const after = labelFeatures(graph, { label: swapped, fold: null }, 1).slice(0, 4)
      // Good and bad are three steps apart at least: what `bad` sees of `good` is nothing.
      expect(rowOf(after, bad)).toEqual(rowOf(before, bad))
    }
  })

  test('no label of the own fold is seen, by any feature, at any distance', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { graph, label, fold } = made(seed)
      const own = [...label.keys()].filter((v) => fold[v] === 2 && label[v]! >= 0)
      // Labels within the fold change places: the overall rate stays.
      const moved = label.slice()
      own.forEach((v, i) => {
        moved[v] = label[own[(i + 1) % own.length]!]!
      })
      const before = labelFeatures(graph, { label, fold }, 1)
      const after = labelFeatures(graph, { label: moved, fold }, 1)
      for (const v of own) expect(rowOf(after, v)).toEqual(rowOf(before, v))
    }
  })

  test('nodes without known labels around get the overall rate, and no labels at all is no error', () => {
    const { graph, label } = made(3)
    for (const column of labelFeatures(graph, { label: label.map(() => -1), fold: null }, 1))
      expect([...column.values].every((x) => x === 0)).toBe(true)
    for (const only of [0, 1])
      for (const column of labelFeatures(graph, { label: label.map(() => only), fold: null }, 1))
        expect([...column.values].every(Number.isFinite)).toBe(true)
  })
})

describe('leaks', () => {
  const nodes = 1200
  const random = new Random(21)
  const graph = randomGraph(nodes, 6000, random)
  const labels = Uint8Array.from({ length: nodes }, () => Number(random.float() < 0.3))
  const part = Uint8Array.from({ length: nodes }, () => (random.float() < 0.5 ? 0 : random.float() < 0.5 ? 1 : 2))
  const rowsOf = (wanted: number) => Int32Array.from(part.keys()).filter((v) => part[v] === wanted)
  const measured = (own: Float32Array, known: KnownLabels) => {
    const table = { own: { rows: nodes, names: ['own'], columns: [own] }, relations: [{ name: 'link', csr: graph }] }
    const matrix = nodeFeatures(tableFeatures(table, 1), known, 1)
    const pick = (wanted: number) => ({
      matrix: takeRows(matrix, rowsOf(wanted)),
      labels: Uint8Array.from(rowsOf(wanted), (v) => labels[v]!),
    })
    const { ensemble } = trainTrees(pick(0), pick(1), { ...standardTrees, trees: 60 })
    const held = pick(2)
    return auroc({ scores: predictLogOdds(ensemble, held.matrix), labels: held.labels })
  }
  const known = { label: Int8Array.from(labels, (y, v) => (part[v] === 0 ? y : -1)), fold: null }

  test('random labels are ranked by chance, whatever labels are around', () => {
    const noise = Float32Array.from({ length: nodes }, () => random.float())
    // Three and a half standard deviations with 90 positives of 300.
    expect(Math.abs(measured(noise, known) - 0.5)).toBeLessThan(0.13)
  })

  test('a copy of the label that stands in measured rows alone is not learned', () => {
    const copy = Float32Array.from({ length: nodes }, (_, v) => (part[v] === 2 ? labels[v]! : random.below(2)))
    expect(Math.abs(measured(copy, known) - 0.5)).toBeLessThan(0.13)
  })

  test('the check can fail: a copy of the label in all rows is found', () => {
    expect(measured(Float32Array.from(labels), known)).toBeGreaterThan(0.99)
  })

  test('the same table and labels give the same bytes, and each feature has a name of its own', () => {
    const table = {
      own: { rows: nodes, names: ['own'], columns: [new Float32Array(nodes)] },
      relations: [{ name: 'link', csr: graph }],
    }
    const first = nodeFeatures(tableFeatures(table, 1), known, 1)
    expect(nodeFeatures(tableFeatures(table, 1), known, 1)).toEqual(first)
    expect(new Set(first.names).size).toBe(first.names.length)
  })
})
