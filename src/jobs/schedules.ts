/**
 * Schedules: a cron line in a time zone that asks for a job. A time that is due makes a job with a key of (schedule, time), so that a
 * process that dies between making the job and moving on, or two that look at once, make one job. What happens to times that were missed is the
 * schedule's `catchUp`.
 */
import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { RingfenceError } from '../errors.js'
import type { DocumentRecord } from '../store/document-store.js'
import type { GraphStore, JobRecord } from '../store/store.js'

export const catchUpRules = ['none', 'latest', 'all'] as const

export interface ScheduleRequest {
  readonly job: {
    readonly type: string
    readonly mode: 'dry-run' | 'write'
    readonly parameters: Readonly<Record<string, unknown>>
  }
  /** Five fields, or six with seconds first. */
  readonly cron: string
  /** IANA name, as in Europe/Berlin. */
  readonly timeZone: string
  /** Times that were missed: none is made up for, the latest is, or all are. */
  readonly catchUp: (typeof catchUpRules)[number]
  /** Each time is moved later by up to so much, by a number that follows from the schedule and the time. */
  readonly jitterSeconds: number
  /** A time is passed over while the job of an earlier one has not ended. */
  readonly singleFlight: boolean
  readonly paused: boolean
  /** Of its jobs; lower first. */
  readonly priority: number
  /** Its jobs are stopped after so long; null for never. */
  readonly timeoutSeconds: number | null
}

export interface LastTime {
  /** ISO 8601, before jitter. */
  readonly due: string
  readonly outcome: 'started' | 'passed-over' | 'failed'
  readonly job: string | null
  /** Why it was passed over or failed. */
  readonly reason: string | null
}

export interface Schedule extends ScheduleRequest {
  readonly id: string
  readonly createdAt: string
  readonly changedAt: string
  /** ISO 8601, before jitter; null while paused. */
  readonly nextDue: string | null
  readonly last: LastTime | null
}

export const scheduleDefaults = {
  timeZone: 'UTC',
  catchUp: 'latest',
  jitterSeconds: 0,
  singleFlight: true,
  paused: false,
  priority: 0,
  timeoutSeconds: null,
} as const

const COLLECTION = 'schedules'
/** After every time: what is paused is never due. */
const NEVER = '~'
/** A time that is found so late still counts as met, not as missed. */
const GRACE_MS = 60_000
/** A second-by-second schedule that was away for a month is not made up for in full. */
export const MOST_MADE_UP = 1000
export const MOST_SCHEDULES = 5000

/** Throws `schedule.invalid` and `schedule.never`. */
const parse = (cron: string, timeZone: string): Cron => {
  let parsed: Cron
  try {
    parsed = new Cron(cron, { timezone: timeZone, paused: true })
    if (parsed.nextRun(new Date()) !== null) return parsed
  } catch (error) {
    throw new RingfenceError('schedule.invalid', `cron "${cron}" in ${timeZone}: ${(error as Error).message}`)
  }
  throw new RingfenceError('schedule.never', `cron "${cron}" in ${timeZone} has no time that is still to come.`)
}

/** The first time after `after`; null where there is none. */
export const nextTime = ({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>, after: Date): Date | null =>
  new Cron(cron, { timezone: timeZone, paused: true }).nextRun(after)

/** Times that are counted one by one; a clock that jumped a year ahead has passed millions. */
const MOST_COUNTED = MOST_MADE_UP + 1

interface DueTimes {
  /** Oldest first. */
  readonly times: readonly Date[]
  /** How many are passed over, and whether that is only what was counted of more. */
  readonly missed: number
  readonly more: boolean
  readonly next: Date | null
}

/** The times that are due by `now` and are to be met, and the next one. */
export const dueTimes = (
  schedule: Pick<Schedule, 'cron' | 'timeZone' | 'catchUp' | 'nextDue'>,
  now: Date,
): DueTimes => {
  const cron = new Cron(schedule.cron, { timezone: schedule.timeZone, paused: true })
  let due: Date[] = []
  let time: Date | null = schedule.nextDue === null ? null : new Date(schedule.nextDue)
  while (time !== null && time <= now && due.length < MOST_COUNTED) {
    due.push(time)
    time = cron.nextRun(time)
  }
  const counted = due.length
  const more = time !== null && time <= now
  if (more) {
    // It gives times before the one that it is asked of.
    due = cron.previousRuns(MOST_MADE_UP, new Date(now.getTime() + 1000)).reverse()
    time = cron.nextRun(now)
  }
  const kept = schedule.catchUp === 'all' ? due.slice(-MOST_MADE_UP) : due.slice(-1)
  const times = kept.filter(
    (each) => each <= now && (schedule.catchUp !== 'none' || now.getTime() - each.getTime() <= GRACE_MS),
  )
  return { times, missed: counted - times.length, more, next: time }
}

/** Between 0 and `jitterSeconds`, the same for the same time in every process. */
export const jitterOf = (id: string, due: Date, jitterSeconds: number): number =>
  (createHash('sha256').update(`${id} ${due.toISOString()}`).digest().readUInt32BE(0) / 2 ** 32) * jitterSeconds * 1000

const scheduleOf = ({ value }: DocumentRecord): Schedule => value as unknown as Schedule

const save = (store: GraphStore, schedule: Schedule, expected: number | null): Promise<boolean> =>
  store.changeDocuments([
    {
      collection: COLLECTION,
      id: schedule.id,
      expected,
      sort: schedule.nextDue ?? NEVER,
      value: schedule as unknown as DocumentRecord['value'],
    },
  ])

export const listSchedules = async (store: GraphStore): Promise<readonly Schedule[]> =>
  (await store.listDocuments(COLLECTION, { limit: MOST_SCHEDULES })).map(scheduleOf)

const find = async (store: GraphStore, id: string): Promise<DocumentRecord> => {
  const found = await store.readDocument(COLLECTION, id)
  if (found === null) throw new RingfenceError('schedule.unknown', `There is no schedule ${id}.`, { id })
  return found
}

/** Throws `schedule.unknown`. */
export const readSchedule = async (store: GraphStore, id: string): Promise<Schedule> =>
  scheduleOf(await find(store, id))

const changed = (id: string): RingfenceError =>
  new RingfenceError('request.conflict', `The schedule ${id} was changed by somebody else at the same time.`)

/** Makes a schedule or takes the place of the one with its id. Throws `schedule.invalid`, `schedule.never`, `request.conflict`. */
export const putSchedule = async (
  store: GraphStore,
  id: string,
  wanted: ScheduleRequest,
  now = new Date(),
): Promise<Schedule> => {
  const cron = parse(wanted.cron, wanted.timeZone)
  const before = await store.readDocument(COLLECTION, id)
  if (before === null && (await store.listDocuments(COLLECTION, { limit: MOST_SCHEDULES })).length >= MOST_SCHEDULES)
    throw new RingfenceError('schedule.invalid', `There are ${MOST_SCHEDULES} schedules already.`)
  const old = before && scheduleOf(before)
  const keepsTime = old !== null && old.nextDue !== null && old.cron === wanted.cron && old.timeZone === wanted.timeZone
  const next = keepsTime ? old.nextDue : cron.nextRun(now)!.toISOString()
  const schedule: Schedule = {
    ...wanted,
    id,
    createdAt: old?.createdAt ?? now.toISOString(),
    changedAt: now.toISOString(),
    nextDue: wanted.paused ? null : next,
    last: old?.last ?? null,
  }
  if (!(await save(store, schedule, before?.version ?? null))) throw changed(id)
  return schedule
}

/** Throws `schedule.unknown` and `request.conflict`. */
export const removeSchedule = async (store: GraphStore, id: string): Promise<void> => {
  const { version } = await find(store, id)
  if (!(await store.changeDocuments([{ collection: COLLECTION, id, expected: version, value: null }])))
    throw changed(id)
}

/** Up to `limit` schedules that are due, first due first, with their versions. */
export const dueSchedules = async (
  store: GraphStore,
  now: Date,
  limit: number,
): Promise<readonly { readonly version: number; readonly schedule: Schedule }[]> =>
  (await store.listDocuments(COLLECTION, { upTo: now.toISOString(), limit })).map((document) => ({
    version: document.version,
    schedule: scheduleOf(document),
  }))

/** Moves on to the next time. Nothing happens where somebody else did, or changed the schedule: whoever comes next sees it as it is. */
export const moveOn = async (
  store: GraphStore,
  { version, schedule }: { readonly version: number; readonly schedule: Schedule },
  next: Date | null,
  last: LastTime | null,
): Promise<void> => {
  await save(store, { ...schedule, nextDue: next?.toISOString() ?? null, last: last ?? schedule.last }, version)
}

export const keyOfTime = (id: string, due: Date): string => `schedule ${id} ${due.toISOString()}`

/** What a new store gets. */
export const seededSchedules: readonly (ScheduleRequest & { readonly id: string })[] = [
  {
    ...scheduleDefaults,
    id: 'hourly-detection',
    job: { type: 'detect', mode: 'write', parameters: {} },
    cron: '0 * * * *',
    jitterSeconds: 300,
  },
  {
    ...scheduleDefaults,
    id: 'nightly',
    // The run is seen when all that is made of it is there: risk is of the run that was just made, not of the one that queries still see.
    job: {
      type: 'pipeline',
      mode: 'write',
      parameters: {
        stages: [
          { type: 'detect', parameters: { publish: false } },
          { type: 'score', parameters: {} },
          { type: 'propagate', parameters: { run: 'latest' } },
          { type: 'forecast', parameters: { run: 'latest' } },
          { type: 'publish', parameters: {} },
        ],
      },
    },
    cron: '30 2 * * *',
    jitterSeconds: 600,
  },
]

const SEEDED = 'seeded'

/** Gives a store its first schedules, once in its life: those that were removed do not come back. */
export const seedSchedules = async (store: GraphStore): Promise<void> => {
  if ((await store.readDocument(`${COLLECTION}-state`, SEEDED)) !== null) return
  for (const { id, ...schedule } of seededSchedules)
    if ((await store.readDocument(COLLECTION, id)) === null) await putSchedule(store, id, schedule)
  await store.changeDocuments([{ collection: `${COLLECTION}-state`, id: SEEDED, expected: null, value: {} }])
}

/** A job as its schedule wants it, for the runner. */
export const requestOf = (schedule: Schedule, due: Date) => ({
  type: schedule.job.type,
  mode: schedule.job.mode as JobRecord['mode'],
  parameters: schedule.job.parameters,
  key: keyOfTime(schedule.id, due),
  priority: schedule.priority,
  dueAt: new Date(due.getTime() + jitterOf(schedule.id, due, schedule.jitterSeconds)).toISOString(),
  timeoutSeconds: schedule.timeoutSeconds,
  schedule: schedule.id,
})
