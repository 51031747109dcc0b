/** What detectors found last, as a table of one row a detector. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Finding } from '../store.js'
import { append } from './interactions.js'
import { rows, text } from './sql.js'

/** In the transaction that writes the run. */
export const replaceFindings = async (connection: DuckDBConnection, findings: readonly Finding[]): Promise<void> => {
  for (const { detector } of findings) await connection.run('DELETE FROM findings WHERE detector = $1', [detector])
  await append(connection, { name: 'findings' }, findings, (appender, { detector, key, run, content }) => {
    for (const value of [detector, key, run, content]) appender.appendVarchar(value)
  })
}

export const readFindings = async (connection: DuckDBConnection): Promise<readonly Finding[]> =>
  (await rows(connection, 'SELECT detector, key, run, content FROM findings ORDER BY detector')).map(
    ([detector, key, run, content]) => ({
      detector: text(detector),
      key: text(key),
      run: text(run),
      content: text(content),
    }),
  )
