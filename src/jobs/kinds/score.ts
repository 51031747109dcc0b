/** The scoring job of a service: every entity by the champion, with drift and the challenger's differences. */
import { type Static, Type } from 'typebox'
import { findModel } from '../../model/registry/registry.js'
import { defaultDetectParameters } from '../detect-parameters.js'
import type { JobKind } from '../job-kind.js'
import { givenOrStored, LabelList } from '../label-records.js'
import { estimateScoring } from '../model-estimate.js'
import { type ChallengerChoice, type ModelChoice, runScoring, scoringSummary } from '../scoring.js'

const ModelId = Type.String({ pattern: '^m-[0-9a-f]{12}$' })

const parameters = Type.Object(
  {
    model: Type.Optional(
      Type.Union([ModelId, Type.Literal('champion'), Type.Literal('unsupervised')], {
        description: 'A registered model, the champion (default), or none: a ranking by the rings of a run.',
      }),
    ),
    challenger: Type.Optional(
      Type.Union([ModelId, Type.Literal('newest'), Type.Literal('none')], {
        description:
          'Which model scores in the shadow: the newest candidate after the champion (default), another, or none.',
      }),
    ),
    asOf: Type.Optional(Type.String({ format: 'date-time' })),
    run: Type.Optional(Type.String({ maxLength: 64, description: 'The run whose rings it reads.' })),
    labels: Type.Optional(LabelList),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'A score that a person acts on.' })),
    memoryLimitMb: Type.Optional(Type.Integer({ minimum: 64 })),
  },
  { additionalProperties: false },
)

type Given = Static<typeof parameters>

const modelChoice = (model: string | undefined): ModelChoice =>
  model === undefined || model === 'champion' ? 'champion' : model === 'unsupervised' ? model : { id: model }

const challengerChoice = (challenger: string | undefined): ChallengerChoice =>
  challenger === undefined || challenger === 'newest'
    ? 'newest'
    : challenger === 'none'
      ? challenger
      : { id: challenger }

export const scoreJob: JobKind = {
  type: 'score',
  parameters,

  async prepare(store, request) {
    const given = request as Given
    for (const choice of [modelChoice(given.model), challengerChoice(given.challenger)])
      if (typeof choice === 'object' && 'id' in choice) await findModel(store, choice.id)
    return {
      parameters: { ...given },
      estimate: await estimateScoring(store),
      memoryLimitMb: given.memoryLimitMb ?? defaultDetectParameters().memoryLimitMb,
    }
  },

  async perform({ store, id, runId, fence, mode, parameters: row, signal, progress }) {
    const before = mode === 'write' ? await store.readScoring(runId) : null
    if (before !== null) return { ...scoringSummary(before, true) }
    const given = row as Given
    const asOf = given.asOf === undefined ? null : Date.parse(given.asOf)
    const { record } = await runScoring(store, {
      model: modelChoice(given.model),
      challenger: challengerChoice(given.challenger),
      asOf,
      run: given.run ?? null,
      records: await givenOrStored(store, given.labels, asOf),
      threshold: given.threshold ?? null,
      mode,
      job: id,
      id: runId,
      fence,
      signal,
      progress: (done, stage) => progress({ done, stage }),
    })
    return { ...scoringSummary(record, mode === 'write') }
  },
}
