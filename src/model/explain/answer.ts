/** An explanation as the API and the command give it: sentences made whole, with names as the reader may see them. */
import { counterfactualSentence, type Explanation } from './explain.js'
import { sentenceOf } from './wording.js'

/** `name` shows a `kind:id`. */
export const answerOf = (explanation: Explanation, name: (full: string) => string = (full) => full) => {
  const { score, low, high, labels, logOdds, intercept, parts, entity, rest, tried, leftOut } = explanation
  return {
    entity,
    score,
    interval: { low, high },
    labels,
    supervised: true,
    logOdds,
    intercept,
    parts: [...parts],
    rest,
    tried,
    leftOut,
    explanation: explanation.reasons.map((reason) => {
      // Ids of rings are nobody's.
      const shown = reason.feature.startsWith('rings.') ? (id: string) => id : name
      const { part, feature, unit, value, typical, contribution, ids, more } = reason
      const sentence = sentenceOf(reason, shown)
      return { sentence, part, feature, unit, value, typical, contribution, ids: ids.map(shown), more }
    }),
    counterfactuals: explanation.counterfactuals.map((each) => ({
      sentence: counterfactualSentence(each, name),
      without: each.is === 'ring' ? each.without : name(each.without),
      score: each.score,
    })),
  }
}

export type ScoreAnswer = ReturnType<typeof answerOf>
