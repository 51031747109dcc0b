/** The score of one entity with its reasons, straight from a store: as long as scoring all of them, since the whole graph is read. */
import { isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { answerOf, type ScoreAnswer } from '../model/explain/answer.js'
import type { GraphStore } from '../store/store.js'
import { type ModelJob, withSnapshot } from './model-jobs.js'
import { asOfText } from './read-view.js'
import type { ModelSource } from './served-model.js'

export interface ExplainedScore extends ScoreAnswer {
  readonly run: string | null
  readonly model: string
  readonly asOf: string | null
}

/** Throws `model.none`, `model.kind`, `entity.unknown`, `request.invalid` where `entity` is not kind:id, and why the model cannot be used. */
export const explainScore = async (
  store: GraphStore,
  source: ModelSource,
  job: ModelJob & { readonly entity: string; readonly reasons: number },
): Promise<ExplainedScore> => {
  const { entity, reasons } = job
  const colon = entity.indexOf(':')
  const kind = entity.slice(0, colon)
  if (colon < 0 || !isEntityKind(kind) || colon === entity.length - 1)
    throw new RingfenceError('request.invalid', `${entity} is not kind:id, as in user:u1.`, { entity })
  const { id: model, model: content } = await source.load()
  return withSnapshot(store, job, async (pool, snapshot, rings) => {
    const progress = (step: string, done: number) => job.progress?.(0.1 + 0.9 * done, step)
    await pool.run({ name: 'open-scorer', snapshot, rings, model: content }, progress)
    const asked = { name: 'explain', kind, id: entity.slice(colon + 1), reasons } as const
    const { known, explanation } = await pool.run(asked)
    if (!known) throw new RingfenceError('entity.unknown', `${store.location} has no ${entity} in its graph.`)
    if (explanation === null) throw new RingfenceError('model.kind', `Model ${model} has no scores of a ${kind}.`)
    const run = rings?.run ?? null
    return { run: run?.id ?? null, model, asOf: run && asOfText(run), ...answerOf(explanation) }
  })
}
