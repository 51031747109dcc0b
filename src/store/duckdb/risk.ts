/** Risk of entities in domains: appended, and deleted when its propagation is old. Rows lie as they came, by kind and id. */
import { setImmediate as turn } from 'node:timers/promises'
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import type { RiskRole } from '../../../graph-schema/risk.js'
import {
  type EntityKind,
  entityKindByCode,
  entityKinds,
  scenarioByCode,
  scenarios,
} from '../../../graph-schema/schema.js'
import type { EntityRisk, PropagationRecord, RiskRow, SavingRisk } from '../risk-store.js'
import { inTransaction } from './connection.js'
import { checkFence } from './jobs.js'
import { number, numberOf, rows, text, textOrNull } from './sql.js'

/** Some milliseconds of appending, after which others get their turn of the event loop. */
const ROWS_A_TURN = 2000

const append = async (
  connection: DuckDBConnection,
  place: number,
  risks: Iterable<RiskRow>,
  check: () => void,
): Promise<void> => {
  const appender = await connection.createAppender('risks')
  try {
    let soFar = 0
    for (const { kind, id, scenario, market, role, risk, given, absorbs } of risks) {
      appender.appendInteger(place)
      appender.appendUTinyInt(entityKinds[kind].code)
      appender.appendVarchar(id)
      appender.appendUTinyInt(scenarios[scenario].code)
      appender.appendVarchar(market)
      if (role === null) appender.appendNull()
      else appender.appendVarchar(role)
      appender.appendDouble(risk)
      appender.appendDouble(given)
      appender.appendBoolean(absorbs)
      appender.endRow()
      if (++soFar % ROWS_A_TURN === 0) {
        check()
        await turn()
      }
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}

export const savePropagation = (
  connection: DuckDBConnection,
  propagation: PropagationRecord,
  risks: Iterable<RiskRow>,
  { keep, check = () => {}, fence }: SavingRisk,
): Promise<void> =>
  inTransaction(connection, async () => {
    await checkFence(connection, fence)
    if ((await numberOf(connection, 'SELECT count(*) FROM propagations WHERE id = $1', [propagation.id])) > 0)
      throw new Error(`propagation ${propagation.id} is in the store already; it is written once`)
    const place = await numberOf(connection, 'SELECT coalesce(max(place) + 1, 0) FROM propagations')
    await connection.run('INSERT INTO propagations VALUES ($1, $2, $3, $4)', [
      place,
      propagation.id,
      propagation.finishedAt,
      JSON.stringify(propagation),
    ])
    await append(connection, place, risks, check)
    check()
    await connection.run('DELETE FROM risks WHERE place <= $1', [place - keep])
  })

const parse = (record: string): PropagationRecord => JSON.parse(record) as PropagationRecord

const latest = 'SELECT place, record FROM propagations ORDER BY place DESC LIMIT 1'
const byId = 'SELECT place, record FROM propagations WHERE id = $1'
const columns = 'kind, id, scenario, market, role, risk, given, absorbs'

const rowOf = ([kind, id, scenario, market, role, risk, given, absorbs]: readonly DuckDBValue[]): RiskRow => ({
  kind: entityKindByCode[number(kind)] as EntityKind,
  id: text(id),
  scenario: scenarioByCode[number(scenario)]!,
  market: text(market),
  role: textOrNull(role) as RiskRole | null,
  risk: number(risk),
  given: number(given),
  absorbs: absorbs === true,
})

export const readPropagation = async (
  connection: DuckDBConnection,
  id: string | null,
): Promise<PropagationRecord | null> => {
  const [found] = id === null ? await rows(connection, latest) : await rows(connection, byId, [id])
  return found === undefined ? null : parse(text(found[1]))
}

export const listPropagations = async (
  connection: DuckDBConnection,
  limit: number,
): Promise<readonly PropagationRecord[]> =>
  (await rows(connection, 'SELECT record FROM propagations ORDER BY place DESC LIMIT $1', [limit])).map(([record]) =>
    parse(text(record)),
  )

export const readRisk = (connection: DuckDBConnection, kind: EntityKind, id: string): Promise<EntityRisk | null> =>
  inTransaction(connection, async () => {
    const [last] = await rows(connection, latest)
    if (last === undefined) return null
    const found = await rows(
      connection,
      `SELECT ${columns} FROM risks WHERE place = $1 AND kind = $2 AND id = $3 ORDER BY scenario, market, coalesce(role, '') = 'victim'`,
      [number(last[0]), entityKinds[kind].code, id],
    )
    return { propagation: parse(text(last[1])), rows: found.map(rowOf) }
  })

export const readRiskRows = (
  connection: DuckDBConnection,
  propagation: string,
  take: (rows: readonly RiskRow[]) => Promise<void> | void,
): Promise<void> =>
  inTransaction(connection, async () => {
    const [found] = await rows(connection, byId, [propagation])
    if (found === undefined) return
    const result = await connection.stream(`SELECT ${columns} FROM risks WHERE place = $1`, [number(found[0])])
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
      await take(chunk.getRows().map(rowOf))
  })
