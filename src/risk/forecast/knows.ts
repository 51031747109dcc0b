/** In words, how far a forecast is worth more than rules that anybody could use: said with every answer. */
import { type Backtest, baselines } from './backtest.js'

export interface Knows {
  readonly beatsBaseRate: boolean
  readonly beatsRules: boolean
  readonly sentence: string
}

const two = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(2))

export const knowsOf = (look: Backtest | null, knowsNothing: boolean): Knows => {
  if (look === null)
    return {
      beatsBaseRate: false,
      beatsRules: false,
      sentence:
        'The history is too short to look back, or no ring could have moved: nothing says that these chances are better than how often rings move.',
    }
  const { beatsBaseRate, beatsRules, origins } = look
  const { skill, skillInterval, auc } = look.horizons.at(-1)!
  const measured = `Looking back from ${origins} dates, 28 days ahead, its skill over the base rate was ${two(skill)} (90 %: ${two(skillInterval.low)} to ${two(skillInterval.high)})`
  const beside = `an arrival was ranked above a pair that stayed away in ${two(auc.forecast)} of cases, by ${baselines.map((rule) => `${rule} in ${two(auc[rule])}`).join(', ')}`
  const now = knowsNothing ? ' At this moment it knows nothing: every pair has the base rate.' : ''
  if (!beatsBaseRate)
    return {
      beatsBaseRate,
      beatsRules,
      sentence: `${measured}: it did not beat the base rate. Read the chances as how often rings move, not as which ring moves where.${now}`,
    }
  if (!beatsRules)
    return {
      beatsBaseRate,
      beatsRules,
      sentence: `${measured}; ${beside}: it does not rank better than each of these simple rules beyond chance.${now}`,
    }
  return { beatsBaseRate, beatsRules, sentence: `${measured}; ${beside}.${now}` }
}
