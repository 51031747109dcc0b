import { expect, test } from '@jest/globals'
import { calibrate, deal, shufflesFor } from '#src/detectors/sybil/calibrate.js'
import { Random } from '#src/kernels/random.js'

test('among the shuffles the rank decides, beyond them the distance', () => {
  const strongest = Float64Array.of(-12, -11, -13, -Infinity)
  expect(calibrate(-20, strongest)).toBeCloseTo(Math.log(5 / 4), 12)
  expect(calibrate(-12, strongest)).toBeCloseTo(Math.log(5 / 3), 12)
  expect(calibrate(-11.5, strongest)).toBeCloseTo(Math.log(5 / 2), 12)
  expect(calibrate(-9, strongest)).toBeCloseTo(Math.log(5) + 2, 12)
  expect(calibrate(40, strongest)).toBeCloseTo(Math.log(5) + 51, 12)
})

test('where no shuffle finds anything, a find is rarer than one in so many, and the bound alone can say more', () => {
  const nothing = new Float64Array(3).fill(-Infinity)
  expect(calibrate(-50, nothing)).toBeCloseTo(Math.log(4), 12)
  expect(calibrate(7, nothing)).toBe(7)
  expect(calibrate(-1, new Float64Array(0))).toBe(0)
  expect(calibrate(2, new Float64Array(0))).toBe(2)
})

test('a null whose tail falls as exp(-s) is named at the nominal rate', () => {
  const random = new Random(12)
  const draw = () => -Math.log(1 - random.float())
  let named = 0
  const runs = 20_000
  for (let run = 0; run < runs; run++)
    if (
      calibrate(
        draw() - 20,
        Float64Array.from({ length: 3 }, () => draw() - 20),
      ) > -Math.log(0.05)
    )
      named++
  // One in four passes the largest of three, and one in five of those is ln 5 beyond it.
  expect(named / runs).toBeGreaterThan(0.035)
  expect(named / runs).toBeLessThan(0.06)
})

test('small data gets more shuffles, none stays none', () => {
  expect(shufflesFor(1000, 3)).toBe(39)
  expect(shufflesFor(100_000, 3)).toBe(4)
  expect(shufflesFor(10_000_000, 3)).toBe(3)
  expect(shufflesFor(0, 3)).toBe(39)
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
