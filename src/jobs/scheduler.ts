/** Looks every second which schedules are due, and asks for their jobs. Several processes may do so on one store. */
import { RingfenceError } from '../errors.js'
import { hasEnded } from '../store/job-record.js'
import type { GraphStore } from '../store/store.js'
import type { JobRunner } from './job-runner.js'
import { dueSchedules, dueTimes, type LastTime, moveOn, requestOf, type Schedule } from './schedules.js'

const TICK_MS = 1000
/** So many at once; the next ones right after. */
const SCHEDULES_A_LOOK = 100

export class Scheduler {
  readonly #store: GraphStore
  readonly #jobs: JobRunner
  readonly #fault: (error: unknown) => void
  #timer: NodeJS.Timeout | null = null
  #ticking: Promise<void> = Promise.resolve()
  #isBusy = false
  #stopped = false

  constructor(store: GraphStore, jobs: JobRunner, fault: (error: unknown) => void) {
    this.#store = store
    this.#jobs = jobs
    this.#fault = fault
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#isBusy) return
      this.#isBusy = true
      this.#ticking = this.tick(new Date())
        .catch(this.#fault)
        .finally(() => {
          this.#isBusy = false
        })
    }, TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#ticking
  }

  /** Meets all times that are due by `now`. */
  async tick(now: Date): Promise<void> {
    for (;;) {
      const due = await dueSchedules(this.#store, now, SCHEDULES_A_LOOK)
      for (const each of due) {
        if (this.#stopped) return
        const { times, missed, next } = dueTimes(each.schedule, now)
        let last: LastTime | null = null
        const latest = times.at(-1)
        if (latest === undefined)
          last = {
            due: each.schedule.nextDue!,
            outcome: 'passed-over',
            job: null,
            reason: `${missed} times were missed and are not made up for.`,
          }
        for (const time of times) last = await this.#meet(each.schedule, time)
        await moveOn(this.#store, each, next, last)
      }
      if (due.length < SCHEDULES_A_LOOK) return
    }
  }

  async #meet(schedule: Schedule, time: Date): Promise<LastTime> {
    const due = time.toISOString()
    const running = schedule.singleFlight ? await this.#unended(schedule) : null
    if (running !== null)
      return { due, outcome: 'passed-over', job: running, reason: 'The job of an earlier time has not ended.' }
    const request = requestOf(schedule, time)
    try {
      const { id } = await this.#jobs.submit(request)
      return { due, outcome: 'started', job: id, reason: null }
    } catch (error) {
      if (!(error instanceof RingfenceError) || error.code === 'server.stopping' || error.code === 'store.unreachable')
        throw error
      const { id } = await this.#jobs.refuse(request, error)
      return { due, outcome: 'failed', job: id, reason: `${error.code}: ${error.detail}` }
    }
  }

  async #unended({ last }: Schedule): Promise<string | null> {
    if (last?.job == null) return null
    const job = await this.#store.readJob(last.job)
    return job === null || hasEnded(job) ? null : job.id
  }
}
