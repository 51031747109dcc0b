/** API keys: a small table. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ApiKeyRecord } from '../store.js'
import { rows, text, textOrNull } from './sql.js'

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
