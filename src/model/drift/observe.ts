/** A scoring together with what it shows of the platform, so that tables of features are made once. */
import type { ScoredKind } from '../features/product/sides.js'
import { scoreWithModel } from '../product/labelled-training.js'
import type { EntityScores } from '../product/score-entities.js'
import { describeInputs, describeScores, type KindBaseline, type ModelBaseline } from './baseline.js'

export interface Observation {
  readonly scores: readonly EntityScores[]
  /** Over the bins of the baseline where there is one, else over deciles of its own. */
  readonly kinds: readonly KindBaseline[]
}

export const observe = (
  inputs: Omit<Parameters<typeof scoreWithModel>[0], 'inspect'>,
  baseline: ModelBaseline | null,
): Observation => {
  const before = (kind: ScoredKind) => baseline?.kinds.find((each) => each.kind === kind) ?? null
  const tables = new Map<ScoredKind, KindBaseline['features']>()
  const scores = scoreWithModel({
    ...inputs,
    inspect: (kind, matrix) => {
      tables.set(kind, describeInputs(matrix, before(kind)))
    },
  })
  return {
    scores,
    kinds: scores.map(({ kind, score }) => ({
      kind,
      features: tables.get(kind) ?? [],
      scores: describeScores(score, before(kind)),
    })),
  }
}
