/** The lives of rings as tables: written with their run, in its transaction. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type {
  Lineage,
  MemberRecord,
  RecordedRingEvent,
  RememberedRing,
  RingEventKind,
  RingRecord,
  RunMemory,
  RunRecord,
} from '../store.js'
import { inTransaction } from './connection.js'
import { append, kindOfCode } from './interactions.js'
import { number, numberOrNull, rows, text, textOrNull } from './sql.js'

/** In the transaction that is open. */
export const appendLineage = async (
  connection: DuckDBConnection,
  run: string,
  { events, dormant }: Lineage,
): Promise<void> => {
  await append(connection, { name: 'ring_events' }, events.entries(), (appender, [place, event]) => {
    appender.appendVarchar(run)
    appender.appendVarchar(event.ring)
    appender.appendInteger(place)
    appender.appendVarchar(event.event)
    if (event.overlap === null) appender.appendNull()
    else appender.appendDouble(event.overlap)
    appender.appendInteger(event.accounts)
    if (event.other === null) appender.appendNull()
    else appender.appendVarchar(event.other)
  })
  await append(connection, { name: 'dormant_rings' }, dormant, (appender, ring) => {
    appender.appendVarchar(run)
    appender.appendVarchar(ring.id)
    appender.appendVarchar(ring.lastRun)
    appender.appendInteger(ring.absent)
  })
}

/** The run that is named or the latest finished one, as its record. */
export const findRun = async (connection: DuckDBConnection, id: string | null): Promise<RunRecord | null> => {
  const [found] =
    id === null
      ? await rows(connection, 'SELECT record FROM runs ORDER BY finished_at DESC, id DESC LIMIT 1')
      : await rows(connection, 'SELECT record FROM runs WHERE id = $1', [id])
  return found === undefined ? null : (JSON.parse(text(found[0])) as RunRecord)
}

const REMEMBERED = `WITH remembered AS (
    SELECT run AS last_run, ring, 0 AS absent FROM rings WHERE run = $1
    UNION ALL
    SELECT last_run, ring, absent FROM dormant_rings WHERE run = $1
  )`

export const readMemory = (connection: DuckDBConnection, id: string | null): Promise<RunMemory | null> =>
  inTransaction(connection, async () => {
    const run = await findRun(connection, id)
    if (run === null) return null
    const members = new Map<string, MemberRecord[]>()
    const memberRows = await rows(
      connection,
      `${REMEMBERED}
        SELECT r.ring, m.kind, m.id, m.role, m.score
        FROM remembered r JOIN members m ON m.run = r.last_run AND m.ring = r.ring JOIN entity_kinds k ON k.code = m.kind
        ORDER BY r.ring, k.name || ':' || m.id`,
      [run.id],
    )
    for (const [ring, kind, member, role, score] of memberRows) {
      const record = { kind: kindOfCode(kind), id: text(member), role: text(role), score: number(score) }
      const known = members.get(text(ring))
      if (known) known.push(record)
      else members.set(text(ring), [record])
    }
    const found = await rows(
      connection,
      `${REMEMBERED}
        SELECT r.ring, r.last_run, r.absent, g.details
        FROM remembered r JOIN rings g ON g.run = r.last_run AND g.ring = r.ring ORDER BY r.ring`,
      [run.id],
    )
    const rings = found.map(([ring, lastRun, absent, details]): RememberedRing => {
      const { detectors } = JSON.parse(text(details)) as Pick<RingRecord, 'detectors'>
      return {
        id: text(ring),
        lastRun: text(lastRun),
        absent: number(absent),
        detectors,
        members: members.get(text(ring)) ?? [],
      }
    })
    return { run, rings }
  })

const readEvents = async (
  connection: DuckDBConnection,
  where: 'e.ring = $1' | 'e.run = $1',
  value: string,
): Promise<readonly RecordedRingEvent[]> => {
  const found = await rows(
    connection,
    `SELECT e.run, r.finished_at, e.ring, e.event, e.overlap, e.accounts, e.other
      FROM ring_events e JOIN runs r ON r.id = e.run
      WHERE ${where} ORDER BY r.finished_at, r.id, e.place`,
    [value],
  )
  return found.map(([run, at, ring, event, overlap, accounts, other]) => ({
    run: text(run),
    at: text(at),
    ring: text(ring),
    event: text(event) as RingEventKind,
    overlap: numberOrNull(overlap),
    accounts: number(accounts),
    other: textOrNull(other),
  }))
}

export const readHistory = (connection: DuckDBConnection, ring: string): Promise<readonly RecordedRingEvent[]> =>
  readEvents(connection, 'e.ring = $1', ring)

export const readRunEvents = (connection: DuckDBConnection, run: string): Promise<readonly RecordedRingEvent[]> =>
  readEvents(connection, 'e.run = $1', run)
