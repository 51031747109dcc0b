/**
 * Jobs of a service. A job is a row of the store from the start; processes that share a store share its jobs. A runner takes the first job that is
 * due, holds it by a lease that it renews with every beat, and writes its end; one job at a time. A process that dies leaves its lease to
 * run out, and the job is taken up again, by whoever comes first: at least once, and once only in effect, as what a job writes is written whole under the job's
 * run id and only by its latest start (fencing token). An orderly stop gives the job back.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { RingfenceError } from '../errors.js'
import { hasEnded, type JobEnd } from '../store/job-record.js'
import type { GraphStore, JobFence, JobLogLine, JobRecord } from '../store/store.js'
import { growingId } from './job-id.js'
import { checkParameters, type PreparedJob } from './job-kind.js'
import { jobKind } from './kinds.js'
import type { CurrentView } from './read-view.js'
import { jobEntry, record } from './record.js'
import { retryTold } from './webhooks/outbox.js'

export interface JobRequest {
  readonly type: string
  readonly mode: JobRecord['mode']
  /** Of a shape that the kind's schema allows. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly key: string | null
  readonly priority?: number
  readonly dueAt?: string
  readonly timeoutSeconds?: number | null
  readonly schedule?: string
}

export interface RunnerTimes {
  /** How long a process may be silent before its job is taken from it. */
  readonly leaseMs: number
  /** How often a running job says that it lives, and hears of a cancel that another process was asked for. */
  readonly beatMs: number
  /** How often the store is asked for jobs that other processes took in, or whose time has come. */
  readonly pollMs: number
  /** Before a job that lost its store or its thread is tried again; doubled each time. */
  readonly retryMs: number
}

const usual: RunnerTimes = { leaseMs: 30_000, beatMs: 700, pollMs: 1000, retryMs: 5000 }

/** What a job is not to blame for, and what may be gone the next time. */
const PASSING: readonly string[] = ['store.unreachable', 'worker.failed']
const MAX_ATTEMPTS = 3

const THE_SERVICE = 'the service'
const askerOf = ({ schedule }: JobRequest): string => (schedule === undefined ? THE_SERVICE : `schedule ${schedule}`)

const newJob = (request: JobRequest, now: string): JobRecord => ({
  id: growingId(),
  type: request.type,
  mode: request.mode,
  parameters: request.parameters,
  key: request.key,
  state: 'queued',
  progress: { done: 0, stage: 'queued' },
  createdAt: now,
  startedAt: null,
  finishedAt: null,
  result: null,
  error: null,
  runId: randomUUID(),
  dueAt: request.dueAt ?? now,
  priority: request.priority ?? 0,
  attempts: 0,
  token: 0,
  lease: null,
  timeoutSeconds: request.timeoutSeconds ?? null,
  cancelRequested: false,
  schedule: request.schedule ?? null,
  cost: null,
  checkpoint: null,
})

const endOf = (error: unknown): Pick<JobEnd, 'state' | 'error'> => {
  if (!(error instanceof RingfenceError))
    return {
      state: 'failed',
      error: { code: 'internal', detail: 'The job ended with an internal error; the log has it under the job id.' },
    }
  return {
    state: error.code === 'job.cancelled' ? 'cancelled' : 'failed',
    error: { code: error.code, detail: error.detail },
  }
}

const pause = (ms: number, until: (wake: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    timer.unref()
    until(() => {
      clearTimeout(timer)
      resolve()
    })
  })

export class JobRunner {
  readonly #store: GraphStore
  readonly #current: CurrentView
  readonly #times: RunnerTimes
  readonly #owner = randomUUID()
  /** Jobs of this process that have not ended, as they are now. */
  readonly #live = new Map<string, JobRecord>()
  readonly #events = new EventEmitter()
  #running: { readonly id: string; readonly abort: AbortController } | null = null
  #loop: Promise<void> | null = null
  #wake: () => void = () => {}
  #woken = false
  #stopping = false

  constructor(store: GraphStore, current: CurrentView, times: Partial<RunnerTimes> = {}) {
    this.#store = store
    this.#current = current
    this.#times = { ...usual, ...times }
    this.#events.setMaxListeners(0)
  }

  /**
   * Begins to take jobs. A store with one owner process gives up the leases that an earlier process left; on a server that others share
   * they have to run out.
   */
  async start(): Promise<void> {
    if (this.#store.engine === 'duckdb') await this.#store.dropLeases({ owner: this.#owner, maxAttempts: MAX_ATTEMPTS })
    this.#begin()
  }

  /**
   * Adds a job, or returns the one with the same key; `who` asks, for the record. Throws `request.conflict` when that one asked for something else, and
   * what wrong parameters throw.
   */
  async submit(request: JobRequest, who = askerOf(request)): Promise<JobRecord> {
    if (this.#stopping) throw new RingfenceError('server.stopping', 'No new job is taken.')
    const { parameters, estimate } = await this.check(request)
    const now = new Date().toISOString()
    const isEstimate = request.mode === 'estimate'
    const wanted: JobRecord = {
      ...newJob({ ...request, parameters }, now),
      ...(isEstimate
        ? { state: 'done', progress: { done: 1, stage: 'done' }, startedAt: now, finishedAt: now, result: { estimate } }
        : {}),
    }
    const job = await this.#store.createJob(wanted)
    if (job.id !== wanted.id) {
      const asked = (record: JobRecord): string => JSON.stringify([record.type, record.mode, record.parameters])
      if (asked(job) !== asked(wanted))
        throw new RingfenceError(
          'request.conflict',
          `The key ${request.key} belongs to job ${job.id}, which asked for something else.`,
        )
      return this.#live.get(job.id) ?? job
    }
    if (isEstimate) return job
    this.#begin()
    await record(this.#store, jobEntry(who, 'job.create', job))
    return job
  }

  /** Throws what `submit` would. */
  async check(request: Pick<JobRequest, 'type' | 'mode' | 'parameters'>): Promise<PreparedJob> {
    const kind = jobKind(request.type)
    checkParameters(kind, request.parameters)
    const prepared = await kind.prepare(this.#store, request.parameters, request.mode)
    const { estimate, memoryLimitMb } = prepared
    if (request.mode !== 'estimate' && estimate.megabytes > memoryLimitMb)
      throw new RingfenceError(
        'job.memory',
        `It would need ${estimate.megabytes} MB; the limit is ${memoryLimitMb} MB.`,
      )
    return prepared
  }

  /** Keeps that a job was asked for and refused, so that whoever looks for it finds why; it can be tried again. */
  async refuse(request: JobRequest, error: RingfenceError): Promise<JobRecord> {
    const now = new Date().toISOString()
    const refused = { code: error.code, detail: error.detail }
    const wanted: JobRecord = { ...newJob(request, now), state: 'failed', finishedAt: now, error: refused }
    const job = await this.#store.createJob(wanted)
    if (job.id === wanted.id) await record(this.#store, jobEntry(askerOf(request), 'job.create', job))
    return job
  }

  async read(id: string): Promise<JobRecord> {
    const job = this.#live.get(id) ?? (await this.#store.readJob(id))
    if (!job) throw new RingfenceError('job.unknown', `There is no job ${id}.`)
    return job
  }

  async list(limit: number): Promise<readonly JobRecord[]> {
    return (await this.#store.listJobs(limit)).map((job) => this.#live.get(job.id) ?? job)
  }

  async log(id: string, from: number, limit: number): Promise<readonly JobLogLine[]> {
    await this.read(id)
    return this.#store.readJobLog(id, from, limit)
  }

  /** Asks a job to stop; it does within a second, or two where another process runs it. One that has ended stays as it is. */
  async cancel(id: string, who = THE_SERVICE): Promise<JobRecord> {
    await record(this.#store, jobEntry(who, 'job.cancel', await this.read(id)))
    const job = await this.#store.cancelJob(id)
    if (this.#running?.id === id) this.#running.abort.abort()
    if (hasEnded(job)) {
      this.#events.emit(id, job)
      this.#events.emit('ended', job)
    }
    return this.#live.get(id) ?? job
  }

  /** One that failed or was cancelled is tried again, with a new count of attempts. */
  async retry(id: string, who = THE_SERVICE): Promise<JobRecord> {
    await record(this.#store, jobEntry(who, 'job.retry', await this.read(id)))
    const job = await retryTold(this.#store, id)
    this.#begin()
    return job
  }

  /** Calls back with every change of a job until it has ended or waits again for another process; returns the call that stops it. */
  watch(id: string, listener: (job: JobRecord) => void): () => void {
    this.#events.on(id, listener)
    // Another process may run it, or take it up.
    let told = ''
    const poll = setInterval(() => {
      if (this.#live.has(id)) return
      void this.#store.readJob(id).then(
        (job) => {
          const state = JSON.stringify([job?.state, job?.progress])
          if (job && state !== told && !this.#live.has(id)) this.#events.emit(id, job)
          told = state
        },
        () => {},
      )
    }, this.#times.pollMs)
    poll.unref()
    return () => {
      clearInterval(poll)
      this.#events.off(id, listener)
    }
  }

  /** Jobs under way here. */
  get active(): number {
    return this.#live.size
  }

  /** Takes no more jobs, gives back what runs, and waits for it to stop. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#running?.abort.abort()
    this.#rouse()
    await this.#loop
  }

  /** Errors that are bugs, or a store that is away: for the log. */
  onFault(listener: (job: string | null, error: unknown) => void): void {
    this.#events.on('fault', listener)
  }

  /** Jobs that ended here. */
  onEnd(listener: (job: JobRecord) => void): void {
    this.#events.on('ended', listener)
  }

  #rouse(): void {
    this.#woken = true
    this.#wake()
  }

  #begin(): void {
    this.#loop ??= this.#work()
    this.#rouse()
  }

  async #work(): Promise<void> {
    const { leaseMs, pollMs, retryMs } = this.#times
    while (!this.#stopping) {
      this.#woken = false
      let job: JobRecord | null = null
      let wait = pollMs
      try {
        job = await this.#store.claimJob({ owner: this.#owner, leaseMs, maxAttempts: MAX_ATTEMPTS })
      } catch (error) {
        this.#events.emit('fault', null, error)
        wait = retryMs
      }
      // Told to stop while the store was asked: nothing of the job has begun.
      if (job && this.#stopping) await this.#giveBack(job)
      else if (job) await this.#perform(job)
      else if (!this.#stopping && !this.#woken)
        await pause(wait, (wake) => {
          this.#wake = wake
        })
    }
  }

  async #giveBack({ id, token, dueAt }: JobRecord): Promise<void> {
    try {
      const waiting = await this.#store.releaseJob({ job: id, token }, dueAt, false)
      if (waiting) this.#events.emit(id, waiting)
    } catch (error) {
      // Its lease runs out.
      this.#events.emit('fault', id, error)
    }
  }

  #change(job: JobRecord): void {
    this.#live.set(job.id, job)
    this.#events.emit(job.id, job)
  }

  #leave(job: JobRecord): void {
    this.#live.delete(job.id)
    this.#events.emit(job.id, job)
    if (hasEnded(job)) this.#events.emit('ended', job)
  }

  async #perform(taken: JobRecord): Promise<void> {
    const fence: JobFence = { job: taken.id, token: taken.token }
    const abort = new AbortController()
    this.#running = { id: taken.id, abort }
    let job = taken
    let why: 'cancelled' | 'lost' | 'timeout' | null = null
    const stop = (reason: typeof why): void => {
      why ??= reason
      abort.abort()
    }
    let lines: JobLogLine[] = []
    const log = (message: string): void => {
      lines.push({ at: new Date().toISOString(), message })
    }
    const takeLines = (): readonly JobLogLine[] => {
      const taken = lines
      lines = []
      return taken
    }
    log(`started, attempt ${job.attempts}`)
    this.#change(job)
    if (job.cancelRequested) stop('cancelled')

    let beating: Promise<void> = Promise.resolve()
    const beat = async (checkpoint?: JobRecord['checkpoint']): Promise<void> => {
      const { progress } = job
      const beat = { progress, leaseMs: this.#times.leaseMs, log: takeLines() }
      const kept = await this.#store.keepJob(fence, checkpoint === undefined ? beat : { ...beat, checkpoint })
      if (kept === null) stop('lost')
      else if (kept.cancelRequested) stop('cancelled')
      if (kept !== null) job = { ...job, attempts: kept.attempts }
    }
    const beats = setInterval(() => {
      // A beat that fails is followed by the next one; the lease bears several.
      beating = beating.then(() => beat()).catch(() => {})
    }, this.#times.beatMs)
    const timer = job.timeoutSeconds === null ? null : setTimeout(() => stop('timeout'), job.timeoutSeconds * 1000)
    const cpu = process.cpuUsage()
    const begin = performance.now()
    let stage = ''
    let outcome: { readonly result: JobRecord['result'] } | { readonly thrown: unknown }
    try {
      const result = await jobKind(job.type).perform({
        store: this.#store,
        current: this.#current,
        id: job.id,
        runId: job.runId,
        fence,
        mode: job.mode === 'write' ? 'write' : 'dry-run',
        parameters: job.parameters,
        signal: abort.signal,
        progress: (progress) => {
          if (progress.stage !== stage) log(progress.stage)
          stage = progress.stage
          job = { ...job, progress }
          this.#change(job)
        },
        log,
        checkpoint: job.checkpoint,
        save: async (checkpoint) => {
          await beating
          await beat(checkpoint)
        },
      })
      outcome = { result }
    } catch (thrown) {
      outcome = { thrown }
    }
    clearInterval(beats)
    if (timer) clearTimeout(timer)
    await beating
    const { user, system } = process.cpuUsage(cpu)
    const cost = {
      cpuSeconds: (user + system) / 1e6,
      seconds: (performance.now() - begin) / 1000,
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    }
    const ended = await this.#end(job, fence, outcome, why, cost, log, takeLines)
    this.#running = null
    this.#leave(ended)
  }

  /** Writes how it ended, or gives it back; what its watchers are to hear. */
  async #end(
    job: JobRecord,
    fence: JobFence,
    outcome: { readonly result: JobRecord['result'] } | { readonly thrown: unknown },
    why: 'cancelled' | 'lost' | 'timeout' | null,
    cost: JobEnd['cost'],
    log: (message: string) => void,
    takeLines: () => readonly JobLogLine[],
  ): Promise<JobRecord> {
    const thrown = 'thrown' in outcome ? outcome.thrown : null
    const code = thrown instanceof RingfenceError ? thrown.code : null
    if (thrown !== null && code === null) this.#events.emit('fault', job.id, thrown)
    const soon = new Date(Date.now() + this.#times.retryMs * 2 ** (job.attempts - 1)).toISOString()
    try {
      if (thrown !== null && this.#stopping && code === 'job.cancelled' && why === null)
        return (await this.#store.releaseJob(fence, job.dueAt, false)) ?? (await this.read(job.id))
      if (code !== null && PASSING.includes(code) && job.attempts < MAX_ATTEMPTS)
        return (await this.#store.releaseJob(fence, soon, true)) ?? (await this.read(job.id))
      const end: JobEnd =
        thrown === null
          ? {
              state: 'done',
              progress: { done: 1, stage: 'done' },
              result: (outcome as { result: JobEnd['result'] }).result,
              error: null,
              cost,
            }
          : { ...endOf(thrown), progress: job.progress, result: null, cost }
      const told: JobEnd =
        why === 'timeout' && code === 'job.cancelled'
          ? {
              ...end,
              state: 'failed',
              error: { code: 'job.timeout', detail: `It was stopped after ${job.timeoutSeconds} seconds.` },
            }
          : end
      log(told.error === null ? told.state : `${told.state}: ${told.error.code}: ${told.error.detail}`)
      const ended = await this.#store.endJob(fence, told, takeLines())
      if (ended !== null) return ended
      this.#live.delete(job.id)
      return await this.read(job.id)
    } catch (error) {
      // The store is away; those who watch must hear of it. The lease runs out, and the job is taken up again.
      this.#events.emit('fault', job.id, error)
      return {
        ...job,
        state: 'failed',
        error: { code: 'store.unreachable', detail: 'The store went away; the job is taken up when it is back.' },
      }
    }
  }
}
