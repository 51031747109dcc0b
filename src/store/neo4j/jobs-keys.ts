/** Jobs and API keys: a node each, with what people look for as properties and the whole job as JSON. */
import { RingfenceError } from '../../errors.js'
import type { ApiKeyRecord, JobRecord } from '../store.js'
import { type Connection, inRead, inWrite, rows, type Transaction } from './connection.js'

const parseJob = ({ record }: { readonly record: string }): JobRecord => JSON.parse(record) as JobRecord

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
  record: JSON.stringify(job),
})

const findJob = async (tx: Transaction, id: string): Promise<JobRecord | null> => {
  const [found] = await rows<{ record: string }>(tx, 'MATCH (j:RingfenceJob {id: $id}) RETURN j.record AS record', {
    id,
  })
  return found === undefined ? null : parseJob(found)
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
      return parseJob(made!)
    }
    const [made] = await rows<{ record: string }>(
      tx,
      'MERGE (j:RingfenceJob {id: $id}) ON CREATE SET j += $properties RETURN j.record AS record',
      { id: job.id, properties },
    )
    if (made!.record !== properties.record) throw new Error(`job ${job.id} is in the store already`)
    return job
  })

export const updateJob = (connection: Connection, job: JobRecord): Promise<void> =>
  inWrite(connection, async (tx) => {
    const changed = await rows(tx, 'MATCH (j:RingfenceJob {id: $id}) SET j = $properties RETURN j.id AS id', {
      id: job.id,
      properties: jobProperties(job),
    })
    if (changed.length === 0) throw new RingfenceError('job.unknown', `no job has the id ${job.id}.`, { id: job.id })
  })

export const readJob = (connection: Connection, id: string): Promise<JobRecord | null> =>
  inRead(connection, (tx) => findJob(tx, id))

export const listJobs = (connection: Connection, limit: number): Promise<readonly JobRecord[]> =>
  inRead(connection, async (tx) => {
    const cypher = `MATCH (j:RingfenceJob) RETURN j.record AS record
      ORDER BY j.createdAt DESC, j.id DESC LIMIT toInteger($limit)`
    return (await rows<{ record: string }>(tx, cypher, { limit })).map(parseJob)
  })

export const createKey = (connection: Connection, key: ApiKeyRecord): Promise<void> =>
  inWrite(connection, async (tx) => {
    await tx.run('CREATE (k:RingfenceApiKey) SET k = $key', { key })
  })

export const revokeKey = (connection: Connection, id: string, at: string): Promise<boolean> =>
  inWrite(connection, async (tx) => {
    const revoked = await rows(
      tx,
      // The first SET takes the lock, so that of two revocations at once one sees the other.
      `MATCH (k:RingfenceApiKey {id: $id}) SET k.id = k.id WITH k WHERE k.revokedAt IS NULL
        SET k.revokedAt = $at RETURN k.id AS id`,
      { id, at },
    )
    return revoked.length > 0
  })

export const listKeys = (connection: Connection): Promise<readonly ApiKeyRecord[]> =>
  inRead(connection, (tx) =>
    rows<ApiKeyRecord & Record<string, unknown>>(
      tx,
      `MATCH (k:RingfenceApiKey) RETURN k.id AS id, k.hash AS hash, k.role AS role, k.name AS name,
        k.createdAt AS createdAt, k.revokedAt AS revokedAt ORDER BY createdAt, id`,
    ),
  )
