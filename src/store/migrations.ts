/**
 * Numbered migration files of a store, `V001__name.sql` or `.cypher` in graph-schema/migrations/ENGINE, and how they compare
 * with what a store says it has applied. Each adapter applies them in its own way; what is refused is decided here.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { RingfenceError } from '../errors.js'
import type { MigrationStatus } from './store.js'

export interface MigrationFile {
  readonly version: number
  readonly name: string
  /** SHA-256, hex, of the text with line ends as \n, so that a checkout on Windows has the same. */
  readonly checksum: string
  readonly text: string
}

export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  /** ISO 8601. */
  readonly appliedAt: string
}

/** From dist/src/store, where this runs, to the files that ship beside the product's sources. */
const migrationsRoot = new URL('../../../graph-schema/migrations/', import.meta.url)

const fileName = /^V(\d{3,})__([a-z0-9_]+)\.(sql|cypher)$/

/** All migrations of an engine by rising version. Throws where a name does not fit or a version is there twice. */
export const readMigrations = async (
  engine: 'duckdb' | 'neo4j',
  root: URL = migrationsRoot,
): Promise<readonly MigrationFile[]> => {
  const folder = new URL(`${engine}/`, root)
  const migrations: MigrationFile[] = []
  for (const entry of await readdir(folder)) {
    const match = fileName.exec(entry)
    if (match === null)
      throw new Error(`graph-schema/migrations/${engine}/${entry} is not named V001__name.sql or .cypher`)
    const text = (await readFile(new URL(entry, folder), 'utf8')).replaceAll('\r\n', '\n')
    const checksum = createHash('sha256').update(text).digest('hex')
    migrations.push({ version: Number(match[1]), name: match[2]!, checksum, text })
  }
  migrations.sort((a, b) => a.version - b.version)
  migrations.forEach(({ version, name }, i) => {
    if (version !== i + 1)
      throw new Error(
        `migration ${version} (${name}) of ${engine} should be number ${i + 1}: numbers have no gap and no double`,
      )
  })
  return migrations
}

/** One row a migration, by version: those of the files, and those that only the store knows. */
export const compareMigrations = (
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): readonly MigrationStatus[] => {
  const done = new Map(applied.map((migration) => [migration.version, migration]))
  const known = files.map(({ version, name, checksum }): MigrationStatus => {
    const before = done.get(version)
    if (before === undefined) return { version, name, checksum, appliedAt: null, state: 'pending' }
    const state = before.checksum === checksum ? 'applied' : 'changed'
    return { version, name, checksum, appliedAt: before.appliedAt, state }
  })
  const newer = applied
    .filter(({ version }) => version > files.length)
    .map((migration): MigrationStatus => ({ ...migration, state: 'applied' }))
  return [...known, ...newer].sort((a, b) => a.version - b.version)
}

/** The migrations that are left to apply. Throws `migration.checksum` and `migration.newer`; `location` is for the message. */
export const pendingMigrations = (
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
  location: string,
): readonly MigrationFile[] => {
  const status = compareMigrations(files, applied)
  const newest = status.at(-1)
  if (newest !== undefined && newest.version > files.length)
    throw new RingfenceError(
      'migration.newer',
      `${location} has migration ${newest.version} (${newest.name}); this version of Ringfence knows migrations up to ${files.length}.`,
      { version: newest.version, known: files.length },
    )
  const changed = status.find(({ state }) => state === 'changed')
  if (changed !== undefined)
    throw new RingfenceError(
      'migration.checksum',
      `migration ${changed.version} (${changed.name}) was applied to ${location} on ${changed.appliedAt} with another content.`,
      { version: changed.version, name: changed.name },
    )
  const versions = new Set(status.filter(({ state }) => state === 'pending').map(({ version }) => version))
  return files.filter(({ version }) => versions.has(version))
}
