import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Random } from '#src/kernels/random.js'
import type { FeatureMatrix } from '#src/model/feature-matrix.js'
import { auroc, averagePrecision } from '#src/model/metrics.js'
import { binMatrix, quantileEdges } from '#src/model/trees/bins.js'
import {
  type Ensemble,
  ensembleFromJson,
  ensembleToJson,
  predictLogOdds,
  type Tree,
} from '#src/model/trees/ensemble.js'
import { standardTrees, trainTrees } from '#src/model/trees/train.js'
import { contributions } from '#src/model/trees/tree-shap.js'

const matrixOf = (columns: readonly Float32Array[]): FeatureMatrix => ({
  rows: columns[0]!.length,
  names: columns.map((_, f) => `f${f}`),
  columns,
})

/** Positive where two features agree in sign, which no single one shows; gaps, infinities, a constant and noise beside them. */
const crossed = (rows: number, seed: number) => {
  const random = new Random(seed)
  const columns = Array.from({ length: 6 }, () => new Float32Array(rows))
  const labels = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) {
    const a = random.float() - 0.5
    const b = random.float() - 0.5
    columns[0]![i] = a
    columns[1]![i] = b
    columns[2]![i] = random.float() < 0.3 ? Number.NaN : random.float()
    columns[3]![i] = random.float() < 0.1 ? Infinity : random.float() < 0.1 ? -Infinity : random.float()
    columns[4]![i] = 7
    columns[5]![i] = Number.NaN
    labels[i] = Number(random.float() < (a * b > 0 ? 0.9 : 0.1))
  }
  return { matrix: matrixOf(columns), labels }
}

describe('bins', () => {
  test('a value is in the bin of its edge, missing ones in bin 0, and order is kept', () => {
    const value = fc.oneof(
      fc.float({ noNaN: false }),
      fc.integer({ min: -3, max: 3 }).map((x) => x + 0),
    )
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 20 }),
        (values, maxBins) => {
          const column = Float32Array.from(values)
          const edges = quantileEdges(column, maxBins)
          expect(edges.length).toBeLessThan(maxBins)
          for (let k = 0; k < edges.length; k++) {
            expect(Number.isFinite(edges[k]!)).toBe(true)
            if (k > 0) expect(edges[k]!).toBeGreaterThan(edges[k - 1]!)
          }
          const { words } = binMatrix(matrixOf([column]), maxBins, () => {})
          column.forEach((v, i) => {
            expect(words[i]! & 0xff).toBe(Number.isNaN(v) ? 0 : 1 + edges.filter((edge) => edge < v).length)
          })
          const distinct = new Set([...column].filter((v) => !Number.isNaN(v)).map((v) => v + 0))
          if (distinct.size > 0 && distinct.size <= maxBins) expect(edges.length).toBe(distinct.size - 1)
        },
      ),
    )
  })

  test('bins have about equal mass, and a frequent value has its own', () => {
    const random = new Random(1)
    const column = Float32Array.from({ length: 10_000 }, () => (random.float() < 0.4 ? 0 : 1 + random.float()))
    const { words, edges } = binMatrix(matrixOf([column]), 61, () => {})
    const counts = new Int32Array(62)
    for (const word of words) counts[word & 0xff]!++
    expect(edges[0]!.length).toBeGreaterThan(55)
    expect(counts[1]!).toBeGreaterThan(3800)
    for (let b = 2; b < edges[0]!.length; b++) expect(Math.abs(counts[b]! - 100)).toBeLessThan(15)
  })
})

/** Best cut by trying every one on the rows themselves. */
const bruteGain = (column: Float32Array, labels: Uint8Array, l2: number) => {
  const rate = labels.reduce((sum, y) => sum + y, 0) / labels.length
  const sumsOf = (rows: number[]) => ({
    g: rows.reduce((sum, i) => sum + rate - labels[i]!, 0),
    h: rows.length * rate * (1 - rate),
  })
  const all = [...column.keys()]
  const score = (rows: number[]) => {
    const { g, h } = sumsOf(rows)
    return (g * g) / (h + l2)
  }
  let best = { gain: 0, left: '' }
  for (const cut of new Set(column)) {
    const left = all.filter((i) => column[i]! <= cut)
    const right = all.filter((i) => column[i]! > cut)
    if (right.length === 0) continue
    const gain = score(left) + score(right) - score(all)
    if (gain > best.gain + 1e-6) best = { gain, left: String(left) }
  }
  return best
}

test('a stump cuts where trying every cut says, with the leaf values of the formula', () => {
  const random = new Random(9)
  for (let run = 0; run < 30; run++) {
    const n = 40
    const column = Float32Array.from({ length: n }, () => Math.floor(random.float() * 12))
    const labels = Uint8Array.from(column, (v) => Number(random.float() < v / 12))
    labels[0] = 0
    labels[1] = 1
    const rate = labels.reduce((sum, y) => sum + y, 0) / n
    const l2 = 2 * rate * (1 - rate)
    const { ensemble } = trainTrees({ matrix: matrixOf([column]), labels }, null, {
      ...standardTrees,
      trees: 1,
      maxLeaves: 2,
      learningRate: 1,
      minLeafRows: 0,
      l2: 2,
      rowShare: 1,
      featureShare: 1,
    })
    const best = bruteGain(column, labels, l2)
    const tree = ensemble.trees[0]!
    if (tree.feature[0]! < 0) {
      expect(best.gain).toBeLessThan(1e-3)
      continue
    }
    const left = [...column.keys()].filter((i) => column[i]! <= tree.threshold[0]!)
    const right = [...column.keys()].filter((i) => column[i]! > tree.threshold[0]!)
    expect(String(left)).toBe(best.left)
    for (const [rows, node] of [
      [left, 1],
      [right, 2],
    ] as const) {
      const g = rows.reduce((sum, i) => sum + rate - labels[i]!, 0)
      expect(tree.value[node]!).toBeCloseTo(-g / (rows.length * rate * (1 - rate) + l2), 10)
      expect(tree.cover[node]).toBe(rows.length)
    }
  }
})

test('finds what only two features together show, through gaps, infinities and constants', () => {
  const { ensemble } = trainTrees(crossed(2000, 1), crossed(500, 2), {
    ...standardTrees,
    trees: 150,
    learningRate: 0.1,
  })
  const held = crossed(2000, 3)
  const scores = predictLogOdds(ensemble, held.matrix)
  expect(auroc({ scores, labels: held.labels })).toBeGreaterThan(0.86)
  expect([...scores].every(Number.isFinite)).toBe(true)
})

test('a missing value goes where the missing ones of training belonged', () => {
  const random = new Random(4)
  const n = 600
  const labels = Uint8Array.from({ length: n }, () => Number(random.float() < 0.3))
  const column = Float32Array.from(labels, (y) => (y ? Number.NaN : random.float()))
  const { ensemble } = trainTrees({ matrix: matrixOf([column]), labels }, null, { ...standardTrees, trees: 20 })
  const scores = predictLogOdds(ensemble, matrixOf([Float32Array.of(Number.NaN, 0.5, Infinity, -Infinity)]))
  expect(scores[0]!).toBeGreaterThan(scores[1]! + 2)
  expect(scores[2]).toBe(scores[3])
  expect(scores[2]).toBe(scores[1])
})

test('the same seed gives the same bytes, another one other trees', () => {
  const rows = crossed(1500, 5)
  const train = (seed: number) => ensembleToJson(trainTrees(rows, null, { ...standardTrees, trees: 10, seed }).ensemble)
  expect(train(1)).toBe(train(1))
  expect(train(2)).not.toBe(train(1))
})

test('stops by the validation rows and keeps the trees up to their best', () => {
  const validation = crossed(400, 7)
  const result = trainTrees(crossed(400, 6), validation, { ...standardTrees, patience: 10, learningRate: 0.3 })
  expect(result.validation.length).toBeLessThan(standardTrees.trees)
  const best = Math.max(...result.validation)
  expect(result.ensemble.trees.length).toBe(result.validation.indexOf(best) + 1)
  const scores = predictLogOdds(result.ensemble, validation.matrix)
  expect(averagePrecision({ scores, labels: validation.labels })).toBeCloseTo(best, 12)
})

test('random labels are ranked by chance on rows that were not learned from', () => {
  const random = new Random(8)
  const noise = (rows: number) => {
    const { matrix } = crossed(rows, random.uint32())
    return { matrix, labels: Uint8Array.from({ length: rows }, () => Number(random.float() < 0.2)) }
  }
  const { ensemble } = trainTrees(noise(1500), noise(1000), { ...standardTrees, trees: 100 })
  const held = noise(4000)
  const value = auroc({ scores: predictLogOdds(ensemble, held.matrix), labels: held.labels })
  // Four standard deviations of AUROC with 800 positives.
  expect(Math.abs(value - 0.5)).toBeLessThan(0.05)
})

test('ten positives of two thousand, and ten rows in all, work; one class is a clear error', () => {
  const { matrix } = crossed(2000, 11)
  const labels = new Uint8Array(2000)
  const order = [...matrix.columns[0]!.keys()].sort((i, j) => matrix.columns[0]![j]! - matrix.columns[0]![i]!)
  for (const i of order.slice(0, 10)) labels[i] = 1
  const few = trainTrees({ matrix, labels }, null, { ...standardTrees, trees: 100 })
  expect(averagePrecision({ scores: predictLogOdds(few.ensemble, matrix), labels })).toBeGreaterThan(0.9)

  const ten = {
    matrix: matrixOf([Float32Array.from({ length: 10 }, (_, i) => i)]),
    labels: Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 1),
  }
  const scores = predictLogOdds(trainTrees(ten, null).ensemble, ten.matrix)
  expect(auroc({ scores, labels: ten.labels })).toBe(1)

  const one = { matrix, labels: new Uint8Array(2000) }
  expect(() => trainTrees(one, null)).toThrow(expect.objectContaining({ code: 'model.one-class' }))
  expect(() => trainTrees({ matrix, labels }, one)).toThrow(expect.objectContaining({ code: 'model.one-class' }))
  // Nothing to learn from: everybody gets the rate.
  const blank = matrixOf([new Float32Array(10).fill(3)])
  const flat = predictLogOdds(trainTrees({ matrix: blank, labels: ten.labels }, null).ensemble, blank)
  for (const score of flat) expect(score).toBeCloseTo(0, 2)
})

test('a row of weight 2 is a row that is there twice', () => {
  const { matrix, labels } = crossed(300, 12)
  const twice = matrixOf(matrix.columns.map((column) => Float32Array.from([...column, ...column.slice(0, 100)])))
  const parameters = { ...standardTrees, trees: 5, rowShare: 1, featureShare: 1, minLeafRows: 0 }
  const weighted = trainTrees(
    { matrix, labels, weights: Float64Array.from(labels, (_, i) => (i < 100 ? 2 : 1)) },
    null,
    {
      ...parameters,
      // Counted in rows: the same amount of true l2.
      l2: 3,
    },
  )
  const doubled = trainTrees({ matrix: twice, labels: Uint8Array.from([...labels, ...labels.slice(0, 100)]) }, null, {
    ...parameters,
    l2: 4,
  })
  expect(weighted.ensemble.base).toBeCloseTo(doubled.ensemble.base, 12)
  const a = predictLogOdds(weighted.ensemble, matrix)
  const b = predictLogOdds(doubled.ensemble, matrix)
  const gap = a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
  expect(gap).toBeLessThan(0.05)
})

test('progress comes after each tree, and a cancel ends the work at once', () => {
  const seen: number[] = []
  trainTrees(crossed(200, 13), null, { ...standardTrees, trees: 5 }, { progress: (done) => seen.push(done) })
  expect(seen).toEqual([1, 2, 3, 4, 5])
  let calls = 0
  const check = () => {
    if (++calls > 20) throw new Error('stopped')
  }
  expect(() => trainTrees(crossed(200, 13), null, standardTrees, { check })).toThrow('stopped')
})

test('JSON brings back the same ensemble, and broken or foreign text is refused', () => {
  const rows = crossed(500, 14)
  const { ensemble } = trainTrees(rows, null, { ...standardTrees, trees: 5 })
  const text = ensembleToJson(ensemble)
  expect(predictLogOdds(ensembleFromJson(text), rows.matrix)).toEqual(predictLogOdds(ensemble, rows.matrix))
  expect(ensembleToJson(ensembleFromJson(text))).toBe(text)
  const broken = (
    change: (tree: { left: number[]; feature: number[]; cover: number[]; value: (number | null)[] }) => void,
  ) => {
    const parsed = JSON.parse(text)
    change(parsed.trees[0])
    return JSON.stringify(parsed)
  }
  for (const bad of [
    '',
    '{}',
    'null',
    text.slice(0, -3),
    text.replace('ringfence-trees/1', 'other/1'),
    broken((tree) => tree.left.fill(0)),
    broken((tree) => tree.feature.fill(99)),
    broken((tree) => tree.cover.fill(0)),
    broken((tree) => tree.value.fill(null)),
  ])
    expect(() => ensembleFromJson(bad)).toThrow(expect.objectContaining({ code: 'model.format' }))
  const other = { ...rows.matrix, names: ['f0', 'f1', 'x', 'f3', 'f4', 'f5'] }
  expect(() => predictLogOdds(ensemble, other)).toThrow(/feature 2 is x, but the trees were trained with f2/)
})

/** Mean value of the tree where only the features of `known` are known: the rest goes both ways by training rows. */
const meanOf = (tree: Tree, row: Float32Array, known: number, node = 0): number => {
  const f = tree.feature[node]!
  if (f < 0) return tree.value[node]!
  const left = tree.left[node]!
  const right = tree.right[node]!
  if (known & (1 << f)) {
    const v = row[f]!
    return meanOf(
      tree,
      row,
      known,
      (Number.isNaN(v) ? tree.missingLeft[node] === 1 : v <= tree.threshold[node]!) ? left : right,
    )
  }
  return (
    (tree.cover[left]! * meanOf(tree, row, known, left) + tree.cover[right]! * meanOf(tree, row, known, right)) /
    tree.cover[node]!
  )
}

const bruteShapley = (ensemble: Ensemble, row: Float32Array): Float64Array => {
  const d = row.length
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const values = new Float64Array(d)
  const size = (set: number) => set.toString(2).replaceAll('0', '').length
  const total = (set: number) => ensemble.trees.reduce((sum, tree) => sum + meanOf(tree, row, set), 0)
  for (let f = 0; f < d; f++)
    for (let set = 0; set < 1 << d; set++) {
      if (set & (1 << f)) continue
      const share = (factorial(size(set)) * factorial(d - size(set) - 1)) / factorial(d)
      values[f]! += share * (total(set | (1 << f)) - total(set))
    }
  return values
}

test('contributions are the Shapley values of every subset of features, and add up to the score', () => {
  const rows = crossed(600, 15)
  const { ensemble } = trainTrees(rows, null, { ...standardTrees, trees: 6, maxDepth: 8, minLeafRows: 2 })
  expect(Math.max(...ensemble.trees.map((tree) => tree.feature.length))).toBeGreaterThan(30)
  const scores = predictLogOdds(ensemble, rows.matrix)
  for (let i = 0; i < 25; i++) {
    const row = Float32Array.from(rows.matrix.columns, (column) => column[i]!)
    const { expected, values } = contributions(ensemble, row)
    expect(expected + values.reduce((sum, v) => sum + v, 0)).toBeCloseTo(scores[i]!, 10)
    const brute = bruteShapley(ensemble, row)
    for (let f = 0; f < row.length; f++) expect(values[f]!).toBeCloseTo(brute[f]!, 10)
    expect(values[4]).toBe(0)
  }
})
