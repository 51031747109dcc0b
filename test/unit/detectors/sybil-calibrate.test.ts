import { expect, test } from '@jest/globals'
import { calibrate, deal, shufflesFor } from '#src/detectors/sybil/calibrate.js'
import { Random } from '#src/kernels/random.js'

test('among the shuffles the rank decides, beyond them the distance', () => {
  const strongest = Float64Array.of(-12, -11, -13, -Infinity)
  expect(calibrate(-20, strongest)).toBeCloseTo(Math.log(5 / 4), 12)
  expect(calibrate(-12, strongest)).toBeCloseTo(Math.log(5 / 3), 12)
  expect(calibrate(-11.5, strongest)).toBeCloseTo(Math.log(5 / 2), 12)
  expect(calibrate(-9, strongest)).toBeCloseTo(Math.log(1 + 4 * Math.exp(2)), 12)
  expect(calibrate(1e6, strongest)).toBeCloseTo(Math.log(4) + 1e6 + 11, 6)
})

test('where no shuffle finds anything, a find is rarer than one in so many, and the bound alone can say more', () => {
  const nothing = new Float64Array(3).fill(-Infinity)
  expect(calibrate(-50, nothing)).toBeCloseTo(Math.log(4), 12)
  expect(calibrate(7, nothing)).toBe(7)
  expect(calibrate(-1, new Float64Array(0))).toBe(0)
  expect(calibrate(2, new Float64Array(0))).toBe(2)
})

test('a search whose strongest set follows a Gumbel distribution is named at the nominal rate', () => {
  const random = new Random(12)
  const draw = () => -Math.log(-Math.log(random.float())) - 20
  for (const shuffles of [1, 3, 39]) {
    let named = 0
    const runs = 20_000
    for (let run = 0; run < runs; run++)
      // A little over 5 %, so that the rank 2 of 40 counts whatever the last bit of its logarithm.
      if (Math.exp(-calibrate(draw(), Float64Array.from({ length: shuffles }, draw))) < 0.05001) named++
    // Three standard errors.
    expect(Math.abs(named / runs - 0.05)).toBeLessThan(0.005)
  }
})

test('small data gets more shuffles, none stays none', () => {
  expect(shufflesFor(1000, 1)).toBe(39)
  expect(shufflesFor(500_000, 1)).toBe(4)
  expect(shufflesFor(10_000_000, 1)).toBe(1)
  expect(shufflesFor(10_000_000, 200)).toBe(200)
  expect(shufflesFor(0, 1)).toBe(39)
  expect(shufflesFor(1000, 0)).toBe(0)
})

test('dealing gives every order the same chance, and can be stopped', () => {
  const random = new Random(1)
  const seen = new Map<string, number>()
  for (let run = 0; run < 6000; run++) {
    const values = Int32Array.of(1, 2, 3)
    deal(values, random, () => {})
    seen.set(values.join(), (seen.get(values.join()) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  const stop = () => {
    throw new Error('stop')
  }
  expect(() => deal(new Int32Array(70_000), random, stop)).toThrow('stop')
})
