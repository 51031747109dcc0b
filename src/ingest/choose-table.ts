/** Finds the table of a mapping that fits a file, and binds it to the file's columns. */
import { basename } from 'node:path'
import { RingfenceError } from '../errors.js'
import { CR, LF, TAB } from './bytes.js'
import { DelimitedReader, type Dialect } from './delimited-reader.js'
import { usedColumns } from './mapping-check.js'
import type { FileFormat, Mapping, TableMapping } from './mapping-types.js'

/** The beginning of a file: data[start, end). */
export interface FileHead {
  /** Path or name, for messages. */
  readonly name: string
  /** Standard input and streams fit every glob. */
  readonly named: boolean
  readonly data: Uint8Array
  readonly start: number
  readonly end: number
  /** Nothing follows. */
  readonly final: boolean
  /** By the caller's order, if any. */
  readonly format: FileFormat | null
  /** By name or first bytes. */
  readonly detected: FileFormat
}

export interface ChosenTable {
  readonly table: TableMapping
  readonly format: FileFormat
  readonly columns: readonly string[]
  readonly dialect: Dialect
  /** Where the first record begins, and the number of its line. */
  readonly next: number
  readonly line: number
}

/** More columns than this are a file of another kind. */
const MOST_COLUMNS = 4096
const COMMA = 0x2c
const DOUBLE_QUOTE = 0x22

const IGNORE = { row: () => {}, fault: () => {} }

const globToRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )

const fileFits = (table: TableMapping, head: FileHead): boolean => {
  const file = table.match?.file
  if (file === undefined || !head.named) return true
  const name = basename(head.name)
  return (typeof file === 'string' ? [file] : file).some((glob) => globToRegExp(glob).test(name))
}

/** A bare CR is the line end where the first line ends with one. */
const lineEndOf = (head: FileHead): typeof LF | typeof CR => {
  for (let p = head.start; p < head.end; p++) {
    if (head.data[p] === LF) return LF
    if (head.data[p] === CR) return head.data[p + 1] === LF || p + 1 === head.end ? LF : CR
  }
  return LF
}

const delimiterOf = (table: TableMapping, format: FileFormat, head: FileHead): number | 'space' => {
  const { delimiter } = table
  if (delimiter === 'space') return 'space'
  if (delimiter === 'tab') return TAB
  if (delimiter !== undefined) return delimiter.charCodeAt(0)
  if (format === 'tsv') return TAB
  if (format === 'parquet') return COMMA
  const lineEnd = lineEndOf(head)
  for (let p = head.start, tabs = 0; p < head.end; p++) {
    if (head.data[p] === COMMA) break
    if (head.data[p] === TAB) tabs++
    else if (head.data[p] === lineEnd) return tabs > 0 ? TAB : COMMA
  }
  return COMMA
}

export const dialectOf = (table: TableMapping, format: FileFormat, head: FileHead): Dialect => {
  const delimiter = delimiterOf(table, format, head)
  const parquet = format === 'parquet'
  const quote = table.quote === undefined ? (delimiter === 'space' ? 'none' : '"') : table.quote
  return {
    delimiter,
    quote: parquet ? DOUBLE_QUOTE : quote === 'none' ? -1 : quote.charCodeAt(0),
    comment: parquet || table.comment === undefined ? -1 : table.comment.charCodeAt(0),
    lineEnd: parquet ? LF : lineEndOf(head),
    numberRecords: parquet,
  }
}

const headerError = (head: FileHead, detail: string): RingfenceError =>
  new RingfenceError('file.header', `${head.name}: ${detail}`, { file: head.name })

/** Reads the header line of a delimited file. Throws `file.header`. */
export const readHeader = (
  head: FileHead,
  dialect: Dialect,
): { readonly columns: readonly string[]; readonly next: number; readonly line: number } => {
  const reader = new DelimitedReader(dialect, MOST_COLUMNS, IGNORE)
  const found = reader.header(head.data, head.start, head.end, head.final)
  if (found === null) throw headerError(head, 'it is empty, so that there is no header.')
  if (found.next < 0) throw headerError(head, 'its first line is no header: it is too long, or a quote is not closed.')
  if (found.cells.length > MOST_COLUMNS) throw headerError(head, `its first line has ${found.cells.length} columns.`)
  return { columns: found.cells, next: found.next, line: dialect.numberRecords ? 1 : reader.line }
}

const describe = (table: TableMapping, at: number): string =>
  table.name === undefined ? `table ${at + 1}` : `table "${table.name}"`

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

type Fit =
  | { readonly chosen: ChosenTable }
  /** `header`: the match fits, but the table needs columns that are not there. */
  | { readonly why: string; readonly header: boolean }

const tryDelimited = (table: TableMapping, format: FileFormat, head: FileHead): Fit => {
  const dialect = dialectOf(table, format, head)
  const hasHeader = format === 'parquet' || (table.header ?? table.columns === undefined)
  if (!hasHeader) return { chosen: { table, format, columns: table.columns ?? [], dialect, next: head.start, line: 1 } }
  const header = readHeader(head, dialect)
  const columns = format === 'parquet' ? header.columns : (table.columns ?? header.columns)
  const lacking = (wanted: readonly string[]) => wanted.filter((column) => !columns.includes(column))
  const unmatched = lacking(table.match?.columns ?? [])
  if (unmatched.length > 0) return { why: `the header lacks ${list(unmatched)}`, header: false }
  const used = usedColumns(table)
  const missing = lacking(used)
  if (missing.length > 0)
    return { why: `the header lacks ${list(missing)}; it has ${list(columns.slice(0, 50))}`, header: true }
  const twice = used.filter((column) => columns.indexOf(column) !== columns.lastIndexOf(column))
  if (twice.length > 0) return { why: `the header has ${list(twice)} more than once`, header: true }
  return { chosen: { ...header, table, format, columns, dialect } }
}

/** Keys of the first object in an NDJSON file; none where the first line is no object. */
const firstKeys = (head: FileHead): readonly string[] => {
  const lineEnd = head.data.indexOf(LF, head.start)
  const end = lineEnd < 0 || lineEnd > head.end ? head.end : lineEnd
  try {
    return Object.keys(JSON.parse(new TextDecoder().decode(head.data.subarray(head.start, end))) as object)
  } catch {
    return []
  }
}

const tryObjects = (table: TableMapping, head: FileHead, keys: readonly string[], only: boolean): Fit => {
  const wanted = table.match?.columns ?? []
  const lacking = wanted.filter((column) => !keys.includes(column) && !keys.includes(column.split('.')[0]!))
  if (lacking.length > 0 && !only) return { why: `the first record lacks ${list(lacking)}`, header: false }
  const dialect = dialectOf(table, 'csv', head)
  return { chosen: { table, format: 'ndjson', columns: usedColumns(table), dialect, next: head.start, line: 1 } }
}

/** The first table that fits. Throws `mapping.unmatched`, `file.header`. */
export const chooseTable = (mapping: Mapping, head: FileHead): ChosenTable => {
  const reasons: string[] = []
  let headerReason: string | null = null
  const byFile = mapping.tables.filter((table) => fileFits(table, head))
  for (const [at, table] of mapping.tables.entries()) {
    const name = describe(table, at)
    if (!byFile.includes(table)) {
      reasons.push(`${name}: the file's name does not fit`)
      continue
    }
    const format = head.format ?? (head.detected === 'parquet' ? 'parquet' : (table.format ?? head.detected))
    const fit =
      format === 'ndjson'
        ? tryObjects(table, head, firstKeys(head), byFile.length === 1)
        : tryDelimited(table, format, head)
    if ('chosen' in fit) return fit.chosen
    reasons.push(`${name}: ${fit.why}`)
    if (fit.header) headerReason ??= `${name} of the mapping fits, but ${fit.why}.`
  }
  if (headerReason !== null) throw headerError(head, headerReason)
  throw new RingfenceError('mapping.unmatched', `${head.name}: ${reasons.join('; ')}.`, { file: head.name })
}
