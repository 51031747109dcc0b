/** API keys: a node each. */
import type { ApiKeyRecord } from '../store.js'
import { type Connection, inRead, inWrite, rows } from './connection.js'

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
