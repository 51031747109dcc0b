/** Runs and their rings as tables, each run in one transaction. */
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { entityKinds, interactionTypes } from '../../../graph-schema/schema.js'
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
import { inTransaction } from './connection.js'
import { replaceFindings } from './findings.js'
import { append, kindOfCode, typeOf } from './interactions.js'
import { checkFence } from './jobs.js'
import { appendLineage, findRun } from './lineage.js'
import { number, numberOf, numberOrNull, rows, text, textOrNull } from './sql.js'

/** What a ring has beside its columns. */
type RingDetails = Pick<RingRecord, 'behaviours' | 'detectors' | 'types' | 'markets' | 'scenarios'>

const appendTime = (appender: DuckDBAppender, time: number | null | undefined): void => {
  if (time === null || time === undefined) appender.appendNull()
  else appender.appendBigInt(BigInt(Math.trunc(time)))
}

function* within<T>(
  rings: readonly RingRecord[],
  parts: (ring: RingRecord) => Iterable<T>,
): Generator<readonly [RingRecord, T]> {
  for (const ring of rings) for (const part of parts(ring)) yield [ring, part]
}

function* shownBy(ring: RingRecord): Generator<readonly [number, number, InteractionRef, string | undefined]> {
  for (const [fact, { interactions, digests }] of ring.facts.entries())
    for (const [place, ref] of interactions.entries()) yield [fact, place, ref, digests[place]]
}

export const saveRun = (
  connection: DuckDBConnection,
  { run, rings }: RunWithRings,
  lineage: Lineage = { events: [], dormant: [] },
  findings: readonly Finding[] = [],
  fence?: JobFence,
): Promise<void> =>
  inTransaction(connection, async () => {
    await checkFence(connection, fence)
    if ((await numberOf(connection, 'SELECT count(*) FROM runs WHERE id = $1', [run.id])) > 0)
      throw new Error(`run ${run.id} is in the store already; a run is written once`)
    await append(connection, { name: 'runs' }, [run], (appender) => {
      appender.appendVarchar(run.id)
      appender.appendVarchar(run.startedAt)
      appender.appendVarchar(run.finishedAt)
      appendTime(appender, run.asOf)
      appender.appendVarchar(JSON.stringify(run))
    })
    await append(connection, { name: 'rings' }, rings, (appender, ring) => {
      const { behaviours, detectors, types, markets, scenarios } = ring
      appender.appendVarchar(run.id)
      appender.appendVarchar(ring.id)
      appender.appendDouble(ring.score)
      appender.appendDouble(ring.fdr)
      appendTime(appender, ring.window?.from)
      appendTime(appender, ring.window?.to)
      appender.appendVarchar(JSON.stringify({ behaviours, detectors, types, markets, scenarios } satisfies RingDetails))
    })
    await append(
      connection,
      { name: 'members' },
      within(rings, ({ members }) => members),
      (appender, [ring, member]) => {
        appender.appendVarchar(run.id)
        appender.appendVarchar(ring.id)
        appender.appendUTinyInt(entityKinds[member.kind].code)
        appender.appendVarchar(member.id)
        appender.appendVarchar(member.role)
        appender.appendDouble(member.score)
      },
    )
    await append(
      connection,
      { name: 'facts' },
      within(rings, ({ facts }) => facts.entries()),
      (appender, [ring, [place, fact]]) => {
        appender.appendVarchar(run.id)
        appender.appendVarchar(ring.id)
        appender.appendInteger(place)
        appender.appendVarchar(fact.code)
        appender.appendVarchar(fact.sentence)
        appender.appendDouble(fact.observed)
        appender.appendDouble(fact.expected)
        appender.appendVarchar(fact.unit)
        appender.appendInteger(fact.interactionCount)
        if (fact.count === null) appender.appendNull()
        else appender.appendVarchar(JSON.stringify(fact.count))
      },
    )
    await append(
      connection,
      { name: 'fact_interactions' },
      within(rings, shownBy),
      (appender, [ring, [fact, place, ref, digest]]) => {
        appender.appendVarchar(run.id)
        appender.appendVarchar(ring.id)
        appender.appendInteger(fact)
        appender.appendInteger(place)
        appender.appendUTinyInt(interactionTypes[ref.type].code)
        appender.appendVarchar(ref.id)
        if (digest === undefined) appender.appendNull()
        else appender.appendVarchar(digest)
      },
    )
    await appendLineage(connection, run.id, lineage)
    await replaceFindings(connection, findings)
  })

const group = <T>(groups: Map<string, T[]>, key: string, item: T): void => {
  const items = groups.get(key)
  if (items === undefined) groups.set(key, [item])
  else items.push(item)
}

const readMembers = async (connection: DuckDBConnection, run: string): Promise<Map<string, MemberRecord[]>> => {
  const members = new Map<string, MemberRecord[]>()
  const found = await rows(
    connection,
    `SELECT m.ring, m.kind, m.id, m.role, m.score FROM members m JOIN entity_kinds k ON k.code = m.kind
      WHERE m.run = $1 ORDER BY m.ring, k.name || ':' || m.id`,
    [run],
  )
  for (const [ring, kind, id, role, score] of found)
    group(members, text(ring), { kind: kindOfCode(kind), id: text(id), role: text(role), score: number(score) })
  return members
}

const readFacts = async (connection: DuckDBConnection, run: string): Promise<Map<string, FactRecord[]>> => {
  const shown = new Map<string, InteractionRef[]>()
  const digests = new Map<string, string[]>()
  const refs = await rows(
    connection,
    'SELECT ring, fact, type, id, digest FROM fact_interactions WHERE run = $1 ORDER BY ring, fact, place',
    [run],
  )
  for (const [ring, fact, type, id, digest] of refs) {
    const key = `${number(fact)} ${text(ring)}`
    group(shown, key, { type: typeOf(type), id: text(id) })
    if (digest !== null) group(digests, key, text(digest))
  }
  const facts = new Map<string, FactRecord[]>()
  const found = await rows(
    connection,
    `SELECT ring, fact, code, sentence, observed, expected, unit, interaction_count, rule FROM facts
      WHERE run = $1 ORDER BY ring, fact`,
    [run],
  )
  for (const [ring, fact, code, sentence, observed, expected, unit, count, rule] of found) {
    const key = `${number(fact)} ${text(ring)}`
    const counted = textOrNull(rule)
    group(facts, text(ring), {
      code: text(code),
      sentence: text(sentence),
      observed: number(observed),
      expected: number(expected),
      unit: text(unit),
      interactionCount: number(count),
      interactions: shown.get(key) ?? [],
      count: counted === null ? null : (JSON.parse(counted) as FactRecord['count']),
      digests: digests.get(key) ?? [],
    })
  }
  return facts
}

const parseRun = (record: string): RunRecord => JSON.parse(record) as RunRecord

export const readRun = (connection: DuckDBConnection, id: string | null): Promise<RunWithRings | null> =>
  inTransaction(connection, async () => {
    const run = await findRun(connection, id)
    if (run === null) return null
    const members = await readMembers(connection, run.id)
    const facts = await readFacts(connection, run.id)
    const rings = await rows(
      connection,
      'SELECT ring, score, fdr, window_from, window_to, details FROM rings WHERE run = $1 ORDER BY score DESC, ring',
      [run.id],
    )
    return {
      run,
      rings: rings.map(([ring, score, fdr, windowFrom, windowTo, details]): RingRecord => {
        const from = numberOrNull(windowFrom)
        const to = numberOrNull(windowTo)
        return {
          id: text(ring),
          score: number(score),
          fdr: number(fdr),
          window: from === null || to === null ? null : { from, to },
          ...(JSON.parse(text(details)) as RingDetails),
          members: members.get(text(ring)) ?? [],
          facts: facts.get(text(ring)) ?? [],
        }
      }),
    }
  })

export const listRuns = async (connection: DuckDBConnection, limit: number): Promise<readonly RunRecord[]> =>
  (await rows(connection, 'SELECT record FROM runs ORDER BY finished_at DESC, id DESC LIMIT $1', [limit])).map(
    ([record]) => parseRun(text(record)),
  )
