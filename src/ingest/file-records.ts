/** One file from its first byte to lines of a record batch: format, table, reader and encoder put together. */
import { RingfenceError } from '../errors.js'
import { type ByteSource, fileSize, isParquet, openSource, type Source, sourceName } from './byte-source.js'
import { chooseTable, dialectOf, type FileHead, readHeader } from './choose-table.js'
import { DelimitedReader } from './delimited-reader.js'
import { JsonCells } from './json-cells.js'
import { JsonLinesReader } from './json-lines-reader.js'
import type { FileFormat, Mapping } from './mapping-types.js'
import { nativeTable } from './native-fields.js'
import { NativeObjects } from './native-objects.js'
import type { ConvertedParquet } from './parquet.js'
import { compilePlan } from './plan.js'
import type { RecordFault, RecordHandler, RecordReader } from './record-reader.js'
import { type BatchLines, RowEncoder } from './row-encoder.js'

/** Where a file's records go. `lines` may change between steps. */
export interface RecordTarget {
  readonly lines: BatchLines
  /** Added to line numbers, so that they are unique over the files of a batch. */
  readonly lineBase: number
  /** Called once for each record that was read; `fault` says why it was not taken. */
  record(line: number, fault: RecordFault | null): void
}

export interface FileRecords {
  readonly name: string
  readonly bytesDone: number
  /** Number of the line that comes next. */
  readonly line: number
  /** Reads one more piece; false at the end. */
  step(): Promise<boolean>
  close(): Promise<void>
}

/**
 * Bytes taken from a source at a time: large enough that waiting for them costs nothing, small enough for the cache and for the
 * store's answers, which wait on the event loop until a piece is done.
 */
const STEP_BYTES = 1 << 18
const SMALLEST_STEP = 1 << 16
/** About the shortest record with an actor and a target. A batch ends between pieces, so a small one needs small pieces. */
const SHORTEST_RECORD = 12

const byName: readonly (readonly [RegExp, FileFormat])[] = [
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.(tsv|tab)(\.gz)?$/i, 'tsv'],
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.(parquet|pq)(\.gz)?$/i, 'parquet'],
]

const detectFormat = (name: string, head: Uint8Array, start: number): FileFormat => {
  const named = byName.find(([pattern]) => pattern.test(name))?.[1]
  if (named !== undefined) return named
  let p = start
  while (p < head.length && head[p]! <= 32) p++
  return head[p] === 0x7b ? 'ndjson' : 'csv'
}

/** Skips a byte order mark. Throws `file.format` for UTF-16, which would only give unreadable records. */
const bomLength = (data: Uint8Array, end: number, name: string): number => {
  if (end >= 3 && data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return 3
  if (end >= 2 && ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)))
    throw new RingfenceError('file.format', `${name} is UTF-16; save it as UTF-8.`, { file: name })
  return 0
}

const encodingHandler = (encoder: RowEncoder, target: RecordTarget): RecordHandler => ({
  row: (data, starts, ends, rowBytes, line) => {
    const taken = encoder.encode(target.lines, data, starts, ends, rowBytes, target.lineBase + line)
    target.record(line, taken ? null : encoder.failure)
  },
  fault: (fault, line) => target.record(line, fault),
})

interface ChosenReader {
  readonly reader: RecordReader
  readonly encoder: RowEncoder | null
  readonly next: number
}

const nativeReader = (head: FileHead, target: RecordTarget): ChosenReader => {
  const format = head.format ?? head.detected
  if (format === 'ndjson') {
    const objects = new NativeObjects(null)
    const reader = new JsonLinesReader({
      object: (value, line) => target.record(line, objects.encode(target.lines, value, target.lineBase + line)),
      fault: (fault, line) => target.record(line, fault),
    })
    return { reader, encoder: null, next: head.start }
  }
  const dialect = dialectOf({}, format, head)
  const { columns, next, line } = readHeader(head, dialect)
  const encoder = new RowEncoder(compilePlan(nativeTable(head.name, columns), columns))
  return {
    encoder,
    reader: new DelimitedReader(dialect, columns.length, encodingHandler(encoder, target), line),
    next,
  }
}

const mappedReader = (mapping: Mapping, head: FileHead, target: RecordTarget): ChosenReader => {
  const { table, format, columns, dialect, next, line } = chooseTable(mapping, head)
  const encoder = new RowEncoder(compilePlan(table, columns))
  if (format !== 'ndjson')
    return {
      reader: new DelimitedReader(dialect, columns.length, encodingHandler(encoder, target), line),
      encoder,
      next,
    }
  const cells = new JsonCells(columns)
  const reader = new JsonLinesReader({
    object: (value, at) => {
      const fault = cells.fill(value)
      const taken =
        fault === null &&
        encoder.encode(target.lines, cells.data, cells.starts, cells.ends, cells.length, target.lineBase + at)
      target.record(at, taken ? null : (fault ?? encoder.failure))
    },
    fault: (fault, at) => target.record(at, fault),
  })
  return { reader, encoder, next }
}

class OpenFile implements FileRecords {
  readonly name: string
  readonly #bytes: ByteSource
  readonly #fullSize: number | null
  readonly #dispose: () => Promise<void>
  readonly #target: RecordTarget
  #reader: RecordReader | null = null
  #encoder: RowEncoder | null = null
  readonly #stepBytes: number
  #buffer: Uint8Array
  /** Unread bytes are buffer[start, end). */
  #start = 0
  #end = 0
  #final = false

  /** `fullSize`: what counts as done once the file is a converted one. */
  constructor(
    name: string,
    bytes: ByteSource,
    fullSize: number | null,
    target: RecordTarget,
    batchRecords: number,
    dispose: () => Promise<void>,
  ) {
    this.#stepBytes = Math.min(STEP_BYTES, Math.max(SMALLEST_STEP, batchRecords * SHORTEST_RECORD))
    this.#buffer = new Uint8Array(2 * this.#stepBytes)
    this.name = name
    this.#target = target
    this.#bytes = bytes
    this.#fullSize = fullSize
    this.#dispose = dispose
  }

  get bytesDone(): number {
    return this.#fullSize ?? this.#bytes.bytesDone
  }

  get line(): number {
    return this.#reader?.line ?? 1
  }

  /** Reads the first piece and chooses the reader by it. */
  async begin(choose: (data: Uint8Array, end: number, final: boolean) => ChosenReader): Promise<void> {
    await this.#fill()
    const { reader, encoder, next } = choose(this.#buffer, this.#end, this.#final)
    this.#reader = reader
    this.#encoder = encoder
    this.#start = next
  }

  async #fill(): Promise<void> {
    const left = this.#end - this.#start
    // A record longer than a piece is scanned again each time: with twice as much each time, that stays cheap.
    const wanted = left + Math.max(this.#stepBytes, left)
    if (wanted > this.#buffer.length) {
      const grown = new Uint8Array(wanted)
      grown.set(this.#buffer.subarray(this.#start, this.#end))
      this.#buffer = grown
    } else this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#start = 0
    this.#end = left
    while (this.#end < wanted) {
      const more = await this.#bytes.read(this.#buffer, this.#end, wanted - this.#end)
      if (more === 0) {
        this.#final = true
        return
      }
      this.#end += more
    }
  }

  async step(): Promise<boolean> {
    const reader = this.#reader!
    const { broken } = this.#bytes
    this.#start = reader.read(this.#buffer, this.#start, this.#end, this.#final && broken === null)
    if (this.#final && broken !== null) reader.cutOff(this.#buffer, this.#start, this.#end, broken)
    this.#encoder?.settle(this.#target.lines)
    if (this.#final) return false
    await this.#fill()
    return true
  }

  async close(): Promise<void> {
    await this.#bytes.close()
    await this.#dispose()
  }
}

const nothing = async () => {}

const convert = async (
  source: Source,
  plain: ByteSource,
  isPlainFile: boolean,
  name: string,
): Promise<ConvertedParquet> => {
  // Loaded when it is needed: it brings the engine with it.
  const { convertParquet } = await import('./parquet.js')
  const converted = await convertParquet(isPlainFile ? (source as string) : plain, name)
  await plain.close()
  return converted
}

/**
 * Opens a source and finds out how to read it. `mapping` null: native records. `batchRecords`: how
 * many records are wanted between two steps at most, roughly. Throws `file.missing`, `file.format`,
 * `file.header`, `mapping.unmatched`.
 */
export const openRecords = async (
  source: Source,
  mapping: Mapping | null,
  format: FileFormat | null,
  target: RecordTarget,
  batchRecords: number,
  signal: AbortSignal | null,
): Promise<FileRecords> => {
  const name = sourceName(source)
  const isFile = typeof source === 'string' && source !== '-'
  const size = isFile ? await fileSize(source) : 0
  const opened = await openSource(source, signal)
  let bytes = opened.bytes
  let converted: ConvertedParquet | null = null
  let file: OpenFile | null = null
  try {
    const parquetMagic = isParquet(opened.head)
    const wanted = format ?? (parquetMagic ? 'parquet' : (byName.find(([pattern]) => pattern.test(name))?.[1] ?? null))
    if (wanted === 'parquet') {
      if (!parquetMagic)
        throw new RingfenceError('file.format', `${name} does not begin as Parquet does.`, { file: name })
      converted = await convert(source, bytes, size > 0 && bytes.bytesDone === 0, name)
      bytes = (await openSource(converted.csv, signal)).bytes
    }
    const dispose = converted?.dispose ?? nothing
    file = new OpenFile(name, bytes, converted !== null && isFile ? size : null, target, batchRecords, dispose)
    await file.begin((data, end, final) => {
      const start = bomLength(data, end, name)
      const head: FileHead = {
        name,
        named: isFile,
        data,
        start,
        end,
        final,
        format: wanted === 'parquet' ? 'parquet' : format,
        detected: wanted ?? detectFormat(name, data.subarray(0, end), start),
      }
      return mapping === null ? nativeReader(head, target) : mappedReader(mapping, head, target)
    })
    return file
  } catch (error) {
    if (file !== null) await file.close()
    else {
      await bytes.close()
      await converted?.dispose()
    }
    throw error
  }
}
