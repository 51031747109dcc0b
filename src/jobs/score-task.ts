/** Scores by a model, the drift since its training, and the challenger's differences: the work of one thread. */
import { RingfenceError } from '../errors.js'
import type { Backend } from '../model/backend.js'
import { freshLabels, measureDrift } from '../model/drift/measure-drift.js'
import { type Observation, observe } from '../model/drift/observe.js'
import { compareScores } from '../model/drift/shadow.js'
import type { EntityScores } from '../model/product/score-entities.js'
import type { ResultOf, Task } from './tasks.js'

type ScoreTask = Extract<Task, { name: 'score' }>

interface Watch {
  readonly backend: Backend
  readonly check: () => void
  readonly progress: (step: string, done: number) => void
}

/** A comparison with NaN is never true, so that one would go through everything unseen. Throws `model.number`. */
export const checkNumbers = (scores: readonly EntityScores[]): void => {
  for (const { kind, score, interval } of scores)
    for (const values of [score, ...(interval ? [interval.low, interval.high] : [])]) {
      const at = values.findIndex((value) => !Number.isFinite(value))
      if (at >= 0)
        throw new RingfenceError(
          'model.number',
          `the score of ${kind} ${at} in the order of entities is ${values[at]}.`,
        )
    }
}

/** Throws `model.features` and `model.number` for the model itself; a challenger that cannot score is told of and stops nothing. */
export const scoreBeside = (
  task: ScoreTask,
  { backend, check, progress }: Watch,
): Omit<ResultOf<ScoreTask>, 'name'> => {
  const { snapshot, rings, model, challenger, records, limits, threshold } = task
  const share = challenger ? 0.5 : 1
  let reached = 0
  // Steps tell of themselves alone.
  const forward = (step: string, done: number): void => {
    reached = Math.max(reached, done)
    progress(step, reached)
  }
  const scoreBy = (each: typeof model, from: number): Observation => {
    const observed = observe(
      { snapshot, rings, model: each, backend, check, progress: (step, done) => forward(step, from + share * done) },
      each.baseline,
    )
    checkNumbers(observed.scores)
    return observed
  }
  const { scores, kinds } = scoreBy(model, 0)
  const fresh = freshLabels(records, model.labels, model.asOf ?? model.window?.to ?? null)
  const { baseline } = model
  const drift = baseline && measureDrift({ snapshot, baseline, now: kinds, scores, fresh, limits })
  if (challenger === null) return { scores, drift, shadow: null, failure: null }
  try {
    const beside = scoreBy(challenger, share)
    return { scores, drift, shadow: compareScores(scores, beside.scores, threshold), failure: null }
  } catch (error) {
    if (!(error instanceof RingfenceError) || error.code === 'job.cancelled') throw error
    return { scores, drift, shadow: null, failure: { code: error.code, detail: error.detail } }
  }
}
