/**
 * A thousand schedules (`--count N`) that are due at the same minute, with priorities 0 to 6, on a service that answers ring queries meanwhile. Whether
 * each made one job, in which order the jobs ran, and how long queries took: before anything was due, and until the last job has ended. The service is a process of its own;
 * queries come at a fixed rate from this one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { putSchedule, scheduleDefaults } from '#src/jobs/schedules.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { JobRecord } from '#src/store/store.js'
import type { Bench, Figure } from './lib/figure.js'
import { countOption } from './lib/options.js'

const SCHEDULES = 1000
const PRIORITIES = 7
/** One query each so often, whether or not the one before has come back. */
const EVERY_MS = 20
const BEFORE_MS = 15_000
/** Between the last schedule that is put and the minute at which they are due: a start, a warm-up and the measure before. */
const AHEAD_MS = 45_000
const MOST_MS = 600_000
/** A list of a thousand jobs costs the service something itself. */
const ASK_MS = 5000

const service = fileURLToPath(new URL('../test/support/http-service.js', import.meta.url))

const prepare = async (path: string, count: number): Promise<{ readonly due: Date; readonly url: string }> => {
  const store = await openStore(path)
  try {
    for (const batch of recordBatches(new Simulation(defaultSimulation(20_000)))) await store.writeBatch(batch)
    const { rings } = await runDetect(store, defaultDetectParameters(), { mode: 'write' })
    const member = rings.flatMap(({ members }) => members).find(({ kind }) => kind === 'user')!
    // A schedule costs some milliseconds to write.
    const due = new Date(Math.ceil((Date.now() + AHEAD_MS + count * 10) / 60_000) * 60_000)
    const cron = `${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`
    for (let i = 0; i < count; i++)
      await putSchedule(store, `s${String(i).padStart(4, '0')}`, {
        ...scheduleDefaults,
        job: { type: 'publish', mode: 'dry-run', parameters: {} },
        cron,
        priority: (i * 5) % PRIORITIES,
      })
    return { due, url: `/v1/users/${encodeURIComponent(member.id)}/rings` }
  } finally {
    await store.close()
  }
}

/** Times of queries that were sent at a fixed rate until `over`. */
const ask = async (url: string, over: () => boolean): Promise<Float64Array> => {
  const times: number[] = []
  const open: Promise<void>[] = []
  for (let next = performance.now(); !over(); next += EVERY_MS) {
    const wait = next - performance.now()
    if (wait > 0) await sleep(wait)
    // From when it was to be sent: a load that waits with a busy service would hide what it waits for.
    const one = async (): Promise<void> => {
      const answer = await fetch(url)
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
      times.push(performance.now() - next)
    }
    open.push(one())
  }
  await Promise.all(open)
  return Float64Array.from(times).sort()
}

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!

const ended = async (address: string, jobs: number): Promise<void> => {
  for (const begin = performance.now(); performance.now() - begin < MOST_MS; ) {
    await sleep(ASK_MS)
    const { jobs: latest } = (await (await fetch(`${address}/v1/jobs?limit=1000`)).json()) as {
      readonly jobs: readonly JobRecord[]
    }
    if (latest.filter(({ finishedAt }) => finishedAt !== null).length >= Math.min(1000, jobs)) return
  }
  throw new Error(`after ${MOST_MS / 1000} s not all jobs have ended`)
}

const inOrder = (jobs: readonly JobRecord[]): number => {
  const key = ({ dueAt, priority, id }: JobRecord): string => `${dueAt} ${priority} ${id}`
  const wanted = jobs.map(key).sort()
  // One runs at a time, so those that began in the same millisecond are told apart by their end.
  const begun = [...jobs].sort((a, b) =>
    a.startedAt !== b.startedAt
      ? a.startedAt! < b.startedAt!
        ? -1
        : 1
      : a.finishedAt !== b.finishedAt
        ? a.finishedAt! < b.finishedAt!
          ? -1
          : 1
        : key(a) < key(b)
          ? -1
          : 1,
  )
  return begun.filter((job, place) => key(job) !== wanted[place]).length
}

const stop = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

export const bench: Bench = {
  title: 'Schedules that are due at once, and ring queries meanwhile',
  async run({ args, note }) {
    const count = countOption(args, SCHEDULES)
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    const path = join(folder, 'store.duckdb')
    try {
      const { due, url } = await prepare(path, count)
      const child = spawn(process.execPath, [service, path, join(folder, 'log.ndjson')], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, RINGFENCE_SEED_SCHEDULES: 'no' },
      })
      let before: Float64Array
      let during: Float64Array
      let took: number
      try {
        const [line] = await once(child.stdout!, 'data')
        const address = String(line).trim()
        const query = `${address}${url}`
        const warm = performance.now()
        await ask(query, () => performance.now() - warm > 3000)
        await sleep(Math.max(0, due.getTime() - Date.now() - BEFORE_MS - 1000))
        before = await ask(query, () => Date.now() > due.getTime() - 1000)
        await sleep(Math.max(0, due.getTime() - Date.now()))
        const begin = performance.now()
        let over = false
        ;[during] = await Promise.all([
          ask(query, () => over),
          ended(address, count).finally(() => {
            over = true
          }),
        ])
        took = (performance.now() - begin) / 1000
      } finally {
        await stop(child)
      }
      const store = await openStore(path)
      const jobs = await store.listJobs(10_000)
      await store.close()
      const schedules = new Set(jobs.map(({ schedule }) => schedule))
      const done = jobs.filter(({ state }) => state === 'done').length
      note(
        `${jobs.length} jobs of ${schedules.size} schedules in ${took.toFixed(1)} s; ${before.length} and ${during.length} queries`,
      )
      const figure = (metric: string, value: number, unit: string, reference: number | null = null): Figure => ({
        bench: 'schedules',
        model: 'duckdb',
        metric,
        value,
        unit,
        spread: null,
        reference,
        referenceName: reference === null ? null : 'limit',
      })
      return [
        figure('jobs done', done, 'count', count),
        figure('schedules without a job', count - schedules.size, 'count', 0),
        figure('jobs beyond one a schedule', jobs.length - schedules.size, 'count', 0),
        figure('jobs out of order', inOrder(jobs), 'count', 0),
        figure('all done after', took, 's'),
        figure('query median before', quantile(before, 0.5), 'ms'),
        figure('query median during', quantile(during, 0.5), 'ms'),
        figure('query p99 before', quantile(before, 0.99), 'ms'),
        figure('query p99 during', quantile(during, 0.99), 'ms'),
        figure('query p99 ratio', quantile(during, 0.99) / quantile(before, 0.99), 'x'),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
