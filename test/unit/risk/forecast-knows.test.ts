/** The sentence that goes with every forecast: it never claims more than looking back showed. */
import { expect, test } from '@jest/globals'
import type { Backtest, HorizonScore } from '#src/risk/forecast/backtest.js'
import { knowsOf } from '#src/risk/forecast/knows.js'

const look = (more: Partial<Backtest>): Backtest => ({
  origins: 6,
  beatsBaseRate: true,
  beatsRules: true,
  leadDays: 9,
  horizons: [
    {
      horizon: 28,
      skill: 0.123,
      skillInterval: { low: -0.04, high: 0.2 },
      auc: { forecast: 0.66, persistence: 0.61, popularity: 0.5, gravity: null },
    } as unknown as HorizonScore,
  ],
  ...more,
})

test('no look back: it says that nothing says so', () => {
  const { sentence, ...rest } = knowsOf(null, true)
  expect(rest).toEqual({ beatsBaseRate: false, beatsRules: false })
  expect(sentence).toMatch(/^The history is too short .* nothing says that these chances are better/)
})

test('not better than the base rate: read it as how often rings move, and no rule is named beside it', () => {
  const { sentence, ...rest } = knowsOf(look({ beatsBaseRate: false, beatsRules: false }), true)
  expect(rest).toEqual({ beatsBaseRate: false, beatsRules: false })
  expect(sentence).toContain('skill over the base rate was 0.12 (90 %: -0.04 to 0.20): it did not beat the base rate.')
  expect(sentence).toContain('At this moment it knows nothing')
  expect(sentence).not.toContain('persistence')
})

test('better than the base rate, not than the rules: it says so beside what each rule did', () => {
  const { sentence, ...rest } = knowsOf(look({ beatsRules: false }), false)
  expect(rest).toEqual({ beatsBaseRate: true, beatsRules: false })
  expect(sentence).toContain('in 0.66 of cases, by persistence in 0.61, popularity in 0.50, gravity in unknown:')
  expect(sentence).toContain('it does not rank better than each of these simple rules beyond chance.')
})

test('better than both: the figures stand there without that', () => {
  const { sentence, ...rest } = knowsOf(look({}), false)
  expect(rest).toEqual({ beatsBaseRate: true, beatsRules: true })
  expect(sentence).not.toMatch(/did not|does not|knows nothing/)
})
