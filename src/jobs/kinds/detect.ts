/** The detection job of a service. */
import { Type } from 'typebox'
import { entityKindNames, interactionTypeNames } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import type { RunRecord } from '../../store/store.js'
import { estimateDetect, runDetect } from '../detect.js'
import { type GivenParameters, resolveParameters } from '../detect-parameters.js'
import type { JobKind } from '../job-kind.js'

/** A request's, with its time in words; a job's row has epoch milliseconds. */
interface DetectRequest {
  readonly asOf?: string
  readonly whatIf?: Partial<NonNullable<GivenParameters['whatIf']>>
}

const toGiven = ({ asOf, whatIf, ...rest }: DetectRequest): GivenParameters => ({
  ...rest,
  ...(asOf === undefined ? {} : { asOf: Date.parse(asOf) }),
  ...(whatIf ? { whatIf: { entities: whatIf.entities ?? [], types: whatIf.types ?? [] } } : {}),
})

const parameters = Type.Object(
  {
    asOf: Type.Optional(Type.String({ format: 'date-time' })),
    detectors: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 32 })),
    fdr: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
    dissolveAfter: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description: 'A ring that this many runs looked for in vain is dissolved.',
      }),
    ),
    workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
    memoryLimitMb: Type.Optional(Type.Integer({ minimum: 64 })),
    settings: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()))),
    publish: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'False: queries see the run only once a job of type publish says so.',
      }),
    ),
    full: Type.Optional(
      Type.Boolean({
        description: 'Every detector looks again, also where it has looked at the same graph with the same parameters.',
      }),
    ),
    whatIf: Type.Optional(
      Type.Object(
        {
          entities: Type.Optional(
            Type.Array(Type.String({ maxLength: 600, pattern: `^(${entityKindNames.join('|')}):.` }), {
              maxItems: 1000,
              description: '`kind:id` of entities and identifiers to leave out, with all their interactions.',
            }),
          ),
          types: Type.Optional(
            Type.Array(Type.Enum([...interactionTypeNames]), { description: 'Interaction types to leave out.' }),
          ),
        },
        {
          additionalProperties: false,
          description:
            'With mode dry-run or estimate. Other parameters that are not given are those of the latest run, and `result.difference` says how the rings differ from it.',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

const resultOf = ({ id, counts, stages, notes }: RunRecord) => ({
  run: id,
  rings: counts.rings,
  members: counts.members,
  candidates: counts.candidates,
  stages,
  notes,
})

export const detectJob: JobKind = {
  type: 'detect',
  parameters,

  async prepare(store, request, mode) {
    const given = toGiven(request)
    if (given.whatIf && mode === 'write')
      throw new RingfenceError('request.invalid', 'whatIf: a what-if writes nothing; ask for mode dry-run.')
    const wanted = await resolveParameters(store, given)
    return {
      // What a what-if leaves open is filled in from the run that is the latest when it begins.
      parameters: given.whatIf ? { ...given } : { ...wanted },
      estimate: { ...(await estimateDetect(store, wanted)) },
      memoryLimitMb: wanted.memoryLimitMb,
    }
  },

  async perform({ store, current, id, runId, fence, mode, parameters: given, signal, progress }) {
    const before = mode === 'write' ? await store.readRun(runId) : null
    if (before !== null) {
      if (given.publish !== false) await current.load()
      return resultOf(before.run)
    }
    const wanted = await resolveParameters(store, given as GivenParameters)
    const outcome = await runDetect(store, wanted, { mode, job: id, runId, fence, signal, progress })
    const { run, rings, snapshot, isWhole, seconds, peakMb, difference } = outcome
    if (mode === 'write' && wanted.publish) {
      if (isWhole) current.swap({ run, rings }, snapshot)
      else await current.load()
    }
    const { stages, notes, ...counts } = resultOf(run)
    return { ...counts, seconds, peakMb, stages, notes, ...(difference ? { difference } : {}) }
  },
}
