/** Jobs and API keys: small tables, rows replaced by delete and insert in one transaction. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { RingfenceError } from '../../errors.js'
import type { ApiKeyRecord, JobRecord } from '../store.js'
import { inTransaction } from './connection.js'
import { rows, text, textOrNull } from './sql.js'

const parseJob = ([record]: readonly DuckDBValue[]): JobRecord => JSON.parse(text(record)) as JobRecord

const insertJob = async (connection: DuckDBConnection, job: JobRecord): Promise<void> => {
  await connection.run('INSERT INTO jobs VALUES ($1, $2, $3, $4, $5)', [
    job.id,
    job.key,
    job.createdAt,
    job.state,
    JSON.stringify(job),
  ])
}

export const readJob = async (connection: DuckDBConnection, id: string): Promise<JobRecord | null> => {
  const [found] = await rows(connection, 'SELECT record FROM jobs WHERE id = $1', [id])
  return found === undefined ? null : parseJob(found)
}

export const createJob = (connection: DuckDBConnection, job: JobRecord): Promise<JobRecord> =>
  inTransaction(connection, async () => {
    if (job.key !== null) {
      const [same] = await rows(connection, 'SELECT record FROM jobs WHERE key = $1', [job.key])
      if (same !== undefined) return parseJob(same)
    }
    if ((await readJob(connection, job.id)) !== null) throw new Error(`job ${job.id} is in the store already`)
    await insertJob(connection, job)
    return job
  })

export const updateJob = (connection: DuckDBConnection, job: JobRecord): Promise<void> =>
  inTransaction(connection, async () => {
    const gone = await connection.run('DELETE FROM jobs WHERE id = $1', [job.id])
    if (gone.rowsChanged === 0) throw new RingfenceError('job.unknown', `no job has the id ${job.id}.`, { id: job.id })
    await insertJob(connection, job)
  })

export const listJobs = async (connection: DuckDBConnection, limit: number): Promise<readonly JobRecord[]> =>
  (await rows(connection, 'SELECT record FROM jobs ORDER BY created_at DESC, id DESC LIMIT $1', [limit])).map(parseJob)

export const createKey = async (connection: DuckDBConnection, key: ApiKeyRecord): Promise<void> => {
  await connection.run('INSERT INTO api_keys VALUES ($1, $2, $3, $4, $5, $6)', [
    key.id,
    key.hash,
    key.role,
    key.name,
    key.createdAt,
    key.revokedAt,
  ])
}

export const revokeKey = async (connection: DuckDBConnection, id: string, at: string): Promise<boolean> => {
  const revoked = await connection.run('UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
    id,
    at,
  ])
  return revoked.rowsChanged > 0
}

export const listKeys = async (connection: DuckDBConnection): Promise<readonly ApiKeyRecord[]> =>
  (
    await rows(connection, 'SELECT id, hash, role, name, created_at, revoked_at FROM api_keys ORDER BY created_at, id')
  ).map(([id, hash, role, name, createdAt, revokedAt]) => ({
    id: text(id),
    hash: text(hash),
    role: text(role),
    name: text(name),
    createdAt: text(createdAt),
    revokedAt: textOrNull(revokedAt),
  }))
