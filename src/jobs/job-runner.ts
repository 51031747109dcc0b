/**
 * Jobs of a running service: one at a time, first come first served. A job's row is in the store from the start; progress is
 * kept here and written to the store at most once a second. At the next start a job that a stopped process left running is marked
 * failed (a run is written whole or not at all, so that asking for it again is safe), and those that waited are taken up.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { RingfenceError } from '../errors.js'
import type { GraphStore, JobRecord } from '../store/store.js'
import { jobKind } from './kinds.js'
import type { CurrentView } from './read-view.js'

export interface JobRequest {
  readonly type: string
  readonly mode: JobRecord['mode']
  /** Of a shape that the kind's schema allows. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly key: string | null
}

/** Often enough for a person who looks, seldom enough for the store. */
const SAVE_INTERVAL_MS = 1000
const LISTED_AT_START = 1000

export class JobRunner {
  readonly #store: GraphStore
  readonly #current: CurrentView
  readonly #live = new Map<string, JobRecord>()
  readonly #aborts = new Map<string, AbortController>()
  readonly #queue: string[] = []
  readonly #events = new EventEmitter()
  #running: Promise<void> | null = null
  #stopping = false

  constructor(store: GraphStore, current: CurrentView) {
    this.#store = store
    this.#current = current
    this.#events.setMaxListeners(0)
  }

  /**
   * Takes up the jobs that waited when a process stopped, in their order, and marks those that it left running as failed: what stopped
   * it may have been the job. On a server that others share, a job that waits may be another service's, and is failed too.
   */
  async recover(): Promise<void> {
    const left = (await this.#store.listJobs(LISTED_AT_START)).filter(
      ({ id, state }) => (state === 'running' || state === 'queued') && !this.#live.has(id),
    )
    for (const job of left.reverse())
      if (job.state === 'queued' && this.#ownsStore) {
        this.#live.set(job.id, job)
        this.#queue.push(job.id)
      } else
        await this.#store.updateJob({
          ...job,
          state: 'failed',
          finishedAt: new Date().toISOString(),
          error: { code: 'job.interrupted', detail: 'The service stopped before the job ended. Nothing was written.' },
        })
    this.#next()
  }

  /**
   * Adds a job, or returns the one with the same key. Throws `request.conflict` when that one asked for something else, and what
   * wrong parameters throw.
   */
  async submit(request: JobRequest): Promise<JobRecord> {
    if (this.#stopping) throw new RingfenceError('server.stopping', 'No new job is taken.')
    const kind = jobKind(request.type)
    const { parameters, estimate, memoryLimitMb } = await kind.prepare(this.#store, request.parameters, request.mode)
    if (request.mode !== 'estimate' && estimate.megabytes > memoryLimitMb)
      throw new RingfenceError(
        'job.memory',
        `It would need ${estimate.megabytes} MB; the limit is ${memoryLimitMb} MB.`,
      )
    const now = new Date().toISOString()
    const isEstimate = request.mode === 'estimate'
    const wanted: JobRecord = {
      id: randomUUID(),
      type: request.type,
      mode: request.mode,
      parameters,
      key: request.key,
      state: isEstimate ? 'done' : 'queued',
      progress: { done: isEstimate ? 1 : 0, stage: isEstimate ? 'done' : 'queued' },
      createdAt: now,
      startedAt: isEstimate ? now : null,
      finishedAt: isEstimate ? now : null,
      result: isEstimate ? { estimate } : null,
      error: null,
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
    this.#live.set(job.id, job)
    this.#queue.push(job.id)
    this.#next()
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

  /** Asks a job to stop; it does within a second. One that has ended stays as it is. */
  async cancel(id: string): Promise<JobRecord> {
    const job = await this.read(id)
    const position = this.#queue.indexOf(id)
    if (position >= 0) {
      this.#queue.splice(position, 1)
      await this.#finish({
        ...job,
        state: 'cancelled',
        error: { code: 'job.cancelled', detail: 'It was cancelled before it began.' },
      })
      return this.read(id)
    }
    this.#aborts.get(id)?.abort()
    return job
  }

  /** Calls back with every change of a job until it has ended; returns the call that stops it. */
  watch(id: string, listener: (job: JobRecord) => void): () => void {
    this.#events.on(id, listener)
    return () => this.#events.off(id, listener)
  }

  /** A DuckDB file has one owner process, whose jobs all of its jobs are. */
  get #ownsStore(): boolean {
    return this.#store.engine === 'duckdb'
  }

  get active(): number {
    return this.#live.size
  }

  /** Cancels what runs and waits for it to end. What waits is left to the next start, or cancelled where none may take it up. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#ownsStore) this.#queue.length = 0
    for (const id of [...this.#queue]) await this.cancel(id)
    for (const abort of this.#aborts.values()) abort.abort()
    await this.#running
  }

  #next(): void {
    if (this.#running || this.#queue.length === 0) return
    this.#running = this.#perform(this.#queue.shift()!).finally(() => {
      this.#running = null
      this.#next()
    })
  }

  #change(job: JobRecord): void {
    this.#live.set(job.id, job)
    this.#events.emit(job.id, job)
  }

  async #finish(job: JobRecord): Promise<void> {
    const ended = { ...job, finishedAt: new Date().toISOString() }
    await this.#store.updateJob(ended)
    this.#change(ended)
    this.#live.delete(job.id)
    this.#aborts.delete(job.id)
  }

  async #perform(id: string): Promise<void> {
    const abort = new AbortController()
    this.#aborts.set(id, abort)
    let job: JobRecord = { ...this.#live.get(id)!, state: 'running', startedAt: new Date().toISOString() }
    try {
      // Said only once it is on record: what was told to run must not be taken for waiting after a crash.
      await this.#store.updateJob(job)
      this.#change(job)
      let saved = performance.now()
      let saving: Promise<void> = Promise.resolve()
      const result = await jobKind(job.type).perform({
        store: this.#store,
        current: this.#current,
        id,
        mode: job.mode === 'write' ? 'write' : 'dry-run',
        parameters: job.parameters,
        signal: abort.signal,
        progress: (progress) => {
          job = { ...job, progress }
          this.#change(job)
          if (performance.now() - saved < SAVE_INTERVAL_MS) return
          saved = performance.now()
          const row = job
          saving = saving.then(() => this.#store.updateJob(row)).catch(() => {})
        },
      })
      await saving
      await this.#finish({ ...job, state: 'done', progress: { done: 1, stage: 'done' }, result })
    } catch (error) {
      const known = error instanceof RingfenceError ? error : null
      const cancelled = known?.code === 'job.cancelled'
      const said = known
        ? { code: known.code, detail: known.detail }
        : { code: 'internal', detail: 'The job ended with an internal error; the log has it under the job id.' }
      const ended: JobRecord = { ...job, state: cancelled ? 'cancelled' : 'failed', error: said }
      await this.#finish(ended).catch(() => {
        // The store is gone; those who watch must still hear of the end. The row is set right at the next start.
        this.#change(ended)
        this.#live.delete(id)
        this.#aborts.delete(id)
      })
      if (!known) this.#events.emit('fault', id, error)
    }
  }

  /** Errors that are bugs: for the log. */
  onFault(listener: (job: string, error: unknown) => void): void {
    this.#events.on('fault', listener)
  }
}
