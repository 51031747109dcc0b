/**
 * Jobs as a store keeps them, and how one goes from state to state. Both adapters only select a row, apply one of these steps and
 * write the row back in one transaction, so that the rules are said once.
 *
 *     queued --claim--> running --end--> done | failed | cancelled
 *       ^                  |
 *       +---- release -----+   also: claim of a job whose lease ran out; retry of one that failed or was cancelled
 */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface JobLease {
  /** The process that runs the job. */
  readonly owner: string
  /** Epoch milliseconds of the store's clock. After it anybody may take the job. */
  readonly until: number
}

export interface JobProgress {
  /** Share of the whole job, 0 to 1. */
  readonly done: number
  /** What is being done, in a word or two. */
  readonly stage: string
}

export interface JobRecord {
  readonly id: string
  readonly type: string
  readonly mode: 'estimate' | 'dry-run' | 'write'
  readonly parameters: Readonly<Record<string, unknown>>
  /** A second request with the same key is the same job. */
  readonly key: string | null
  readonly state: JobState
  readonly progress: JobProgress
  readonly createdAt: string
  /** Of the latest attempt. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly result: Readonly<Record<string, unknown>> | null
  readonly error: { readonly code: string; readonly detail: string } | null
  /** The id of what the job makes, the same in every attempt: whoever finds it in the store has nothing left to do. */
  readonly runId: string
  /** Not before, ISO 8601. Jobs start in the order of due time, priority, id. */
  readonly dueAt: string
  /** Lower first. */
  readonly priority: number
  /** How often it was started since it was asked for, or since it last kept how far it is: what gets on is not what stops processes. */
  readonly attempts: number
  /** Counts every start, also after a retry: what writes for the job names it, and is refused once a later one has begun. */
  readonly token: number
  readonly lease: JobLease | null
  /** Seconds after which it is stopped; null for none. */
  readonly timeoutSeconds: number | null
  /** Somebody asked it to stop; whoever runs it sees this at the next beat. */
  readonly cancelRequested: boolean
  /** The schedule that asked for it. */
  readonly schedule: string | null
  readonly cost: { readonly cpuSeconds: number; readonly seconds: number; readonly peakMb: number } | null
  /** How far it is, for an attempt that goes on from there; its kind alone reads it. */
  readonly checkpoint: Readonly<Record<string, unknown>> | null
}

export interface JobLogLine {
  /** ISO 8601. */
  readonly at: string
  readonly message: string
}

/** Which start of a job is meant. */
export interface JobFence {
  readonly job: string
  readonly token: number
}

export interface JobClaim {
  /** A name of the process that no other has. */
  readonly owner: string
  readonly leaseMs: number
  /** A job that was started so often and whose lease ran out again is failed, as it may be what stops processes. */
  readonly maxAttempts: number
}

export interface JobBeat {
  readonly progress: JobProgress
  readonly leaseMs: number
  readonly log: readonly JobLogLine[]
  /** Absent: what is there stays. */
  readonly checkpoint?: JobRecord['checkpoint']
}

export interface JobEnd {
  readonly state: 'done' | 'failed' | 'cancelled'
  readonly progress: JobProgress
  readonly result: JobRecord['result']
  readonly error: JobRecord['error']
  readonly cost: JobRecord['cost']
}

export const hasEnded = ({ state }: Pick<JobRecord, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled'

/** Rows of versions before jobs had leases lack some fields. */
export const parseJob = (text: string): JobRecord => {
  const job = JSON.parse(text) as JobRecord
  return {
    ...job,
    runId: job.runId ?? job.id,
    dueAt: job.dueAt ?? job.createdAt,
    priority: job.priority ?? 0,
    attempts: job.attempts ?? 0,
    token: job.token ?? 0,
    lease: job.lease ?? null,
    timeoutSeconds: job.timeoutSeconds ?? null,
    cancelRequested: job.cancelRequested ?? false,
    schedule: job.schedule ?? null,
    cost: job.cost ?? null,
    checkpoint: job.checkpoint ?? null,
  }
}

const iso = (now: number): string => new Date(now).toISOString()

export const isHeld = (job: JobRecord, { token }: JobFence): boolean => job.state === 'running' && job.token === token

/** Whether whoever ran it has not been heard of in time. */
export const isOverdue = (job: JobRecord, now: number): boolean =>
  job.state === 'running' && (job.lease === null || job.lease.until <= now)

const ended = (job: JobRecord, end: Partial<JobRecord> & Pick<JobRecord, 'state'>, now: number): JobRecord => ({
  ...job,
  ...end,
  lease: null,
  finishedAt: iso(now),
})

const cancelled = (job: JobRecord, now: number): JobRecord =>
  ended(job, { state: 'cancelled', error: { code: 'job.cancelled', detail: 'It was cancelled before it began.' } }, now)

/** A job whose lease ran out: waiting again, or at its end. */
export const abandoned = (job: JobRecord, { maxAttempts }: Pick<JobClaim, 'maxAttempts'>, now: number): JobRecord => {
  if (job.cancelRequested) return cancelled(job, now)
  if (job.attempts < maxAttempts)
    return { ...job, state: 'queued', lease: null, progress: { done: 0, stage: 'queued again' } }
  const detail = `It was started ${job.attempts} times, and each time the process that ran it stopped before the job's end.`
  return ended(job, { state: 'failed', error: { code: 'job.interrupted', detail } }, now)
}

export const claimed = (job: JobRecord, { owner, leaseMs }: JobClaim, now: number): JobRecord => ({
  ...job,
  state: 'running',
  startedAt: iso(now),
  finishedAt: null,
  attempts: job.attempts + 1,
  token: job.token + 1,
  lease: { owner, until: now + leaseMs },
})

export const kept = (job: JobRecord, { progress, leaseMs, checkpoint }: JobBeat, now: number): JobRecord => ({
  ...job,
  progress,
  checkpoint: checkpoint === undefined ? job.checkpoint : checkpoint,
  attempts: checkpoint === undefined ? job.attempts : 1,
  lease: job.lease && { ...job.lease, until: now + leaseMs },
})

export const finished = (job: JobRecord, end: JobEnd, now: number): JobRecord => ended(job, end, now)

/** Back to those that wait, as if it had not been started where `counts` is false. */
export const released = (job: JobRecord, dueAt: string, counts: boolean): JobRecord => ({
  ...job,
  state: 'queued',
  lease: null,
  dueAt,
  attempts: counts ? job.attempts : job.attempts - 1,
  progress: { done: 0, stage: 'queued again' },
})

/** One that waits ends; one that runs is asked to; one that has ended stays as it is. */
export const withCancel = (job: JobRecord, now: number): JobRecord => {
  if (job.state === 'queued') return cancelled(job, now)
  return job.state === 'running' ? { ...job, cancelRequested: true } : job
}

/** One that failed or was cancelled waits again, due now; any other stays as it is. */
export const withRetry = (job: JobRecord, now: number): JobRecord =>
  job.state === 'failed' || job.state === 'cancelled'
    ? {
        ...job,
        state: 'queued',
        attempts: 0,
        dueAt: iso(now),
        finishedAt: null,
        error: null,
        cancelRequested: false,
        progress: { done: 0, stage: 'queued' },
      }
    : job
