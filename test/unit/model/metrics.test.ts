import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RingfenceError } from '#src/errors.js'
import { Random } from '#src/kernels/random.js'
import {
  auroc,
  averagePrecision,
  brierScore,
  calibrationBins,
  calibrationError,
  recallAtFalsePositives,
  recallAtK,
  type Scored,
} from '#src/model/metrics.js'
import { spreadOverPieces } from '#src/model/product/measures.js'

/** Sixty rows with many ties, beside what scikit-learn 1.9.1 says of them. */
const sixty: Scored = {
  scores: Float64Array.from(
    [
      10, 13, 8, 13, 17, 9, 19, 5, 8, 17, 13, 12, 5, 15, 14, 5, 13, 16, 10, 18, 9, 0, 1, 14, 7, 3, 19, 13, 9, 18, 0, 14,
      17, 7, 8, 7, 1, 3, 19, 19, 7, 2, 17, 13, 13, 8, 10, 11, 9, 14, 6, 0, 5, 6, 17, 0, 7, 13, 3, 2,
    ].map((x) => x / 20),
  ),
  labels: Uint8Array.from('000110100100010000011011111011001110000110011010011000001000', Number),
}

test('agrees with scikit-learn 1.9.1', () => {
  expect(auroc(sixty)).toBeCloseTo(0.6862857142857143, 14)
  expect(averagePrecision(sixty)).toBeCloseTo(0.6081673668145121, 14)
  expect(brierScore(sixty)).toBeCloseTo(0.2397083333333333, 14)
  // From roc_curve without dropped points.
  expect(recallAtFalsePositives(sixty, 0.01)).toBeCloseTo(0, 14)
  expect(recallAtFalsePositives(sixty, 0.1)).toBeCloseTo(0.32, 14)
  expect(recallAtFalsePositives(sixty, 0.3)).toBeCloseTo(0.44, 14)
})

const scoredRows = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 2, maxLength: 40 })
  .filter((rows) => rows.some(([, y]) => y) && rows.some(([, y]) => !y))
  .map((rows) => ({
    scores: Float64Array.from(rows, ([s]) => s / 9),
    labels: Uint8Array.from(rows, ([, y]) => Number(y)),
  }))

test('agrees with definitions spelled out pair by pair and cut by cut', () => {
  fc.assert(
    fc.property(scoredRows, fc.integer({ min: 0, max: 10 }), (scored, tenths) => {
      const { scores, labels } = scored
      const rows = [...scores.keys()]
      const positives = rows.filter((i) => labels[i] === 1)
      const negatives = rows.filter((i) => labels[i] === 0)
      let wins = 0
      for (const p of positives)
        for (const n of negatives) wins += scores[p]! > scores[n]! ? 1 : scores[p] === scores[n] ? 0.5 : 0
      expect(auroc(scored)).toBeCloseTo(wins / positives.length / negatives.length, 10)

      const above = (list: number[], cut: number) => list.filter((i) => scores[i]! >= cut).length
      let precisionSum = 0
      for (const p of positives) {
        const cut = scores[p]!
        precisionSum += above(positives, cut) / above(rows, cut)
      }
      expect(averagePrecision(scored)).toBeCloseTo(precisionSum / positives.length, 10)

      const rate = tenths / 10
      const recalls = [...scores]
        .filter((cut) => above(negatives, cut) <= rate * negatives.length)
        .map((cut) => above(positives, cut) / positives.length)
      expect(recallAtFalsePositives(scored, rate)).toBeCloseTo(Math.max(0, ...recalls), 10)
    }),
  )
})

test('recall at K is the mean over all orders of tied rows', () => {
  const scored = { scores: Float64Array.of(0.9, 0.5, 0.5, 0.5, 0.1), labels: Uint8Array.of(1, 1, 0, 0, 0) }
  // The second place goes to one of three tied rows.
  expect(recallAtK(scored)).toBeCloseTo((1 + 1 / 3) / 2, 14)
  expect(recallAtK(scored, 1)).toBeCloseTo(1 / 2, 14)
  expect(recallAtK(scored, 5)).toBe(1)
})

test('the order of rows does not matter', () => {
  fc.assert(
    fc.property(scoredRows, fc.integer(), ({ scores, labels }, seed) => {
      const order = Int32Array.from(scores.keys())
      new Random(seed).shuffle(order)
      const moved = {
        scores: Float64Array.from(order, (i) => scores[i]!),
        labels: Uint8Array.from(order, (i) => labels[i]!),
      }
      for (const metric of [auroc, averagePrecision, recallAtK])
        expect(metric(moved)).toBeCloseTo(metric({ scores, labels }), 12)
      expect(calibrationError(moved).debiased).toBeCloseTo(calibrationError({ scores, labels }).debiased, 12)
    }),
  )
})

test('bins hold equal mass, and equal probabilities stay together', () => {
  const n = 1000
  const scores = Float64Array.from({ length: n }, (_, i) => (i + 0.5) / n)
  expect(calibrationBins({ scores, labels: new Uint8Array(n) }).map((bin) => bin.count)).toEqual(
    new Array(10).fill(100),
  )
  const tied = { scores: new Float64Array(n).fill(0.3), labels: new Uint8Array(n) }
  expect(calibrationBins(tied)).toHaveLength(1)
})

test('the debiased error of a calibrated score is near 0 where the plain one is not, and a real gap stays', () => {
  const random = new Random(3)
  const n = 500
  const mean = (shift: number) => {
    const sums = { plain: 0, debiased: 0, rootMeanSquare: 0 }
    for (let run = 0; run < 60; run++) {
      const scores = Float64Array.from({ length: n }, () => 0.05 + 0.9 * random.float())
      const labels = Uint8Array.from(scores, (p) => Number(random.float() < p + shift * Math.sign(0.5 - p)))
      const error = calibrationError({ scores, labels })
      sums.plain += error.plain / 60
      sums.debiased += error.debiased / 60
      sums.rootMeanSquare += error.rootMeanSquare / 60
    }
    return sums
  }
  const none = mean(0)
  expect(none.plain).toBeGreaterThan(0.03)
  expect(none.debiased).toBeLessThan(0.7 * none.plain)
  const gap = mean(0.2)
  expect(gap.debiased).toBeCloseTo(0.2, 1)
  expect(gap.rootMeanSquare).toBeCloseTo(0.2, 1)
})

test('one class, broken scores and broken labels are errors that say so', () => {
  const ones = { scores: Float64Array.of(0.1, 0.2), labels: Uint8Array.of(1, 1) }
  for (const metric of [auroc, averagePrecision, recallAtK]) {
    expect(() => metric(ones)).toThrow(RingfenceError)
    expect(() => metric(ones)).toThrow(/one class.*2 of 2 rows are positive/)
  }
  expect(() => auroc({ scores: Float64Array.of(Number.NaN, 1), labels: Uint8Array.of(0, 1) })).toThrow(
    /score NaN of row 0/,
  )
  expect(() => auroc({ scores: Float64Array.of(0, 1), labels: Uint8Array.of(0, 2) })).toThrow(/label 2 of row 1/)
  expect(() => brierScore({ scores: Float64Array.of(1.5), labels: Uint8Array.of(1) })).toThrow(/not a probability/)
})

test('the spread of a measure is that of the binomial for rows by themselves, and of as many draws as there are pieces else', () => {
  const random = new Random(11)
  const piecesOf20 = Array.from({ length: 400 }, (_, row) => Math.floor(row / 20))
  const drawn = Array.from({ length: 20 }, () => Number(random.float() < 0.5))
  const share = ({ labels }: Scored) => labels.reduce((sum, y) => sum + y, 0) / labels.length
  const scored = { scores: new Float64Array(400), labels: Uint8Array.from(piecesOf20, (piece) => drawn[piece]!) }
  const p = share(scored)
  const alone = spreadOverPieces(scored, [...piecesOf20.keys()], share)!
  const tied = spreadOverPieces(scored, piecesOf20, share)!
  // Fifty draws know a deviation to a tenth; three tenths are three of these.
  expect(alone / Math.sqrt((p * (1 - p)) / 400)).toBeGreaterThan(0.7)
  expect(alone / Math.sqrt((p * (1 - p)) / 400)).toBeLessThan(1.3)
  expect(tied / Math.sqrt((p * (1 - p)) / 20)).toBeGreaterThan(0.7)
  expect(tied / Math.sqrt((p * (1 - p)) / 20)).toBeLessThan(1.3)
  expect(spreadOverPieces(scored, new Array(400).fill(1), share)).toBeNull()
})
