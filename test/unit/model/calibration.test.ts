import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Random } from '#src/kernels/random.js'
import { calibrate, fitCalibration, wilsonInterval } from '#src/model/calibration/calibrate.js'
import { isotonicSteps, readSteps } from '#src/model/calibration/isotonic.js'
import { fitLogistic } from '#src/model/calibration/logistic.js'
import { calibrationError } from '#src/model/metrics.js'
import { fitStack, stackScores } from '#src/model/stack/stack.js'

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const normal = (random: Random) => Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())

describe('logistic regression', () => {
  test("agrees with scikit-learn 1.9.1's LogisticRegression with C = .5", () => {
    const columns = [
      Float64Array.of(0.5, 1.5, 2, -1, -0.3, 0, 1, -2),
      Float64Array.of(1, -1, 0.3, 0.2, -2, 0.7, 1, -0.5),
    ]
    const { coefficients } = fitLogistic(columns, Uint8Array.of(1, 1, 1, 0, 0, 1, 0, 0), {
      center: new Float64Array(3),
      precision: Float64Array.of(0, 2, 2),
    })
    expect(coefficients[0]!).toBeCloseTo(-0.14577848, 5)
    expect(coefficients[1]!).toBeCloseTo(0.64397819, 5)
    expect(coefficients[2]!).toBeCloseTo(0.22160936, 5)
  })

  test('its covariance is the spread of the estimate over many samples', () => {
    const random = new Random(4)
    const slopes: number[] = []
    let said = 0
    const runs = 200
    for (let run = 0; run < runs; run++) {
      const x = Float64Array.from({ length: 200 }, () => normal(random))
      const labels = Uint8Array.from(x, (v) => Number(random.float() < sigmoid(0.5 + v)))
      const fit = fitLogistic([x], labels, { center: new Float64Array(2), precision: new Float64Array(2) })
      slopes.push(fit.coefficients[1]!)
      said += Math.sqrt(fit.covariance[3]!) / runs
    }
    const mean = slopes.reduce((sum, b) => sum + b, 0) / runs
    const seen = Math.sqrt(slopes.reduce((sum, b) => sum + (b - mean) ** 2, 0) / runs)
    expect(said / seen).toBeGreaterThan(0.85)
    expect(said / seen).toBeLessThan(1.15)
  })

  test('separable labels end at finite coefficients where there is a prior', () => {
    const { coefficients } = fitLogistic([Float64Array.of(-1, -2, 1, 2)], Uint8Array.of(0, 0, 1, 1), {
      center: new Float64Array(2),
      precision: Float64Array.of(0, 1),
    })
    expect(coefficients.every(Number.isFinite)).toBe(true)
    expect(coefficients[1]!).toBeGreaterThan(0)
  })
})

describe('isotonic regression', () => {
  test('the rising curve of least squares: no other rising one of the grid is nearer', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1 }))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
        const scores = Float64Array.from(rows, ([s]) => s)
        const labels = rows.map(([, y]) => y)
        const steps = isotonicSteps(scores, labels)
        const stepOf = (score: number) => {
          // The step of a score is the last whose least score is not above it.
          let k = 0
          let seen = 0
          const sorted = [...scores].sort((a, b) => a - b)
          for (let at = 0; at < sorted.length; at++) {
            if (at >= seen + steps.counts[k]!) seen += steps.counts[k++]!
            if (sorted[at] === score) return k
          }
          return k
        }
        const error = (value: (score: number) => number) =>
          scores.reduce((sum, s, i) => sum + (value(s) - labels[i]!) ** 2, 0)
        const found = error((s) => steps.values[stepOf(s)]!)
        for (let k = 1; k < steps.values.length; k++) expect(steps.values[k]!).toBeGreaterThan(steps.values[k - 1]!)
        // Dynamic programming over rising values of a grid of quarters is never better.
        const levels = [...new Set(scores)].sort((a, b) => a - b)
        const grid = Array.from({ length: 13 }, (_, g) => g / 12)
        let best = grid.map(() => 0)
        for (const level of levels) {
          const cost = grid.map((g) =>
            scores.reduce((sum, s, i) => (s === level ? sum + (g - labels[i]!) ** 2 : sum), 0),
          )
          let least = Infinity
          best = best.map((before, g) => {
            least = Math.min(least, before)
            return least + cost[g]!
          })
        }
        expect(found).toBeLessThanOrEqual(Math.min(...best) + 1e-9)
      }),
    )
  })

  test('agrees with scikit-learn 1.9.1 at the centres of its steps, and keeps the order between them', () => {
    const steps = isotonicSteps(Float64Array.of(1, 2, 3, 4, 5, 6), [1, 3, 2, 4, 3.5, 6])
    expect([...steps.values]).toEqual([1, 2.5, 3.75, 6])
    expect([...steps.scores]).toEqual([1, 2.5, 4.5, 6])
    expect(readSteps(steps, 3)).toBeGreaterThan(readSteps(steps, 2))
    expect(readSteps(steps, -9)).toBe(1)
    expect(readSteps(steps, 99)).toBe(6)
  })
})

describe('calibration', () => {
  /** Log-odds `scores` whose truth is `truth(score)`. */
  const rowsOf = (n: number, seed: number, truth: (score: number, market: string) => number, markets = ['']) => {
    const random = new Random(seed)
    const scores = Float64Array.from({ length: n }, () => 2 * normal(random) - 1)
    const names = Array.from({ length: n }, () => markets[random.below(markets.length)]!)
    const labels = Uint8Array.from(scores, (s, i) => Number(random.float() < truth(s, names[i]!)))
    return { scores, labels, markets: names }
  }
  const errorOn = (calibration: ReturnType<typeof fitCalibration>, rows: ReturnType<typeof rowsOf>) =>
    calibrationError({
      scores: Float64Array.from(rows.scores, (s, i) => calibrate(calibration, s, rows.markets[i]!).probability),
      labels: rows.labels,
    }).debiased

  test('an over-confident score is put right by a line', () => {
    const truth = (s: number) => sigmoid(0.4 * s - 1)
    const calibration = fitCalibration(rowsOf(2000, 1, truth), 1)
    expect(calibration.method).toBe('platt')
    expect(calibration.line.slope).toBeCloseTo(0.4, 0)
    expect(errorOn(calibration, rowsOf(20_000, 2, truth))).toBeLessThan(0.02)
  })

  test('a bent score is put right by steps, where there are labels enough', () => {
    const truth = (s: number) => (s < 0 ? 0.05 : s < 1 ? 0.5 : 0.55)
    const calibration = fitCalibration(rowsOf(5000, 3, truth), 1)
    expect(calibration.method).toBe('isotonic')
    expect(errorOn(calibration, rowsOf(20_000, 4, truth))).toBeLessThan(0.02)
    expect(fitCalibration(rowsOf(40, 5, truth), 1).method).toBe('platt')
  })

  test('a market with many labels has its own level, one with few hardly, an unknown one the level of all', () => {
    const truth = (s: number, market: string) => sigmoid(s + (market === 'A' ? 1.5 : -1))
    const rows = rowsOf(4000, 6, truth, ['A', 'B', 'B', 'B'])
    const few = { scores: Float64Array.of(0, 0), labels: Uint8Array.of(1, 1), markets: ['C', 'C'] }
    const calibration = fitCalibration(
      {
        scores: Float64Array.from([...rows.scores, ...few.scores]),
        labels: Uint8Array.from([...rows.labels, ...few.labels]),
        markets: [...rows.markets, ...few.markets],
      },
      1,
    )
    const at = (market: string) => calibrate(calibration, 0, market)
    expect(at('A').probability).toBeGreaterThan(at('').probability + 0.2)
    expect(at('B').probability).toBeLessThan(at('').probability)
    expect(at('C').probability - at('').probability).toBeLessThan(0.2)
    expect(at('C').probability).toBeGreaterThan(at('').probability)
    expect(at('C').labels).toBe(2)
    expect(at('C').high - at('C').low).toBeGreaterThan(0.5)
    expect(at('NEW')).toEqual(at(''))
    expect(at('NEW').basis).toBe('pooled')
    expect(errorOn(calibration, rowsOf(20_000, 7, truth, ['A', 'B', 'B', 'B']))).toBeLessThan(0.03)
  })

  test('a market has a level of its own where parts left out show it, and labels of one ring are one draw of that', () => {
    const rows = rowsOf(400, 8, sigmoid, ['A', 'B'])
    const alone = { ...rows, pieces: Int32Array.from(rows.labels.keys()) }
    expect(fitCalibration(alone, 1)).toEqual(fitCalibration(rows, 1))
    expect(fitCalibration(rows, 1).markets.size).toBe(0)
    // A third market, where forty of forty-eight with middling scores are bad: each for itself, or all of one ring.
    const third = Uint8Array.from({ length: 48 }, (_, i) => Number(i % 6 > 0))
    const given = (pieces: Int32Array) => ({
      scores: Float64Array.from([...rows.scores, ...third].map((score, i) => (i < 400 ? score : -2))),
      labels: Uint8Array.from([...rows.labels, ...third]),
      markets: [...rows.markets, ...Array.from(third, () => 'C')],
      pieces,
    })
    const apart = Int32Array.from({ length: 448 }, (_, i) => i)
    const tied = apart.map((i) => (i >= 400 && third[i - 400] === 1 ? 400 : i))
    expect(fitCalibration(given(apart), 1).markets.get('C')!.shift).toBeGreaterThan(1)
    expect(fitCalibration(given(tied), 1).markets.size).toBe(0)
  })

  test('intervals hold the true rate about as often as they say', () => {
    let held = 0
    let asked = 0
    for (let run = 0; run < 40; run++) {
      const calibration = fitCalibration(rowsOf(300, 100 + run, sigmoid), 1)
      for (const score of [-3, -1, 0, 1]) {
        const { low, high } = calibrate(calibration, score)
        asked++
        held += Number(low <= sigmoid(score) && sigmoid(score) <= high)
      }
    }
    expect(held / asked).toBeGreaterThan(0.93)
    expect(wilsonInterval(0.5, 0)).toEqual({ low: 0, high: 1 })
    // Wilson's interval for 10 of 100, as the statistics books print it.
    expect(wilsonInterval(0.1, 100).low).toBeCloseTo(0.0552, 3)
    expect(wilsonInterval(0.1, 100).high).toBeCloseTo(0.1744, 3)
  })

  test('never turns the order round, stays within 0 and 1, and says what is wrong', () => {
    const inverse = fitCalibration(
      rowsOf(300, 9, (s) => sigmoid(-s)),
      1,
    )
    expect(calibrate(inverse, 2).probability).toBeGreaterThanOrEqual(calibrate(inverse, -2).probability)
    const apart = fitCalibration({ scores: Float64Array.of(-5, -4, 4, 5), labels: Uint8Array.of(0, 0, 1, 1) }, 1)
    for (const score of [-1e9, -5, 0, 5, 1e9]) {
      const { probability, low, high } = calibrate(apart, score)
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(probability).toBeGreaterThan(0)
      expect(probability).toBeLessThan(1)
    }
    const one = { scores: Float64Array.of(1, 2), labels: Uint8Array.of(1, 1) }
    expect(() => fitCalibration(one, 1)).toThrow(expect.objectContaining({ code: 'model.one-class' }))
  })
})

describe('stack', () => {
  const made = (n: number, seed: number) => {
    const random = new Random(seed)
    const truth = Float64Array.from({ length: n }, () => 2 * normal(random) - 1)
    const noisy = (deviation: number) => truth.map((s) => s + deviation * normal(random))
    const parts = [
      { name: 'good', scores: noisy(0.5), isLogOdds: true },
      { name: 'noise', scores: noisy(0).map(() => 2 * normal(random)), isLogOdds: true },
      { name: 'push', scores: noisy(3), isLogOdds: false },
    ]
    return { parts, labels: Uint8Array.from(truth, (s) => Number(random.float() < sigmoid(s))) }
  }

  test('with many labels it hears the parts that know; its score is calibrated', () => {
    const { parts, labels } = made(4000, 1)
    const stack = fitStack(parts, labels)
    expect(stack.coefficients[0]!).toBeGreaterThan(0.7)
    expect(Math.abs(stack.coefficients[1]!)).toBeLessThan(0.1)
    const held = made(8000, 2)
    const scores = stackScores(stack, held.parts).map(sigmoid)
    expect(calibrationError({ scores, labels: held.labels }).debiased).toBeLessThan(0.02)
  })

  test('with ten labels it stays near the mean of its parts', () => {
    const { parts, labels } = made(10, 3)
    labels[0] = 1
    labels[1] = 0
    const [good, noise, push] = fitStack(parts, labels).coefficients
    for (const value of [good!, noise!]) {
      expect(value).toBeGreaterThan(0)
      expect(value).toBeLessThan(1.2)
    }
    expect(Math.abs(push!)).toBeLessThan(0.6)
  })

  test('a part of log-odds that speaks against the labels is not turned round, and infinite certainty is drawn in', () => {
    const { parts, labels } = made(2000, 4)
    const against = { name: 'against', scores: parts[0]!.scores.map((s) => -s), isLogOdds: true }
    const weak = { ...parts[2]!, isLogOdds: true }
    const stack = fitStack([weak, against], labels)
    expect(stack.coefficients[1]).toBe(0)
    const certain = stackScores(stack, [
      { ...weak, scores: Float64Array.of(1e300) },
      { ...against, scores: Float64Array.of(0) },
    ])
    expect(certain[0]!).toBeLessThan(20)
    expect(() => stackScores(stack, [weak])).toThrow(/push, against/)
    expect(() => fitStack(parts, new Uint8Array(2000))).toThrow(expect.objectContaining({ code: 'model.one-class' }))
  })
})
