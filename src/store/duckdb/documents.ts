/** Documents: one small table, rows replaced by delete and insert. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import type { DocumentChange, DocumentQuery, DocumentRecord } from '../document-store.js'
import { inTransaction } from './connection.js'
import { number, rows, text } from './sql.js'

const documentOf = ([id, version, sort, record]: readonly DuckDBValue[]): DocumentRecord => ({
  id: text(id),
  version: number(version),
  sort: text(sort),
  value: JSON.parse(text(record)) as DocumentRecord['value'],
})

/** Undoes what was written before a version that is not the expected one. */
export class Refused extends Error {}

/** False where `work` was refused, and so undone. */
export const refusedAsFalse = async (work: () => Promise<void>): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}

/** Within a transaction; throws `Refused`. */
export const changeEach = async (connection: DuckDBConnection, changes: readonly DocumentChange[]): Promise<void> => {
  for (const { collection, id, expected, value, sort = '' } of changes) {
    const [found] = await rows(connection, 'SELECT version FROM documents WHERE collection = $1 AND id = $2', [
      collection,
      id,
    ])
    const version = found === undefined ? null : number(found[0])
    if (version !== expected) throw new Refused()
    await connection.run('DELETE FROM documents WHERE collection = $1 AND id = $2', [collection, id])
    if (value !== null)
      await connection.run('INSERT INTO documents VALUES ($1, $2, $3, $4, $5)', [
        collection,
        id,
        (version ?? 0) + 1,
        sort,
        JSON.stringify(value),
      ])
  }
}

export const changeDocuments = (connection: DuckDBConnection, changes: readonly DocumentChange[]): Promise<boolean> =>
  refusedAsFalse(() => inTransaction(connection, () => changeEach(connection, changes)))

export const readDocument = async (
  connection: DuckDBConnection,
  collection: string,
  id: string,
): Promise<DocumentRecord | null> => {
  const [found] = await rows(
    connection,
    'SELECT id, version, sort, record FROM documents WHERE collection = $1 AND id = $2',
    [collection, id],
  )
  return found === undefined ? null : documentOf(found)
}

export const listDocuments = async (
  connection: DuckDBConnection,
  collection: string,
  { upTo, after, limit }: DocumentQuery,
): Promise<readonly DocumentRecord[]> =>
  (
    await rows(
      connection,
      `SELECT id, version, sort, record FROM documents
        WHERE collection = $1 AND ($2 IS NULL OR sort <= $2) AND ($3 IS NULL OR (sort, id) > ($3, $4))
        ORDER BY sort, id LIMIT $5`,
      [collection, upTo ?? null, after?.sort ?? null, after?.id ?? null, limit],
    )
  ).map(documentOf)
