/** The lives of rings: (:RingEvent)-[:HAPPENED_IN]->(:Run) and (:DormantRing)-[:REMEMBERED_IN]->(:Run). */
import type { Lineage, MemberRecord, RecordedRingEvent, RememberedRing, RunMemory, RunRecord } from '../store.js'
import { type Connection, inRead, parts, rows, type Transaction } from './connection.js'
import { type MemberRow, memberOf } from './member-rows.js'

const ROWS_A_STATEMENT = 5000

const createEvents = `MATCH (run:Run {id: $run})
  UNWIND $rows AS row
  CREATE (:RingEvent {run: $run, ring: row[0], place: toInteger(row[1]), event: row[2], overlap: row[3], accounts: toInteger(row[4]),
    other: row[5]})-[:HAPPENED_IN]->(run)`

const createDormant = `MATCH (run:Run {id: $run})
  UNWIND $rows AS row
  CREATE (:DormantRing {run: $run, id: row[0], lastRun: row[1], absent: toInteger(row[2])})-[:REMEMBERED_IN]->(run)`

/** In the transaction that writes the run. */
export const writeLineage = async (tx: Transaction, run: string, { events, dormant }: Lineage): Promise<void> => {
  const eventRows = events.map((event, place) => [
    event.ring,
    place,
    event.event,
    event.overlap,
    event.accounts,
    event.other,
  ])
  for (const part of parts(eventRows, ROWS_A_STATEMENT)) await tx.run(createEvents, { run, rows: part })
  const dormantRows = dormant.map(({ id, lastRun, absent }) => [id, lastRun, absent])
  for (const part of parts(dormantRows, ROWS_A_STATEMENT)) await tx.run(createDormant, { run, rows: part })
}

/** The run that is named or the latest finished one, as its record. */
export const findRun = async (tx: Transaction, id: string | null): Promise<RunRecord | null> => {
  const [found] =
    id === null
      ? await rows<{ record: string }>(
          tx,
          'MATCH (r:Run) RETURN r.record AS record ORDER BY r.finishedAt DESC, r.id DESC LIMIT 1',
        )
      : await rows<{ record: string }>(tx, 'MATCH (r:Run {id: $id}) RETURN r.record AS record', { id })
  return found === undefined ? null : (JSON.parse(found.record) as RunRecord)
}

const REMEMBERED = `MATCH (run:Run {id: $run})
  CALL (run) {
    MATCH (run)<-[:FOUND_IN]-(own:Ring) RETURN own AS ring, 0 AS absent
    UNION ALL
    MATCH (run)<-[:REMEMBERED_IN]-(d:DormantRing)
    MATCH (past:Ring {run: d.lastRun, id: d.id}) RETURN past AS ring, d.absent AS absent
  }`

interface RingRow extends Record<string, unknown> {
  readonly id: string
  readonly lastRun: string
  readonly absent: number
  readonly detectors: readonly string[]
}

export const readMemory = (connection: Connection, id: string | null): Promise<RunMemory | null> =>
  inRead(connection, async (tx) => {
    const run = await findRun(tx, id)
    if (run === null) return null
    const found = await rows<RingRow>(
      tx,
      `${REMEMBERED} RETURN ring.id AS id, ring.run AS lastRun, absent, ring.detectors AS detectors`,
      { run: run.id },
    )
    const memberRows = await rows<MemberRow>(
      tx,
      `${REMEMBERED} MATCH (ring)<-[m:MEMBER_OF]-(e)
        RETURN ring.id AS ring, labels(e) AS labels,
          CASE WHEN e:UnrecordedEntity THEN e.kind END AS kind, e.id AS id, m.role AS role, m.score AS score`,
      { run: run.id },
    )
    const members = new Map<string, MemberRecord[]>()
    for (const row of memberRows) {
      const known = members.get(row.ring)
      if (known) known.push(memberOf(row))
      else members.set(row.ring, [memberOf(row)])
    }
    const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const rings = found
      .map((ring): RememberedRing => {
        const own = members.get(ring.id) ?? []
        return { ...ring, members: own.sort((a, b) => byBytes(`${a.kind}:${a.id}`, `${b.kind}:${b.id}`)) }
      })
      .sort((a, b) => byBytes(a.id, b.id))
    return { run, rings }
  })

const readEvents = (
  connection: Connection,
  match:
    | '(e:RingEvent {ring: $value})-[:HAPPENED_IN]->(run:Run)'
    | '(e:RingEvent)-[:HAPPENED_IN]->(run:Run {id: $value})',
  value: string,
): Promise<readonly RecordedRingEvent[]> =>
  inRead(connection, (tx) =>
    rows<RecordedRingEvent & Record<string, unknown>>(
      tx,
      `MATCH ${match}
        WITH e, run ORDER BY run.finishedAt, run.id, e.place
        RETURN run.id AS run, run.finishedAt AS at, e.ring AS ring, e.event AS event, e.overlap AS overlap,
          e.accounts AS accounts, e.other AS other`,
      { value },
    ),
  )

export const readHistory = (connection: Connection, ring: string): Promise<readonly RecordedRingEvent[]> =>
  readEvents(connection, '(e:RingEvent {ring: $value})-[:HAPPENED_IN]->(run:Run)', ring)

export const readRunEvents = (connection: Connection, run: string): Promise<readonly RecordedRingEvent[]> =>
  readEvents(connection, '(e:RingEvent)-[:HAPPENED_IN]->(run:Run {id: $value})', run)
