import { expect, test } from '@jest/globals'
import { directedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { auroc } from '#src/model/metrics.js'
import { type LabelledTable, scoreByTrees, stackWithSage } from '#src/model/node-trees.js'
import { partsByClass } from '#src/model/splits.js'

const nodes = 540
/** One ensemble a part in the place of three. */
const quick = { ensembles: 1 }

/** Groups of nine share a hidden trait; the label follows it, and links of one of two relations stay within groups. */
const made = (columns: readonly Float32Array[], seed = 1) => {
  const random = new Random(seed)
  const group = (v: number) => Math.floor(v / 9)
  const trait = Uint8Array.from({ length: nodes / 9 }, () => Number(random.float() < 0.3))
  const labels = Int8Array.from({ length: nodes }, (_, v) => Number(random.float() < (trait[group(v)] ? 0.85 : 0.1)))
  const ends = (close: boolean) => ({
    source: Int32Array.from({ length: 3 * nodes }, (_, e) => e % nodes),
    target: Int32Array.from({ length: 3 * nodes }, (_, e) =>
      close ? 9 * group(e % nodes) + random.below(9) : random.below(nodes),
    ),
  })
  const table: LabelledTable = {
    own: { rows: nodes, names: columns.map((_, j) => `c${j}`), columns },
    relations: [
      { name: 'close', csr: undirectedCsr(nodes, ends(true), 'one') },
      { name: 'far', csr: directedCsr(nodes, nodes, ends(false)) },
    ],
    labels,
  }
  const part = Uint8Array.from({ length: nodes }, () => random.below(4))
  const rowsOf = (...parts: number[]) => Int32Array.from(part.keys()).filter((v) => parts.includes(part[v]!))
  const rows = rowsOf(0, 1, 2)
  const split = partsByClass(rows, labels, 1)
  const test = rowsOf(3)
  const rankOf = (scores: Float64Array) =>
    auroc({ scores: Float64Array.from(test, (v) => scores[v]!), labels: Uint8Array.from(test, (v) => labels[v]!) })
  return { table, split, rankOf }
}

const noise = (seed: number) => {
  const random = new Random(seed)
  return Float32Array.from({ length: nodes }, () => random.float())
}

test('finds by the relation that matters what own columns do not show, gaps and infinities or not', () => {
  const gappy = noise(2).map((x) => (x < 0.4 ? Number.NaN : x > 0.9 ? Infinity : x < 0.5 ? -Infinity : x))
  const { table, split, rankOf } = made([
    noise(1),
    gappy,
    new Float32Array(nodes).fill(4),
    new Float32Array(nodes).fill(Number.NaN),
  ])
  const { logOdds, push } = scoreByTrees(table, split, 1, quick)
  expect(logOdds.every(Number.isFinite)).toBe(true)
  expect(push.every(Number.isFinite)).toBe(true)
  expect(rankOf(logOdds)).toBeGreaterThan(0.8)
  const stack = stackWithSage(table, split, { logOdds, push }, Float64Array.from(noise(3)))
  expect(stack.every((p) => p > 0 && p < 1)).toBe(true)
  expect(rankOf(stack)).toBeGreaterThan(0.8)
})

test('tables without columns, without links, or with ten labels are scored', () => {
  const { table, split, rankOf } = made([])
  expect(rankOf(scoreByTrees(table, split, 1, quick).logOdds)).toBeGreaterThan(0.75)
  const bare = { ...table, own: { rows: nodes, names: ['c'], columns: [noise(5)] }, relations: [] }
  expect(scoreByTrees(bare, split, 1, quick).logOdds.every(Number.isFinite)).toBe(true)
  const known = (label: number, count: number) => split.rows.filter((v) => table.labels[v] === label).slice(0, count)
  const few = partsByClass(Int32Array.from([...known(1, 4), ...known(0, 6)]), table.labels, 1)
  const scores = scoreByTrees(table, few, 1, quick)
  expect(scores.logOdds.every(Number.isFinite)).toBe(true)
  expect(stackWithSage(table, few, scores, new Float64Array(nodes)).every((p) => p > 0 && p < 1)).toBe(true)
})

test('no label of other rows is read, and none of the own part', () => {
  const { table, split } = made([noise(7)])
  const used = new Set(split.rows)
  const turned = { ...table, labels: table.labels.map((y, v) => (used.has(v) ? y : 1 - y)) }
  expect(scoreByTrees(turned, split, 1, quick)).toEqual(scoreByTrees(table, split, 1, quick))
  // Ten labels: then a part does not choose, and its labels may be turned without a difference to its own scores.
  const known = (label: number, count: number) => split.rows.filter((v) => table.labels[v] === label).slice(0, count)
  const few = partsByClass(Int32Array.from([...known(1, 4), ...known(0, 6)]), table.labels, 1)
  const first = few.rows.filter((v) => few.part[v] === 0)
  const other = { ...table, labels: table.labels.map((y, v) => (first.includes(v) ? 1 - y : y)) }
  const ofFirst = ({ logOdds, push }: { logOdds: Float64Array; push: Float64Array }) =>
    Array.from(first, (v) => [logOdds[v], push[v]])
  expect(ofFirst(scoreByTrees(other, few, 1, quick))).toEqual(ofFirst(scoreByTrees(table, few, 1, quick)))
})

test('a planted copy of the label tells all, and labels drawn by chance nothing, whatever copies of others are there', () => {
  const { table, split, rankOf } = made([noise(8)])
  const copy = (labels: Int8Array): LabelledTable => ({
    ...table,
    own: { rows: nodes, names: ['c0', 'copy'], columns: [noise(8), Float32Array.from(labels)] },
  })
  expect(rankOf(scoreByTrees(copy(table.labels), split, 1, quick).logOdds)).toBeGreaterThan(0.99)
  const stackOf = (given: LabelledTable) => {
    const trees = scoreByTrees(given, split, 1, quick)
    return stackWithSage(given, split, trees, trees.logOdds)
  }
  const used = new Set(split.rows)
  const held = Array.from({ length: nodes }, (_, v) => v).filter((v) => !used.has(v))
  const draws = 3
  let sum = 0
  for (let draw = 0; draw < draws; draw++) {
    const drawn = Int32Array.from(table.labels)
    new Random(draw, 5).shuffle(drawn)
    const chance = Int8Array.from(drawn)
    const scores = stackOf({ ...copy(table.labels), labels: chance })
    const labels = Uint8Array.from(held, (v) => chance[v]!)
    sum += auroc({ scores: Float64Array.from(held, (v) => scores[v]!), labels })
  }
  // Four deviations of the mean of three rank statistics of some 135 rows, a third of them positive.
  expect(Math.abs(sum / draws - 0.5)).toBeLessThan(0.13)
})
