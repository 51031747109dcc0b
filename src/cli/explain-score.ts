/** `ringfence score --explain`: one entity's score and its reasons, from a store or from a running service. */
import { resolve } from 'node:path'
import { entityKind, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { type ExplainedScore, explainScore } from '../jobs/explain-score.js'
import { modelSettings } from '../jobs/model-settings.js'
import { type ModelSource, modelSource } from '../jobs/served-model.js'
import { probabilityText, signed } from '../model/explain/wording.js'
import { findModel, isModelId, loadModel } from '../model/registry/registry.js'
import type { GraphStore } from '../store/store.js'
import { type Context, isService } from './context.js'
import { openProgress } from './progress.js'
import { ServiceClient } from './service/client.js'
import { withStore } from './store.js'

export interface ExplainOptions {
  readonly explain: string
  readonly model?: string
  readonly asOf?: number
  readonly run?: string
}

const reasons = 8

const sourceOf = (store: GraphStore, model: string | undefined): ModelSource => {
  if (model === undefined || !isModelId(model)) return modelSource(store, model && resolve(model))
  return {
    key: async () => model,
    async load() {
      const loaded = await loadModel(modelSettings(store).home, await findModel(store, model))
      return { id: model, model: loaded.model }
    },
  }
}

const fromService = async (
  context: Context,
  { explain, model, asOf, run }: ExplainOptions,
): Promise<ExplainedScore> => {
  if (model !== undefined || asOf !== undefined || run !== undefined)
    throw new RingfenceError('usage', 'a service explains by its champion and its latest run: leave the options out.')
  const colon = explain.indexOf(':')
  const kind = explain.slice(0, colon)
  const path = isEntityKind(kind) ? entityKind(kind).path : null
  if (path === null) throw new RingfenceError('request.invalid', `${explain} is not kind:id of what has scores.`)
  const address = `/v1/${path}/${encodeURIComponent(explain.slice(colon + 1))}/score?explain=${reasons}`
  return (await new ServiceClient(context.store, context.signal).json(address)) as ExplainedScore
}

const text = (answer: ExplainedScore): string => {
  const { entity, score, interval, labels, model, parts, explanation, counterfactuals } = answer
  const { low, high } = interval
  return [
    `${entity}: ${probabilityText(score)} (${probabilityText(low)} to ${probabilityText(high)}; ${labels} labels have such scores), by ${model}. A lead, never a verdict.`,
    `Parts in log-odds: ${parts.map(({ name, contribution }) => `${name} ${signed(contribution)}`).join(', ')}, begin ${signed(answer.intercept)}.`,
    ...explanation.map(({ part, sentence }) => `- [${part}] ${sentence}`),
    ...counterfactuals.map(({ sentence }) => `- ${sentence}`),
  ].join('\n')
}

export const runExplain = async (context: Context, options: ExplainOptions): Promise<void> => {
  const { explain: entity, asOf = null, run = null } = options
  if (isService(context.store)) {
    const answer = await fromService(context, options)
    return context.result({ ...answer }, text(answer))
  }
  const progress = openProgress(context.quiet)
  const answer = await withStore(context, { create: false }, (store) =>
    explainScore(store, sourceOf(store, options.model), {
      entity,
      reasons,
      asOf,
      run,
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  await context.result({ ...answer }, text(answer))
}
