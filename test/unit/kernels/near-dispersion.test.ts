import { expect, test } from '@jest/globals'
import { nearDispersion, productShape } from '#src/kernels/near-dispersion.js'
import { Random } from '#src/kernels/random.js'

const DAY = 1000

/**
 * Rows hold entries of 40 columns in sittings a day apart. `topics` columns groups: a sitting keeps to one group with chance `faithful`,
 * so that pairs of a group meet near oftener than their far meetings say.
 */
const sittings = (random: Random, faithful: number) => {
  const rows = 400
  const columns = 40
  const entries: { row: number; column: number; time: number }[] = []
  for (let row = 0; row < rows; row++) {
    const used = new Set<number>()
    for (let day = 0; day < 6; day++) {
      const group = random.below(8)
      for (let k = 0; k < 3; k++) {
        const column = random.float() < faithful ? group * 5 + random.below(5) : random.below(columns)
        if (used.has(column)) continue
        used.add(column)
        entries.push({ row, column, time: day * DAY + k })
      }
    }
  }
  const offsets = (key: 'row' | 'column', count: number): Int32Array => {
    const found = new Int32Array(count + 1)
    for (const entry of entries) found[entry[key] + 1]!++
    for (let i = 0; i < count; i++) found[i + 1]! += found[i]!
    return found
  }
  const matrix = {
    rowCount: rows,
    columnCount: columns,
    rowOffsets: offsets('row', rows),
    row: Int32Array.from(entries, ({ row }) => row),
    column: Int32Array.from(entries, ({ column }) => column),
    time: Float64Array.from(entries, ({ time }) => time),
    columnOffsets: offsets('column', columns),
    entries: Int32Array.from(entries, (_, i) => i).sort(
      (x, y) => entries[x]!.column - entries[y]!.column || entries[x]!.time - entries[y]!.time || x - y,
    ),
  }
  let near = 0
  let all = 0
  for (let row = 0; row < rows; row++)
    for (let i = matrix.rowOffsets[row]!; i < matrix.rowOffsets[row + 1]!; i++)
      for (let j = i + 1; j < matrix.rowOffsets[row + 1]!; j++) {
        all++
        if (matrix.time[j]! - matrix.time[i]! <= 10) near++
      }
  return { matrix, near: Float64Array.of(near), all }
}

const dispersion = (faithful: number): number => {
  const { matrix, near, all } = sittings(new Random(1), faithful)
  return nearDispersion(matrix, {
    tolerances: Float64Array.of(10),
    reach: 64,
    likeness: 0.05,
    near,
    all,
    telling: Uint8Array.of(1),
  })[0]!
}

test('sittings on one subject make near meetings uneven, and sittings on anything do not', () => {
  expect(dispersion(0)).toBeGreaterThan(10)
  // Pairs of a group (a tenth of all pairs) meet near about eight times as often as others.
  expect(dispersion(0.9)).toBeLessThan(1)
})

test('nothing is learned from a matrix without popular pairs', () => {
  const empty = {
    rowCount: 0,
    columnCount: 0,
    rowOffsets: new Int32Array(1),
    row: new Int32Array(0),
    column: new Int32Array(0),
    time: new Float64Array(0),
    columnOffsets: new Int32Array(1),
    entries: new Int32Array(0),
  }
  const options = {
    tolerances: Float64Array.of(1),
    reach: 4,
    likeness: 0.05,
    near: Float64Array.of(0),
    all: 0,
    telling: Uint8Array.of(1),
  }
  expect(Array.from(nearDispersion(empty, options))).toEqual([Number.POSITIVE_INFINITY])
})

test('the shape of a product of two gamma variables has their variance', () => {
  const random = new Random(2)
  const gamma = (shape: number): number => {
    let sum = 0
    for (let i = 0; i < shape; i++) sum -= Math.log(1 - random.float())
    return sum / shape
  }
  let squares = 0
  const draws = 200_000
  for (let i = 0; i < draws; i++) squares += (gamma(2) * gamma(3) - 1) ** 2
  expect(squares / draws).toBeCloseTo(1 / productShape(2, 3), 1)
})
