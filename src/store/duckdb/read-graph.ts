/** The columns of a snapshot, streamed from DuckDB's vectors into shared memory. */
import type { DuckDBBlobVector, DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { type InteractionType, interactionTypes } from '../../../graph-schema/schema.js'
import { type Carriers, sharedCarriers } from '../../graph/carriers.js'
import type { RawFingerprints } from '../../graph/fingerprints.js'
import type { RawRatings } from '../../graph/ratings.js'
import type { RawGraph } from '../../graph/raw-graph.js'
import {
  sharedFloat32,
  sharedFloat64,
  sharedInt32,
  sharedUint8,
  sharedUint16,
  sharedUint32,
} from '../../graph/shared-arrays.js'
import { inTransaction } from './connection.js'
import { columnItems, eachChunk, listItems, numberOf, type Reading, readInTurn, rows, text } from './sql.js'

/** Ids are handed over as blocks of this many, joined by line ends, which no id holds: one value a block. */
const idsPerBlock = 8192
const lineEnd = 10

/** Rows of one statement: four of DuckDB's row groups, so that all threads have work and a result is some twelve megabytes. */
const rowsPerReading = 4 * 122_880

/** `progress` is told after about this many interactions. */
const progressEvery = 1 << 19

const knownAt = (asOf: number | null): { readonly where: string; readonly values: readonly DuckDBValue[] } =>
  asOf === null
    ? { where: '', values: [] }
    : { where: 'WHERE ("at" IS NULL OR "at" <= $1::BIGINT)', values: [BigInt(Math.floor(asOf))] }

interface IdBlock {
  readonly bytes: Uint8Array
  /** Number of the entity of each id. */
  readonly entity: ArrayLike<number>
}

/** Writes lengths of ids to lengths[entity + 1]; returns how many ids there are. */
const measureIds = ({ bytes, entity }: IdBlock, lengths: Float64Array): number => {
  let start = 0
  let row = 0
  for (let b = 0; b < bytes.length; b++) {
    if (bytes[b] !== lineEnd) continue
    lengths[entity[row++]! + 1] = b - start
    start = b + 1
  }
  lengths[entity[row++]! + 1] = bytes.length - start
  return row
}

const copyIds = ({ bytes, entity }: IdBlock, nameOffsets: Float64Array, names: Uint8Array): void => {
  let row = 0
  let at = nameOffsets[entity[0]!]!
  for (let b = 0; b < bytes.length; b++) {
    if (bytes[b] === lineEnd) at = nameOffsets[entity[++row]!]!
    else names[at++] = bytes[b]!
  }
}

const entityReadings = (entityCount: number, asOf: number | null) => {
  const entityKind = sharedUint8(entityCount)
  const nameOffsets = sharedFloat64(entityCount + 1)
  const declared = sharedUint8(entityCount)
  const blocks: IdBlock[] = []
  // Rows of a block come in any order, but its id, number and kind in the same one.
  const ids: Reading = {
    sql: `SELECT encode(string_agg(id, chr(${lineEnd}))), list(entity), list(kind) FROM entities GROUP BY rowid // ${idsPerBlock}`,
    take: (chunk) => {
      const texts = chunk.getColumnVector(0) as DuckDBBlobVector
      const entities = listItems(chunk, 1)
      const kinds = listItems(chunk, 2)
      for (let block = 0; block < chunk.rowCount; block++) {
        const isLast = block + 1 === chunk.rowCount
        const begin = entities.begin(block)
        const entity = entities.items.slice(begin, isLast ? undefined : entities.begin(block + 1))
        const kindBegin = kinds.begin(block)
        for (let i = 0; i < entity.length; i++) entityKind[entity[i]!] = kinds.items[kindBegin + i]!
        blocks.push({ bytes: texts.getItem(block)!.bytes, entity })
      }
    },
  }
  const { where, values } = knownAt(asOf)
  const records: Reading = {
    sql: `SELECT entity FROM (SELECT entity, max("at") AS "at" FROM entity_records GROUP BY entity) ${where}`,
    values,
    take: (chunk) => {
      for (const index of columnItems(chunk, 0)) declared[index] = 1
    },
  }
  const columns = () => {
    let found = 0
    for (const block of blocks) found += measureIds(block, nameOffsets)
    if (found !== entityCount) throw new Error(`${found} ids were read, ${entityCount} are in the store`)
    for (let e = 0; e < entityCount; e++) nameOffsets[e + 1]! += nameOffsets[e]!
    const names = sharedUint8(nameOffsets[entityCount]!)
    for (const block of blocks) copyIds(block, nameOffsets, names)
    return { entityCount, entityKind, names, nameOffsets, declared }
  }
  return { readings: [ids, records], columns }
}

const interactionReadings = (
  { count, rowCount }: { readonly count: number; readonly rowCount: number },
  asOf: number | null,
  progress: (done: number) => void,
) => {
  const { where, values } = knownAt(asOf)
  const columns = {
    type: sharedUint8(count),
    actor: sharedInt32(count),
    target: sharedInt32(count),
    at: sharedFloat64(count),
    weight: sharedFloat32(count),
    market: sharedUint16(count),
    scenario: sharedUint8(count),
  }
  const into = Object.values(columns)
  let done = 0
  let told = 0
  const readings = Array.from({ length: Math.ceil(rowCount / rowsPerReading) }, (_, i): Reading => {
    const range = `rowid >= ${i * rowsPerReading} AND rowid < ${(i + 1) * rowsPerReading}`
    return {
      sql: `SELECT type, actor, target, coalesce("at"::DOUBLE, 'NaN'::DOUBLE), weight::FLOAT, market, scenario
        FROM interactions ${where === '' ? 'WHERE' : `${where} AND`} ${range}`,
      values,
      take: (chunk) => {
        for (let column = 0; column < into.length; column++) into[column]!.set(columnItems(chunk, column), done)
        done += chunk.rowCount
        if (done - told < progressEvery && done < count) return
        told = done
        progress(done / count)
      },
    }
  })
  const finished = () => {
    if (done !== count) throw new Error(`${done} interactions were read, ${count} are in the store`)
    return { count, ...columns }
  }
  return { readings, columns: finished }
}

interface Carried {
  readonly type: InteractionType
  readonly key: string
  /** Whether the value, as text `found` and of JSON type `form`, is what ingest asks for. */
  readonly fits: string
  /** Expressions of `found`, one a column. */
  readonly values: readonly string[]
}

/** A reserved attribute, where it has the form that ingest asks for: whom it belongs to, and its value in `columnsOf(count)`. */
const readCarried = async <T extends Readonly<Record<string, Uint8Array | Uint32Array>>>(
  connection: DuckDBConnection,
  asOf: number | null,
  { type, key, fits, values: expressions }: Carried,
  columnsOf: (count: number) => T,
): Promise<Carriers & T> => {
  const { where, values } = knownAt(asOf)
  const from = `FROM (SELECT actor, target, "at", json_extract_string(attributes, '$.${key}') AS found,
      json_type(attributes, '$.${key}') AS form
    FROM interactions WHERE type = ${interactionTypes[type].code} AND attributes LIKE '%"${key}":%') ${where}
    ${where === '' ? 'WHERE' : 'AND'} ${fits}`
  const count = await numberOf(connection, `SELECT count(*) ${from}`, values)
  const { actor, target, at } = sharedCarriers(count)
  const columns = columnsOf(count)
  const into = [actor, target, at, ...Object.values(columns)]
  let done = 0
  await eachChunk(
    connection,
    `SELECT actor, target, coalesce("at"::DOUBLE, 'NaN'::DOUBLE), ${expressions.join(', ')} ${from}`,
    values,
    (chunk) => {
      for (let column = 0; column < into.length; column++) into[column]!.set(columnItems(chunk, column), done)
      done += chunk.rowCount
    },
  )
  if (done !== count) throw new Error(`${done} values of ${key} were read, ${count} are in the store`)
  return { count, actor, target, at, ...columns }
}

const readFingerprints = (connection: DuckDBConnection, asOf: number | null): Promise<RawFingerprints> =>
  readCarried(
    connection,
    asOf,
    {
      type: 'publish',
      key: 'fingerprint',
      fits: "form = 'VARCHAR' AND regexp_full_match(found, '[0-9a-f]{16}')",
      values: ["('0x' || found[1:8])::UINTEGER", "('0x' || found[9:16])::UINTEGER"],
    },
    (count) => ({ high: sharedUint32(count), low: sharedUint32(count) }),
  )

const readRatings = (connection: DuckDBConnection, asOf: number | null): Promise<RawRatings> =>
  readCarried(
    connection,
    asOf,
    {
      type: 'review',
      key: 'rating',
      fits: "form <> 'VARCHAR' AND TRY_CAST(found AS DOUBLE) BETWEEN 1 AND 5",
      values: ['floor(found::DOUBLE + 0.5)::UTINYINT'],
    },
    (count) => ({ value: sharedUint8(count) }),
  )

/** In one transaction, so that all columns belong to one moment. */
export const readGraph = (
  connection: DuckDBConnection,
  asOf: number | null,
  progress: (done: number) => void = () => {},
): Promise<RawGraph> =>
  inTransaction(connection, async () => {
    const markets = (await rows(connection, 'SELECT name FROM markets ORDER BY market')).map(([name]) => text(name))
    const entityCount = await numberOf(connection, 'SELECT count(*) FROM entities')
    const rowCount = await numberOf(connection, 'SELECT coalesce(max(rowid) + 1, 0) FROM interactions')
    const { where, values } = knownAt(asOf)
    const count = await numberOf(connection, `SELECT count(*) FROM interactions ${where}`, values)
    const ofInteractions = interactionReadings({ count, rowCount }, asOf, progress)
    const ofEntities = entityReadings(entityCount, asOf)
    await readInTurn(connection, [...ofInteractions.readings, ...ofEntities.readings])
    const interactions = ofInteractions.columns()
    const has = (type: InteractionType): boolean => interactions.type.includes(interactionTypes[type].code)
    const carried = {
      ...(has('publish') && { fingerprints: await readFingerprints(connection, asOf) }),
      ...(has('review') && { ratings: await readRatings(connection, asOf) }),
    }
    progress(1)
    return { asOf, ...ofEntities.columns(), markets, ...interactions, ...carried }
  })
