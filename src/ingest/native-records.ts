/**
 * Native records from requests: JSON objects, or NDJSON as bytes, one by one into record batches, with rejects by the place
 * of the record. The same validation as for files.
 */
import type { RejectCode } from '../errors.js'
import type { BatchResult, RecordBatch } from '../store/record-batch.js'
import { isObject } from './attributes.js'
import { JsonLinesReader } from './json-lines-reader.js'
import { NativeObjects } from './native-objects.js'
import type { RecordFault } from './record-reader.js'
import { rejectMessage } from './rejects.js'
import { BatchLines } from './row-encoder.js'

/** A record that was not taken. `index` counts the records of the request, from 0, blank lines left out. */
export interface RecordError {
  readonly index: number
  readonly field: string
  readonly code: RejectCode
  readonly message: string
}

/** Part of a request. In the batch, a record's line is its index + 1. The bytes are the caller's to keep. */
export interface EncodedRecords {
  readonly batch: RecordBatch
  readonly errors: readonly RecordError[]
  /** Records of this part, those in `errors` included. */
  readonly read: number
}

export interface EncodeOptions {
  /** What every record is; null (default): those with `kind` and no `type` are entities, the others interactions. */
  readonly only?: 'interactions' | 'entities' | null
  /** A part ends at so many records; default 20,000. */
  readonly partRecords?: number
}

const PART_RECORDS = 20_000
const PART_BYTES = 8 * 2 ** 20

const recordError = (index: number, { field, code, detail }: RecordFault): RecordError => ({
  index,
  field,
  code,
  message: rejectMessage(code, detail),
})

/** Conflicts that a store found in a batch made here, as errors of the request. */
export const conflictErrors = (result: BatchResult): readonly RecordError[] =>
  result.conflicts.map(({ line }) =>
    recordError(line - 1, { field: 'id', code: 'interaction.conflict', value: '', detail: '' }),
  )

class Parts {
  readonly #records: number
  readonly #objects: NativeObjects
  #lines = new BatchLines(0, 0)
  #errors: RecordError[] = []
  #read = 0
  #index = 0

  constructor(options: EncodeOptions) {
    this.#records = options.partRecords ?? PART_RECORDS
    this.#objects = new NativeObjects(options.only ?? null)
  }

  add(value: unknown): void {
    const fault: RecordFault | null = isObject(value)
      ? this.#objects.encode(this.#lines, value, this.#index + 1)
      : { code: 'record.syntax', field: '', value: '', detail: 'It must be a JSON object.' }
    this.#count(fault)
  }

  fault(fault: RecordFault): void {
    this.#count(fault)
  }

  #count(fault: RecordFault | null): void {
    if (fault !== null) this.#errors.push(recordError(this.#index, fault))
    this.#index++
    this.#read++
  }

  get isFull(): boolean {
    const { interactions, entities } = this.#lines
    return this.#read >= this.#records || interactions.length + entities.length >= PART_BYTES
  }

  get isEmpty(): boolean {
    return this.#read === 0
  }

  take(): EncodedRecords {
    const { interactions, entities, interactionCount, entityCount } = this.#lines
    const batch = {
      interactions: interactions.bytes.subarray(0, interactions.length),
      interactionCount,
      entities: entities.bytes.subarray(0, entities.length),
      entityCount,
    }
    const part = { batch, errors: this.#errors, read: this.#read }
    this.#lines = new BatchLines(0, 0)
    this.#errors = []
    this.#read = 0
    return part
  }
}

/** Encodes records that are parsed already, such as a request's JSON array. Nothing is yielded for no records. */
export async function* encodeNativeObjects(
  records: Iterable<unknown> | AsyncIterable<unknown>,
  options: EncodeOptions = {},
): AsyncGenerator<EncodedRecords> {
  const parts = new Parts(options)
  for await (const record of records) {
    parts.add(record)
    if (parts.isFull) yield parts.take()
  }
  if (!parts.isEmpty) yield parts.take()
}

/** Encodes NDJSON as it arrives, such as a request's body. A line over the limit is rejected without being held. */
export async function* encodeNativeLines(
  bytes: AsyncIterable<Uint8Array>,
  options: EncodeOptions = {},
): AsyncGenerator<EncodedRecords> {
  const parts = new Parts(options)
  const reader = new JsonLinesReader({ object: (value) => parts.add(value), fault: (fault) => parts.fault(fault) })
  let buffer = new Uint8Array(1 << 16)
  let end = 0
  for await (const chunk of bytes) {
    if (end + chunk.length > buffer.length) {
      const grown = new Uint8Array(Math.max(buffer.length * 2, end + chunk.length))
      grown.set(buffer.subarray(0, end))
      buffer = grown
    }
    buffer.set(chunk, end)
    end += chunk.length
    const next = reader.read(buffer, 0, end, false)
    buffer.copyWithin(0, next, end)
    end -= next
    if (parts.isFull) yield parts.take()
  }
  reader.read(buffer, 0, end, true)
  if (!parts.isEmpty) yield parts.take()
}
