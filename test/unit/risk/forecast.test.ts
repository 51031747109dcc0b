import { describe, expect, test } from '@jest/globals'
import { Random } from '#src/kernels/random.js'
import { backtest } from '#src/risk/forecast/backtest.js'
import { CovariateReader, covariates } from '#src/risk/forecast/covariates.js'
import { forecast, horizons } from '#src/risk/forecast/forecast.js'
import { expectedDays, within } from '#src/risk/forecast/hazard.js'
import { type ForecastHistory, knownAt, movesOf, type RingHistory } from '#src/risk/forecast/history.js'

const domains = ['US', 'ID', 'GB'].flatMap((market) => ['content', 'shelf'].map((scenario) => ({ market, scenario })))

const opened = new Float64Array(domains.length)

/** Rings that come to a domain some days after something of theirs was seen there, or by chance alone. */
const world = (seed: number, follows: boolean, days = 280, count = 90): ForecastHistory => {
  const random = new Random(seed)
  const rings = Array.from({ length: count }, (_, i): RingHistory => {
    const born = random.float() * days * 0.8
    const arrivals = new Float64Array(domains.length).fill(Number.NaN)
    arrivals[random.below(domains.length)] = born
    const footholds = domains.map((_, domain) => {
      if (arrivals[domain]! >= 0) return new Float64Array([born])
      const seen = born + random.float() * 400
      const comes = follows ? seen + 3 + 14 * random.float() : born + 900 * random.float()
      if (comes < days && random.float() < 0.8) arrivals[domain] = comes
      return seen < days ? new Float64Array([seen]) : new Float64Array()
    })
    const stop = born + 100 + 800 * random.float()
    return {
      id: `r${i}`,
      joined: new Float64Array(5 + random.below(40)).fill(born),
      born,
      end: stop < days ? { day: stop, kind: 'banned' } : null,
      arrivals,
      footholds,
    }
  })
  const activity = Float64Array.from({ length: days * domains.length }, () => random.below(1000))
  return { domains, opened, days, rings, activity, bans: activity.map(() => (random.below(20) === 0 ? 1 : 0)) }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'number' && Number.isNaN(each) ? 'NaN' : each))

test('within: the chance of an arrival adds up over weeks, and an end is another way out', () => {
  expect(within(1, [0.2, 0.9, 0.9], 0.5)).toBeCloseTo(0.2, 12)
  expect(within(2, [0.2, 0.2, 0.9], 0)).toBeCloseTo(1 - 0.8 ** 2, 12)
  expect(within(2, [0.2, 0.3, 0.9], 0.5)).toBeCloseTo(0.2 + 0.8 * 0.5 * 0.3, 12)
  expect(within(4, [0.2, 0.3, 0.1], 0)).toBeCloseTo(1 - 0.8 * 0.7 * 0.9 * 0.9, 12)
  expect(within(4, [0, 0, 0], 0.1)).toBe(0)
  expect(within(4, [1, 0, 0], 0.1)).toBe(1)
  expect(expectedDays([0.1, 0.1, 0.1])).toBeCloseTo(7 * (1 / 0.1 - 0.5), 9)
})

test('covariates by hand', () => {
  const nan = Number.NaN
  const ring = (id: string, born: number, arrivals: number[], more: Partial<RingHistory> = {}): RingHistory => ({
    id,
    joined: new Float64Array(7).fill(born),
    born,
    end: null,
    arrivals: Float64Array.from(arrivals),
    footholds: domains.map(() => new Float64Array()),
    ...more,
  })
  const footholds = domains.map((_, d) => Float64Array.from(d === 1 ? [5, 20, 27, 40] : []))
  const rings = [ring('a', 2, [2, nan, 16, nan, nan, nan], { footholds }), ring('b', 1, [1, 23, nan, nan, nan, nan])]
  const activity = new Float64Array(60 * domains.length)
  const bans = new Float64Array(60 * domains.length)
  for (let day = 0; day < 60; day++) activity[day * domains.length + 1] = 10
  bans[29 * domains.length + 0] = 2
  bans[20 * domains.length + 0] = 5
  bans[25 * domains.length + 1] = 3
  const reader = new CovariateReader({ domains, opened, days: 60, rings, activity, bans })
  reader.at(30)
  const values = new Float64Array(covariates.length)
  reader.read(0, 1, values)
  const named = Object.fromEntries(covariates.map(({ name }, c) => [name, values[c]]))
  expect(named).toMatchObject({
    size: 7,
    age: 4,
    spread: 2,
    rest: 2,
    footholds: 3,
    'fresh-footholds': 2,
    'same-market': 1,
    'same-scenario': 0,
    traffic: 280,
    pressure: 2,
    'pressure-there': 3,
  })
  expect(named.wave).toBeCloseTo(Math.exp(-7 / 7), 12)
  expect(named['long-wave']).toBeCloseTo(Math.exp(-7 / 28), 12)
  // b came to domain 1 on day 23 from domain 0, where a is.
  expect(named.path).toBeCloseTo(Math.exp(-7 / 60), 12)
})

test('nothing of the future is read: a forecast from a cut history and one whose future was other are the same bytes', () => {
  const full = world(3, true, 140, 45)
  const other = world(4, true, 140, 45)
  const day = 100
  const known = knownAt(full, day)
  expect(known.rings.every(({ born }) => born <= day)).toBe(true)
  expect(movesOf(known).every((move) => move.day <= day)).toBe(true)
  const mixed: ForecastHistory = {
    ...full,
    activity: Float64Array.from(full.activity, (value, i) => (i < day * domains.length ? value : other.activity[i]!)),
    rings: full.rings.map((ring) => ({
      ...ring,
      arrivals: ring.arrivals.map((time) => (time <= day ? time : Number.NaN)),
      footholds: ring.footholds.map((times) => Float64Array.from([...times.filter((time) => time <= day), day + 1])),
    })),
  }
  const made = text(forecast(known))
  expect(text(forecast(knownAt(mixed, day)))).toBe(made)
  // Nothing is left over from one to the next.
  expect(text(forecast(knownAt(full, day)))).toBe(made)
})

describe('a world where things of a ring are seen before it comes', () => {
  const history = world(1, true)
  const result = forecast(knownAt(history, 240))

  test('chances rise with the horizon, lie in their intervals, and come with reasons', () => {
    expect(result.model.knowsNothing).toBe(false)
    for (const { chance, interval } of result.pairs) {
      expect(chance[7]).toBeLessThanOrEqual(chance[14])
      expect(chance[14]).toBeLessThanOrEqual(chance[28])
      for (const horizon of horizons) {
        expect(interval[horizon].low).toBeLessThanOrEqual(chance[horizon] + 1e-12)
        expect(interval[horizon].high).toBeGreaterThanOrEqual(chance[horizon] - 1e-12)
      }
    }
    const top = result.pairs.slice(0, 10)
    expect(
      top.filter(({ reasons }) => reasons.some(({ covariate }) => covariate.endsWith('footholds'))).length,
    ).toBeGreaterThan(7)
    const sum = result.pairs.reduce((total, { chance }) => total + chance[28], 0)
    expect(result.map.reduce((total, { expected }) => total + expected, 0)).toBeCloseTo(sum, 9)
    const left = result.flows.reduce((total, { expected }) => total + expected, 0)
    expect(left).toBeLessThanOrEqual(sum + 1e-9)
    expect(left).toBeGreaterThan(sum - 0.01 * domains.length ** 2)
  })

  test('a ring that has ended, or is there already, gets none', () => {
    const known = knownAt(history, 240)
    const over = new Set(known.rings.filter(({ end }) => end !== null).map(({ id }) => id))
    expect(over.size).toBeGreaterThan(2)
    expect(result.pairs.some(({ ring }) => over.has(ring))).toBe(false)
  })

  test('looking back, it beats the base rate and each of the rules', () => {
    const back = backtest(history, { everyDays: 42 })!
    expect(back.beatsBaseRate).toBe(true)
    expect(back.beatsRules).toBe(true)
    // Of what comes within four weeks most is not seen yet; of what comes within one, most is.
    expect(back.horizons[0]!.auc.forecast!).toBeGreaterThan(0.75)
    expect(back.leadDays!).toBeGreaterThan(0)
  })
})

test('a world without any sign: it knows nothing, gives the base rate, and says so', () => {
  let quiet = 0
  for (const seed of [11, 12]) {
    const history = world(seed, false)
    const result = forecast(history)
    if (result.model.knowsNothing) {
      quiet++
      expect(new Set(result.pairs.map(({ chance }) => chance[28])).size).toBe(1)
      expect(result.pairs[0]!.reasons).toEqual([])
    }
  }
  expect(quiet).toBeGreaterThanOrEqual(1)
  const back = backtest(world(12, false), { everyDays: 84 })!
  expect(back.horizons.at(-1)!.skill).toBeLessThan(0.02)
})

test.each([
  ['no rings', { ...world(1, true), rings: [] }],
  [
    'one domain',
    {
      ...world(1, true, 60, 3),
      domains: domains.slice(0, 1),
      opened: new Float64Array(1),
      activity: new Float64Array(60),
      bans: new Float64Array(60),
      rings: [],
    },
  ],
  ['a history of a day', knownAt(world(1, true), 1)],
])('%s: an answer all the same', (_name, history) => {
  const result = forecast(history)
  for (const { chance } of result.pairs) expect(Number.isFinite(chance[28])).toBe(true)
  expect(backtest(history)).toBeNull()
})
