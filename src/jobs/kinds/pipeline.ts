/**
 * Several jobs one after the other, as one. What each stage gave is on record when the next begins, so that a pipeline that is taken up again, or tried
 * again after a stage failed, goes on with that stage.
 */
import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import { checkParameters, type JobKind } from '../job-kind.js'

interface Stage {
  readonly type: string
  readonly parameters: Readonly<Record<string, unknown>>
}

interface StageResult {
  readonly type: string
  readonly result: Readonly<Record<string, unknown>>
}

const MOST_STAGES = 16

/** A name-based UUID: the same stage of the same pipeline makes the same thing in every attempt. */
const stageId = (runId: string, stage: number): string => {
  const hex = createHash('sha256').update(`${runId} ${stage}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** `kindOf` finds the kinds of its stages, and throws for a type that there is not. */
export const pipelineJob = (kindOf: (type: string) => JobKind): JobKind => ({
  type: 'pipeline',
  parameters: Type.Object(
    {
      stages: Type.Array(
        Type.Object(
          {
            type: Type.String({ maxLength: 32, description: 'A type of job, but no pipeline.' }),
            parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: MOST_STAGES },
      ),
    },
    { additionalProperties: false },
  ),

  async prepare(store, given, mode) {
    const stages = (given.stages as readonly Partial<Stage>[]).map(({ type, parameters }) => ({
      type: type!,
      parameters: parameters ?? {},
    }))
    let seconds = 0
    let megabytes = 0
    let memoryLimitMb = Number.POSITIVE_INFINITY
    const parts: Readonly<Record<string, unknown>>[] = []
    for (const [place, { type, parameters }] of stages.entries()) {
      if (type === 'pipeline')
        throw new RingfenceError(
          'request.invalid',
          `parameters.stages.${place}.type: a pipeline has no pipelines in it.`,
        )
      const kind = kindOf(type)
      checkParameters(kind, parameters, `parameters.stages.${place}.parameters`)
      // A later stage may need what an earlier one makes: it is prepared when its turn comes.
      if (place > 0) continue
      const prepared = await kind.prepare(store, parameters, mode)
      seconds += prepared.estimate.seconds
      megabytes = Math.max(megabytes, prepared.estimate.megabytes)
      memoryLimitMb = Math.min(memoryLimitMb, prepared.memoryLimitMb)
      parts.push({ type, ...prepared.estimate })
    }
    return { parameters: { stages }, estimate: { seconds, megabytes, stages: parts }, memoryLimitMb }
  },

  async perform(context) {
    const { store, mode, parameters, progress, log } = context
    const stages = parameters.stages as readonly Stage[]
    const done = [...((context.checkpoint?.stages as readonly StageResult[] | undefined) ?? [])]
    for (const [place, { type, parameters: given }] of stages.entries()) {
      if (place < done.length) continue
      if (context.signal.aborted)
        throw new RingfenceError('job.cancelled', 'The pipeline was stopped between two stages.')
      log(`stage ${place + 1} of ${stages.length}: ${type}`)
      const kind = kindOf(type)
      try {
        const prepared = await kind.prepare(store, given, mode)
        if (prepared.estimate.megabytes > prepared.memoryLimitMb)
          throw new RingfenceError(
            'job.memory',
            `It would need ${prepared.estimate.megabytes} MB; the limit is ${prepared.memoryLimitMb} MB.`,
          )
        const result = await kind.perform({
          ...context,
          runId: stageId(context.runId, place),
          parameters: prepared.parameters,
          checkpoint: null,
          save: async () => {},
          progress: (each) => progress({ done: (place + each.done) / stages.length, stage: `${type}: ${each.stage}` }),
        })
        done.push({ type, result })
      } catch (error) {
        if (error instanceof RingfenceError && error.code !== 'job.cancelled')
          throw new RingfenceError(error.code, `Stage ${place + 1}, ${type}: ${error.detail}`, error.facts)
        throw error
      }
      await context.save({ stages: done })
    }
    return { stages: done }
  },
})
