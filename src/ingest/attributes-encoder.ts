import { limits } from '../../graph-schema/schema.js'
import { canonicalJson, isObject, reservedFormFits, unfitReservedKey } from './attributes.js'
import type { ByteWriter } from './byte-writer.js'
import { text, utf8 } from './bytes.js'
import { canonicalNumber, isNoNumber, isPlainInteger, parseNumber } from './numbers.js'
import type { AttributePlan, AttributesPlan } from './plan.js'
import type { RowCells } from './row-cells.js'

export interface AttributeOwner {
  readonly attributes: AttributesPlan
}

const OPEN = 0x7b
const CLOSE = 0x7d
const COMMA = 0x2c
const QUOTE = 0x22
const TRUE = utf8('true')
const FALSE = utf8('false')

const UNFIT =
  'A text is not valid Unicode, a whole number is beyond 2^53 (write it as text), or the nesting is too deep.'

/** Writes the attributes of a record as canonical JSON. */
export class AttributesEncoder {
  /** After `write` returned false: the column, and what was wrong. */
  column = -1
  detail = ''

  /** What the caller reserved for the row. */
  room = 0

  readonly #cells: RowCells

  constructor(cells: RowCells) {
    this.#cells = cells
  }

  /** `type` is the interaction type's code, or -1 for an entity. */
  write(out: ByteWriter, attributes: AttributesPlan, type: number): boolean {
    const from = out.length
    const fits =
      attributes.from === 'names'
        ? this.#named(out, attributes.attributes, type)
        : attributes.from === 'none' || this.#whole(out, attributes.column, type)
    if (!fits) return false
    return out.length - from <= limits.attributesBytes || this.#fail(this.column, 'They are longer than 1 MB.')
  }

  #fail(column: number, detail: string): false {
    this.column = column
    this.detail = detail
    return false
  }

  #whole(out: ByteWriter, column: number, type: number): boolean {
    const cells = this.#cells
    this.column = column
    if (!cells.take(column)) return true
    if (cells.end - cells.start > limits.attributesBytes) return this.#fail(column, 'They are longer than 1 MB.')
    const value = this.#parse(text(cells.data, cells.start, cells.end))
    if (!isObject(value)) return this.#fail(column, '')
    const unfit = type < 0 ? null : unfitReservedKey(type, value)
    if (unfit !== null) return this.#fail(column, `The key "${unfit}" has another form here.`)
    const json = canonicalJson(value)
    if (json === null) return this.#fail(column, UNFIT)
    if (json !== '{}') this.#append(out, json)
    return true
  }

  #parse(json: string): unknown {
    try {
      return JSON.parse(json)
    } catch {
      return undefined
    }
  }

  #append(out: ByteWriter, json: string): void {
    const bytes = utf8(json)
    // The room that was reserved for the row stays there for what follows.
    out.reserve(bytes.length + this.room)
    out.constant(bytes)
  }

  #named(out: ByteWriter, attributes: readonly AttributePlan[], type: number): boolean {
    const from = out.length
    out.byte(OPEN)
    for (let i = 0; i < attributes.length; i++) {
      const attribute = attributes[i]!
      const before = out.length
      if (before > from + 1) out.byte(COMMA)
      out.constant(attribute.head)
      const valueAt = out.length
      if (!this.#value(out, attribute)) return false
      if (out.length === valueAt) {
        out.length = before
      } else if (type >= 0 && attribute.reserved) {
        const value = this.#parse(text(out.bytes, valueAt, out.length))
        if (!reservedFormFits(type, attribute.name, value))
          return this.#fail(this.column, `The key "${attribute.name}" has another form here.`)
      }
    }
    if (out.length === from + 1) out.length = from
    else out.byte(CLOSE)
    return true
  }

  /** Writes nothing where a column is null. */
  #value(out: ByteWriter, attribute: AttributePlan): boolean {
    const { parts } = attribute.value
    if (attribute.form !== 'text') return this.#typed(out, attribute)
    const cells = this.#cells
    const from = out.length
    out.byte(QUOTE)
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!
      if (part.column < 0) {
        out.jsonEscaped(part.text, 0, part.text.length)
        continue
      }
      this.column = part.column
      if (!cells.cut(part)) {
        out.length = from
        return true
      }
      if (cells.end - cells.start > limits.attributesBytes) return this.#fail(part.column, 'They are longer than 1 MB.')
      out.jsonEscaped(cells.data, cells.start, cells.end)
    }
    out.byte(QUOTE)
    return true
  }

  #typed(out: ByteWriter, attribute: AttributePlan): boolean {
    const cells = this.#cells
    const part = attribute.value.parts[0]!
    this.column = part.column
    if (!cells.cut(part)) return true
    const { data, start, end } = cells
    if (attribute.form === 'number' || attribute.form === 'measure') {
      if (isPlainInteger(data, start, end)) {
        out.copy(data, start, end)
        return true
      }
      const value = parseNumber(data, start, end)
      if (Number.isNaN(value) && attribute.form === 'measure' && isNoNumber(data, start, end)) return true
      if (Number.isNaN(value)) return this.#fail(part.column, `"${attribute.name}" must be a number.`)
      out.constant(utf8(canonicalNumber(value)))
      return true
    }
    if (end - start > limits.attributesBytes) return this.#fail(part.column, 'They are longer than 1 MB.')
    const cell = text(data, start, end)
    if (attribute.form === 'boolean') {
      const word = cell.toLowerCase()
      if (word !== 'true' && word !== 'false' && word !== '1' && word !== '0')
        return this.#fail(part.column, `"${attribute.name}" must be true, false, 1 or 0.`)
      out.constant(word === 'true' || word === '1' ? TRUE : FALSE)
      return true
    }
    const value = this.#parse(cell)
    const json = value === undefined ? null : canonicalJson(value)
    if (json === null) return this.#fail(part.column, `"${attribute.name}" must be JSON.`)
    this.#append(out, json)
    return true
  }
}
