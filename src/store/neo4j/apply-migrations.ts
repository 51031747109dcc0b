/**
 * Migrations on a Neo4j database. The lock is a node whose write lock an open transaction holds, so it is gone with the process
 * that held it. Neo4j keeps changes of its schema and of data in transactions apart: a file with schema statements may be
 * applied but not yet recorded when a process is killed, so such statements must be able to run twice (IF NOT EXISTS).
 */
import {
  type AppliedMigration,
  compareMigrations,
  type MigrationFile,
  pendingMigrations,
  readMigrations,
} from '../migrations.js'
import type { MigrationStatus } from '../store.js'
import { type Connection, inRead, inWrite, rows } from './connection.js'
import { schemaConstraints } from './names.js'

const readApplied = (connection: Connection): Promise<readonly AppliedMigration[]> =>
  inRead(connection, (tx) =>
    rows<AppliedMigration & Record<string, unknown>>(
      tx,
      `MATCH (m:RingfenceMigration)
        RETURN m.version AS version, m.name AS name, m.checksum AS checksum, m.appliedAt AS appliedAt ORDER BY version`,
    ),
  )

export const migrationStatus = async (connection: Connection, root?: URL): Promise<readonly MigrationStatus[]> =>
  compareMigrations(await readMigrations('neo4j', root), await readApplied(connection))

/** Statements end with a semicolon at the end of a line; lines that begin with two slashes are comments. */
export const statementsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('//'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

const isSchemaStatement = (statement: string): boolean =>
  /^(CREATE|DROP)\s+(\w+\s+)?(CONSTRAINT|INDEX)\b/i.test(statement)

const applyFile = async (connection: Connection, { version, name, checksum, text }: MigrationFile): Promise<void> => {
  const statements = statementsOf(text)
  const onSchema = statements.filter(isSchemaStatement)
  if (onSchema.length > 0 && onSchema.length < statements.length)
    throw new Error(`migration ${version} (${name}) mixes statements on the schema and on data`)
  if (onSchema.length > 0)
    await inWrite(connection, async (tx) => {
      for (const statement of onSchema) await tx.run(statement)
    })
  await inWrite(connection, async (tx) => {
    if (onSchema.length === 0) for (const statement of statements) await tx.run(statement)
    await tx.run(
      `MERGE (m:RingfenceMigration {version: toInteger($version)})
        SET m.name = $name, m.checksum = $checksum, m.appliedAt = $appliedAt`,
      { version, name, checksum, appliedAt: new Date().toISOString() },
    )
  })
}

/** A constraint that the database has under another name is left alone by IF NOT EXISTS. */
const applySchemaConstraints = async (connection: Connection): Promise<void> => {
  const there = new Set(
    (await inRead(connection, (tx) => rows<{ name: string }>(tx, 'SHOW CONSTRAINTS YIELD name'))).map(
      ({ name }) => name,
    ),
  )
  const missing = [...schemaConstraints].filter(([name]) => !there.has(name))
  if (missing.length === 0) return
  await inWrite(connection, async (tx) => {
    for (const [name, rest] of missing) await tx.run(`CREATE CONSTRAINT ${name} IF NOT EXISTS ${rest}`)
  })
}

const withLock = async <T>(connection: Connection, work: () => Promise<T>): Promise<T> => {
  await inWrite(connection, (tx) =>
    tx.run('CREATE CONSTRAINT ringfence_lock IF NOT EXISTS FOR (l:RingfenceLock) REQUIRE l.name IS UNIQUE'),
  )
  await inWrite(connection, (tx) => tx.run("MERGE (:RingfenceLock {name: 'migrations'})"))
  const session = connection.driver.session({ database: connection.database })
  try {
    const holder = session.beginTransaction()
    await holder.run("MATCH (l:RingfenceLock {name: 'migrations'}) SET l.takenAt = $now", {
      now: new Date().toISOString(),
    })
    const result = await work()
    await holder.commit()
    return result
  } finally {
    await session.close()
  }
}

export const migrate = (connection: Connection, root?: URL): Promise<readonly MigrationStatus[]> =>
  withLock(connection, async () => {
    const files = await readMigrations('neo4j', root)
    for (const file of pendingMigrations(files, await readApplied(connection), connection.location))
      await applyFile(connection, file)
    await applySchemaConstraints(connection)
    return migrationStatus(connection, root)
  })
