import { expect, test } from '@jest/globals'
import { Random } from '#src/kernels/random.js'

test('the same seed and stream give the same numbers, others do not', () => {
  const draw = (seed: number, stream?: number) => {
    const random = new Random(seed, stream)
    return Array.from({ length: 8 }, () => random.uint32())
  }
  expect(draw(7)).toEqual(draw(7))
  const starts = new Set([draw(7), draw(8), draw(7, 1), draw(7, 2), draw(7 + 2 ** 32), draw(0), draw(-1)].map(String))
  expect(starts.size).toBe(7)
  expect(() => new Random(0.5)).toThrow(/seed/)
})

test('numbers below a bound are uniform: chi-square over 10 cells', () => {
  const random = new Random(1)
  const counts = new Float64Array(10)
  const draws = 200_000
  for (let i = 0; i < draws; i++) counts[random.below(10)]!++
  const chiSquare = counts.reduce((sum, c) => sum + (c - draws / 10) ** 2 / (draws / 10), 0)
  expect(chiSquare).toBeLessThan(27.9) // .999 quantile at 9 degrees of freedom
  expect(() => random.below(0)).toThrow(RangeError)
  expect(random.below(1)).toBe(0)
})

test('each bit of the generator is balanced, and floats fill [0, 1)', () => {
  const random = new Random(2)
  const ones = new Float64Array(32)
  const draws = 100_000
  for (let i = 0; i < draws; i++) {
    const x = random.uint32()
    for (let b = 0; b < 32; b++) ones[b]! += (x >>> b) & 1
  }
  for (const count of ones) expect(Math.abs(count - draws / 2)).toBeLessThan(4.5 * Math.sqrt(draws / 4))
  let sum = 0
  for (let i = 0; i < draws; i++) {
    const x = random.float()
    expect(x >= 0 && x < 1).toBe(true)
    sum += x
  }
  expect(sum / draws).toBeCloseTo(0.5, 2)
})

test('a shuffle is a permutation, and each order of three is as frequent', () => {
  const random = new Random(3)
  const seen = new Map<string, number>()
  for (let i = 0; i < 60_000; i++) {
    const values = Int32Array.of(1, 2, 3)
    random.shuffle(values)
    seen.set(values.join(), (seen.get(values.join()) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  for (const times of seen.values()) expect(Math.abs(times - 10_000)).toBeLessThan(450)
})

test('the sequence from state 1, 2, 3, 4 is that of the reference code', () => {
  // Printed by xoshiro128starstar.c of Blackman and Vigna, compiled with gcc.
  const random = Random.fromState(1, 2, 3, 4)
  const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]
  expect(expected.map(() => random.uint32())).toEqual(expected)
  expect(() => Random.fromState(0, 0, 0, 0)).toThrow(/zeros/)
})
