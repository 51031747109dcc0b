import { expect, test } from '@jest/globals'
import type { RingfenceError } from '#src/errors.js'
import { growingId } from '#src/jobs/job-id.js'
import { JobRunner } from '#src/jobs/job-runner.js'
import { CurrentView } from '#src/jobs/read-view.js'
import { Scheduler } from '#src/jobs/scheduler.js'
import {
  dueTimes,
  jitterOf,
  listSchedules,
  MOST_MADE_UP,
  nextTime,
  putSchedule,
  readSchedule,
  removeSchedule,
  scheduleDefaults,
  seededSchedules,
  seedSchedules,
} from '#src/jobs/schedules.js'
import type { GraphStore } from '#src/store/store.js'
import { openWorld } from '../../support/service.js'

const wanted = (cron: string, more: object = {}) => ({
  ...scheduleDefaults,
  job: { type: 'publish', mode: 'dry-run' as const, parameters: {} },
  cron,
  ...more,
})
const iso = (times: readonly Date[]): string[] => times.map((time) => time.toISOString())
const utc = (text: string): Date => new Date(`${text}Z`)

const withStore = async (body: (store: GraphStore) => Promise<void>): Promise<void> => {
  const world = await openWorld()
  try {
    await body(world.store)
  } finally {
    await world.close()
  }
}
const schedulerOn = (store: GraphStore) => {
  const runner = new JobRunner(store, new CurrentView(store))
  return { scheduler: new Scheduler(store, runner, () => {}), runner }
}

test('daylight saving: a time that does not exist is met once, one that comes twice once', () => {
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  const from = (text: string, count: number): string[] => {
    const times: Date[] = []
    for (let time = nextTime(berlin, utc(text)); time && times.length < count; time = nextTime(berlin, time))
      times.push(time)
    return iso(times)
  }
  expect(from('2026-03-28T00:00:00', 3)).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
  const autumn = from('2026-10-24T12:00:00', 2)
  expect(autumn.map((time) => time.slice(0, 10))).toEqual(['2026-10-25', '2026-10-26'])
})

test('times that were missed are passed over, met once or met all, and a clock that jumps back meets none twice', () => {
  const hourly = { cron: '0 * * * *', timeZone: 'UTC', nextDue: '2026-01-01T01:00:00.000Z' }
  const now = utc('2026-01-01T04:30:00')
  const all = dueTimes({ ...hourly, catchUp: 'all' }, now)
  expect(iso(all.times)).toEqual([1, 2, 3, 4].map((hour) => `2026-01-01T0${hour}:00:00.000Z`))
  expect(all).toMatchObject({ missed: 0, next: utc('2026-01-01T05:00:00') })
  const latest = dueTimes({ ...hourly, catchUp: 'latest' }, now)
  expect(iso(latest.times)).toEqual(['2026-01-01T04:00:00.000Z'])
  expect(latest.missed).toBe(3)
  expect(dueTimes({ ...hourly, catchUp: 'none' }, now)).toMatchObject({ times: [], missed: 4 })
  const inTime = dueTimes({ ...hourly, catchUp: 'none' }, utc('2026-01-01T01:00:30'))
  expect(iso(inTime.times)).toEqual(['2026-01-01T01:00:00.000Z'])
  const back = dueTimes({ ...hourly, catchUp: 'all' }, utc('2025-12-31T23:00:00'))
  expect(back).toMatchObject({ times: [], next: utc('2026-01-01T01:00:00') })
  const long = dueTimes({ ...hourly, cron: '* * * * * *', catchUp: 'all' }, now)
  expect(long.times).toHaveLength(MOST_MADE_UP)
  expect(long).toMatchObject({ more: true, next: utc('2026-01-01T04:30:01') })
  expect(iso(long.times).slice(-2)).toEqual(['2026-01-01T04:29:59.000Z', '2026-01-01T04:30:00.000Z'])
  // A clock that jumps years ahead costs no more than one that jumps an hour.
  for (const catchUp of ['none', 'latest', 'all'] as const) {
    const jumped = dueTimes({ ...hourly, cron: '* * * * * *', catchUp }, utc('2031-01-01T00:00:00'))
    expect(jumped.times).toHaveLength(catchUp === 'latest' ? 1 : catchUp === 'all' ? MOST_MADE_UP : 1)
    expect(iso(jumped.times).at(-1)).toBe('2031-01-01T00:00:00.000Z')
  }
})

test('jitter stays within its bound and is the same in every process', () => {
  const due = utc('2026-01-01T00:00:00')
  const values = Array.from({ length: 200 }, (_, i) => jitterOf(`s${i}`, due, 60))
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...values)).toBeLessThan(60_000)
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(50_000)
  expect(jitterOf('s1', due, 60)).toBe(values[1])
})

test('a line that makes no sense, a zone that is not there and a day that never comes are refused', async () => {
  await withStore(async (store) => {
    const code = (cron: string, more: object = {}) =>
      putSchedule(store, 's', wanted(cron, more)).then(
        () => null,
        (error: unknown) => (error as RingfenceError).code,
      )
    expect(await code('every day')).toBe('schedule.invalid')
    expect(await code('61 * * * *')).toBe('schedule.invalid')
    expect(await code('0 0 * * *', { timeZone: 'Mars/Olympus' })).toBe('schedule.invalid')
    expect(await code('0 0 31 2 *')).toBe('schedule.never')
    await expect(readSchedule(store, 's')).rejects.toMatchObject({ code: 'schedule.unknown' })
    await expect(removeSchedule(store, 's')).rejects.toMatchObject({ code: 'schedule.unknown' })
  })
})

test('a time makes one job, whoever looks and however often; single flight passes over, a refusal is kept', async () => {
  await withStore(async (store) => {
    const made = utc('2026-01-01T00:30:00')
    await putSchedule(store, 'publishes', wanted('0 * * * *', { priority: 5, timeoutSeconds: 60 }), made)
    await putSchedule(store, 'overlaps', wanted('0 * * * *', { singleFlight: false, catchUp: 'all' }), made)
    const impossible = { job: { type: 'detect', mode: 'dry-run', parameters: { whatIf: {} } } }
    await putSchedule(store, 'refused', wanted('0 1 * * *', impossible), made)
    await putSchedule(store, 'paused', wanted('0 * * * *', { paused: true }), made)
    const now = utc('2026-01-01T02:10:00')
    const stopped = schedulerOn(store)
    await stopped.runner.stop()
    await expect(stopped.scheduler.tick(now)).rejects.toMatchObject({ code: 'server.stopping' })
    expect(await store.listJobs(10)).toEqual([])

    const live = schedulerOn(store)
    await Promise.all([live.scheduler.tick(now), live.scheduler.tick(now)])
    await live.scheduler.tick(now)
    const jobs = await store.listJobs(100)
    const of = (id: string) =>
      jobs
        .filter(({ schedule }) => schedule === id)
        .map(({ key }) => key)
        .sort()
    expect(of('publishes')).toEqual(['schedule publishes 2026-01-01T02:00:00.000Z'])
    expect(of('overlaps')).toEqual([1, 2].map((hour) => `schedule overlaps 2026-01-01T0${hour}:00:00.000Z`))
    expect(jobs.find(({ schedule }) => schedule === 'publishes')).toMatchObject({
      priority: 5,
      timeoutSeconds: 60,
      dueAt: '2026-01-01T02:00:00.000Z',
    })
    const refused = jobs.find(({ schedule }) => schedule === 'refused')
    expect(refused).toMatchObject({ state: 'failed', error: { code: 'run.none' } })
    const after = await readSchedule(store, 'refused')
    expect(after).toMatchObject({ nextDue: '2026-01-02T01:00:00.000Z', last: { outcome: 'failed', job: refused!.id } })
    expect(await readSchedule(store, 'paused')).toMatchObject({ nextDue: null, last: null })
    await live.runner.stop()

    // One whose job has not ended: the next time is passed over.
    const busy = jobs.find(({ schedule }) => schedule === 'publishes')!
    const left = {
      ...busy,
      id: 'left',
      key: null,
      state: 'queued' as const,
      finishedAt: null,
      dueAt: '2999-01-01T00:00:00.000Z',
    }
    await store.createJob(left)
    const document = (await store.readDocument('schedules', 'publishes'))!
    const last = { due: '2026-01-01T02:00:00.000Z', outcome: 'started', job: 'left', reason: null }
    const value = { ...document.value, last }
    await store.changeDocuments([
      { collection: 'schedules', id: 'publishes', expected: document.version, sort: document.sort, value },
    ])
    const again = schedulerOn(store)
    await again.scheduler.tick(utc('2026-01-01T03:00:00'))
    expect(await readSchedule(store, 'publishes')).toMatchObject({
      nextDue: '2026-01-01T04:00:00.000Z',
      last: { outcome: 'passed-over', job: 'left' },
    })
    await again.runner.stop()
  })
})

test('schedules that are due at once all make their job, which run in the order of due time, priority, id', async () => {
  await withStore(async (store) => {
    const made = utc('2026-01-01T00:30:00')
    const count = 60
    for (let i = 0; i < count; i++)
      await putSchedule(store, `s${i}`, wanted(i % 2 ? '0 1 * * *' : '30 1 * * *', { priority: i % 7 }), made)
    // The first ones run while the others are asked for.
    const asking = schedulerOn(store)
    await asking.runner.start()
    await asking.scheduler.tick(utc('2026-01-01T02:00:00'))
    const all = async () => store.listJobs(2 * count)
    while ((await all()).some(({ finishedAt }) => finishedAt === null))
      await new Promise((resolve) => setTimeout(resolve, 50))
    await asking.runner.stop()
    const jobs = [...(await all())]
    expect(new Set(jobs.map(({ schedule }) => schedule)).size).toBe(count)
    expect(jobs.every(({ attempts }) => attempts === 1)).toBe(true)
    const key = ({ dueAt, priority, id }: (typeof jobs)[number]) => `${dueAt} ${priority} ${id}`
    const wantedOrder = jobs.map(key).sort()
    const started = jobs.sort((a, b) =>
      a.startedAt! < b.startedAt! ? -1 : a.startedAt! > b.startedAt! ? 1 : key(a) < key(b) ? -1 : 1,
    )
    expect(started.map(key)).toEqual(wantedOrder)
    expect((await listSchedules(store)).every(({ last }) => last?.outcome === 'started')).toBe(true)
  })
})

test('jitter that turns times around loses none of them when the process dies between two', async () => {
  await withStore(async (store) => {
    const made = utc('2026-01-01T00:30:00')
    const often = wanted('*/5 * * * *', { catchUp: 'all', jitterSeconds: 3600, singleFlight: false })
    await putSchedule(store, 'often', often, made)
    const now = utc('2026-01-01T01:30:00')
    let calls = 0
    const dying = new Proxy(store, {
      get: (target, name) => {
        if (name === 'createJob' && ++calls > 6) throw new Error('the process is gone')
        return Reflect.get(target, name, target)
      },
    })
    const first = schedulerOn(dying)
    await expect(first.scheduler.tick(now)).rejects.toThrow('gone')
    await first.runner.stop()
    const second = schedulerOn(store)
    await second.scheduler.tick(now)
    await second.runner.stop()
    const keys = (await store.listJobs(100)).map(({ key }) => key).sort()
    expect(keys).toEqual(
      Array.from(
        { length: 12 },
        (_, i) => `schedule often ${new Date(made.getTime() + (i + 1) * 300_000).toISOString()}`,
      ),
    )
    expect(await readSchedule(store, 'often')).toMatchObject({ nextDue: '2026-01-01T01:35:00.000Z' })
  })
})

test('ids of jobs grow, also within a millisecond and where the clock is set back', () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => growingId(i === 5000 ? 1 : undefined))
  expect(new Set(ids).size).toBe(ids.length)
  expect([...ids].sort()).toEqual(ids)
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true)
})

test('a new store is given schedules once: those that were removed do not come back', async () => {
  await withStore(async (store) => {
    await seedSchedules(store)
    expect((await listSchedules(store)).map(({ id }) => id).sort()).toEqual(seededSchedules.map(({ id }) => id).sort())
    await removeSchedule(store, seededSchedules[0]!.id)
    await seedSchedules(store)
    expect(await listSchedules(store)).toHaveLength(seededSchedules.length - 1)
  })
})
