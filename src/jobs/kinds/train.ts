/** The training job of a service: a model from labels, registered as a candidate. */
import { type Static, Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import type { RegisteredModel } from '../../store/model-store.js'
import { defaultDetectParameters } from '../detect-parameters.js'
import type { JobKind } from '../job-kind.js'
import { givenOrStored, LabelList } from '../label-records.js'
import { estimateTraining } from '../model-estimate.js'
import { runTraining, trainingSummary } from '../training.js'

const parameters = Type.Object(
  {
    labels: Type.Optional(LabelList),
    asOf: Type.Optional(Type.String({ format: 'date-time' })),
    run: Type.Optional(Type.String({ maxLength: 64, description: 'The run whose rings it reads.' })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
    measureFrom: Type.Optional(
      Type.String({ format: 'date-time', description: 'Measure forward in time too, from then on.' }),
    ),
    evaluate: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 50,
        description: 'Rounds of training more, each judged by rings hidden whole.',
      }),
    ),
    promote: Type.Optional(Type.Boolean({ description: 'Make it champion at once. Default: a candidate.' })),
    memoryLimitMb: Type.Optional(Type.Integer({ minimum: 64 })),
  },
  { additionalProperties: false },
)

type Given = Static<typeof parameters>

const timeOf = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text))

/** Of a model that an earlier start of the job has registered. */
const earlierSummary = ({ id, state, folder, digest, run, labels, kinds }: RegisteredModel) => ({
  model: id,
  state,
  folder,
  digest,
  run,
  labels,
  kinds,
})

export const trainJob: JobKind = {
  type: 'train',
  parameters,

  async prepare(store, request) {
    const given = request as Given
    if (!given.labels && (await store.lastLabel()) === 0)
      throw new RingfenceError('request.invalid', 'parameters: a training needs labels, and the store has none.', {
        field: 'labels',
      })
    if (given.run !== undefined && (await store.readRun(given.run)) === null)
      throw new RingfenceError('run.unknown', `${store.location} has no run ${given.run}.`)
    return {
      parameters: { ...given, seed: given.seed ?? 1 },
      estimate: await estimateTraining(store),
      memoryLimitMb: given.memoryLimitMb ?? defaultDetectParameters().memoryLimitMb,
    }
  },

  async perform({ store, id, fence, mode, parameters: row, signal, progress }) {
    const who = `job ${id}`
    const before = mode === 'write' ? (await store.listModels()).find(({ changes }) => changes[0]?.who === who) : null
    if (before) return { ...earlierSummary(before) }
    const given = row as Given
    const outcome = await runTraining(store, {
      training: {
        asOf: timeOf(given.asOf),
        run: given.run ?? null,
        records: await givenOrStored(store, given.labels, timeOf(given.asOf)),
        seed: given.seed ?? 1,
        measureFrom: timeOf(given.measureFrom),
        rounds: given.evaluate ?? 0,
        signal,
        progress: (done, stage) => progress({ done, stage }),
      },
      mode,
      folder: null,
      promote: given.promote ?? false,
      who,
      fence,
    })
    return { ...trainingSummary(outcome) }
  },
}
