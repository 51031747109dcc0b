/**
 * Scores as relationships: (:Creator)-[:SCORED_IN {score, low, high, labels}]->(:Scoring)-[:SCORED_BY]->(:Model). They are written in many
 * transactions to a (:RingfenceUnfinishedScoring), which the last one makes a (:Scoring): Cypher, Browser and Bloom see a whole one or none.
 */
import { type EntityKind, entityKindNames } from '../../../graph-schema/schema.js'
import type { JobFence } from '../job-record.js'
import type { EntityScore, SavingScores, ScoreRow, ScoringRecord } from '../model-store.js'
import { type Connection, inRead, inWrite, rows } from './connection.js'
import { checkFence } from './jobs.js'
import { labelOf } from './names.js'
import { nextInSequence } from './sequence.js'

const ROWS_A_STATEMENT = 5000
const DELETED_A_STATEMENT = 20_000
/** One that nobody added to for as long was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 10 * 60_000

type Label = 'Scoring' | 'RingfenceUnfinishedScoring'

const deleteScores = async (connection: Connection, label: Label, id: string): Promise<void> => {
  for (let deleted = 1; deleted > 0; )
    deleted = await inWrite(connection, async (tx) => {
      const [found] = await rows<{ deleted: number }>(
        tx,
        `MATCH (:${label} {id: $id})<-[r:SCORED_IN]-() WITH r LIMIT ${DELETED_A_STATEMENT} DELETE r RETURN count(*) AS deleted`,
        { id },
      )
      return found?.deleted ?? 0
    })
}

const dropUnfinished = async (connection: Connection, id: string): Promise<void> => {
  await deleteScores(connection, 'RingfenceUnfinishedScoring', id)
  await inWrite(connection, (tx) => tx.run('MATCH (s:RingfenceUnfinishedScoring {id: $id}) DETACH DELETE s', { id }))
}

const dropLeftBehind = async (connection: Connection): Promise<void> => {
  const left = await inRead(connection, (tx) =>
    rows<{ id: string }>(
      tx,
      'MATCH (s:RingfenceUnfinishedScoring) WHERE s.touched < timestamp() - $age RETURN s.id AS id',
      { age: LEFT_BEHIND_MS },
    ),
  )
  for (const { id } of left) await dropUnfinished(connection, id)
}

/** In parts of one kind. */
function* partsByKind(
  scores: Iterable<ScoreRow>,
): Generator<{ readonly kind: EntityKind; readonly part: unknown[][] }> {
  let kind: EntityKind | null = null
  let part: unknown[][] = []
  for (const row of scores) {
    if (kind !== null && (row.kind !== kind || part.length === ROWS_A_STATEMENT)) {
      yield { kind, part }
      part = []
    }
    kind = row.kind
    part.push([row.id, row.score, row.low, row.high, row.labels])
  }
  if (kind !== null && part.length > 0) yield { kind, part }
}

const addScores = (kind: EntityKind): string => `MATCH (s:RingfenceUnfinishedScoring {id: $scoring})
  SET s.touched = timestamp()
  WITH s UNWIND $part AS row
  MATCH (e:${labelOf(kind)}) USING INDEX SEEK e:${labelOf(kind)}(id) WHERE e.id = row[0]
  CREATE (e)-[:SCORED_IN {score: row[1], low: row[2], high: row[3], labels: toInteger(row[4])}]->(s)
  RETURN count(*) AS added`

const writeScores = async (
  connection: Connection,
  scoring: string,
  scores: Iterable<ScoreRow>,
  check: () => void,
): Promise<void> => {
  for (const { kind, part } of partsByKind(scores)) {
    check()
    const added = await inWrite(connection, async (tx) => {
      const [found] = await rows<{ added: number }>(tx, addScores(kind), { scoring, part })
      return found?.added ?? 0
    })
    if (added !== part.length)
      throw new Error(
        `of ${part.length} scores of a ${kind} ${part.length - added} are of entities that the store lacks`,
      )
  }
}

/** Returns which scorings have to lose their scores. */
const finish = (
  connection: Connection,
  scoring: ScoringRecord,
  keep: number,
  fence: JobFence | undefined,
): Promise<readonly string[]> =>
  inWrite(connection, async (tx) => {
    await checkFence(tx, fence)
    const { id, job, run, model, basis, startedAt, finishedAt, version } = scoring
    const place = await nextInSequence(tx, 'scoring')
    await tx.run(
      `MATCH (s:RingfenceUnfinishedScoring {id: $id}) SET s = $properties, s.place = toInteger($place)
        SET s:Scoring REMOVE s:RingfenceUnfinishedScoring
        WITH s OPTIONAL MATCH (m:Model {id: $properties.model})
        FOREACH (model IN CASE WHEN m IS NULL THEN [] ELSE [m] END | CREATE (s)-[:SCORED_BY]->(model))`,
      {
        id,
        place,
        properties: { id, job, run, model, basis, startedAt, finishedAt, version, record: JSON.stringify(scoring) },
      },
    )
    const old = await rows<{ id: string }>(
      tx,
      'MATCH (s:Scoring) WHERE s.place <= $last AND EXISTS { (s)<-[:SCORED_IN]-() } RETURN s.id AS id',
      { last: place - keep },
    )
    return old.map((each) => each.id)
  })

export const saveScoring = async (
  connection: Connection,
  scoring: ScoringRecord,
  scores: Iterable<ScoreRow>,
  { keep, check = () => {}, fence }: SavingScores,
): Promise<void> => {
  const { id } = scoring
  await dropLeftBehind(connection)
  await inWrite(connection, async (tx) => {
    const [known] = await rows(tx, 'MATCH (s:Scoring {id: $id}) RETURN s.id AS id', { id })
    if (known !== undefined) throw new Error(`scoring ${id} is in the store already; a scoring is written once`)
    await tx.run('CREATE (:RingfenceUnfinishedScoring {id: $id, touched: timestamp()})', { id })
  })
  let old: readonly string[]
  try {
    await writeScores(connection, id, scores, check)
    old = await finish(connection, scoring, keep, fence)
  } catch (error) {
    // What cannot be removed now is when the next one is written.
    await dropUnfinished(connection, id).catch(() => {})
    throw error
  }
  for (const each of old) await deleteScores(connection, 'Scoring', each)
}

const parse = ({ record }: { readonly record: string }): ScoringRecord => JSON.parse(record) as ScoringRecord

const latest = 'MATCH (s:Scoring) WITH s ORDER BY s.place DESC LIMIT 1'

export const readScoring = (connection: Connection, id: string | null): Promise<ScoringRecord | null> =>
  inRead(connection, async (tx) => {
    const cypher = `${id === null ? latest : 'MATCH (s:Scoring {id: $id})'} RETURN s.record AS record`
    const [found] = await rows<{ record: string }>(tx, cypher, { id })
    return found === undefined ? null : parse(found)
  })

export const listScorings = (connection: Connection, limit: number): Promise<readonly ScoringRecord[]> =>
  inRead(connection, async (tx) =>
    (
      await rows<{ record: string }>(
        tx,
        'MATCH (s:Scoring) RETURN s.record AS record ORDER BY s.place DESC LIMIT toInteger($limit)',
        { limit },
      )
    ).map(parse),
  )

type Found = Pick<ScoreRow, 'score' | 'low' | 'high' | 'labels'> & { readonly record: string } & Record<string, unknown>

export const readScore = (connection: Connection, kind: EntityKind, id: string): Promise<EntityScore | null> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<Found>(
      tx,
      `${latest} MATCH (e:${labelOf(kind)} {id: $id})-[r:SCORED_IN]->(s)
        RETURN r.score AS score, r.low AS low, r.high AS high, r.labels AS labels, s.record AS record`,
      { id },
    )
    if (found === undefined) return null
    const { record, ...score } = found
    return { kind, id, ...score, scoring: parse({ record }) }
  })

export const readScores = (
  connection: Connection,
  scoring: string,
  least: number,
): Promise<readonly Pick<ScoreRow, 'kind' | 'id' | 'score'>[]> =>
  inRead(connection, async (tx) => {
    const all: Pick<ScoreRow, 'kind' | 'id' | 'score'>[] = []
    for (const kind of entityKindNames) {
      const found = await rows<{ id: string; score: number }>(
        tx,
        `MATCH (:Scoring {id: $scoring})<-[r:SCORED_IN]-(e:${labelOf(kind)}) WHERE r.score >= $least
          RETURN e.id AS id, r.score AS score ORDER BY id`,
        { scoring, least },
      )
      for (const row of found) all.push({ kind, ...row })
    }
    return all
  })
