/** Forecasts as the service shows them. */
import { Type } from 'typebox'
import { Nullable, Page } from './shapes.js'

export const ForecastQuery = Type.Object(
  {
    ...Page,
    ring: Type.Optional(Type.String({ maxLength: 200 })),
    domain: Type.Optional(Type.String({ maxLength: 200, description: '`scenario/market`, as in content/US.' })),
    minChance: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Within 28 days.' })),
  },
  { additionalProperties: false },
)

const Interval = Type.Object({ low: Type.Number(), high: Type.Number() })
const byDays = <T extends Parameters<typeof Type.Object>[0][string]>(of: T, description: string) =>
  Type.Object({ '7': of, '14': of, '28': of }, { description })

const PastScore = Type.Object(
  {
    forecasts: Type.Integer(),
    pairs: Type.Integer(),
    arrivals: Type.Integer({ description: 'What came true within 28 days.' }),
    expected: Type.Number(),
    brier: Type.Number(),
    baseBrier: Type.Number(),
    skill: Type.Number({ description: '1 - brier / baseBrier; 0: no better than how often rings move.' }),
    auc: Nullable(Type.Number()),
    calibrationError: Nullable(Type.Number()),
    latest: Type.Array(
      Type.Object({
        forecast: Type.String(),
        asOf: Type.String(),
        arrivals: Type.Integer(),
        expected: Type.Number(),
        brier: Type.Number(),
        baseBrier: Type.Number(),
        auc: Nullable(Type.Number()),
      }),
    ),
  },
  { description: 'Of earlier forecasts whose 28 days are over, on the pairs that they kept.' },
)

export const ForecastsAnswer = Type.Object({
  forecast: Type.String(),
  run: Type.String(),
  asOf: Type.String(),
  finishedAt: Type.String(),
  knows: Type.Object(
    { beatsBaseRate: Type.Boolean(), beatsRules: Type.Boolean(), sentence: Type.String() },
    { description: 'How far it is worth more than rules that anybody could use. Read it first.' },
  ),
  past: Nullable(PastScore),
  base: byDays(Type.Number(), 'What how often rings move says of every pair.'),
  map: Type.Array(Type.Object({ domain: Type.String(), expected: Type.Number(), interval: Interval }), {
    description: 'Rings that are expected to come within 28 days, with 90 % intervals.',
  }),
  flows: Type.Array(
    Type.Object({ from: Type.String(), to: Type.String(), expected: Type.Number(), interval: Interval }),
    { description: 'The same from domain to domain; a ring that is in several counts in parts.' },
  ),
  forecasts: Type.Array(
    Type.Object({
      ring: Type.String(),
      domain: Type.String(),
      chance: byDays(Type.Number(), 'That the ring is active there within so many days.'),
      interval: byDays(Interval, '90 %, of what was learned; not of what was never seen.'),
      expectedDays: Nullable(Type.Number({ description: 'If it is not stopped; null above a year.' })),
      reasons: Type.Array(
        Type.Object({
          covariate: Type.String(),
          value: Type.Number(),
          sentence: Type.String(),
          weight: Type.Number({ description: 'What it adds to the logit of the chance.' }),
        }),
      ),
    }),
    { description: 'By falling chance within 28 days. Leads, never verdicts.' },
  ),
  total: Type.Integer({ description: 'Kept pairs that fit.' }),
  rest: Type.Object(
    { pairs: Type.Integer(), expected: Type.Number() },
    { description: 'Pairs with less chance that are not kept, and how many of them are expected to come true.' },
  ),
  notes: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  next: Nullable(Type.String()),
})
