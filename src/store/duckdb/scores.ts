/**
 * Scores of entities: appended, and deleted when their scoring is old. Rows lie as they came, by kind and id, so that a read of one looks at
 * few row groups.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { type EntityKind, entityKindByCode, entityKinds } from '../../../graph-schema/schema.js'
import type { EntityScore, SavingScores, ScoreRow, ScoringRecord } from '../model-store.js'
import { inTransaction } from './connection.js'
import { checkFence } from './jobs.js'
import { number, numberOf, numberOrNull, rows, text } from './sql.js'

/** Some milliseconds of appending, after which others get their turn of the event loop. */
const ROWS_A_TURN = 2000

const appendOrNull = (appender: DuckDBAppender, value: number | null, whole: boolean): void => {
  if (value === null) appender.appendNull()
  else if (whole) appender.appendInteger(value)
  else appender.appendDouble(value)
}

const appendScores = async (
  connection: DuckDBConnection,
  scoring: number,
  scores: Iterable<ScoreRow>,
  check: () => void,
): Promise<void> => {
  const appender = await connection.createAppender('scores')
  try {
    let rowsSoFar = 0
    for (const { kind, id, score, low, high, labels } of scores) {
      appender.appendInteger(scoring)
      appender.appendUTinyInt(entityKinds[kind].code)
      appender.appendVarchar(id)
      appender.appendDouble(score)
      appendOrNull(appender, low, false)
      appendOrNull(appender, high, false)
      appendOrNull(appender, labels, true)
      appender.endRow()
      if (++rowsSoFar % ROWS_A_TURN === 0) {
        check()
        await turn()
      }
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}

export const saveScoring = (
  connection: DuckDBConnection,
  scoring: ScoringRecord,
  scores: Iterable<ScoreRow>,
  { keep, check = () => {}, fence }: SavingScores,
): Promise<void> =>
  inTransaction(connection, async () => {
    await checkFence(connection, fence)
    if ((await numberOf(connection, 'SELECT count(*) FROM scorings WHERE id = $1', [scoring.id])) > 0)
      throw new Error(`scoring ${scoring.id} is in the store already; a scoring is written once`)
    const place = await numberOf(connection, 'SELECT coalesce(max(scoring) + 1, 0) FROM scorings')
    await connection.run('INSERT INTO scorings VALUES ($1, $2, $3, $4)', [
      place,
      scoring.id,
      scoring.finishedAt,
      JSON.stringify(scoring),
    ])
    await appendScores(connection, place, scores, check)
    await connection.run('DELETE FROM scores WHERE scoring <= $1', [place - keep])
  })

const parse = (record: string): ScoringRecord => JSON.parse(record) as ScoringRecord

const latest = 'SELECT scoring, record FROM scorings ORDER BY scoring DESC LIMIT 1'

export const readScoring = async (connection: DuckDBConnection, id: string | null): Promise<ScoringRecord | null> => {
  const [found] =
    id === null
      ? await rows(connection, latest)
      : await rows(connection, 'SELECT scoring, record FROM scorings WHERE id = $1', [id])
  return found === undefined ? null : parse(text(found[1]))
}

export const listScorings = async (connection: DuckDBConnection, limit: number): Promise<readonly ScoringRecord[]> =>
  (await rows(connection, 'SELECT record FROM scorings ORDER BY scoring DESC LIMIT $1', [limit])).map(([record]) =>
    parse(text(record)),
  )

export const readScore = (connection: DuckDBConnection, kind: EntityKind, id: string): Promise<EntityScore | null> =>
  inTransaction(connection, async () => {
    const [last] = await rows(connection, latest)
    if (last === undefined) return null
    const [found] = await rows(
      connection,
      'SELECT score, low, high, labels FROM scores WHERE scoring = $1 AND kind = $2 AND id = $3',
      [number(last[0]), entityKinds[kind].code, id],
    )
    if (found === undefined) return null
    const [score, low, high, labels] = found
    return {
      kind,
      id,
      score: number(score),
      low: numberOrNull(low),
      high: numberOrNull(high),
      labels: numberOrNull(labels),
      scoring: parse(text(last[1])),
    }
  })

export const readScores = async (
  connection: DuckDBConnection,
  scoring: string,
  least: number,
): Promise<readonly Pick<ScoreRow, 'kind' | 'id' | 'score'>[]> =>
  (
    await rows(
      connection,
      `SELECT s.kind, s.id, s.score FROM scores s JOIN scorings g ON g.scoring = s.scoring
        WHERE g.id = $1 AND s.score >= $2 ORDER BY s.kind, s.id`,
      [scoring, least],
    )
  ).map(([kind, id, score]) => ({
    kind: entityKindByCode[number(kind)] as EntityKind,
    id: text(id),
    score: number(score),
  }))
