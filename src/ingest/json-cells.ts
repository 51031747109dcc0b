import { canonicalJson, isExact, isObject, wellFormed } from './attributes.js'
import { type RecordFault, VALUE_BYTES } from './record-reader.js'

/** Up to this length a loop is quicker than a call into the runtime's encoder. */
const SHORT = 64
const SMALLEST = 4096

type JsonObject = Readonly<Record<string, unknown>>

/** The value at a column's name: the key itself, else a path with dots. */
const valueAt = (object: JsonObject, column: string, path: readonly string[]): unknown => {
  if (Object.hasOwn(object, column)) return object[column]
  if (path.length === 1) return undefined
  let value: unknown = object
  for (const step of path) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

/**
 * Turns a JSON object into a row of cells: texts as they are, numbers and booleans written out, null and missing empty,
 * objects and lists as JSON.
 */
export class JsonCells {
  data = Buffer.alloc(SMALLEST)
  length = 0
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly #columns: readonly string[]
  readonly #paths: readonly (readonly string[])[]

  constructor(columns: readonly string[]) {
    this.#columns = columns
    this.#paths = columns.map((column) => column.split('.'))
    this.starts = new Int32Array(columns.length)
    this.ends = new Int32Array(columns.length)
  }

  /** Null, or why the object cannot be a row. */
  fill(object: JsonObject): RecordFault | null {
    this.length = 0
    for (let i = 0; i < this.#columns.length; i++) {
      this.starts[i] = this.length
      const value = valueAt(object, this.#columns[i]!, this.#paths[i]!)
      const cell = cellText(value)
      if (cell === null)
        return {
          code: 'record.field',
          field: this.#columns[i]!,
          value: String(value).slice(0, VALUE_BYTES),
          detail: typeof value === 'object' ? UNFIT : INEXACT,
        }
      if (cell !== '' && !this.#write(cell))
        return { code: 'record.encoding', field: this.#columns[i]!, value: cell.slice(0, VALUE_BYTES), detail: '' }
      this.ends[i] = this.length
    }
    return null
  }

  #write(cell: string): boolean {
    if (this.length + cell.length * 3 > this.data.length) this.#grow(cell.length * 3)
    const { data } = this
    if (cell.length <= SHORT) {
      let at = this.length
      let i = 0
      for (; i < cell.length; i++) {
        const code = cell.charCodeAt(i)
        if (code > 127) break
        data[at++] = code
      }
      if (i === cell.length) {
        this.length = at
        return true
      }
    }
    if (!wellFormed(cell)) return false
    this.length += data.write(cell, this.length, 'utf8')
    return true
  }

  #grow(more: number): void {
    const grown = Buffer.alloc(Math.max(this.data.length * 2, this.length + more))
    this.data.copy(grown, 0, 0, this.length)
    this.data = grown
  }
}

const UNFIT =
  'A text in it is not valid Unicode, a whole number is beyond 2^53 (write it as text), or it is nested too deep.'
const INEXACT = 'A whole number beyond 2^53 is not exact in JSON; write it as text.'

/** Null where a number has lost digits: two ids could become one. */
const cellText = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return isExact(value) || !Number.isFinite(value) ? String(value) : null
  return typeof value === 'boolean' ? String(value) : canonicalJson(value)
}
