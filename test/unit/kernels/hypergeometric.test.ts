import { expect, test } from '@jest/globals'
import {
  combinedSurprise,
  compositionCost,
  hypergeometricSurprise,
  logChoose,
  logFactorial,
  logGamma,
} from '#src/kernels/hypergeometric.js'

test('factorials equal sums of logarithms, across the end of the table', () => {
  let sum = 0
  for (let n = 1; n <= 2000; n++) {
    sum += Math.log(n)
    expect(logFactorial(n)).toBeCloseTo(sum, 8)
  }
  // ln(10^6!) = 12815518.384658169, computed with 30 digits.
  expect(logFactorial(1e6)).toBeCloseTo(12815518.384658169, 6)
  expect(logFactorial(0)).toBe(0)
})

test('binomials', () => {
  expect(Math.exp(logChoose(10, 3))).toBeCloseTo(120, 9)
  expect(logChoose(3, 4)).toBe(-Infinity)
  expect(logChoose(3, -1)).toBe(-Infinity)
})

test('the tail equals the sum over all ways of drawing', () => {
  const choose = (n: number, k: number): number => {
    if (k < 0 || k > n) return 0
    let result = 1
    for (let j = 1; j <= k; j++) result = (result * (n - k + j)) / j
    return result
  }
  for (let total = 1; total <= 14; total++)
    for (let marked = 0; marked <= total; marked++)
      for (let drawn = 0; drawn <= total; drawn++)
        for (let x = 0; x <= Math.min(marked, drawn); x++) {
          let p = 0
          for (let j = x; j <= Math.min(marked, drawn); j++)
            p += (choose(marked, j) * choose(total - marked, drawn - j)) / choose(total, drawn)
          const nats = hypergeometricSurprise(total, marked, drawn, x)
          if (x <= (marked * drawn) / total) expect(nats).toBe(0)
          else expect(nats).toBeCloseTo(-Math.log(p), 9)
        }
})

test('what cannot happen is infinitely surprising, and empty totals surprise nobody', () => {
  expect(hypergeometricSurprise(10, 3, 4, 5)).toBe(Infinity)
  expect(hypergeometricSurprise(0, 0, 0, 0)).toBe(0)
  expect(hypergeometricSurprise(1e8, 100, 100, 100)).toBeCloseTo(logChoose(1e8, 100), 4)
})

test('combined tests: one test is itself, two follow the Gamma tail', () => {
  expect(combinedSurprise(7, 1)).toBe(7)
  expect(combinedSurprise(7, 2)).toBeCloseTo(7 - Math.log(8), 12)
  expect(combinedSurprise(0, 3)).toBe(0)
  expect(combinedSurprise(Infinity, 2)).toBe(Infinity)
})

test('log-gamma at halves', () => {
  // Gamma(1/2) = sqrt(pi), and Gamma(x + 1) = x Gamma(x).
  let expected = 0.5 * Math.log(Math.PI)
  for (let x = 0.5; x < 200; x++) {
    expect(logGamma(x)).toBeCloseTo(expected, 9)
    expected += Math.log(x)
  }
})

test('the costs of all compositions are the logarithms of probabilities that sum to 1', () => {
  for (const total of [1, 2, 7]) {
    let sum = 0
    const visit = (counts: number[], left: number): void => {
      if (counts.length === 3) {
        sum += Math.exp(-compositionCost(Int32Array.from([9, ...counts, left]), 1, 4))
        return
      }
      for (let k = 0; k <= left; k++) visit([...counts, k], left - k)
    }
    visit([], total)
    expect(sum).toBeCloseTo(1, 12)
  }
})
