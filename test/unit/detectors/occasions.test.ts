import { expect, test } from '@jest/globals'
import { gammaSurprise } from '#src/detectors/lockstep/occasions.js'
import { Random } from '#src/kernels/random.js'

test('the tail of a sum of exponentials', () => {
  // P(Gamma(1, 1) >= s) = exp(-s); P(Gamma(2, 1) >= s) = exp(-s)(1 + s).
  expect(gammaSurprise(1, 7)).toBeCloseTo(7, 10)
  expect(gammaSurprise(2, 5)).toBeCloseTo(5 - Math.log(6), 10)
  expect(gammaSurprise(0, 0)).toBe(0)
  expect(gammaSurprise(300, 0)).toBe(0)
  expect(gammaSurprise(400, 2000)).toBeGreaterThan(500)

  const random = new Random(1)
  let above = 0
  const draws = 100_000
  for (let i = 0; i < draws; i++) {
    let sum = 0
    for (let k = 0; k < 4; k++) sum -= Math.log(1 - random.float())
    if (sum >= 8) above++
  }
  expect(-Math.log(above / draws)).toBeCloseTo(gammaSurprise(4, 8), 1)
})
