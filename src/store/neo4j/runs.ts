/**
 * Runs and their rings as nodes and relationships: (:Creator)-[:MEMBER_OF {role, score}]->(:Ring)-[:FOUND_IN]->(:Run) and
 * (:Fact)-[:ABOUT]->(:Ring). A run is one transaction, so that Cypher, Browser and Bloom see it whole or not at all too.
 */
import {
  type EntityKind,
  type InteractionType,
  isInteractionType,
  type Scenario,
} from '../../../graph-schema/schema.js'
import type {
  FactRecord,
  Finding,
  InteractionRef,
  JobFence,
  Lineage,
  MemberRecord,
  RingRecord,
  RunRecord,
  RunWithRings,
} from '../store.js'
import { type Connection, inRead, inWrite, parts, rows, type Transaction } from './connection.js'
import { replaceFindings } from './findings.js'
import { checkFence } from './jobs.js'
import { findRun, writeLineage } from './lineage.js'
import { type MemberRow, memberOf } from './member-rows.js'
import { labelOf } from './names.js'

const ROWS_A_STATEMENT = 5000

/** An interaction in a fact is text, `type:id`; no type has a colon. */
const refText = ({ type, id }: InteractionRef): string => `${type}:${id}`
const parseRef = (text: string): InteractionRef => {
  const colon = text.indexOf(':')
  const type = text.slice(0, colon)
  if (!isInteractionType(type)) throw new Error(`a fact names an interaction of the unknown type "${type}"`)
  return { type, id: text.slice(colon + 1) }
}

const runProperties = (run: RunRecord) => ({
  id: run.id,
  job: run.job,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  asOf: run.asOf === null ? null : BigInt(Math.trunc(run.asOf)),
  version: run.version,
  entities: BigInt(run.counts.entities),
  interactions: BigInt(run.counts.interactions),
  candidates: BigInt(run.counts.candidates),
  rings: BigInt(run.counts.rings),
  members: BigInt(run.counts.members),
  record: JSON.stringify(run),
})

const ringRow = (ring: RingRecord) => [
  ring.id,
  ring.score,
  ring.fdr,
  ring.window?.from ?? null,
  ring.window?.to ?? null,
  ring.behaviours,
  ring.detectors,
  ring.types,
  ring.markets,
  ring.scenarios,
]

const factRow = (ring: string, fact: FactRecord, place: number) => [
  ring,
  place,
  fact.code,
  fact.sentence,
  fact.observed,
  fact.expected,
  fact.unit,
  fact.interactionCount,
  fact.interactions.map(refText),
  fact.count === null ? null : JSON.stringify(fact.count),
  fact.digests,
]

/** All rows as values before the transaction begins. */
const flatten = ({ run, rings }: RunWithRings) => {
  const members = new Map<EntityKind, (string | number)[][]>()
  for (const ring of rings) {
    for (const { kind, id, role, score } of ring.members) {
      const row = [ring.id, id, role, score]
      const group = members.get(kind)
      if (group === undefined) members.set(kind, [row])
      else group.push(row)
    }
  }
  return {
    run: runProperties(run),
    rings: rings.map(ringRow),
    members,
    facts: rings.flatMap((ring) => ring.facts.map((fact, place) => factRow(ring.id, fact, place))),
  }
}

export const createRings = `MATCH (run:Run {id: $run})
  UNWIND $rows AS row
  CREATE (ring:Ring {run: $run, id: row[0], score: row[1], fdr: row[2], windowFrom: toInteger(row[3]),
    windowTo: toInteger(row[4]), behaviours: row[5], detectors: row[6], types: row[7], markets: row[8], scenarios: row[9]})
  CREATE (ring)-[:FOUND_IN]->(run)`

const ringOfRow = 'MATCH (ring:Ring) USING INDEX SEEK ring:Ring(run, id) WHERE ring.run = $run AND ring.id = row[0]'

/** A member that the store does not know as an entity is kept all the same, under a label of its own. */
export const createMembers = (kind: EntityKind): string => `UNWIND $rows AS row
  ${ringOfRow}
  OPTIONAL MATCH (known:${labelOf(kind)}) USING INDEX SEEK known:${labelOf(kind)}(id) WHERE known.id = row[1]
  CALL (ring, row, known) {
    WITH ring, row, known WHERE known IS NOT NULL
    CREATE (known)-[:MEMBER_OF {role: row[2], score: row[3]}]->(ring)
    UNION
    WITH ring, row, known WHERE known IS NULL
    CREATE (:UnrecordedEntity {kind: $kind, id: row[1]})-[:MEMBER_OF {role: row[2], score: row[3]}]->(ring)
  }`

export const createFacts = `UNWIND $rows AS row
  ${ringOfRow}
  CREATE (:Fact {place: toInteger(row[1]), code: row[2], sentence: row[3], observed: row[4], expected: row[5], unit: row[6],
    interactionCount: toInteger(row[7]), interactions: row[8], rule: row[9], digests: row[10]})-[:ABOUT]->(ring)`

export const saveRun = async (
  connection: Connection,
  record: RunWithRings,
  lineage: Lineage = { events: [], dormant: [] },
  findings: readonly Finding[] = [],
  fence?: JobFence,
): Promise<void> => {
  const { run, rings, members, facts } = flatten(record)
  await inWrite(connection, async (tx) => {
    await checkFence(tx, fence)
    const [before] = await rows<{ record: string }>(
      tx,
      `MERGE (r:Run {id: $id}) ON CREATE SET r += $run, r.isNew = true
        WITH r, coalesce(r.isNew, false) AS isNew, r.record AS record
        REMOVE r.isNew RETURN CASE WHEN isNew THEN null ELSE record END AS record`,
      { id: run.id, run },
    )
    if (before!.record !== null) throw new Error(`run ${run.id} is in the store already; a run is written once`)
    const write = async (cypher: string, all: readonly unknown[], more: Readonly<Record<string, unknown>> = {}) => {
      for (const part of parts(all, ROWS_A_STATEMENT)) await tx.run(cypher, { run: run.id, rows: part, ...more })
    }
    await write(createRings, rings)
    for (const [kind, group] of members) await write(createMembers(kind), group, { kind })
    await write(createFacts, facts)
    await writeLineage(tx, run.id, lineage)
    await replaceFindings(tx, findings)
  })
}

const parseRun = ({ record }: { readonly record: string }): RunRecord => JSON.parse(record) as RunRecord

const group = <T>(groups: Map<string, T[]>, key: string, item: T): void => {
  const items = groups.get(key)
  if (items === undefined) groups.set(key, [item])
  else items.push(item)
}

const readMembers = async (tx: Transaction, run: string): Promise<Map<string, MemberRecord[]>> => {
  const found = await rows<MemberRow>(
    tx,
    `MATCH (:Run {id: $run})<-[:FOUND_IN]-(ring:Ring)<-[m:MEMBER_OF]-(e)
      RETURN ring.id AS ring, labels(e) AS labels,
        CASE WHEN e:UnrecordedEntity THEN e.kind END AS kind, e.id AS id, m.role AS role, m.score AS score`,
    { run },
  )
  const named = found.map((row) => {
    const member = memberOf(row)
    return { ring: row.ring, member, name: Buffer.from(`${member.kind}:${row.id}`) }
  })
  named.sort((a, b) => Buffer.compare(a.name, b.name))
  const members = new Map<string, MemberRecord[]>()
  for (const { ring, member } of named) group(members, ring, member)
  return members
}

type FactRow = Omit<FactRecord, 'interactions' | 'count' | 'digests'> & {
  readonly ring: string
  readonly interactions: readonly string[]
  readonly rule: string | null
  readonly digests: readonly string[] | null
}

const readFacts = async (tx: Transaction, run: string): Promise<Map<string, FactRecord[]>> => {
  const facts = new Map<string, FactRecord[]>()
  const found = await rows<FactRow & Record<string, unknown>>(
    tx,
    `MATCH (:Run {id: $run})<-[:FOUND_IN]-(ring:Ring)<-[:ABOUT]-(f:Fact)
      WITH ring, f ORDER BY f.place
      RETURN ring.id AS ring, f.code AS code, f.sentence AS sentence, f.observed AS observed, f.expected AS expected,
        f.unit AS unit, f.interactionCount AS interactionCount, f.interactions AS interactions, f.rule AS rule, f.digests AS digests`,
    { run },
  )
  for (const { ring, interactions, rule, digests, ...fact } of found)
    group(facts, ring, {
      ...fact,
      interactions: interactions.map(parseRef),
      count: rule === null ? null : (JSON.parse(rule) as FactRecord['count']),
      digests: digests ?? [],
    })
  return facts
}

interface RingRow extends Record<string, unknown> {
  readonly id: string
  readonly score: number
  readonly fdr: number
  readonly windowFrom: number | null
  readonly windowTo: number | null
  readonly behaviours: readonly string[]
  readonly detectors: readonly string[]
  readonly types: readonly InteractionType[]
  readonly markets: readonly string[]
  readonly scenarios: readonly Scenario[]
}

const readRings = async (tx: Transaction, run: string): Promise<readonly RingRecord[]> => {
  const members = await readMembers(tx, run)
  const facts = await readFacts(tx, run)
  const found = await rows<RingRow>(
    tx,
    `MATCH (:Run {id: $run})<-[:FOUND_IN]-(r:Ring)
      RETURN r.id AS id, r.score AS score, r.fdr AS fdr, r.windowFrom AS windowFrom, r.windowTo AS windowTo,
        r.behaviours AS behaviours, r.detectors AS detectors, r.types AS types, r.markets AS markets,
        r.scenarios AS scenarios`,
    { run },
  )
  return found
    .map(
      ({ windowFrom, windowTo, ...ring }): RingRecord => ({
        ...ring,
        window: windowFrom === null || windowTo === null ? null : { from: windowFrom, to: windowTo },
        members: members.get(ring.id) ?? [],
        facts: facts.get(ring.id) ?? [],
      }),
    )
    .sort((a, b) => b.score - a.score || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
}

export const readRun = (connection: Connection, id: string | null): Promise<RunWithRings | null> =>
  inRead(connection, async (tx) => {
    const run = await findRun(tx, id)
    if (run === null) return null
    return { run, rings: await readRings(tx, run.id) }
  })

export const listRuns = (connection: Connection, limit: number): Promise<readonly RunRecord[]> =>
  inRead(connection, async (tx) => {
    const cypher = `MATCH (r:Run) RETURN r.record AS record
      ORDER BY r.finishedAt DESC, r.id DESC LIMIT toInteger($limit)`
    return (await rows<{ record: string }>(tx, cypher, { limit })).map(parseRun)
  })
