import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { assignRows, type SparseWeights } from '#src/kernels/assignment.js'

/** Rows of weights, 0 where there is no entry. Few different weights, so that ties are common. */
const matrices = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) =>
  fc.array(fc.array(fc.constantFrom(0, 0, 0.25, 0.3, 0.5, 0.9, 1), { minLength: columns, maxLength: columns }), {
    minLength: rows,
    maxLength: rows,
  }),
)

const sparse = (matrix: readonly (readonly number[])[]): SparseWeights => {
  const entries = matrix.map((row) => row.flatMap((weight, column) => (weight > 0 ? [{ column, weight }] : [])))
  const offsets = new Int32Array(matrix.length + 1)
  for (const [row, own] of entries.entries()) offsets[row + 1] = offsets[row]! + own.length
  return {
    rowCount: matrix.length,
    columnCount: matrix[0]!.length,
    offsets,
    columns: Int32Array.from(entries.flat(), ({ column }) => column),
    weights: Float64Array.from(entries.flat(), ({ weight }) => weight),
  }
}

/** The greatest total by trying everything. */
const best = (matrix: readonly (readonly number[])[], row = 0, taken = 0): number => {
  if (row === matrix.length) return 0
  let most = best(matrix, row + 1, taken)
  for (const [column, weight] of matrix[row]!.entries())
    if (weight > 0 && (taken & (1 << column)) === 0)
      most = Math.max(most, weight + best(matrix, row + 1, taken | (1 << column)))
  return most
}

test('the total is the greatest that there is, and nothing is given twice', () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const given = [...assignRows(sparse(matrix))]
      const taken = given.filter((column) => column >= 0)
      expect(new Set(taken).size).toBe(taken.length)
      let total = 0
      for (const [row, column] of given.entries()) {
        if (column < 0) continue
        expect(matrix[row]![column]).toBeGreaterThan(0)
        total += matrix[row]![column]!
      }
      expect(total).toBeCloseTo(best(matrix), 9)
    }),
    { numRuns: 2000 },
  )
})

test('a row gives way where that is worth more', () => {
  // Greedily, .9 would be taken first and leave .5 for nobody.
  const matrix = [
    [0.9, 0.8],
    [0.85, 0],
  ]
  expect([...assignRows(sparse(matrix))]).toEqual([1, 0])
})

test('nothing to give', () => {
  expect([...assignRows(sparse([[0], [0]]))]).toEqual([-1, -1])
})
