import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { RingfenceError } from '../errors.js'
import type { ByteSource } from './byte-source.js'

export interface ConvertedParquet {
  readonly csv: string
  dispose(): Promise<void>
}

const PIECE = 1 << 20

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Times as ISO 8601 with zone (a time without one is UTC, as Parquet's specification reads it), nested values as JSON. */
const projection = (name: string, type: string): string => {
  const column = identifier(name)
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return `strftime(make_timestamp(epoch_us(${column})), '%Y-%m-%dT%H:%M:%S.%gZ') AS ${column}`
  if (type.startsWith('TIMESTAMP'))
    return `strftime(CAST(${column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ') AS ${column}`
  if (type === 'DATE') return `strftime(${column}, '%Y-%m-%dT00:00:00Z') AS ${column}`
  if (/^(STRUCT|MAP|UNION)\b/.test(type) || type.endsWith(']'))
    return `CAST(to_json(${column}) AS VARCHAR) AS ${column}`
  return column
}

async function* pieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = new Uint8Array(PIECE)
    const bytes = await source.read(piece, 0, PIECE)
    if (bytes === 0) return
    yield piece.subarray(0, bytes)
  }
}

/**
 * Copies a Parquet file, in the order of its rows, to a temporary CSV file. `source` is a path, or bytes to be spooled first.
 * Nothing is downloaded: DuckDB's own readers suffice. Throws `file.format` where it is no Parquet.
 */
export const convertParquet = async (source: string | ByteSource, name: string): Promise<ConvertedParquet> => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-parquet-'))
  const dispose = () => rm(folder, { recursive: true, force: true })
  try {
    const path = typeof source === 'string' ? source : join(folder, 'input.parquet')
    if (typeof source !== 'string') await pipeline(Readable.from(pieces(source)), createWriteStream(path))
    const csv = join(folder, 'rows.csv')
    await copyToCsv(path, csv, name)
    return { csv, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

const copyToCsv = async (path: string, csv: string, name: string): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    // A glob in the name would read other files too.
    const from = `read_parquet([${quoted(path.replace(/[*?[\]]/g, '[$&]'))}])`
    const columns = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows()
    const select = columns.map(([column, type]) => projection(String(column), String(type))).join(', ')
    await connection.run(`COPY (SELECT ${select} FROM ${from}) TO ${quoted(csv)} (FORMAT csv, HEADER true)`)
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]!.replaceAll(path, name)
    throw new RingfenceError(
      'file.format',
      `${name} cannot be read as Parquet: ${why}`,
      { file: name },
      { cause: error },
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
