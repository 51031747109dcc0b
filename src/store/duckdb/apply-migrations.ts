/** Migrations on a DuckDB file. The lock is the file's own: only one process has it open. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { entityKinds, interactionTypes, scenarios } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { type AppliedMigration, compareMigrations, pendingMigrations, readMigrations } from '../migrations.js'
import type { MigrationStatus } from '../store.js'
import { inTransaction } from './connection.js'
import { number, numberOf, quoted, rows, text } from './sql.js'

const hasTable = async (connection: DuckDBConnection, table: string): Promise<boolean> =>
  (await numberOf(
    connection,
    'SELECT count(*) FROM duckdb_tables() WHERE NOT temporary AND NOT internal AND table_name = $1',
    [table],
  )) > 0

const readApplied = async (connection: DuckDBConnection): Promise<readonly AppliedMigration[]> => {
  if (!(await hasTable(connection, 'migrations'))) return []
  const applied = await rows(connection, 'SELECT version, name, checksum, applied_at FROM migrations ORDER BY version')
  return applied.map(([version, name, checksum, appliedAt]) => ({
    version: number(version),
    name: text(name),
    checksum: text(checksum),
    appliedAt: text(appliedAt),
  }))
}

export const migrationStatus = async (connection: DuckDBConnection, root?: URL): Promise<readonly MigrationStatus[]> =>
  compareMigrations(await readMigrations('duckdb', root), await readApplied(connection))

/** Keeps the tables of names in step with the schema. A code whose name changed is refused: stored rows would change meaning. */
const writeNames = async (connection: DuckDBConnection, location: string): Promise<void> => {
  for (const [table, entries] of [
    ['entity_kinds', entityKinds],
    ['interaction_types', interactionTypes],
    ['scenarios', scenarios],
  ] as const) {
    const stored = new Map(
      (await rows(connection, `SELECT code, name FROM ${table}`)).map(([c, n]) => [number(c), text(n)]),
    )
    const missing: string[] = []
    for (const [name, { code }] of Object.entries(entries)) {
      const before = stored.get(code)
      if (before === undefined) missing.push(`(${code}, ${quoted(name)})`)
      else if (before !== name)
        throw new RingfenceError(
          'migration.newer',
          `${location} has "${before}" for code ${code} of ${table}, where this version of Ringfence has "${name}".`,
        )
    }
    if (missing.length > 0) await connection.run(`INSERT INTO ${table} VALUES ${missing.join(', ')}`)
  }
}

export const migrate = async (
  connection: DuckDBConnection,
  location: string,
  root?: URL,
): Promise<readonly MigrationStatus[]> => {
  const files = await readMigrations('duckdb', root)
  const applied = await readApplied(connection)
  if (applied.length === 0) {
    const foreign = await rows(
      connection,
      'SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT internal LIMIT 1',
    )
    if (foreign.length > 0 && !(await hasTable(connection, 'migrations')))
      throw new RingfenceError(
        'store.damaged',
        `${location} is a DuckDB database, but not one of Ringfence: it has a table ${String(foreign[0]![0])} and no migrations.`,
      )
  }
  for (const migration of pendingMigrations(files, applied, location)) {
    await inTransaction(connection, async () => {
      await connection.run(
        'CREATE TABLE IF NOT EXISTS migrations (version INTEGER NOT NULL, name VARCHAR NOT NULL, checksum VARCHAR NOT NULL, applied_at VARCHAR NOT NULL)',
      )
      await connection.run(migration.text)
      await connection.run('INSERT INTO migrations VALUES ($1, $2, $3, $4)', [
        migration.version,
        migration.name,
        migration.checksum,
        new Date().toISOString(),
      ])
    })
  }
  await inTransaction(connection, () => writeNames(connection, location))
  return migrationStatus(connection, root)
}
