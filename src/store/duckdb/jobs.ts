/** Jobs: a small table, rows replaced by delete and insert in one transaction. The clock of the store is this process's. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { RingfenceError } from '../../errors.js'
import {
  abandoned,
  claimed,
  finished,
  hasEnded,
  isHeld,
  isOverdue,
  type JobBeat,
  type JobClaim,
  type JobEnd,
  type JobFence,
  type JobLogLine,
  type JobRecord,
  kept,
  parseJob,
  released,
  withCancel,
  withRetry,
} from '../job-record.js'
import { inTransaction } from './connection.js'
import { numberOf, rows, text } from './sql.js'

const unknown = (id: string): RingfenceError => new RingfenceError('job.unknown', `no job has the id ${id}.`, { id })

const insertJob = async (connection: DuckDBConnection, job: JobRecord): Promise<void> => {
  await connection.run(
    'INSERT INTO jobs (id, key, created_at, state, record, due_at, priority) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [job.id, job.key, job.createdAt, job.state, JSON.stringify(job), job.dueAt, job.priority],
  )
}

const replaceJob = async (connection: DuckDBConnection, job: JobRecord): Promise<JobRecord> => {
  await connection.run('DELETE FROM jobs WHERE id = $1', [job.id])
  await insertJob(connection, job)
  return job
}

const appendLog = async (connection: DuckDBConnection, id: string, log: readonly JobLogLine[]): Promise<void> => {
  if (log.length === 0) return
  let place = await numberOf(connection, 'SELECT count(*) FROM job_log WHERE job = $1', [id])
  for (const { at, message } of log)
    await connection.run('INSERT INTO job_log VALUES ($1, $2, $3, $4)', [id, place++, at, message])
}

export const readJob = async (connection: DuckDBConnection, id: string): Promise<JobRecord | null> => {
  const [found] = await rows(connection, 'SELECT record FROM jobs WHERE id = $1', [id])
  return found === undefined ? null : parseJob(text(found[0]))
}

export const listJobs = async (connection: DuckDBConnection, limit: number): Promise<readonly JobRecord[]> =>
  (await rows(connection, 'SELECT record FROM jobs ORDER BY created_at DESC, id DESC LIMIT $1', [limit])).map(
    ([record]) => parseJob(text(record)),
  )

export const readJobLog = async (
  connection: DuckDBConnection,
  id: string,
  from: number,
  limit: number,
): Promise<readonly JobLogLine[]> =>
  (
    await rows(
      connection,
      'SELECT told_at, message FROM job_log WHERE job = $1 AND place >= $2 ORDER BY place LIMIT $3',
      [id, from, limit],
    )
  ).map(([at, message]) => ({ at: text(at), message: text(message) }))

export const createJob = (connection: DuckDBConnection, job: JobRecord): Promise<JobRecord> =>
  inTransaction(connection, async () => {
    if (job.key !== null) {
      const [same] = await rows(connection, 'SELECT record FROM jobs WHERE key = $1', [job.key])
      if (same !== undefined) return parseJob(text(same[0]))
    }
    if ((await readJob(connection, job.id)) !== null) throw new Error(`job ${job.id} is in the store already`)
    await insertJob(connection, job)
    return job
  })

const running = async (connection: DuckDBConnection): Promise<readonly JobRecord[]> =>
  (await rows(connection, "SELECT record FROM jobs WHERE state = 'running'")).map(([record]) => parseJob(text(record)))

export const claimJob = (connection: DuckDBConnection, claim: JobClaim): Promise<JobRecord | null> =>
  inTransaction(connection, async () => {
    const now = Date.now()
    for (const job of await running(connection))
      if (isOverdue(job, now)) await replaceJob(connection, abandoned(job, claim, now))
    const [next] = await rows(
      connection,
      "SELECT record FROM jobs WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at, priority, id LIMIT 1",
      [new Date(now).toISOString()],
    )
    return next === undefined ? null : replaceJob(connection, claimed(parseJob(text(next[0])), claim, now))
  })

export const dropLeases = (
  connection: DuckDBConnection,
  claim: Pick<JobClaim, 'owner' | 'maxAttempts'>,
): Promise<number> =>
  inTransaction(connection, async () => {
    const others = (await running(connection)).filter(({ lease }) => lease?.owner !== claim.owner)
    for (const job of others) await replaceJob(connection, abandoned(job, claim, Date.now()))
    return others.length
  })

/** Null where `fence` is not the latest start of a job that runs. */
const whileHeld = (
  connection: DuckDBConnection,
  fence: JobFence,
  log: readonly JobLogLine[],
  step: (job: JobRecord) => JobRecord,
): Promise<JobRecord | null> =>
  inTransaction(connection, async () => {
    const job = await readJob(connection, fence.job)
    if (job === null || !isHeld(job, fence)) return null
    await appendLog(connection, job.id, log)
    return replaceJob(connection, step(job))
  })

export const keepJob = (connection: DuckDBConnection, fence: JobFence, beat: JobBeat): Promise<JobRecord | null> =>
  whileHeld(connection, fence, beat.log, (job) => kept(job, beat, Date.now()))

export const endJob = (
  connection: DuckDBConnection,
  fence: JobFence,
  end: JobEnd,
  log: readonly JobLogLine[],
): Promise<JobRecord | null> => whileHeld(connection, fence, log, (job) => finished(job, end, Date.now()))

export const releaseJob = (
  connection: DuckDBConnection,
  fence: JobFence,
  dueAt: string,
  counts: boolean,
): Promise<JobRecord | null> => whileHeld(connection, fence, [], (job) => released(job, dueAt, counts))

const changeJob = (
  connection: DuckDBConnection,
  id: string,
  step: (job: JobRecord, now: number) => JobRecord,
): Promise<JobRecord> =>
  inTransaction(connection, async () => {
    const job = await readJob(connection, id)
    if (job === null) throw unknown(id)
    return replaceJob(connection, step(job, Date.now()))
  })

export const cancelJob = (connection: DuckDBConnection, id: string): Promise<JobRecord> =>
  changeJob(connection, id, (job, now) => (hasEnded(job) ? job : withCancel(job, now)))

export const retryJob = (connection: DuckDBConnection, id: string): Promise<JobRecord> =>
  changeJob(connection, id, withRetry)

/** To be called in the transaction that writes. Throws `job.lost`. */
export const checkFence = async (connection: DuckDBConnection, fence: JobFence | undefined): Promise<void> => {
  if (fence === undefined) return
  const job = await readJob(connection, fence.job)
  if (job === null || !isHeld(job, fence))
    throw new RingfenceError('job.lost', `Job ${fence.job} was taken over or ended; this start of it wrote nothing.`)
}
