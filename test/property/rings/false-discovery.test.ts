import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { falseDiscoveryRates } from '#src/rings/false-discovery.js'

test('equals the worked example of Benjamini and Hochberg (1995), section 3.2', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  const rates = falseDiscoveryRates(
    Float64Array.from(p, (x) => -Math.log(x)),
    0,
  )
  // The paper rejects exactly the first four at .05.
  expect([...rates].filter((q) => q <= 0.05)).toHaveLength(4)
  expect(rates[3]).toBeCloseTo((0.0095 * 15) / 4, 12)
})

test('equals the definition, computed the slow way, for any p-values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 40 }),
      fc.nat(5),
      (nats, silent) => {
        const rates = falseDiscoveryRates(Float64Array.from(nats), silent)
        const m = nats.length + silent
        const sorted = [...nats].sort((a, b) => b - a)
        nats.forEach((own, i) => {
          const candidates = sorted.map((other, j) => (other <= own ? (Math.exp(-other) * m) / (j + 1) : 1))
          const slow = Math.min(1, ...candidates)
          expect(rates[i]).toBeCloseTo(slow, 12)
        })
      },
    ),
  )
})

test('a surprise beyond the range of doubles stays the smallest and gives no NaN', () => {
  expect([...falseDiscoveryRates(Float64Array.of(5000, 2), 3)]).toEqual([0, expect.closeTo((Math.exp(-2) * 5) / 2, 10)])
  expect(falseDiscoveryRates(new Float64Array(0), 2)).toHaveLength(0)
})
