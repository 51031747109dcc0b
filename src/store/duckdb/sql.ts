/** Small helpers around statements. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBListVector, DuckDBValue } from '@duckdb/node-api'

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

type Value = DuckDBValue | undefined

/** Rows as arrays of values; whole numbers of 64 bits come as bigint. */
export const rows = async (
  connection: DuckDBConnection,
  sql: string,
  values: readonly DuckDBValue[] = [],
): Promise<DuckDBValue[][]> => (await connection.run(sql, [...values])).getRows()

/** The first value of the first row as a number. */
export const numberOf = async (
  connection: DuckDBConnection,
  sql: string,
  values: readonly DuckDBValue[] = [],
): Promise<number> => Number((await rows(connection, sql, values))[0]?.[0] ?? 0)

/** How many rows an INSERT or DELETE touched. */
export const changed = async (connection: DuckDBConnection, sql: string): Promise<number> =>
  (await connection.run(sql)).rowsChanged

export const text = (value: Value): string => {
  if (typeof value !== 'string') throw new TypeError(`expected text, got ${typeof value}`)
  return value
}
export const textOrNull = (value: Value): string | null => (value === null || value === undefined ? null : text(value))
export const number = (value: Value): number => Number(value)
export const numberOrNull = (value: Value): number | null =>
  value === null || value === undefined ? null : Number(value)

type Column = Int32Array | Uint32Array | Float64Array | Float32Array | Uint8Array | Uint16Array

/**
 * The values of a numeric column without null, as they lie in the chunk: 2,048 at once, where the public getter makes one call a
 * value. The vector classes of @duckdb/node-api all keep them as `items`; a version that does not is told apart here.
 */
export const columnItems = (chunk: DuckDBDataChunk, column: number): Column => {
  const { items } = chunk.getColumnVector(column) as unknown as { readonly items?: Column }
  if (!ArrayBuffer.isView(items) || items.length !== chunk.rowCount)
    throw new TypeError(`column ${column} does not hold its values as one typed array: @duckdb/node-api has changed`)
  return items
}

/** The values of a column of lists, one list after the other as the rows are: all of them, and where each row's begin. */
export const listItems = (
  chunk: DuckDBDataChunk,
  column: number,
): { readonly items: Column; readonly begin: (row: number) => number } => {
  const lists = chunk.getColumnVector(column) as DuckDBListVector
  const { items } = lists.childVector as unknown as { readonly items?: Column }
  if (!ArrayBuffer.isView(items))
    throw new TypeError(`column ${column} does not hold its lists as one typed array: @duckdb/node-api has changed`)
  return { items, begin: (row) => lists.getEntryOffset(row) }
}

/** Calls `take` with each chunk of a result that is made while it is read; the next chunk is on its way meanwhile. */
export const eachChunk = async (
  connection: DuckDBConnection,
  sql: string,
  values: readonly DuckDBValue[],
  take: (chunk: DuckDBDataChunk) => void,
): Promise<void> => {
  const result = await connection.stream(sql, [...values])
  let next = result.fetchChunk()
  try {
    for (;;) {
      const chunk = await next
      if (chunk === null || chunk.rowCount === 0) return
      next = result.fetchChunk()
      take(chunk)
    }
  } finally {
    // A fetch that is under way when `take` throws must end before the connection is used again.
    await next.catch(() => undefined)
  }
}

export interface Reading {
  readonly sql: string
  readonly values?: readonly DuckDBValue[]
  readonly take: (chunk: DuckDBDataChunk) => void
}

/**
 * One statement after the other, each result held whole: its chunks then come without a turn of the event loop each, and the engine
 * runs the next statement while they are taken.
 */
export const readInTurn = async (connection: DuckDBConnection, readings: readonly Reading[]): Promise<void> => {
  const run = (reading: Reading | undefined) => reading && connection.run(reading.sql, [...(reading.values ?? [])])
  let next = run(readings[0])
  try {
    for (let i = 0; i < readings.length; i++) {
      const result = (await next)!
      next = run(readings[i + 1])
      for (let chunk = 0; chunk < result.chunkCount; chunk++) readings[i]!.take(result.getChunk(chunk))
    }
  } finally {
    // A statement that is under way when `take` throws must end before the connection is used again.
    await next?.catch(() => undefined)
  }
}
