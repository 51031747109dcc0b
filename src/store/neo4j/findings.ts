/** What detectors found last: one (:RingfenceFinding) a detector, so few that no index is worth its upkeep. */
import type { Finding } from '../store.js'
import { type Connection, inRead, rows, type Transaction } from './connection.js'

/** In the transaction that writes the run. */
export const replaceFindings = async (tx: Transaction, findings: readonly Finding[]): Promise<void> => {
  for (const { detector, ...finding } of findings)
    await tx.run('MERGE (f:RingfenceFinding {detector: $detector}) SET f += $finding', { detector, finding })
}

export const readFindings = (connection: Connection): Promise<readonly Finding[]> =>
  inRead(connection, (tx) =>
    rows<Finding & Record<string, unknown>>(
      tx,
      `MATCH (f:RingfenceFinding) RETURN f.detector AS detector, f.key AS key, f.run AS run, f.content AS content
        ORDER BY f.detector`,
    ),
  )
