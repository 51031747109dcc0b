import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RunSorter } from '#src/kernels/sort-runs.js'

test('a run is sorted by its keys, equal ones as they were, and what is beside it is left alone', () => {
  const sorter = new RunSorter()
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 200 }), { maxLength: 300 }),
      fc.nat(5),
      fc.nat(5),
      fc.constantFrom(1, 1e12, 0.25),
      (numbers, before, after, unit) => {
        const keys = Float64Array.from(numbers, (n) => n * unit)
        const values = Int32Array.from(numbers, (_, i) => i)
        const from = Math.min(before, keys.length)
        const to = Math.max(from, keys.length - after)
        const run = numbers.map((_, i) => i).slice(from, to)
        const order = [
          ...numbers.map((_, i) => i).slice(0, from),
          ...run.sort((x, y) => numbers[x]! - numbers[y]! || x - y),
          ...numbers.map((_, i) => i).slice(to),
        ]
        sorter.sort(keys, values, from, to)
        expect([...values]).toEqual(order)
        expect([...keys]).toEqual(order.map((i) => numbers[i]! * unit))
      },
    ),
  )
})

test('a run of thousands is sorted', () => {
  const count = 5000
  const keys = Float64Array.from({ length: count }, (_, i) => (i * 7919) % 613)
  const values = Int32Array.from(keys, (_, i) => i)
  new RunSorter().sort(keys, values, 0, count)
  for (let i = 1; i < count; i++)
    expect(keys[i - 1]! < keys[i]! || (keys[i - 1] === keys[i] && values[i - 1]! < values[i]!)).toBe(true)
})
