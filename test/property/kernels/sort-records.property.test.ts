import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sortRecords } from '#src/kernels/sort-records.js'

test('records are sorted by their key, equal keys in their given order, whole', () => {
  // Key counts on both sides of the thousand ranges of the first pass, and strides with and without a loop of their own.
  const input = fc
    .record({
      stride: fc.constantFrom(1, 2, 3, 6),
      keyFrom: fc.integer({ min: -5, max: 1 << 30 }),
      keyCount: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 100_000 })),
    })
    .chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        lane: fc.nat(shape.stride - 1),
        keys: fc.array(fc.nat(shape.keyCount - 1), { maxLength: 300 }),
      }),
    )
  fc.assert(
    fc.property(input, ({ shape: { stride, keyFrom, keyCount }, lane, keys }) => {
      const words = new Int32Array(keys.length * stride)
      keys.forEach((key, r) => {
        for (let l = 0; l < stride; l++) words[r * stride + l] = l === lane ? keyFrom + key : r * 10 + l
      })
      const rows = (from: Int32Array) => keys.map((_, r) => [...from.subarray(r * stride, (r + 1) * stride)])
      const expected = rows(words).sort((a, b) => a[lane]! - b[lane]!)
      const spare = new Int32Array(words.length)
      const { sorted, free } = sortRecords({ words, stride, count: keys.length }, lane, { keyFrom, keyCount }, spare)
      expect(rows(sorted.words)).toEqual(expected)
      expect(new Set([sorted.words, free])).toEqual(new Set([words, spare]))
    }),
  )
})
