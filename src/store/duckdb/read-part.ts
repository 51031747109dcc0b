/**
 * A part of the graph in order, as exports read it. The order of ids is the engine's own, by bytes; what a sort does not hold in the
 * memory that the store may take goes to disk, so that it stays flat here however many interactions come.
 */
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { entityKinds } from '../../../graph-schema/schema.js'
import type { EntityRecord, EntityRef, InteractionRecord, PartRequest, PartTaker } from '../store.js'
import { inTransaction } from './connection.js'
import { append, attributesOf, kindOfCode, scenarioOf, typeOf } from './interactions.js'
import type { KeySql } from './keys.js'
import { columnItems, rows, text, textOrNull } from './sql.js'

/** Hands over each chunk of a result, some 2,000 rows, while the engine makes the next. More at once took 50 MB more and no less time. */
const eachBatch = async <T>(
  connection: DuckDBConnection,
  sql: string,
  recordsOf: (chunk: DuckDBDataChunk) => readonly T[],
  take: (batch: readonly T[]) => Promise<void>,
): Promise<void> => {
  const result = await connection.stream(sql)
  let next = result.fetchChunk()
  try {
    for (;;) {
      const chunk = await next
      if (chunk === null || chunk.rowCount === 0) return
      next = result.fetchChunk()
      await take(recordsOf(chunk))
    }
  } finally {
    // A fetch that is under way when `take` throws must end before the connection is used again.
    await next.catch(() => undefined)
  }
}

const timeOrNull = (time: number): number | null => (Number.isNaN(time) ? null : time)

const entitiesOf = (chunk: DuckDBDataChunk): readonly EntityRecord[] => {
  const records: EntityRecord[] = []
  const kinds = columnItems(chunk, 0)
  const ids = chunk.getColumnVector(1)
  const times = columnItems(chunk, 2)
  const markets = chunk.getColumnVector(3)
  const attributes = chunk.getColumnVector(4)
  for (let row = 0; row < chunk.rowCount; row++)
    records.push({
      kind: kindOfCode(kinds[row]),
      id: text(ids.getItem(row)),
      at: timeOrNull(times[row]!),
      market: textOrNull(markets.getItem(row)),
      attributes: attributesOf(attributes.getItem(row)),
    })
  return records
}

const interactionsOf =
  (markets: ReadonlyMap<number, string | null>) =>
  (chunk: DuckDBDataChunk): readonly InteractionRecord[] => {
    const records: InteractionRecord[] = []
    const types = columnItems(chunk, 0)
    const ids = chunk.getColumnVector(1)
    const actorKinds = columnItems(chunk, 2)
    const actors = chunk.getColumnVector(3)
    const targetKinds = columnItems(chunk, 4)
    const targets = chunk.getColumnVector(5)
    const times = columnItems(chunk, 6)
    const places = columnItems(chunk, 7)
    const scenarios = columnItems(chunk, 8)
    const weights = columnItems(chunk, 9)
    const attributes = chunk.getColumnVector(10)
    for (let row = 0; row < chunk.rowCount; row++)
      records.push({
        type: typeOf(types[row]),
        id: text(ids.getItem(row)),
        actor: { kind: kindOfCode(actorKinds[row]), id: text(actors.getItem(row)) },
        target: { kind: kindOfCode(targetKinds[row]), id: text(targets.getItem(row)) },
        at: timeOrNull(times[row]!),
        market: markets.get(places[row]!)!,
        scenario: scenarioOf(scenarios[row]),
        weight: weights[row]!,
        attributes: attributesOf(attributes.getItem(row)),
      })
    return records
  }

/** Of several records of one entity the one that is valid; where it is of a later time, the entity counts as not recorded. */
const strongest = `SELECT DISTINCT ON (entity) * FROM entity_records
  ORDER BY entity, "at" DESC NULLS LAST, coalesce(market, '') DESC, coalesce(attributes, '') DESC`

/** The temporary table `chosen` has the numbers of the entities of the part. */
const choose = async (
  connection: DuckDBConnection,
  key: KeySql,
  among: readonly EntityRef[] | null,
  known: string,
): Promise<void> => {
  if (among === null) {
    await connection.run(`CREATE TEMP TABLE chosen AS
      SELECT actor AS entity FROM interactions WHERE ${known} UNION SELECT target FROM interactions WHERE ${known}
      UNION SELECT entity FROM (${strongest}) WHERE ${known}`)
    return
  }
  await connection.run('CREATE TEMP TABLE wanted (kind UTINYINT, id VARCHAR)')
  await append(connection, { name: 'wanted', catalog: 'temp' }, among, (appender, { kind, id }) => {
    appender.appendUTinyInt(entityKinds[kind].code)
    appender.appendVarchar(id)
  })
  await connection.run(`CREATE TEMP TABLE chosen AS SELECT DISTINCT e.entity
    FROM (SELECT *, ${key('kind', 'id')} AS key FROM wanted) w
    JOIN entities e ON e.key = w.key AND e.kind = w.kind AND e.id = w.id`)
}

/** In one transaction, so that entities and interactions belong to one moment. */
export const readPart = (
  connection: DuckDBConnection,
  key: KeySql,
  { asOf, among }: PartRequest,
  taker: PartTaker,
): Promise<void> =>
  inTransaction(connection, async () => {
    // A whole number, so that it may stand in the text of any statement.
    const known = asOf === null ? 'true' : `("at" IS NULL OR "at" <= ${BigInt(Math.floor(asOf))})`
    await choose(connection, key, among, known)
    await eachBatch(
      connection,
      `SELECT e.kind, e.id, coalesce(r."at"::DOUBLE, 'NaN'::DOUBLE), r.market, r.attributes
        FROM chosen c JOIN entities e USING (entity)
        LEFT JOIN (SELECT * FROM (${strongest}) WHERE ${known}) r USING (entity)
        ORDER BY e.kind, e.id`,
      entitiesOf,
      (batch) => taker.entities(batch),
    )
    const markets = new Map(
      (await rows(connection, 'SELECT market, name FROM markets')).map(([code, name]) => [
        Number(code),
        textOrNull(name) || null,
      ]),
    )
    const types = await rows(connection, 'SELECT DISTINCT type FROM interactions ORDER BY type')
    // A sort of one type at a time is smaller, and all that is there is known among all that is there.
    const within =
      among === null ? '' : 'AND i.actor IN (SELECT entity FROM chosen) AND i.target IN (SELECT entity FROM chosen)'
    for (const [type] of types)
      await eachBatch(
        connection,
        `SELECT i.type, i.id, a.kind, a.id, t.kind, t.id, coalesce(i."at"::DOUBLE, 'NaN'::DOUBLE), i.market, i.scenario,
            i.weight, i.attributes
          FROM interactions i JOIN entities a ON a.entity = i.actor JOIN entities t ON t.entity = i.target
          WHERE i.type = ${Number(type)} AND ${known.replaceAll('"at"', 'i."at"')} ${within}
          ORDER BY i.id`,
        interactionsOf(markets),
        (batch) => taker.interactions(batch),
      )
  })
