/**
 * Tables as Parquet. Each is written as CSV first, without the guard against formulas, and turned by DuckDB's COPY, which streams from
 * file to file: no row is held longer than its row group.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '../store/duckdb/engine.js'
import type { ExportContent } from './content.js'
import { writeTables } from './csv.js'
import { type ExportFormat, type FinishedPart, Part } from './part.js'
import { type ColumnType, tables } from './tables.js'

/** For DuckDB alone: reading CSV and writing row groups of ten columns takes a third of it. */
const MEMORY = '64MB'
/** A record may have a megabyte of attributes, and quotes double. */
const LONGEST_LINE = 4 * 2 ** 20
/** Unless told, DuckDB reads sixteen of the longest lines at once. */
const READ_AT_ONCE = 2 * LONGEST_LINE
/** A row group is held until it is written. */
const ROWS_A_GROUP = 20_480

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

const copySql = (from: string, to: string, columns: readonly (readonly [string, ColumnType])[]): string => {
  const types = columns.map(([name, type]) => `${quoted(name)}: ${quoted(type)}`).join(', ')
  // `parallel = false`: texts may hold line ends, at which a reader that starts in the middle could take a wrong turn.
  return `COPY (SELECT * FROM read_csv(${quoted(from)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
      nullstr = '', allow_quoted_nulls = false, parallel = false, max_line_size = ${LONGEST_LINE}, buffer_size = ${READ_AT_ONCE}, columns = {${types}}))
    TO ${quoted(to)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROWS_A_GROUP})`
}

const writeAll = async (file: FileHandle, piece: Uint8Array): Promise<void> => {
  for (let from = 0; from < piece.length; ) from += (await file.write(piece, from)).bytesWritten
}

export const parquet: ExportFormat<ExportContent> = {
  name: 'parquet',
  title: 'Parquet',
  mediaType: 'application/vnd.apache.parquet',
  parts: tables.map(({ name }) => `${name}.parquet`),
  async write(content, destination) {
    const scratch = await destination.scratch()
    const path = (table: string, extension: string): string => join(scratch, `${table}.${extension}`)
    const files: FileHandle[] = []
    try {
      await writeTables(
        content,
        async (table) => {
          const file = await open(path(table, 'csv'), 'w')
          files.push(file)
          return new Part(table, (piece) => writeAll(file, piece))
        },
        { guard: false },
      )
    } finally {
      for (const file of files) await file.close()
    }
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: MEMORY,
      temp_directory: scratch,
    })
    const finished: FinishedPart[] = []
    try {
      const connection = await instance.connect()
      for (const { name, columns } of tables) {
        await connection.run(copySql(path(name, 'csv'), path(name, 'parquet'), columns))
        await rm(path(name, 'csv'))
        const part = await destination.part(`${name}.parquet`)
        for await (const piece of createReadStream(path(name, 'parquet'))) await part.bytes(piece as Buffer)
        await rm(path(name, 'parquet'))
        finished.push(await part.finish())
      }
      connection.closeSync()
    } finally {
      instance.closeSync()
    }
    return finished
  },
}
