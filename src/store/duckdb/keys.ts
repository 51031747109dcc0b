/**
 * Keys of entities and interactions: DuckDB's own 64-bit hash, fast enough to make for each record. It is only a filter; rows with
 * one key are always compared by id. As DuckDB does not promise the same hash in a later version, the store remembers a probe
 * and makes all keys anew when it changed.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { inTransaction } from './connection.js'
import { quoted, rows, textOrNull } from './sql.js'

/** SQL for the key of (code, id). */
export type KeySql = (code: string, id: string) => string

const wholeKey = 64

export const keySql =
  (bits: number = wholeKey): KeySql =>
  (code, id) =>
    bits >= wholeKey ? `hash(${code}, ${id})` : `(hash(${code}, ${id}) & ${2 ** bits - 1}::UBIGINT)`

/** Makes the keys anew where this engine's hash is another one than when they were made. Derived columns: rebuilt and swapped. */
export const refreshKeys = async (connection: DuckDBConnection, key: KeySql): Promise<void> => {
  const code = '7::UTINYINT'
  const probe = `(${['', 'a', 'ringfence', 'an id of more than twelve bytes'].map((id) => key(code, quoted(id))).join(", ',', ")})`
  const [[now] = []] = await rows(connection, `SELECT concat${probe}`)
  const [[before] = []] = await rows(connection, "SELECT value FROM settings WHERE name = 'hash-probe'")
  const value = quoted(String(now))
  if (textOrNull(before) === now) return
  await inTransaction(connection, async () => {
    if (before !== undefined) {
      await connection.run(`UPDATE entities SET key = ${key('kind', 'id')}`)
      await connection.run(`UPDATE interactions SET key = ${key('type', 'id')}`)
    }
    await connection.run("DELETE FROM settings WHERE name = 'hash-probe'")
    await connection.run(`INSERT INTO settings VALUES ('hash-probe', ${value})`)
  })
}
