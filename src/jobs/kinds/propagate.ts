/** The propagation job of a service: how far risk has spread, and what of it is new. */
import { type Static, Type } from 'typebox'
import { formNames } from '../../risk/propagation/forms.js'
import { defaultDetectParameters } from '../detect-parameters.js'
import type { JobKind } from '../job-kind.js'
import { LabelList, labelRecords } from '../label-records.js'
import {
  estimatePropagation,
  LEAST_RISK,
  type PropagationRequest,
  propagationSummary,
  RISK_THRESHOLD,
  runPropagation,
} from '../propagation.js'

const parameters = Type.Object(
  {
    run: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Whose rings are sources: a run, `published` (default: the one that queries see) or `latest`, as in a pipeline that publishes last.',
      }),
    ),
    labels: Type.Optional(LabelList),
    scores: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether scores of the latest scoring by a model are sources too.' }),
    ),
    least: Type.Optional(
      Type.Number({
        minimum: 1e-6,
        maximum: 1,
        default: LEAST_RISK,
        description: 'Rows with less risk or harm are left out, and entities with less are not exposed.',
      }),
    ),
    threshold: Type.Optional(
      Type.Number({ minimum: 0, default: RISK_THRESHOLD, description: 'Risk that a person acts on, for what is new.' }),
    ),
    share: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 10,
        description: "How much of what reaches an entity goes on from it; default: the form's own.",
      }),
    ),
    form: Type.Optional(
      Type.Union(
        ['auto' as const, ...formNames].map((name) => Type.Literal(name)),
        {
          default: 'auto',
          description: 'The form of the equations; `auto`: the one that finds sources again when they are held out.',
        },
      ),
    ),
    strict: Type.Optional(
      Type.Boolean({ description: 'Couplings that would not converge are refused instead of scaled down.' }),
    ),
    memoryLimitMb: Type.Optional(Type.Integer({ minimum: 64 })),
  },
  { additionalProperties: false },
)

type Given = Static<typeof parameters>

const runOf = (run: string | undefined): PropagationRequest['run'] =>
  run === undefined || run === 'published' || run === 'latest' ? (run ?? 'published') : { id: run }

export const propagateJob: JobKind = {
  type: 'propagate',
  parameters,

  async prepare(store, request) {
    const given = request as Given
    labelRecords(given.labels ?? [])
    return {
      parameters: { ...given },
      estimate: await estimatePropagation(store),
      memoryLimitMb: given.memoryLimitMb ?? defaultDetectParameters().memoryLimitMb,
    }
  },

  async perform({ store, id, runId, fence, mode, parameters: row, signal, progress }) {
    const before = mode === 'write' ? await store.readPropagation(runId) : null
    if (before !== null) return { ...propagationSummary(before, true), changes: null }
    const given = row as Given
    const { share, form, strict, least, threshold } = given
    const { record, difference } = await runPropagation(store, {
      run: runOf(given.run),
      labels: given.labels ? labelRecords(given.labels) : null,
      scores: given.scores !== false,
      parameters: {
        ...(share === undefined ? {} : { share }),
        ...(form === undefined ? {} : { form }),
        ...(strict === undefined ? {} : { strict }),
      },
      ...(least === undefined ? {} : { least }),
      ...(threshold === undefined ? {} : { threshold }),
      mode,
      job: id,
      id: runId,
      fence,
      signal,
      progress: (done, stage) => progress({ done, stage }),
    })
    return { ...propagationSummary(record, mode === 'write'), changes: difference }
  },
}
