/** Single interactions and entities by their ids: wanted keys are staged in a temporary table and joined in one pass. */
import type { DuckDBAppender, DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import {
  type EntityKind,
  entityKindByCode,
  entityKinds,
  type InteractionType,
  interactionTypeByCode,
  interactionTypes,
  type Scenario,
  scenarioByCode,
} from '../../../graph-schema/schema.js'
import type { EntityRecord, InteractionKey, InteractionRecord, InteractionRef } from '../store.js'
import type { KeySql } from './keys.js'
import { number, numberOrNull, rows, text, textOrNull } from './sql.js'

const named = <K>(names: readonly (K | undefined)[], code: DuckDBValue | undefined): K => {
  const name = names[number(code)]
  if (name === undefined) throw new Error(`the store has code ${String(code)}, which the schema does not`)
  return name
}
export const typeOf = (code: DuckDBValue | undefined): InteractionType => named(interactionTypeByCode, code)
export const kindOfCode = (code: DuckDBValue | undefined): EntityKind => named(entityKindByCode, code)
export const scenarioOf = (code: DuckDBValue | undefined): Scenario => named(scenarioByCode, code)

export const attributesOf = (value: DuckDBValue | undefined): Readonly<Record<string, unknown>> | null => {
  const json = textOrNull(value)
  return json === null ? null : (JSON.parse(json) as Record<string, unknown>)
}

/** Fills a table through DuckDB's appender, in the transaction that is open. */
export const append = async <T>(
  connection: DuckDBConnection,
  table: { readonly name: string; readonly catalog?: 'temp' },
  items: Iterable<T>,
  addRow: (appender: DuckDBAppender, item: T) => void,
): Promise<void> => {
  const appender =
    table.catalog === undefined
      ? await connection.createAppender(table.name)
      : await connection.createAppender(table.name, 'main', table.catalog)
  try {
    for (const item of items) {
      addRow(appender, item)
      appender.endRow()
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}

export const readInteractions = async (
  connection: DuckDBConnection,
  key: KeySql,
  refs: readonly InteractionRef[],
): Promise<readonly InteractionRecord[]> => {
  if (refs.length === 0) return []
  await connection.run('CREATE TEMP TABLE wanted (place INTEGER, type UTINYINT, id VARCHAR)')
  await append(connection, { name: 'wanted', catalog: 'temp' }, refs.entries(), (appender, [place, ref]) => {
    appender.appendInteger(place)
    appender.appendUTinyInt(interactionTypes[ref.type].code)
    appender.appendVarchar(ref.id)
  })
  const found = await rows(
    connection,
    `SELECT i.type, i.id, a.kind, a.id, t.kind, t.id, i."at", nullif(m.name, ''), i.scenario, i.weight, i.attributes
      FROM (SELECT *, ${key('type', 'id')} AS key FROM wanted) w
      JOIN interactions i ON i.key = w.key AND i.type = w.type AND i.id = w.id
      JOIN entities a ON a.entity = i.actor
      JOIN entities t ON t.entity = i.target
      JOIN markets m ON m.market = i.market
      ORDER BY w.place`,
  )
  return found.map(([type, id, actorKind, actor, targetKind, target, at, market, scenario, weight, attributes]) => ({
    type: typeOf(type),
    id: text(id),
    actor: { kind: kindOfCode(actorKind), id: text(actor) },
    target: { kind: kindOfCode(targetKind), id: text(target) },
    at: numberOrNull(at),
    market: textOrNull(market),
    scenario: scenarioOf(scenario),
    weight: number(weight),
    attributes: attributesOf(attributes),
  }))
}

export const resolveInteractions = async (
  connection: DuckDBConnection,
  key: KeySql,
  keys: readonly InteractionKey[],
): Promise<readonly { readonly tag: number; readonly id: string }[]> => {
  if (keys.length === 0) return []
  await connection.run(`CREATE TEMP TABLE wanted
    (tag DOUBLE, type UTINYINT, actor_kind UTINYINT, actor VARCHAR, target_kind UTINYINT, target VARCHAR, "at" BIGINT)`)
  await append(connection, { name: 'wanted', catalog: 'temp' }, keys, (appender, { tag, type, actor, target, at }) => {
    appender.appendDouble(tag)
    appender.appendUTinyInt(interactionTypes[type].code)
    appender.appendUTinyInt(entityKinds[actor.kind].code)
    appender.appendVarchar(actor.id)
    appender.appendUTinyInt(entityKinds[target.kind].code)
    appender.appendVarchar(target.id)
    if (at === null) appender.appendNull()
    else appender.appendBigInt(BigInt(at))
  })
  const found = await rows(
    connection,
    `WITH hashed AS (
        SELECT *, ${key('actor_kind', 'actor')} AS actor_key, ${key('target_kind', 'target')} AS target_key FROM wanted
      )
      SELECT DISTINCT w.tag, i.id
      FROM hashed w
      JOIN entities a ON a.key = w.actor_key AND a.kind = w.actor_kind AND a.id = w.actor
      JOIN entities t ON t.key = w.target_key AND t.kind = w.target_kind AND t.id = w.target
      JOIN interactions i ON i.actor = a.entity AND i.target = t.entity AND i.type = w.type
        AND coalesce(i."at", -1) = coalesce(w."at", -1)
      ORDER BY w.tag, i.id`,
  )
  return found.map(([tag, id]) => ({ tag: number(tag), id: text(id) }))
}

export const readEntity = async (
  connection: DuckDBConnection,
  key: KeySql,
  kind: EntityKind,
  id: string,
): Promise<EntityRecord | null> => {
  const [found] = await rows(
    connection,
    `SELECT r."at", r.market, r.attributes
      FROM entities e LEFT JOIN entity_records r ON r.entity = e.entity
      WHERE e.key = ${key('$1::UTINYINT', '$2::VARCHAR')} AND e.kind = $1::UTINYINT AND e.id = $2::VARCHAR
      ORDER BY r."at" DESC NULLS LAST, coalesce(r.market, '') DESC, coalesce(r.attributes, '') DESC
      LIMIT 1`,
    [entityKinds[kind].code, id],
  )
  if (found === undefined) return null
  const [at, market, attributes] = found
  return { kind, id, at: numberOrNull(at), market: textOrNull(market), attributes: attributesOf(attributes) }
}
