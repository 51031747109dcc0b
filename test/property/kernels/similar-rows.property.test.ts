import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { bipartiteCsr } from '#src/kernels/csr.js'
import { similarRows } from '#src/kernels/similar-rows.js'

const matrices = fc
  .tuple(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 12 }),
    fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }),
  )
  .map(([rows, columns, entries]) =>
    bipartiteCsr(
      rows,
      columns,
      { source: Int32Array.from(entries, ([r]) => r % rows), target: Int32Array.from(entries, ([, c]) => c % columns) },
      'one',
    ),
  )

const degreesOf = (offsets: Int32Array): Int32Array =>
  Int32Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1]! - offsets[i]!)

test('with a sample and a reach that hold all, the pairs and their counts are those of brute force', () => {
  fc.assert(
    fc.property(matrices, fc.integer({ min: 1, max: 3 }), fc.nat(), ({ rows, columns }, least, seed) => {
      const { a, b, shared } = similarRows(rows, degreesOf(columns.offsets), { sample: 12, reach: 12, least, seed })
      const found = new Map(Array.from(a, (row, i) => [`${row} ${b[i]}`, shared[i]]))
      const expected = new Map<string, number>()
      for (let r = 0; r < rows.rowCount; r++)
        for (let s = r + 1; s < rows.rowCount; s++) {
          const own = new Set(rows.columns.subarray(rows.offsets[r], rows.offsets[r + 1]))
          const others = rows.columns.subarray(rows.offsets[s], rows.offsets[s + 1])
          const common = others.filter((column) => own.has(column)).length
          if (common >= least) expected.set(`${r} ${s}`, common)
        }
      expect(found).toEqual(expected)
    }),
  )
})

test('a smaller sample or reach only leaves pairs out', () => {
  fc.assert(
    fc.property(matrices, fc.nat(), ({ rows, columns }, seed) => {
      const degree = degreesOf(columns.offsets)
      const all = similarRows(rows, degree, { sample: 12, reach: 12, least: 1, seed })
      const counts = new Map(Array.from(all.a, (row, i) => [`${row} ${all.b[i]}`, all.shared[i]!]))
      const some = similarRows(rows, degree, { sample: 2, reach: 1, least: 1, leastDegree: 1, seed })
      some.a.forEach((row, i) => {
        expect(some.shared[i]).toBeLessThanOrEqual(counts.get(`${row} ${some.b[i]}`)!)
      })
    }),
  )
})
