import { expect, test } from '@jest/globals'
import { Random } from '#src/kernels/random.js'
import { addPairs, markCorrelation, markSurprise, noPairs } from '#src/kernels/rating-surprise.js'

const draws = (random: Random, groups: number, size: number, strength: number) => {
  const marks = new Float64Array(groups)
  for (let g = 0; g < groups; g++) {
    const chance = 0.5 + strength * (random.float() < 0.5 ? 0.5 : -0.5)
    for (let i = 0; i < size; i++) marks[g]! += random.float() < chance ? 1 : 0
  }
  return marks
}

test('the correlation of two marks of one group is learned, with its error on top', () => {
  const random = new Random(1)
  // Chances of .5 +- s / 2 make a variance of s^2 / 4 of .25, so a correlation of s^2.
  for (const strength of [0, 0.4, 0.8]) {
    const sums = noPairs()
    for (const mark of draws(random, 4000, 6, strength)) addPairs(sums, mark, 6, 1)
    const error = Math.sqrt(sums.noise) / sums.cells
    expect(Math.abs(markCorrelation(sums) - error - strength ** 2)).toBeLessThan(5 * error + 0.02)
    addPairs(sums, 3, 6, 1)
    addPairs(sums, 3, 6, -1)
    expect(Math.abs(markCorrelation(sums) - error - strength ** 2)).toBeLessThan(5 * error + 0.02)
  }
  expect(markCorrelation(noPairs())).toBeLessThan(1)
})

test('under the null a chance of exp(-s) of s nats is not passed', () => {
  const random = new Random(2)
  const cells = {
    row: new Int32Array(60),
    column: new Int32Array(60),
    base: new Float64Array(60).fill(0.5),
    weight: new Float64Array(60).fill(1),
  }
  for (let i = 0; i < 60; i++) {
    cells.row[i] = Math.floor(i / 6)
    cells.column[i] = i % 6
  }
  const none = (count: number) => ({
    marks: new Float64Array(count),
    cells: new Float64Array(count),
    correlation: 0.02,
  })
  let above = 0
  const runs = 4000
  for (let run = 0; run < runs; run++) {
    const marked = Uint8Array.from({ length: 60 }, () => (random.float() < 0.5 ? 1 : 0))
    if (markSurprise(none(10), none(6), { ...cells, marked }).nats > 1) above++
  }
  expect(above / runs).toBeLessThan(Math.exp(-1))
  const all = markSurprise(none(10), none(6), { ...cells, marked: new Uint8Array(60).fill(1) })
  expect(all.marked).toBe(60)
  expect(all.nats).toBeGreaterThan(10)
})

test('rows and columns that have the mark elsewhere are expected to go on', () => {
  const cells = {
    row: Int32Array.of(0, 0),
    column: Int32Array.of(0, 1),
    marked: Uint8Array.of(1, 1),
    base: Float64Array.of(0.3, 0.3),
    weight: Float64Array.of(1, 1),
  }
  const unknown = (count: number) => ({
    marks: new Float64Array(count),
    cells: new Float64Array(count),
    correlation: 0.2,
  })
  const always = (count: number) => ({
    ...unknown(count),
    marks: new Float64Array(count).fill(50),
    cells: new Float64Array(count).fill(50),
  })
  const plain = markSurprise(unknown(1), unknown(2), cells)
  for (const known of [markSurprise(always(1), unknown(2), cells), markSurprise(unknown(1), always(2), cells)]) {
    expect(known.expected).toBeGreaterThan(1.8)
    expect(known.nats).toBeLessThan(plain.nats)
  }
  const half = markSurprise(unknown(1), unknown(2), { ...cells, weight: Float64Array.of(0.5, 0.5) })
  expect(half.nats + Math.log(3)).toBeCloseTo((plain.nats + Math.log(3)) / 2, 10)
  expect(
    markSurprise(unknown(1), unknown(1), {
      row: new Int32Array(0),
      column: new Int32Array(0),
      marked: new Uint8Array(0),
      base: new Float64Array(0),
      weight: new Float64Array(0),
    }).nats,
  ).toBeCloseTo(0)
})
