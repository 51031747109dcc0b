import { isUtf8 } from 'node:buffer'
import { limits } from '../../graph-schema/schema.js'
import { isObject } from './attributes.js'
import { CR, LF, text } from './bytes.js'
import { type RecordFault, type RecordHandler, type RecordReader, VALUE_BYTES } from './record-reader.js'

/** Takes the object of one line. */
export interface ObjectHandler {
  object(value: Readonly<Record<string, unknown>>, line: number): void
  fault: RecordHandler['fault']
}

/** Reads NDJSON: one JSON object a line, LF or CRLF; blank lines are skipped. */
export class JsonLinesReader implements RecordReader {
  line: number
  readonly #handler: ObjectHandler
  #skipping = false

  constructor(handler: ObjectHandler, line = 1) {
    this.#handler = handler
    this.line = line
  }

  read(data: Uint8Array, start: number, end: number, final: boolean): number {
    let p = start
    const lastEnd = end > start ? data.lastIndexOf(LF, end - 1) : -1
    const limit = lastEnd < start ? start : lastEnd + 1
    const valid = limit === start || isUtf8(data.subarray(start, limit))
    while (p < limit) {
      const lineEnd = data.indexOf(LF, p)
      if (this.#skipping) this.#skipping = false
      else this.#record(data, p, lineEnd, valid)
      this.line++
      p = lineEnd + 1
    }
    if (p === end) return p
    if (this.#skipping) return end
    if (final) {
      this.#record(data, p, end, false)
      return end
    }
    if (end - p <= limits.lineBytes) return p
    this.#fault('record.too-long', data, p, end, '')
    this.#skipping = true
    return end
  }

  cutOff(data: Uint8Array, start: number, end: number, detail: string): void {
    this.#fault('record.truncated', data, start, end, detail)
  }

  #fault(code: RecordFault['code'], data: Uint8Array, start: number, end: number, detail: string): void {
    const value = text(data, start, Math.min(end, start + VALUE_BYTES))
    this.#handler.fault({ code, field: '', value, detail }, this.line)
  }

  #record(data: Uint8Array, start: number, lineEnd: number, valid: boolean): void {
    let end = lineEnd
    if (end > start && data[end - 1] === CR) end--
    let first = start
    while (first < end && (data[first] === 32 || data[first] === 9)) first++
    if (first === end) return
    if (end - start > limits.lineBytes) {
      this.#fault('record.too-long', data, start, end, '')
      return
    }
    if (!valid && !isUtf8(data.subarray(start, end))) {
      this.#fault('record.encoding', data, start, end, '')
      return
    }
    let value: unknown
    let detail = 'It must be a JSON object.'
    const json = text(data, first, end)
    try {
      value = JSON.parse(json)
    } catch (error) {
      detail = `${(error as Error).message}.`
    }
    if (isObject(value)) this.#handler.object(value, this.line)
    else this.#fault('record.syntax', data, start, end, detail)
  }
}
