/**
 * Jobs: a node each, with what people look for as properties and the whole job as JSON; lines of their logs as nodes. Several services may
 * share the server, so a step on a job takes the lock of its node first, claims take one lock for all, and the clock is the server's.
 */
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
import { type Connection, inRead, inWrite, rows, type Transaction } from './connection.js'

const unknown = (id: string): RingfenceError => new RingfenceError('job.unknown', `no job has the id ${id}.`, { id })

const jobProperties = (job: JobRecord) => ({
  id: job.id,
  key: job.key,
  type: job.type,
  mode: job.mode,
  state: job.state,
  done: job.progress.done,
  stage: job.progress.stage,
  createdAt: job.createdAt,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
  dueAt: job.dueAt,
  priority: job.priority,
  owner: job.lease?.owner ?? null,
  record: JSON.stringify(job),
})

const replaceJob = async (tx: Transaction, job: JobRecord): Promise<JobRecord> => {
  await tx.run('MATCH (j:RingfenceJob {id: $id}) SET j = $properties', { id: job.id, properties: jobProperties(job) })
  return job
}

const appendLog = async (tx: Transaction, id: string, log: readonly JobLogLine[]): Promise<void> => {
  if (log.length === 0) return
  await tx.run(
    `OPTIONAL MATCH (l:RingfenceJobLog {job: $id}) WITH count(l) AS before
      UNWIND range(0, size($log) - 1) AS i
      CREATE (:RingfenceJobLog {job: $id, place: before + i, at: $log[i].at, message: $log[i].message})`,
    { id, log },
  )
}

/** The write takes the lock of the node until the transaction ends. The server's clock comes along. */
const lockJob = async (
  tx: Transaction,
  id: string,
): Promise<{ readonly job: JobRecord; readonly now: number } | null> => {
  const [found] = await rows<{ record: string; now: number }>(
    tx,
    'MATCH (j:RingfenceJob {id: $id}) SET j.id = j.id RETURN j.record AS record, timestamp() AS now',
    { id },
  )
  return found === undefined ? null : { job: parseJob(found.record), now: found.now }
}

/** MERGE under the key's constraint locks the key, so of two requests at once one makes the job and the other finds it. */
export const createJob = (connection: Connection, job: JobRecord): Promise<JobRecord> =>
  inWrite(connection, async (tx) => {
    const properties = jobProperties(job)
    if (job.key !== null) {
      const [made] = await rows<{ record: string }>(
        tx,
        'MERGE (j:RingfenceJob {key: $key}) ON CREATE SET j += $properties RETURN j.record AS record',
        { key: job.key, properties },
      )
      return parseJob(made!.record)
    }
    const [made] = await rows<{ record: string }>(
      tx,
      'MERGE (j:RingfenceJob {id: $id}) ON CREATE SET j += $properties RETURN j.record AS record',
      { id: job.id, properties },
    )
    if (made!.record !== properties.record) throw new Error(`job ${job.id} is in the store already`)
    return job
  })

const running = async (tx: Transaction): Promise<readonly JobRecord[]> =>
  (
    await rows<{ record: string }>(
      tx,
      "MATCH (j:RingfenceJob {state: 'running'}) SET j.id = j.id RETURN j.record AS record ORDER BY j.id",
    )
  ).map(({ record }) => parseJob(record))

/** All claims, of all services, one after the other. */
const lockClaims = async (tx: Transaction): Promise<number> => {
  const [{ now } = { now: 0 }] = await rows<{ now: number }>(
    tx,
    "MERGE (s:RingfenceSequence {name: 'claim'}) SET s.value = coalesce(s.value, 0) + 1 RETURN timestamp() AS now",
  )
  return now
}

export const claimJob = async (connection: Connection, claim: JobClaim): Promise<JobRecord | null> => {
  const isWaiting = await inRead(connection, (tx) =>
    rows(tx, "MATCH (j:RingfenceJob) WHERE j.state IN ['queued', 'running'] RETURN 1 AS one LIMIT 1"),
  )
  if (isWaiting.length === 0) return null
  return inWrite(connection, async (tx) => {
    const now = await lockClaims(tx)
    for (const job of await running(tx)) if (isOverdue(job, now)) await replaceJob(tx, abandoned(job, claim, now))
    const due = await rows<{ id: string }>(
      tx,
      `MATCH (j:RingfenceJob {state: 'queued'}) WHERE coalesce(j.dueAt, j.createdAt) <= $due
        RETURN j.id AS id ORDER BY coalesce(j.dueAt, j.createdAt), coalesce(j.priority, 0), j.id LIMIT 8`,
      { due: new Date(now).toISOString() },
    )
    for (const { id } of due) {
      // It may have been cancelled since it was read.
      const locked = await lockJob(tx, id)
      if (locked?.job.state === 'queued') return replaceJob(tx, claimed(locked.job, claim, now))
    }
    return null
  })
}

export const dropLeases = (connection: Connection, claim: Pick<JobClaim, 'owner' | 'maxAttempts'>): Promise<number> =>
  inWrite(connection, async (tx) => {
    const now = await lockClaims(tx)
    const others = (await running(tx)).filter(({ lease }) => lease?.owner !== claim.owner)
    for (const job of others) await replaceJob(tx, abandoned(job, claim, now))
    return others.length
  })

/** Null where `fence` is not the latest start of a job that runs. */
const whileHeld = (
  connection: Connection,
  fence: JobFence,
  log: readonly JobLogLine[],
  step: (job: JobRecord, now: number) => JobRecord,
): Promise<JobRecord | null> =>
  inWrite(connection, async (tx) => {
    const locked = await lockJob(tx, fence.job)
    if (locked === null || !isHeld(locked.job, fence)) return null
    await appendLog(tx, fence.job, log)
    return replaceJob(tx, step(locked.job, locked.now))
  })

export const keepJob = (connection: Connection, fence: JobFence, beat: JobBeat): Promise<JobRecord | null> =>
  whileHeld(connection, fence, beat.log, (job, now) => kept(job, beat, now))

export const endJob = (
  connection: Connection,
  fence: JobFence,
  end: JobEnd,
  log: readonly JobLogLine[],
): Promise<JobRecord | null> => whileHeld(connection, fence, log, (job, now) => finished(job, end, now))

export const releaseJob = (
  connection: Connection,
  fence: JobFence,
  dueAt: string,
  counts: boolean,
): Promise<JobRecord | null> => whileHeld(connection, fence, [], (job) => released(job, dueAt, counts))

const changeJob = (
  connection: Connection,
  id: string,
  step: (job: JobRecord, now: number) => JobRecord,
): Promise<JobRecord> =>
  inWrite(connection, async (tx) => {
    const locked = await lockJob(tx, id)
    if (locked === null) throw unknown(id)
    return replaceJob(tx, step(locked.job, locked.now))
  })

export const cancelJob = (connection: Connection, id: string): Promise<JobRecord> =>
  changeJob(connection, id, (job, now) => (hasEnded(job) ? job : withCancel(job, now)))

export const retryJob = (connection: Connection, id: string): Promise<JobRecord> => changeJob(connection, id, withRetry)

export const readJob = (connection: Connection, id: string): Promise<JobRecord | null> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<{ record: string }>(tx, 'MATCH (j:RingfenceJob {id: $id}) RETURN j.record AS record', {
      id,
    })
    return found === undefined ? null : parseJob(found.record)
  })

export const listJobs = (connection: Connection, limit: number): Promise<readonly JobRecord[]> =>
  inRead(connection, async (tx) => {
    const cypher = `MATCH (j:RingfenceJob) RETURN j.record AS record
      ORDER BY j.createdAt DESC, j.id DESC LIMIT toInteger($limit)`
    return (await rows<{ record: string }>(tx, cypher, { limit })).map(({ record }) => parseJob(record))
  })

export const readJobLog = (
  connection: Connection,
  id: string,
  from: number,
  limit: number,
): Promise<readonly JobLogLine[]> =>
  inRead(connection, (tx) =>
    rows<JobLogLine & Record<string, unknown>>(
      tx,
      `MATCH (l:RingfenceJobLog {job: $id}) WHERE l.place >= $from
        RETURN l.at AS at, l.message AS message ORDER BY l.place LIMIT toInteger($limit)`,
      { id, from, limit },
    ),
  )

/** To be called in the transaction that writes, which then holds the job's lock until it ends. Throws `job.lost`. */
export const checkFence = async (tx: Transaction, fence: JobFence | undefined): Promise<void> => {
  if (fence === undefined) return
  const locked = await lockJob(tx, fence.job)
  if (locked === null || !isHeld(locked.job, fence))
    throw new RingfenceError('job.lost', `Job ${fence.job} was taken over or ended; this start of it wrote nothing.`)
}
