/** What a type of job is: its parameters, what it needs before it starts, and how it runs. `kinds.ts` lists them all. */
import type { TObject } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { RingfenceError } from '../errors.js'
import type { GraphStore, JobFence, JobRecord } from '../store/store.js'
import type { CurrentView } from './read-view.js'

export interface PreparedJob {
  /** As the job's row keeps them: whatever is open that must not change until the job begins is filled in. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** For a person who decides; the whole answer of mode `estimate`. */
  readonly estimate: Readonly<Record<string, unknown>> & { readonly seconds: number; readonly megabytes: number }
  /** The job is refused when its estimate is above. */
  readonly memoryLimitMb: number
}

export interface JobContext {
  readonly store: GraphStore
  /** For jobs whose result is what queries see next. */
  readonly current: CurrentView
  readonly id: string
  /** The id of what the job makes. An earlier attempt may have made it, and have ended before it could say so: look first. */
  readonly runId: string
  /** To be handed to what writes: a start of the job that was taken over writes nothing. */
  readonly fence: JobFence
  readonly mode: 'dry-run' | 'write'
  readonly parameters: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  /** What `save` kept last, in this attempt or an earlier one. */
  readonly checkpoint: Readonly<Record<string, unknown>> | null
  /** Keeps how far it is, for an attempt that goes on from there. Small: it lies in the job's row. */
  readonly save: (checkpoint: Readonly<Record<string, unknown>>) => Promise<void>
  readonly progress: (progress: JobRecord['progress']) => void
  /** A line of the job's log. */
  readonly log: (message: string) => void
}

export interface JobKind {
  readonly type: string
  /** JSON Schema of what a request may give; strict. */
  readonly parameters: TObject
  /**
   * Checks what the schema cannot, and estimates. `given` fits the schema. Throws `request.invalid` and whatever says that the job
   * makes no sense now.
   */
  prepare(store: GraphStore, given: Readonly<Record<string, unknown>>, mode: JobRecord['mode']): Promise<PreparedJob>
  /**
   * Runs to the end and returns the job's result. In mode `dry-run` it writes nothing. Throws `job.cancelled` within a second of the signal. What is
   * written is written whole or not at all, at the end, so that a job that is asked for again gives one result.
   */
  perform(context: JobContext): Promise<Readonly<Record<string, unknown>>>
}

/** For parameters that did not come through a route of their own. Throws `request.invalid`, naming the field under `where`. */
export const checkParameters = ({ parameters }: JobKind, given: unknown, where = 'parameters'): void => {
  if (Check(parameters, given)) return
  const [first] = Errors(parameters, given)
  throw new RingfenceError(
    'request.invalid',
    `${where}${first?.instancePath.replaceAll('/', '.') ?? ''} ${first?.message ?? 'is not valid'}.`,
  )
}
