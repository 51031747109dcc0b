/** The worker's side of explained scores: what one task makes ready the next ones ask. */
import type { EntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { findEntity } from '../graph/snapshot.js'
import { EntityScorer, type ScorerInputs } from '../model/explain/entity-scorer.js'
import { Explainer, type Explanation } from '../model/explain/explain.js'

let ready: { readonly scorer: EntityScorer; readonly explainer: Explainer } | null = null

export const openScorer = (inputs: ScorerInputs): void => {
  ready = null
  const scorer = new EntityScorer(inputs)
  ready = { scorer, explainer: new Explainer(scorer, inputs.model.seed) }
}

export const explainEntity = (
  kind: EntityKind,
  id: string,
  reasons: number,
): { readonly known: boolean; readonly explanation: Explanation | null } => {
  if (ready === null) throw new RingfenceError('internal', 'a score was asked for before its model was made ready')
  const entity = findEntity(ready.scorer.features.snapshot, kind, id)
  return entity < 0
    ? { known: false, explanation: null }
    : { known: true, explanation: ready.explainer.explain(entity, reasons) }
}
