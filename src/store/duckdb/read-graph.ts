/** The columns of a snapshot, streamed from DuckDB's vectors into shared memory. */
import type { DuckDBBlobVector, DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { interactionTypes } from '../../../graph-schema/schema.js'
import type { RawFingerprints } from '../../graph/fingerprints.js'
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
import { columnItems, eachChunk, numberOf, rows, text } from './sql.js'

/** Ids are handed over as blocks of this many (a power of two), joined by line ends, which no id holds: one value a block. */
const idsPerBlock = 8192
const lineEnd = 10

/** `progress` is told after about this many interactions. */
const progressEvery = 1 << 19

const knownAt = (asOf: number | null): { readonly where: string; readonly values: readonly DuckDBValue[] } =>
  asOf === null
    ? { where: '', values: [] }
    : { where: 'WHERE ("at" IS NULL OR "at" <= $1::BIGINT)', values: [BigInt(Math.floor(asOf))] }

const readEntities = async (connection: DuckDBConnection, asOf: number | null) => {
  const entityCount = await numberOf(connection, 'SELECT count(*) FROM entities')
  const nameBytes = await numberOf(connection, 'SELECT sum(strlen(id)) FROM entities')
  const entityKind = sharedUint8(entityCount)
  const names = sharedUint8(nameBytes)
  const nameOffsets = sharedFloat64(entityCount + 1)
  const declared = sharedUint8(entityCount)

  // Numbers run from 0 without gaps, but rows need not lie in their order.
  await eachChunk(connection, 'SELECT entity, kind FROM entities', [], (chunk) => {
    const entity = columnItems(chunk, 0)
    const kind = columnItems(chunk, 1)
    for (let i = 0; i < entity.length; i++) entityKind[entity[i]!] = kind[i]!
  })
  let entity = 0
  let at = 0
  await eachChunk(
    connection,
    `SELECT encode(string_agg(id, chr(${lineEnd}) ORDER BY entity)) FROM entities GROUP BY entity // ${idsPerBlock} ORDER BY min(entity)`,
    [],
    (chunk) => {
      const blocks = chunk.getColumnVector(0) as DuckDBBlobVector
      for (let block = 0; block < chunk.rowCount; block++) {
        const { bytes } = blocks.getItem(block)!
        for (let b = 0; b < bytes.length; b++) {
          if (bytes[b] === lineEnd) nameOffsets[++entity] = at
          else names[at++] = bytes[b]!
        }
        nameOffsets[++entity] = at
      }
    },
  )
  if (entity !== entityCount || at !== nameBytes)
    throw new Error(`${entity} ids of ${at} bytes were read, ${entityCount} of ${nameBytes} are in the store`)
  const { where, values } = knownAt(asOf)
  await eachChunk(
    connection,
    `SELECT entity FROM (SELECT entity, max("at") AS "at" FROM entity_records GROUP BY entity) ${where}`,
    values,
    (chunk) => {
      for (const index of columnItems(chunk, 0)) declared[index] = 1
    },
  )
  return { entityCount, entityKind, names, nameOffsets, declared }
}

const readInteractionColumns = async (
  connection: DuckDBConnection,
  asOf: number | null,
  progress: (done: number) => void,
) => {
  const { where, values } = knownAt(asOf)
  const count = await numberOf(connection, `SELECT count(*) FROM interactions ${where}`, values)
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
  await eachChunk(
    connection,
    `SELECT type, actor, target, coalesce("at"::DOUBLE, 'NaN'::DOUBLE), weight::FLOAT, market, scenario FROM interactions ${where}`,
    values,
    (chunk) => {
      for (let column = 0; column < into.length; column++) into[column]!.set(columnItems(chunk, column), done)
      done += chunk.rowCount
      if (done - told >= progressEvery) {
        told = done
        progress(done / count)
      }
    },
  )
  if (done !== count) throw new Error(`${done} interactions were read, ${count} are in the store`)
  return { count, ...columns }
}

/** The reserved attribute of `publish`, where it has the form that ingest asks for. */
const readFingerprints = async (connection: DuckDBConnection, asOf: number | null): Promise<RawFingerprints> => {
  const { where, values } = knownAt(asOf)
  const found = `FROM (SELECT actor, target, "at", json_extract_string(attributes, '$.fingerprint') AS hash FROM interactions
    WHERE type = ${interactionTypes.publish.code} AND attributes LIKE '%"fingerprint":%') ${where}
    ${where === '' ? 'WHERE' : 'AND'} regexp_full_match(hash, '[0-9a-f]{16}')`
  const count = await numberOf(connection, `SELECT count(*) ${found}`, values)
  const columns = {
    actor: sharedInt32(count),
    target: sharedInt32(count),
    at: sharedFloat64(count),
    high: sharedUint32(count),
    low: sharedUint32(count),
  }
  const into = Object.values(columns)
  let done = 0
  await eachChunk(
    connection,
    `SELECT actor, target, coalesce("at"::DOUBLE, 'NaN'::DOUBLE), ('0x' || hash[1:8])::UINTEGER, ('0x' || hash[9:16])::UINTEGER ${found}`,
    values,
    (chunk) => {
      for (let column = 0; column < into.length; column++) into[column]!.set(columnItems(chunk, column), done)
      done += chunk.rowCount
    },
  )
  if (done !== count) throw new Error(`${done} fingerprints were read, ${count} are in the store`)
  return { count, ...columns }
}

/** In one transaction, so that all columns belong to one moment. */
export const readGraph = (
  connection: DuckDBConnection,
  asOf: number | null,
  progress: (done: number) => void = () => {},
): Promise<RawGraph> =>
  inTransaction(connection, async () => {
    const markets = (await rows(connection, 'SELECT name FROM markets ORDER BY market')).map(([name]) => text(name))
    const entities = await readEntities(connection, asOf)
    const interactions = await readInteractionColumns(connection, asOf, progress)
    const fingerprints = await readFingerprints(connection, asOf)
    progress(1)
    return { asOf, ...entities, markets, ...interactions, fingerprints }
  })
