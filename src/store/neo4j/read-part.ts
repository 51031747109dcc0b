/**
 * A part of the graph in order, as exports read it. Neo4j reads what is committed at each moment, so the view is made here as in
 * read-graph.ts: what carries a later batch number than the last one at the start is not seen.
 */
import {
  type EntityKind,
  entityKind,
  entityKindNames,
  type InteractionType,
  interactionTypeNames,
} from '../../../graph-schema/schema.js'
import type { EntityRecord, EntityRef, PartRequest, PartTaker } from '../store.js'
import { type Connection, inRead, parts, rows } from './connection.js'
import { type FoundRow, parseAttributes, toRecord } from './interactions.js'
import { anyInteraction, labelOf, relationshipOf } from './names.js'
import { lastBatch } from './read-graph.js'
import { knownCypher } from './write-batch.js'

const ENTITIES_A_PAGE = 2000
const INTERACTIONS_A_PAGE = 5000

interface View {
  readonly batch: bigint
  readonly asOf: bigint | null
}

interface EntityRow extends Record<string, unknown> {
  readonly id: string
  readonly at: number | null
  readonly market: string | null
  readonly attributes: string | null
  readonly seen: boolean
  readonly declared: boolean
}

const known = 'coalesce(r.batch, 0) <= $batch AND ($asOf IS NULL OR r.at IS NULL OR r.at <= $asOf)'

/** An entity is known where it was recorded, or is an end of an interaction that is. Of one that was recorded later, only its id is. */
const entityColumns = `n.id AS id, n.at AS at, n.market AS market, n.attributes AS attributes,
    coalesce(n.declared, false) AND coalesce(n.batch, 0) <= $batch AND ($asOf IS NULL OR n.at IS NULL OR n.at <= $asOf) AS declared,
    EXISTS { (n)-[r:${anyInteraction}]-() WHERE ${known} } AS seen`

export const allEntitiesCypher = (label: string): string => `MATCH (n:${label})
    USING INDEX SEEK n:${label}(id) WHERE n.id > $after
  WITH n ORDER BY n.id LIMIT ${ENTITIES_A_PAGE} RETURN ${entityColumns}`

export const namedEntitiesCypher = (label: string): string => `UNWIND $ids AS id
  MATCH (n:${label}) USING INDEX SEEK n:${label}(id) WHERE n.id = id RETURN ${entityColumns}`

const interactionColumns = `r.id AS id, labels(a) AS actorLabels, a.id AS actor, labels(b) AS targetLabels, b.id AS target,
    r.at AS at, r.market AS market, r.scenario AS scenario, r.weight AS weight, r.attributes AS attributes`

export const allInteractionsCypher = (type: InteractionType): string => {
  const name = relationshipOf(type)
  return `MATCH (a)-[r:${name}]->(b) USING INDEX SEEK r:${name}(id) WHERE r.id > $after
    WITH a, r, b ORDER BY r.id LIMIT ${INTERACTIONS_A_PAGE} RETURN ${interactionColumns}, ${known} AS seen`
}

export const idsAmongCypher = (type: InteractionType, actor: EntityKind): string => {
  const label = labelOf(actor)
  return `UNWIND $ids AS id
    MATCH (a:${label}) USING INDEX SEEK a:${label}(id) WHERE a.id = id
    MATCH (a)-[r:${relationshipOf(type)}]->(b) WHERE ${known}
    RETURN r.id AS id, labels(b) AS labels, b.id AS target`
}

const entityOf = (kind: EntityKind, row: EntityRow): EntityRecord =>
  row.declared
    ? { kind, id: row.id, at: row.at, market: row.market, attributes: parseAttributes(row.attributes) }
    : { kind, id: row.id, at: null, market: null, attributes: null }

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Throws what `read` throws; the server is asked again where a transaction was lost, as `read` has no effect but its answer. */
const ask = <Row extends Record<string, unknown>>(
  connection: Connection,
  cypher: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<readonly Row[]> => inRead(connection, (tx) => rows<Row>(tx, cypher, parameters))

type InteractionRow = FoundRow & Record<string, unknown> & { readonly seen?: boolean }

const readAll = async (connection: Connection, view: View, taker: PartTaker): Promise<void> => {
  for (const kind of entityKindNames)
    for (let after: string | null = ''; after !== null; ) {
      const page: readonly EntityRow[] = await ask<EntityRow>(connection, allEntitiesCypher(labelOf(kind)), {
        ...view,
        after,
      })
      const batch = page.filter(({ declared, seen }) => declared || seen).map((row) => entityOf(kind, row))
      if (batch.length > 0) await taker.entities(batch)
      after = page.length < ENTITIES_A_PAGE ? null : page.at(-1)!.id
    }
  for (const type of interactionTypeNames)
    for (let after: string | null = ''; after !== null; ) {
      const page: readonly InteractionRow[] = await ask<InteractionRow>(connection, allInteractionsCypher(type), {
        ...view,
        after,
      })
      const batch = page.filter(({ seen }) => seen).map((row) => toRecord(type, row))
      if (batch.length > 0) await taker.interactions(batch)
      after = page.length < INTERACTIONS_A_PAGE ? null : page.at(-1)!.id
    }
}

/** Ids of the interactions are gathered and sorted first; their content is read a page at a time. */
const readAmong = async (
  connection: Connection,
  view: View,
  among: readonly EntityRef[],
  taker: PartTaker,
): Promise<void> => {
  const named = new Map<EntityKind, string[]>()
  for (const { kind, id } of among) {
    const ids = named.get(kind)
    if (ids) ids.push(id)
    else named.set(kind, [id])
  }
  const kinds = entityKindNames.filter((kind) => named.has(kind))
  const known = new Map<EntityKind, Set<string>>()
  for (const kind of kinds) {
    const ids = [...new Set(named.get(kind))].sort(byBytes)
    const found = new Set<string>()
    for (const part of parts(ids, ENTITIES_A_PAGE)) {
      const page = await ask<EntityRow>(connection, namedEntitiesCypher(labelOf(kind)), { ...view, ids: part })
      const batch = page.map((row) => entityOf(kind, row)).sort((a, b) => byBytes(a.id, b.id))
      for (const { id } of batch) found.add(id)
      if (batch.length > 0) await taker.entities(batch)
    }
    known.set(kind, found)
  }
  const kindOf = new Map(entityKindNames.map((kind) => [entityKind(kind).node, kind]))
  for (const type of interactionTypeNames) {
    const ids: string[] = []
    for (const kind of kinds)
      for (const part of parts([...known.get(kind)!], ENTITIES_A_PAGE))
        for (const row of await ask<{ id: string; labels: readonly string[]; target: string }>(
          connection,
          idsAmongCypher(type, kind),
          { ...view, ids: part },
        ))
          if (row.labels.some((label) => known.get(kindOf.get(label)!)?.has(row.target))) ids.push(row.id)
    ids.sort(byBytes)
    for (const part of parts(ids, INTERACTIONS_A_PAGE)) {
      const page = await ask<InteractionRow>(connection, knownCypher(type), { ids: part })
      await taker.interactions(page.map((row) => toRecord(type, row)).sort((a, b) => byBytes(a.id, b.id)))
    }
  }
}

export const readPart = async (
  connection: Connection,
  { asOf, among }: PartRequest,
  taker: PartTaker,
): Promise<void> => {
  const view: View = {
    batch: await inRead(connection, lastBatch),
    asOf: asOf === null ? null : BigInt(Math.floor(asOf)),
  }
  if (among === null) await readAll(connection, view, taker)
  else await readAmong(connection, view, among, taker)
}
