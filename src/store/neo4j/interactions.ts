/** Single interactions and entities by their ids. */
import {
  type EntityKind,
  entityKindNames,
  type InteractionType,
  interactionTypeNames,
  type Scenario,
} from '../../../graph-schema/schema.js'
import type { EntityRecord, InteractionKey, InteractionRecord, InteractionRef, StoreCounts } from '../store.js'
import type { Content } from './batch-rows.js'
import { type Connection, inRead, parts, rows } from './connection.js'
import { kindOfLabels, labelOf, relationshipOf } from './names.js'
import { knownCypher } from './write-batch.js'

const ROWS_A_STATEMENT = 10_000

export const parseAttributes = (json: string | null): Readonly<Record<string, unknown>> | null =>
  json === null ? null : (JSON.parse(json) as Record<string, unknown>)

export type FoundRow = Omit<Content, 'scenario'> & {
  readonly id: string
  readonly scenario: Scenario
  readonly actorLabels: readonly string[]
  readonly targetLabels: readonly string[]
}

export const toRecord = (type: InteractionType, row: FoundRow): InteractionRecord => ({
  type,
  id: row.id,
  actor: { kind: kindOfLabels(row.actorLabels), id: row.actor },
  target: { kind: kindOfLabels(row.targetLabels), id: row.target },
  at: row.at,
  market: row.market,
  scenario: row.scenario,
  weight: row.weight,
  attributes: parseAttributes(row.attributes),
})

export const readInteractions = (
  connection: Connection,
  refs: readonly InteractionRef[],
): Promise<readonly InteractionRecord[]> =>
  inRead(connection, async (tx) => {
    const found = new Map<string, InteractionRecord>()
    for (const type of new Set(refs.map((ref) => ref.type))) {
      const ids = [...new Set(refs.filter((ref) => ref.type === type).map(({ id }) => id))]
      for (const part of parts(ids, ROWS_A_STATEMENT))
        for (const row of await rows<FoundRow & Record<string, unknown>>(tx, knownCypher(type), { ids: part }))
          found.set(`${type} ${row.id}`, toRecord(type, row))
    }
    return refs.flatMap(({ type, id }) => found.get(`${type} ${id}`) ?? [])
  })

export const resolveCypher = (
  type: InteractionType,
  actor: EntityKind,
  target: EntityKind,
): string => `UNWIND $rows AS row
  MATCH (a:${labelOf(actor)}), (b:${labelOf(target)})
    USING INDEX SEEK a:${labelOf(actor)}(id) USING INDEX SEEK b:${labelOf(target)}(id)
    WHERE a.id = row[1] AND b.id = row[2]
  MATCH (a)-[r:${relationshipOf(type)}]->(b) WHERE coalesce(r.at, -1) = coalesce(row[3], -1)
  RETURN DISTINCT row[0] AS tag, r.id AS id`

export const resolveInteractions = (
  connection: Connection,
  keys: readonly InteractionKey[],
): Promise<readonly { readonly tag: number; readonly id: string }[]> =>
  inRead(connection, async (tx) => {
    const groups = new Map<string, InteractionKey[]>()
    for (const key of keys) {
      const name = resolveCypher(key.type, key.actor.kind, key.target.kind)
      groups.set(name, [...(groups.get(name) ?? []), key])
    }
    const found = new Map<string, { tag: number; id: string; bytes: Buffer }>()
    for (const [cypher, group] of groups) {
      for (const part of parts(group, ROWS_A_STATEMENT)) {
        const wanted = part.map(({ tag, actor, target, at }) => [tag, actor.id, target.id, at])
        for (const { tag, id } of await rows<{ tag: number; id: string }>(tx, cypher, { rows: wanted }))
          found.set(`${tag} ${id}`, { tag, id, bytes: Buffer.from(id) })
      }
    }
    return [...found.values()]
      .sort((a, b) => a.tag - b.tag || Buffer.compare(a.bytes, b.bytes))
      .map(({ tag, id }) => ({ tag, id }))
  })

export const readEntity = (connection: Connection, kind: EntityKind, id: string): Promise<EntityRecord | null> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<{ at: number | null; market: string | null; attributes: string | null }>(
      tx,
      `MATCH (n:${labelOf(kind)}) USING INDEX SEEK n:${labelOf(kind)}(id) WHERE n.id = $id
        RETURN n.at AS at, n.market AS market, n.attributes AS attributes`,
      { id },
    )
    if (found === undefined) return null
    return { kind, id, at: found.at, market: found.market, attributes: parseAttributes(found.attributes) }
  })

/** Counts that the database keeps; a constant beside `count` would make it scan. */
export const countCypher = [
  ...entityKindNames.map(
    (kind) => `MATCH (n:${labelOf(kind)}) WITH count(n) AS number RETURN 'entities' AS what, number`,
  ),
  ...interactionTypeNames.map(
    (type) => `MATCH ()-[r:${relationshipOf(type)}]->() WITH count(r) AS number RETURN 'interactions' AS what, number`,
  ),
].join(' UNION ALL ')

export const counts = (connection: Connection): Promise<StoreCounts> =>
  inRead(connection, async (tx) => {
    const total = { entities: 0, interactions: 0 }
    for (const { what, number } of await rows<{ what: keyof StoreCounts; number: number }>(tx, countCypher))
      total[what] += number
    return total
  })
