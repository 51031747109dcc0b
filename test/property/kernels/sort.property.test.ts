import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { argsortFloat64, argsortInt32, countingArgsort } from '#src/kernels/sort.js'

/** Stable by the language's own sort; NaN last. */
const expected = (keys: ArrayLike<number>): number[] =>
  Array.from({ length: keys.length }, (_, i) => i).sort((i, j) => {
    const a = keys[i]!
    const b = keys[j]!
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    return a < b ? -1 : a > b ? 1 : 0
  })

test('floats sort stably, with -0 as 0 and NaN last', () => {
  const special = fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324)
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.double(), special, fc.integer()), { maxLength: 300 }), (values) => {
      const keys = Float64Array.from(values)
      expect(Array.from(argsortFloat64(keys))).toEqual(expected(keys))
    }),
    { numRuns: 300 },
  )
})

test('whole numbers sort stably, by radix and by counting', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 5 })), { maxLength: 300 }), (values) => {
      const keys = Int32Array.from(values)
      expect(Array.from(argsortInt32(keys))).toEqual(expected(keys))
      const small = keys.map((k) => k & 15)
      expect(Array.from(countingArgsort(small, 16))).toEqual(expected(small))
    }),
  )
})

test('long inputs take the wide digits and sort as well', () => {
  const n = 70_000
  const keys = Float64Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898) * 1e6)
  expect(Array.from(argsortFloat64(keys))).toEqual(expected(keys))
})

test('a key outside its range is refused', () => {
  expect(() => countingArgsort(Int32Array.of(4), 4)).toThrow(/key 4 at 0/)
  expect(() => countingArgsort(Int32Array.of(-1), 4)).toThrow(/key -1 at 0/)
})
