/**
 * One batch in one transaction. Each takes the next number of the store's sequence, and with it a lock that is held until the
 * commit: batches of all processes follow each other, so what is looked up stays true, nothing deadlocks, and a reader that knows
 * the last number of its view can tell what came later. Uniqueness constraints stand behind it, against writers of other software.
 *
 * Every look-up asks for a seek in its index. Left to itself the planner reads the whole index for each id where it made its plan
 * while a handful of interactions were there, and keeps that plan for a while: minutes for a batch that takes a second.
 */
import type { EntityKind, InteractionType } from '../../../graph-schema/schema.js'
import type { BatchResult, Conflict, RecordBatch } from '../record-batch.js'
import {
  type Content,
  compareRecords,
  type EntityRow,
  entityRows,
  type InteractionRow,
  interactionRows,
  sameContent,
} from './batch-rows.js'
import { type Connection, inWrite, parts, rows, type Transaction } from './connection.js'
import { isConstraintViolation } from './errors.js'
import { kindOfLabels, labelOf, relationshipOf } from './names.js'

const ROWS_A_STATEMENT = 10_000
/** Only writers of other software can make a batch collide with a constraint, by keys that came between look-up and write. */
const ATTEMPTS = 5
/** A receipt is for a commit whose answer got lost; one with very many conflicts is not worth its size. */
const RECEIPT_CONFLICTS = 1000

export const nextBatchCypher = `MERGE (s:RingfenceSequence {name: 'batch'})
  SET s.value = coalesce(s.value, 0) + 1
  RETURN s.value AS batch, s.receipt AS receipt, s.result AS result`

export const knownCypher = (type: InteractionType): string => `UNWIND $ids AS id
  MATCH (a)-[r:${relationshipOf(type)}]->(b) USING INDEX SEEK r:${relationshipOf(type)}(id) WHERE r.id = id
  RETURN id, labels(a) AS actorLabels, a.id AS actor, labels(b) AS targetLabels, b.id AS target,
    r.at AS at, r.market AS market, r.scenario AS scenario, r.weight AS weight, r.attributes AS attributes`

/** Gives internal ids, which are valid within the transaction, in the order of `ids`. */
export const mergeCypher = (kind: EntityKind): string => `UNWIND $ids AS id
  MERGE (n:${labelOf(kind)} {id: id})
  RETURN collect(id(n)) AS nodes`

/** By internal ids, so that there is one statement a type, not one for each pair of kinds. */
export const createCypher = (type: InteractionType): string => `UNWIND $rows AS row
  MATCH (a) WHERE id(a) = toInteger(row[1])
  MATCH (b) WHERE id(b) = toInteger(row[2])
  CREATE (a)-[:${relationshipOf(type)} {id: row[0], at: toInteger(row[3]), market: row[4], scenario: row[5],
    weight: row[6], attributes: row[7], batch: $batch}]->(b)`

export const recordsCypher = (kind: EntityKind): string => `UNWIND $ids AS id
  MATCH (n:${labelOf(kind)}) USING INDEX SEEK n:${labelOf(kind)}(id) WHERE n.id = id AND n.declared
  RETURN id, n.at AS at, n.market AS market, n.attributes AS attributes`

/**
 * `at` decides since when an entity is known, so a reader whose view is older than this batch must still find the one before:
 * `earlier` lists batch numbers and times, -1 for unknown, of what was valid before.
 */
export const declareCypher = (kind: EntityKind): string => `UNWIND $rows AS row
  MATCH (n:${labelOf(kind)}) USING INDEX SEEK n:${labelOf(kind)}(id) WHERE n.id = row[0]
  WITH n, row, NOT coalesce(n.declared, false) AS isNew, coalesce(n.at, -1) <> coalesce(toInteger(row[1]), -1) AS moved
  SET n.earlier = CASE WHEN isNew OR NOT moved THEN n.earlier
      ELSE coalesce(n.earlier, []) + [coalesce(n.batch, 0), coalesce(n.at, -1)] END,
    n.batch = CASE WHEN isNew OR moved THEN $batch ELSE n.batch END,
    n.declared = true, n.at = toInteger(row[1]), n.market = row[2], n.attributes = row[3]`

const groupBy = <K, T>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

interface KnownRow extends Omit<Content, 'actorKind' | 'targetKind'> {
  readonly id: string
  readonly actorLabels: readonly string[]
  readonly targetLabels: readonly string[]
}

const readKnown = async (
  tx: Transaction,
  type: InteractionType,
  ids: readonly string[],
): Promise<Map<string, Content>> => {
  const known = new Map<string, Content>()
  for (const part of parts(ids, ROWS_A_STATEMENT))
    for (const row of await rows<KnownRow & Record<string, unknown>>(tx, knownCypher(type), { ids: part }))
      known.set(row.id, {
        ...row,
        actorKind: kindOfLabels(row.actorLabels),
        targetKind: kindOfLabels(row.targetLabels),
      })
  return known
}

interface Sorted {
  readonly fresh: readonly InteractionRow[]
  readonly duplicates: number
  readonly conflicts: readonly Conflict[]
}

/** Those that are new, those that are there with the same content, those that are there with other content. */
const sortOut = async (tx: Transaction, interactions: readonly InteractionRow[]): Promise<Sorted> => {
  const fresh: InteractionRow[] = []
  const conflicts: Conflict[] = []
  let duplicates = 0
  for (const [type, group] of groupBy(interactions, (row) => row.type)) {
    const known = await readKnown(tx, type, [...new Set(group.map(({ id }) => id))].sort())
    for (const row of group) {
      const before = known.get(row.id)
      if (before === undefined) {
        known.set(row.id, row)
        fresh.push(row)
      } else if (sameContent(before, row)) duplicates++
      else conflicts.push({ line: row.line, type, id: row.id })
    }
  }
  conflicts.sort((a, b) => a.line - b.line)
  return { fresh, duplicates, conflicts }
}

/** Of several records of one entity the one that stays. */
const strongest = (records: readonly EntityRow[]): readonly EntityRow[] => {
  const best = new Map<string, EntityRow>()
  for (const record of records) {
    const before = best.get(record.id)
    if (before === undefined || compareRecords(record, before) > 0) best.set(record.id, record)
  }
  return [...best.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

type Nodes = ReadonlyMap<EntityKind, ReadonlyMap<string, number>>

const mergeEntities = async (
  tx: Transaction,
  fresh: readonly InteractionRow[],
  records: readonly EntityRow[],
): Promise<{ readonly nodes: Nodes; readonly created: number }> => {
  const nodes = new Map<EntityKind, Map<string, number>>()
  const add = (kind: EntityKind, id: string): void => {
    const known = nodes.get(kind)
    if (known === undefined) nodes.set(kind, new Map([[id, -1]]))
    else known.set(id, -1)
  }
  for (const row of fresh) {
    add(row.actorKind, row.actor)
    add(row.targetKind, row.target)
  }
  for (const record of records) add(record.kind, record.id)
  let created = 0
  for (const [kind, group] of nodes) {
    for (const ids of parts([...group.keys()].sort(), ROWS_A_STATEMENT)) {
      const { records: found, summary } = await tx.run<{ nodes: readonly number[] }>(mergeCypher(kind), { ids })
      created += summary.counters.updates().nodesCreated
      const numbers = found[0]!.get('nodes')
      ids.forEach((id, i) => {
        group.set(id, numbers[i]!)
      })
    }
  }
  return { nodes, created }
}

const createInteractions = async (
  tx: Transaction,
  { fresh, nodes, batch }: { readonly fresh: readonly InteractionRow[]; readonly nodes: Nodes; readonly batch: number },
): Promise<void> => {
  for (const [type, group] of groupBy(fresh, (row) => row.type)) {
    const cypher = createCypher(type)
    for (const part of parts(group, ROWS_A_STATEMENT)) {
      const { summary } = await tx.run(cypher, {
        batch: BigInt(batch),
        rows: part.map((row) => [
          row.id,
          nodes.get(row.actorKind)!.get(row.actor),
          nodes.get(row.targetKind)!.get(row.target),
          row.at,
          row.market,
          row.scenario,
          row.weight,
          row.attributes,
        ]),
      })
      const created = summary.counters.updates().relationshipsCreated
      if (created !== part.length) throw new Error(`${created} relationships were made for ${part.length} interactions`)
    }
  }
}

const declareEntities = async (tx: Transaction, records: readonly EntityRow[], batch: number): Promise<void> => {
  for (const [kind, group] of groupBy(records, (record) => record.kind)) {
    for (const part of parts(strongest(group), ROWS_A_STATEMENT)) {
      const ids = part.map(({ id }) => id)
      const found = await rows<EntityRow & Record<string, unknown>>(tx, recordsCypher(kind), { ids })
      const before = new Map(found.map((record) => [record.id, record]))
      const stronger = part.filter((record) => {
        const known = before.get(record.id)
        return known === undefined || compareRecords(record, known) > 0
      })
      await tx.run(declareCypher(kind), {
        batch: BigInt(batch),
        rows: stronger.map(({ id, at, market, attributes }) => [id, at, market, attributes]),
      })
    }
  }
}

interface Parsed {
  readonly interactions: readonly InteractionRow[]
  readonly entities: readonly EntityRow[]
  /** Tells this call's commit from others. */
  readonly receipt: string
}

const writeOnce = (connection: Connection, { interactions, entities, receipt }: Parsed): Promise<BatchResult> =>
  inWrite(connection, async (tx) => {
    const [next] = await rows<{ batch: number; receipt: string | null; result: string | null }>(tx, nextBatchCypher)
    const { batch } = next!
    if (next!.receipt === receipt && next!.result !== null) return JSON.parse(next!.result) as BatchResult
    const { fresh, duplicates, conflicts } = await sortOut(tx, interactions)
    const { nodes, created } = await mergeEntities(tx, fresh, entities)
    await createInteractions(tx, { fresh, nodes, batch })
    await declareEntities(tx, entities, batch)
    const result: BatchResult = { accepted: fresh.length, duplicates, conflicts, entities: created }
    await tx.run(`MATCH (s:RingfenceSequence {name: 'batch'}) SET s.receipt = $receipt, s.result = $result`, {
      receipt,
      result: conflicts.length > RECEIPT_CONFLICTS ? null : JSON.stringify(result),
    })
    return result
  })

export const writeBatch = async (connection: Connection, batch: RecordBatch): Promise<BatchResult> => {
  const parsed = {
    interactions: interactionRows(batch),
    entities: entityRows(batch),
    receipt: crypto.randomUUID(),
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(connection, parsed)
    } catch (error) {
      if (!isConstraintViolation(error) || attempt === ATTEMPTS) throw error
    }
  }
}
