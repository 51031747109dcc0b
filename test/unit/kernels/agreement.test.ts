import { expect, test } from '@jest/globals'
import { cohenKappa, krippendorffAlpha } from '#src/kernels/agreement.js'

test("alpha of the example in Krippendorff's paper of 2011, with missing judgements, is .743", () => {
  const judges = ['123321412...', '1233224125.3', '.3332342251.', '12332441251.']
  const units = Array.from({ length: 12 }, (_, u) => {
    const counts = [0, 0, 0, 0, 0]
    for (const judge of judges) if (judge[u] !== '.') counts[Number(judge[u]) - 1]! += 1
    return counts
  })
  expect(units.flat().reduce((sum, count) => sum + count, 0)).toBe(41)
  expect(krippendorffAlpha(units)).toBeCloseTo(0.743, 3)
})

test('alpha is 1 where all agree, and cannot be told from one word or nothing', () => {
  expect(
    krippendorffAlpha([
      [2, 0],
      [0, 3],
    ]),
  ).toBe(1)
  expect(
    krippendorffAlpha([
      [2, 0],
      [3, 0],
    ]),
  ).toBeNaN()
  expect(krippendorffAlpha([[1, 0]])).toBeNaN()
  expect(krippendorffAlpha([])).toBeNaN()
})

test('kappa of a table: 35 of 50 agreed where chance gives 25', () => {
  expect(cohenKappa([20, 5, 10, 15], 2)).toBeCloseTo(0.4, 12)
  expect(cohenKappa([5, 0, 0, 5], 2)).toBe(1)
  expect(cohenKappa([5, 0, 0, 0], 2)).toBeNaN()
})
