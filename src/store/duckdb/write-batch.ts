/**
 * One batch into the store: staged from a file of tab-separated lines, compared with what is there, appended in one transaction.
 * Work grows with the batch, and with the store only by scans of the 8-byte `key` columns.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { interactionTypeByCode } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import type { BatchResult, Conflict, RecordBatch } from '../record-batch.js'
import { inTransaction } from './connection.js'
import type { KeySql } from './keys.js'
import { changed, number, numberOf, quoted, rows, text } from './sql.js'

export interface BatchWriter {
  readonly connection: DuckDBConnection
  readonly scratch: string
  readonly key: KeySql
}

/** Numbers of entities are signed 32-bit, in the store and in a snapshot; codes of markets have 16 bits. */
const maxEntities = 2 ** 31 - 1
const maxMarkets = 65_536
/** The code of no market, as the first migration gives it. */
const unknownMarket = 0

const interactionColumns = {
  line: 'UINTEGER',
  type: 'UTINYINT',
  id: 'VARCHAR',
  actor_kind: 'UTINYINT',
  actor: 'VARCHAR',
  target_kind: 'UTINYINT',
  target: 'VARCHAR',
  at: 'BIGINT',
  market: 'VARCHAR',
  scenario: 'UTINYINT',
  weight: 'DOUBLE',
  attributes: 'VARCHAR',
} as const

const entityColumns = {
  line: 'UINTEGER',
  kind: 'UTINYINT',
  id: 'VARCHAR',
  at: 'BIGINT',
  market: 'VARCHAR',
  attributes: 'VARCHAR',
} as const

const readLines = (file: string, columns: Readonly<Record<string, string>>): string =>
  `read_csv(${quoted(file)}, auto_detect = false, header = false, delim = '\t', quote = '', escape = '', nullstr = '',
    columns = {${Object.entries(columns)
      .map(([name, type]) => `'${name}': '${type}'`)
      .join(', ')}})`

const interactionFile = 'interactions.tsv'
const entityFile = 'entities.tsv'
const batchTables = ['stage', 'entity_stage', 'ends', 'matched', 'numbered', 'dropped', 'known', 'best'] as const

/** What decides how the staged batch goes in. */
interface Staged {
  /** Interactions whose key the store has, and keys that come more than once in the batch. */
  readonly inStore: number
  readonly repeated: number
  readonly withMarket: number
  readonly withAttributes: number
  /** In the store, before this batch. */
  readonly entities: number
}

const stage = async ({ connection, scratch, key }: BatchWriter, batch: RecordBatch): Promise<void> => {
  const file = join(scratch, interactionFile)
  const entitiesFile = join(scratch, entityFile)
  await writeFile(file, batch.interactions)
  await writeFile(entitiesFile, batch.entities)
  await connection.run(`CREATE OR REPLACE TEMP TABLE stage AS
    SELECT *, ${key('type', 'id')} AS key, ${key('actor_kind', 'actor')} AS actor_key, ${key('target_kind', 'target')} AS target_key
    FROM ${readLines(file, interactionColumns)};
    CREATE OR REPLACE TEMP TABLE entity_stage AS
    SELECT *, ${key('kind', 'id')} AS key FROM ${readLines(entitiesFile, entityColumns)}`)
}

/** Throws where the stage does not hold what the batch says. */
const examine = async (connection: DuckDBConnection, batch: RecordBatch): Promise<Staged> => {
  const [[interactions, entityRecords, inStore, repeated, withMarket, withAttributes, entities] = []] = await rows(
    connection,
    `SELECT
      (SELECT count(*) FROM stage),
      (SELECT count(*) FROM entity_stage),
      (SELECT count(*) FROM stage SEMI JOIN interactions USING (key)),
      (SELECT count(*) FROM (SELECT 1 FROM stage GROUP BY key HAVING count(*) > 1)),
      (SELECT count(market) FROM stage),
      (SELECT count(attributes) FROM stage),
      (SELECT count(*) FROM entities)`,
  )
  for (const [staged, expected] of [
    [number(interactions), batch.interactionCount],
    [number(entityRecords), batch.entityCount],
  ] as const)
    if (staged !== expected)
      throw new Error(`the batch says ${expected} lines, ${staged} were read: a field holds a line end`)
  return {
    inStore: number(inStore),
    repeated: number(repeated),
    withMarket: number(withMarket),
    withAttributes: number(withAttributes),
    entities: number(entities),
  }
}

/** Also after an error: what fills a disk must not stay on it. */
const unstage = async ({ connection, scratch }: BatchWriter): Promise<void> => {
  for (const file of [interactionFile, entityFile]) await rm(join(scratch, file), { force: true })
  await connection.run(batchTables.map((table) => `DROP TABLE IF EXISTS temp.${table}`).join(';'))
}

const sameContent = (a: string, b: string, columns: readonly string[]): string =>
  columns.map((column) => `${a}."${column}" IS NOT DISTINCT FROM ${b}."${column}"`).join(' AND ')

const recordColumns = ['at', 'market', 'scenario', 'weight', 'attributes'] as const

/**
 * Takes out of the stage what is not new: interactions that the store has, and all but the first of those that are in the batch more
 * than once. The usual batch of new interactions is left after two passes over the keys.
 */
const dropKnown = async (
  connection: DuckDBConnection,
  { inStore, repeated }: Staged,
): Promise<{ readonly duplicates: number; readonly conflicts: readonly Conflict[] }> => {
  if (inStore + repeated === 0) return { duplicates: 0, conflicts: [] }

  await connection.run('CREATE OR REPLACE TEMP TABLE dropped (place BIGINT, same BOOLEAN)')
  if (inStore > 0) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE known AS
      SELECT i.type, i.id, i.key, a.kind AS actor_kind, a.id AS actor, t.kind AS target_kind, t.id AS target,
        i."at", nullif(m.name, '') AS market, i.scenario, i.weight, i.attributes
      FROM (SELECT * FROM interactions SEMI JOIN stage USING (key)) i
      JOIN entities a ON a.entity = i.actor
      JOIN entities t ON t.entity = i.target
      JOIN markets m ON m.market = i.market`)
    const same = sameContent('s', 'k', ['actor_kind', 'actor', 'target_kind', 'target', ...recordColumns])
    await connection.run(`INSERT INTO dropped SELECT s.rowid, ${same}
      FROM stage s JOIN known k ON k.key = s.key AND k.type = s.type AND k.id = s.id`)
  }
  if (repeated > 0) {
    const columns = ['actor_kind', 'actor', 'target_kind', 'target', ...recordColumns]
    await connection.run(`INSERT INTO dropped
      WITH again AS (
        SELECT s.rowid AS place, s.* FROM stage s
        SEMI JOIN (SELECT key FROM stage GROUP BY key HAVING count(*) > 1) r USING (key)
        WHERE s.rowid NOT IN (SELECT place FROM dropped)
      ), first AS (
        SELECT type, id, min(place) AS place FROM again GROUP BY type, id
      )
      SELECT a.place, ${sameContent('a', 'f', columns)}
      FROM again a JOIN first USING (type, id) JOIN again f ON f.place = first.place
      WHERE a.place > first.place`)
  }
  const conflicts = await rows(
    connection,
    `SELECT s.line, s.type, s.id FROM stage s JOIN dropped d ON d.place = s.rowid WHERE NOT d.same ORDER BY s.line, s.rowid`,
  )
  const duplicates = await numberOf(connection, 'SELECT count(*) FROM dropped WHERE same')
  await connection.run(`CREATE OR REPLACE TEMP TABLE stage AS
    SELECT s.* FROM stage s WHERE s.rowid NOT IN (SELECT place FROM dropped)`)
  return {
    duplicates,
    conflicts: conflicts.map(([line, type, id]) => ({
      line: number(line),
      type: interactionTypeByCode[number(type)] ?? String(type),
      id: text(id),
    })),
  }
}

/** Numbers the entities of the stage; returns how many are new. `exact`: keys alone do not tell the batch's entities apart. */
const addEntities = async (
  connection: DuckDBConnection,
  known: number,
): Promise<{ readonly added: number; readonly exact: boolean }> => {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ends AS
    SELECT key, kind, id FROM (
      SELECT actor_key AS key, actor_kind AS kind, actor AS id FROM stage
      UNION ALL SELECT target_key, target_kind, target FROM stage
      UNION ALL SELECT key, kind, id FROM entity_stage
    ) GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE matched AS
    SELECT e.entity, n.key, n.kind, n.id FROM ends n LEFT JOIN entities e USING (key, kind, id)`)
  const [[all, keys, added] = []] = (
    await rows(connection, 'SELECT count(*), count(DISTINCT key), count(*) FILTER (entity IS NULL) FROM matched')
  ).map((row) => row.map(number))
  if (known + added! > maxEntities)
    throw new RingfenceError(
      'store.full',
      `${known + added!} entities are more than the ${maxEntities} that can be numbered.`,
    )
  await connection.run(`CREATE OR REPLACE TEMP TABLE numbered AS
    SELECT entity, key, kind, id FROM matched WHERE entity IS NOT NULL
    UNION ALL SELECT ${known} + row_number() OVER () - 1, key, kind, id FROM matched WHERE entity IS NULL;
    INSERT INTO entities SELECT entity, kind, id, key FROM numbered WHERE entity >= ${known}`)
  return { added: added!, exact: keys !== all }
}

const addMarkets = async (connection: DuckDBConnection): Promise<void> => {
  await connection.run(`INSERT INTO markets
    SELECT (SELECT count(*) FROM markets) + row_number() OVER (ORDER BY name) - 1, name
    FROM (SELECT DISTINCT market AS name FROM stage WHERE market IS NOT NULL) fresh
    ANTI JOIN markets USING (name)
    QUALIFY (SELECT count(*) FROM markets) + row_number() OVER (ORDER BY name) <= ${maxMarkets}`)
  const missing = await rows(
    connection,
    'SELECT market FROM stage ANTI JOIN markets ON markets.name = stage.market WHERE market IS NOT NULL LIMIT 1',
  )
  if (missing.length > 0)
    throw new RingfenceError(
      'store.full',
      `there are more than ${maxMarkets - 1} different markets, the latest is ${JSON.stringify(missing[0]![0])}; is another column mapped to market?`,
    )
}

/**
 * Ids and attributes are rarely read: the codecs that analyse each string cost a third of the time of a load and save a third of
 * the file. The plain dictionary is worth its time where there are attributes, which are often equal; ids never are.
 */
const slowCodecs = 'fsst,dict_fsst'
const codecsOff = (withAttributes: number): string =>
  `SET GLOBAL disabled_compression_methods = '${withAttributes > 0 ? slowCodecs : `${slowCodecs},dictionary`}'`

const addInteractions = async (connection: DuckDBConnection, staged: Staged, exact: boolean): Promise<number> => {
  const joinEnd = (alias: string, end: 'actor' | 'target'): string =>
    `JOIN numbered ${alias} ON ${alias}.key = s.${end}_key${exact ? ` AND ${alias}.kind = s.${end}_kind AND ${alias}.id = s.${end}` : ''}`
  const hasMarkets = staged.withMarket > 0
  return changed(
    connection,
    `${codecsOff(staged.withAttributes)};
    INSERT INTO interactions
      SELECT s.type, s.id, s.key, a.entity, t.entity, s."at", ${hasMarkets ? 'm.market' : unknownMarket}, s.scenario, s.weight, s.attributes
      FROM stage s ${joinEnd('a', 'actor')} ${joinEnd('t', 'target')}
      ${hasMarkets ? "JOIN markets m ON m.name = coalesce(s.market, '')" : ''}`,
  )
}

/** Orders the records of one entity: the greatest is valid. Unknown times stand before all others. */
const rank = (row: string): string =>
  `{'at': coalesce(${row}."at", -1), 'market': coalesce(${row}.market, ''), 'attributes': coalesce(${row}.attributes, '')}`

const addEntityRecords = async (connection: DuckDBConnection): Promise<void> => {
  await connection.run(`CREATE OR REPLACE TEMP TABLE best AS
    SELECT d.entity, max(${rank('s')}) AS rank
    FROM entity_stage s JOIN numbered d ON d.key = s.key AND d.kind = s.kind AND d.id = s.id
    GROUP BY d.entity`)
  await connection.run(`INSERT INTO entity_records
    SELECT best.entity, nullif(best.rank."at", -1), nullif(best.rank.market, ''), nullif(best.rank.attributes, '')
    FROM best
    LEFT JOIN (SELECT r.entity, max(${rank('r')}) AS rank FROM entity_records r SEMI JOIN best USING (entity) GROUP BY r.entity) before
      USING (entity)
    WHERE before.rank IS NULL OR best.rank > before.rank`)
}

export const writeBatch = async (writer: BatchWriter, batch: RecordBatch): Promise<BatchResult> => {
  const { connection } = writer
  let result: BatchResult
  try {
    await stage(writer, batch)
    result = await inTransaction(connection, async () => {
      const staged = await examine(connection, batch)
      const { duplicates, conflicts } = await dropKnown(connection, staged)
      const { added, exact } = await addEntities(connection, staged.entities)
      if (staged.withMarket > 0) await addMarkets(connection)
      const accepted = await addInteractions(connection, staged, exact)
      if (batch.entityCount > 0) await addEntityRecords(connection)
      if (accepted + duplicates + conflicts.length !== batch.interactionCount)
        throw new Error(
          `of ${batch.interactionCount} interactions ${accepted} went in, ${duplicates} were known and ${conflicts.length} in conflict`,
        )
      return { accepted, duplicates, conflicts, entities: added }
    })
  } catch (error) {
    // After a fatal error the engine refuses every statement: the first error is the one to report.
    await unstage(writer).catch(() => undefined)
    throw error
  }
  await unstage(writer)
  return result
}
