/**
 * Risk as relationships: (:Creator)-[:RISK_IN {scenario, market, role, risk, given, absorbs}]->(:Propagation). They are written in many transactions to
 * a (:RingfenceUnfinishedPropagation), which the last one makes a (:Propagation): Cypher, Browser and Bloom see a whole one or none.
 */
import { type EntityKind, entityKindNames, scenarioByCode } from '../../../graph-schema/schema.js'
import type { JobFence } from '../job-record.js'
import type { EntityRisk, PropagationRecord, RiskRow, SavingRisk } from '../risk-store.js'
import { type Connection, inRead, inWrite, rows } from './connection.js'
import { checkFence } from './jobs.js'
import { labelOf } from './names.js'
import { nextInSequence } from './sequence.js'

const ROWS_A_STATEMENT = 5000
const DELETED_A_STATEMENT = 20_000
const ENTITIES_A_PAGE = 2000
/** One that nobody added to for as long was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 10 * 60_000

type Label = 'Propagation' | 'RingfenceUnfinishedPropagation'

const deleteRows = async (connection: Connection, label: Label, id: string): Promise<void> => {
  for (let deleted = 1; deleted > 0; )
    deleted = await inWrite(connection, async (tx) => {
      const [found] = await rows<{ deleted: number }>(
        tx,
        `MATCH (:${label} {id: $id})<-[r:RISK_IN]-() WITH r LIMIT ${DELETED_A_STATEMENT} DELETE r RETURN count(*) AS deleted`,
        { id },
      )
      return found?.deleted ?? 0
    })
}

const dropUnfinished = async (connection: Connection, id: string): Promise<void> => {
  await deleteRows(connection, 'RingfenceUnfinishedPropagation', id)
  await inWrite(connection, (tx) =>
    tx.run('MATCH (p:RingfenceUnfinishedPropagation {id: $id}) DETACH DELETE p', { id }),
  )
}

const dropLeftBehind = async (connection: Connection): Promise<void> => {
  const left = await inRead(connection, (tx) =>
    rows<{ id: string }>(
      tx,
      'MATCH (p:RingfenceUnfinishedPropagation) WHERE p.touched < timestamp() - $age RETURN p.id AS id',
      { age: LEFT_BEHIND_MS },
    ),
  )
  for (const { id } of left) await dropUnfinished(connection, id)
}

/** In parts of one kind. */
function* partsByKind(risks: Iterable<RiskRow>): Generator<{ readonly kind: EntityKind; readonly part: unknown[][] }> {
  let kind: EntityKind | null = null
  let part: unknown[][] = []
  for (const row of risks) {
    if (kind !== null && (row.kind !== kind || part.length === ROWS_A_STATEMENT)) {
      yield { kind, part }
      part = []
    }
    kind = row.kind
    part.push([row.id, row.scenario, row.market, row.role, row.risk, row.given, row.absorbs])
  }
  if (kind !== null && part.length > 0) yield { kind, part }
}

const addRows = (kind: EntityKind): string => `MATCH (p:RingfenceUnfinishedPropagation {id: $propagation})
  SET p.touched = timestamp()
  WITH p UNWIND $part AS row
  MATCH (e:${labelOf(kind)}) USING INDEX SEEK e:${labelOf(kind)}(id) WHERE e.id = row[0]
  CREATE (e)-[:RISK_IN {scenario: row[1], market: row[2], role: row[3], risk: row[4], given: row[5], absorbs: row[6]}]->(p)
  RETURN count(*) AS added`

const writeRows = async (
  connection: Connection,
  propagation: string,
  risks: Iterable<RiskRow>,
  check: () => void,
): Promise<void> => {
  for (const { kind, part } of partsByKind(risks)) {
    check()
    const added = await inWrite(connection, async (tx) => {
      const [found] = await rows<{ added: number }>(tx, addRows(kind), { propagation, part })
      return found?.added ?? 0
    })
    if (added !== part.length)
      throw new Error(
        `of ${part.length} risks of a ${kind} ${part.length - added} are of entities that the store lacks`,
      )
  }
}

/** Returns which propagations have to lose their rows. */
const finish = (
  connection: Connection,
  propagation: PropagationRecord,
  keep: number,
  fence: JobFence | undefined,
): Promise<readonly string[]> =>
  inWrite(connection, async (tx) => {
    await checkFence(tx, fence)
    const { id, job, run, scoring, startedAt, finishedAt, version } = propagation
    const place = await nextInSequence(tx, 'propagation')
    await tx.run(
      `MATCH (p:RingfenceUnfinishedPropagation {id: $id}) SET p = $properties, p.place = toInteger($place)
        SET p:Propagation REMOVE p:RingfenceUnfinishedPropagation`,
      {
        id,
        place,
        properties: { id, job, run, scoring, startedAt, finishedAt, version, record: JSON.stringify(propagation) },
      },
    )
    const old = await rows<{ id: string }>(
      tx,
      'MATCH (p:Propagation) WHERE p.place <= $last AND EXISTS { (p)<-[:RISK_IN]-() } RETURN p.id AS id',
      { last: place - keep },
    )
    return old.map((each) => each.id)
  })

export const savePropagation = async (
  connection: Connection,
  propagation: PropagationRecord,
  risks: Iterable<RiskRow>,
  { keep, check = () => {}, fence }: SavingRisk,
): Promise<void> => {
  const { id } = propagation
  await dropLeftBehind(connection)
  await inWrite(connection, async (tx) => {
    const [known] = await rows(tx, 'MATCH (p:Propagation {id: $id}) RETURN p.id AS id', { id })
    if (known !== undefined) throw new Error(`propagation ${id} is in the store already; it is written once`)
  })
  // The same job may have begun, been killed and come again: what it left is not to be mixed with this.
  await dropUnfinished(connection, id)
  await inWrite(connection, (tx) =>
    tx.run('CREATE (:RingfenceUnfinishedPropagation {id: $id, touched: timestamp()})', { id }),
  )
  let old: readonly string[]
  try {
    await writeRows(connection, id, risks, check)
    check()
    old = await finish(connection, propagation, keep, fence)
  } catch (error) {
    // What cannot be removed now is when the next one is written.
    await dropUnfinished(connection, id).catch(() => {})
    throw error
  }
  for (const each of old) await deleteRows(connection, 'Propagation', each)
}

const parse = ({ record }: { readonly record: string }): PropagationRecord => JSON.parse(record) as PropagationRecord

const latest = 'MATCH (p:Propagation) WITH p ORDER BY p.place DESC LIMIT 1'
const columns =
  'r.scenario AS scenario, r.market AS market, r.role AS role, r.risk AS risk, r.given AS given, r.absorbs AS absorbs'

type Found = Omit<RiskRow, 'kind' | 'id'>

export const readPropagation = (connection: Connection, id: string | null): Promise<PropagationRecord | null> =>
  inRead(connection, async (tx) => {
    const cypher = `${id === null ? latest : 'MATCH (p:Propagation {id: $id})'} RETURN p.record AS record`
    const [found] = await rows<{ record: string }>(tx, cypher, { id })
    return found === undefined ? null : parse(found)
  })

export const listPropagations = (connection: Connection, limit: number): Promise<readonly PropagationRecord[]> =>
  inRead(connection, async (tx) =>
    (
      await rows<{ record: string }>(
        tx,
        'MATCH (p:Propagation) RETURN p.record AS record ORDER BY p.place DESC LIMIT toInteger($limit)',
        { limit },
      )
    ).map(parse),
  )

const sortKey = ({ scenario, market, role }: Found): string =>
  `${scenarioByCode.indexOf(scenario)} ${market}\0${role === 'victim' ? 1 : 0}`

export const readRisk = (connection: Connection, kind: EntityKind, id: string): Promise<EntityRisk | null> =>
  inRead(connection, async (tx) => {
    const [last] = await rows<{ record: string }>(tx, `${latest} RETURN p.record AS record`)
    if (last === undefined) return null
    const propagation = parse(last)
    const found = await rows<Found & Record<string, unknown>>(
      tx,
      `MATCH (p:Propagation {id: $propagation}) MATCH (e:${labelOf(kind)} {id: $id})-[r:RISK_IN]->(p) RETURN ${columns}`,
      { propagation: propagation.id, id },
    )
    const sorted = [...found].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    return { propagation, rows: sorted.map((row) => ({ kind, id, ...row })) }
  })

const pageCypher = (kind: EntityKind): string => `MATCH (p:Propagation {id: $propagation})
  MATCH (e:${labelOf(kind)}) USING INDEX SEEK e:${labelOf(kind)}(id) WHERE e.id > $after AND EXISTS { (e)-[:RISK_IN]->(p) }
  WITH p, e ORDER BY e.id LIMIT ${ENTITIES_A_PAGE}
  MATCH (e)-[r:RISK_IN]->(p) RETURN e.id AS id, ${columns} ORDER BY e.id`

export const readRiskRows = async (
  connection: Connection,
  propagation: string,
  take: (rows: readonly RiskRow[]) => Promise<void> | void,
): Promise<void> => {
  for (const kind of entityKindNames)
    for (let after: string | null = ''; after !== null; ) {
      const page: readonly (Found & { id: string } & Record<string, unknown>)[] = await inRead(connection, (tx) =>
        rows<Found & { id: string } & Record<string, unknown>>(tx, pageCypher(kind), { propagation, after }),
      )
      if (page.length > 0) await take(page.map((row) => ({ kind, ...row })))
      after = page.length === 0 ? null : page.at(-1)!.id
    }
}
