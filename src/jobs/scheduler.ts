/** Looks every second which schedules are due, and asks for their jobs. Several processes may do so on one store. */
import { RingfenceError } from '../errors.js'
import { hasEnded } from '../store/job-record.js'
import type { GraphStore } from '../store/store.js'
import type { JobRunner } from './job-runner.js'
import { dueSchedules, dueTimes, type LastTime, MOST_SCHEDULES, moveOn, requestOf, type Schedule } from './schedules.js'

const TICK_MS = 1000

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

  /**
   * Meets all times that are due by `now`, in the order in which their jobs are to run: the first may run while the last is asked for, and a
   * thousand can be due at once.
   */
  async tick(now: Date): Promise<void> {
    const due = (await dueSchedules(this.#store, now, MOST_SCHEDULES)).map((each) => ({
      ...each,
      ...dueTimes(each.schedule, now),
    }))
    const wanted = due.flatMap(({ schedule, times, missed, more }, place) => {
      // One without a time to meet moves on all the same.
      const all = times.length > 0 ? times : [null]
      return all.map((time, i) => ({
        place,
        time,
        missed: more ? `More than ${missed}` : String(missed),
        isLast: i === all.length - 1,
        dueAt: time === null ? schedule.nextDue! : requestOf(schedule, time).dueAt,
      }))
    })
    wanted.sort((a, b) => {
      const [one, two] = [due[a.place]!.schedule, due[b.place]!.schedule]
      if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt ? -1 : 1
      return one.priority - two.priority || (one.id < two.id ? -1 : one.id > two.id ? 1 : 0)
    })
    const left = due.map(({ times }) => Math.max(1, times.length))
    const outcomes: LastTime[] = []
    for (const { place, time, missed, isLast } of wanted) {
      if (this.#stopped) return
      const { schedule, version, next } = due[place]!
      const outcome: LastTime =
        time === null
          ? {
              due: schedule.nextDue!,
              outcome: 'passed-over',
              job: null,
              reason: `${missed} times were missed and are not made up for.`,
            }
          : await this.#meet(schedule, time)
      if (isLast) outcomes[place] = outcome
      // Jitter may put a later time first: it moves on when none is left.
      if (--left[place]! === 0) await moveOn(this.#store, { schedule, version }, next, outcomes[place]!)
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
