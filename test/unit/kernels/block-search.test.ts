import { expect, test } from '@jest/globals'
import { BlockSearch } from '#src/kernels/block-search.js'
import { type Bipartite, bipartiteCsr } from '#src/kernels/csr.js'
import { logChoose } from '#src/kernels/hypergeometric.js'
import { Random } from '#src/kernels/random.js'

const ROWS = 400
const COLUMNS = 300

/** `background` entries anywhere, and a share `full` of the block of the first rows and columns. */
const matrixWith = (random: Random, background: number, a: number, t: number, full: number): Bipartite => {
  const source: number[] = []
  const target: number[] = []
  for (let e = 0; e < background; e++) {
    source.push(random.below(ROWS))
    target.push(random.below(COLUMNS))
  }
  for (let r = 0; r < a; r++)
    for (let c = 0; c < t; c++)
      if (random.float() < full) {
        source.push(r)
        target.push(c)
      }
  return bipartiteCsr(ROWS, COLUMNS, { source: Int32Array.from(source), target: Int32Array.from(target) }, 'one')
}

const range = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i)

test('a block that nothing else touches is valued as the formula says', () => {
  const a = 12
  const t = 9
  const source: number[] = []
  const target: number[] = []
  let filled = 0
  for (let r = 0; r < a; r++)
    for (let c = 0; c < t; c++)
      if ((r + c) % 4 > 0) {
        source.push(r)
        target.push(c)
        filled++
      }
  const matrix = bipartiteCsr(a, t, { source: Int32Array.from(source), target: Int32Array.from(target) }, 'one')
  const found = new BlockSearch(matrix, 0.2, 1e6).measure(range(a), range(t))
  const q = filled / (a * t)
  const likelihood = filled * Math.log(q / 0.2) + (a * t - filled) * Math.log((1 - q) / 0.8)
  const rowChoice = filled / t / 0.2
  // Columns of more entries than their mean count for less.
  const degree = range(t).map((c) => target.filter((other) => other === c).length)
  const mean = filled / t
  const known = target.reduce((sum, c) => sum + Math.min(1, mean / degree[c]!), 0) / a / 0.2
  const cost =
    logChoose(Math.round(rowChoice), a) +
    logChoose(Math.round(known), t) +
    Math.log(rowChoice * known) +
    Math.log(a * t + 1) +
    Math.log(t)
  expect(found.filled).toBe(filled)
  expect(found.nats).toBeCloseTo(likelihood - cost, 9)
  expect(found.byTaste).toBeCloseTo(0.2 * a * t, 9)
})

test('a climb from a few columns finds the whole block and nothing else', () => {
  const matrix = matrixWith(new Random(1), 3000, 25, 12, 0.8)
  const search = new BlockSearch(matrix, 0.2, 0)
  const found = search.climb(Int32Array.of(1, 4, 7), { minRows: 5, minColumns: 3 })!
  expect([...found.columns]).toEqual([...range(12)])
  expect(found.rows.length).toBeGreaterThanOrEqual(23)
  expect(found.rows.every((r) => r < 25)).toBe(true)
  expect(found.nats).toBeGreaterThan(20)
  expect(search.measure(found.rows, found.columns).nats).toBeCloseTo(found.nats, 9)
})

test('rows that hold only part of the list are taken in together, though no part of them would be', () => {
  const matrix = matrixWith(new Random(8), 3000, 36, 10, 0.64)
  const search = new BlockSearch(matrix, 0.2, 0)
  const found = search.climb(range(10), { minRows: 5, minColumns: 5 }, Number.NEGATIVE_INFINITY)!
  const whole = search.measure(range(36), range(10))
  expect(found.nats).toBeGreaterThanOrEqual(whole.nats)
  expect(whole.nats).toBeGreaterThan(search.measure(range(25), range(10)).nats)
})

test('communities of taste filled at the ceiling do not surprise: at most one of a hundred reaches a chance of 5 %', () => {
  let named = 0
  for (let seed = 0; seed < 100; seed++) {
    const matrix = matrixWith(new Random(seed), 500, 60, 40, 0.2)
    const search = new BlockSearch(matrix, 0.2, 0)
    let best = -Infinity
    for (let from = 0; from < 36; from += 4)
      best = Math.max(
        best,
        search.climb(range(40).slice(from, from + 4), { minRows: 3, minColumns: 2 })?.nats ?? -Infinity,
      )
    if (best > -Math.log(0.05)) named++
  }
  expect(named).toBeLessThanOrEqual(1)
})

test('columns of one owner need to be fuller, and what outsiders share explains more', () => {
  const matrix = matrixWith(new Random(3), 2000, 25, 12, 0.7)
  const owner = new Int32Array(COLUMNS).fill(-1).fill(0, 0, 12)
  const free = new BlockSearch(matrix, 0.2, 0).measure(range(25), range(12))
  const owned = new BlockSearch(matrix, 0.2, 0, { owner, count: 1, ceiling: 0.6 }).measure(range(25), range(12))
  expect(owned.nats).toBeLessThan(free.nats - 50)
  const shared = matrixWith(new Random(3), 2000, 120, 12, 0.7)
  expect(new BlockSearch(shared, 0.2, 0).measure(range(25), range(12)).nats).toBeLessThan(free.nats - 50)
})
