/** Documents: a node each, (:RingfenceDocument), with the whole as JSON. */
import type { DocumentChange, DocumentQuery, DocumentRecord } from '../document-store.js'
import { type Connection, inRead, inWrite, rows, type Transaction } from './connection.js'

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly version: number
  readonly sort: string
  readonly record: string
}

const documentOf = ({ id, version, sort, record }: Row): DocumentRecord => ({
  id,
  version,
  sort,
  value: JSON.parse(record) as DocumentRecord['value'],
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

const change = async (
  tx: Transaction,
  { collection, id, expected, value, sort = '' }: DocumentChange,
): Promise<void> => {
  // MERGE takes the lock, so that of two changes at once one sees the other's version.
  const [found] = await rows<{ version: number | null }>(
    tx,
    `MERGE (d:RingfenceDocument {collection: $collection, id: $id}) SET d.id = d.id RETURN d.version AS version`,
    { collection, id },
  )
  if (found!.version !== expected) throw new Refused()
  await tx.run(
    value === null
      ? 'MATCH (d:RingfenceDocument {collection: $collection, id: $id}) DELETE d'
      : `MATCH (d:RingfenceDocument {collection: $collection, id: $id})
          SET d.version = toInteger($version), d.sort = $sort, d.record = $record`,
    { collection, id, version: (expected ?? 0) + 1, sort, record: JSON.stringify(value) },
  )
}

/** Throws `Refused`. */
export const changeEach = async (tx: Transaction, changes: readonly DocumentChange[]): Promise<void> => {
  // In one order over all callers, or two of them could wait for each other.
  const name = ({ collection, id }: DocumentChange): string => `${collection}\0${id}`
  const ordered = [...changes].sort((a, b) => (name(a) < name(b) ? -1 : 1))
  for (const each of ordered) await change(tx, each)
}

export const changeDocuments = (connection: Connection, changes: readonly DocumentChange[]): Promise<boolean> =>
  refusedAsFalse(() => inWrite(connection, (tx) => changeEach(tx, changes)))

const RETURNED = 'd.id AS id, d.version AS version, d.sort AS sort, d.record AS record'

export const readDocument = (connection: Connection, collection: string, id: string): Promise<DocumentRecord | null> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<Row>(
      tx,
      `MATCH (d:RingfenceDocument {collection: $collection, id: $id}) RETURN ${RETURNED}`,
      { collection, id },
    )
    return found === undefined ? null : documentOf(found)
  })

export const listDocuments = (
  connection: Connection,
  collection: string,
  { upTo, after, limit }: DocumentQuery,
): Promise<readonly DocumentRecord[]> =>
  inRead(connection, async (tx) => {
    const found = await rows<Row>(
      tx,
      `MATCH (d:RingfenceDocument {collection: $collection})
        WHERE ($upTo IS NULL OR d.sort <= $upTo)
          AND ($afterSort IS NULL OR d.sort > $afterSort OR (d.sort = $afterSort AND d.id > $afterId))
        RETURN ${RETURNED} ORDER BY d.sort, d.id LIMIT toInteger($limit)`,
      { collection, upTo: upTo ?? null, afterSort: after?.sort ?? null, afterId: after?.id ?? null, limit },
    )
    return found.map(documentOf)
  })
