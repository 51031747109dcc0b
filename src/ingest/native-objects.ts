import { isObject } from './attributes.js'
import { JsonCells } from './json-cells.js'
import { ENTITY_FIELDS, INTERACTION_FIELDS, nativeEntityTable, nativeInteractionTable } from './native-fields.js'
import { compilePlan } from './plan.js'
import { type RecordFault, VALUE_BYTES } from './record-reader.js'
import { type BatchLines, RowEncoder } from './row-encoder.js'

type JsonObject = Readonly<Record<string, unknown>>

const fits = (field: string, value: unknown): boolean => {
  if (value === null || value === undefined) return true
  if (field === 'weight') return typeof value === 'number'
  return field === 'attributes' ? isObject(value) : typeof value === 'string'
}

const shown = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, VALUE_BYTES)

class NativeForm {
  readonly #fields: readonly string[]
  readonly #cells: JsonCells
  readonly #encoder: RowEncoder
  readonly #attributesCode: RecordFault['code']

  constructor(kind: 'interactions' | 'entities') {
    const entities = kind === 'entities'
    this.#fields = entities ? ENTITY_FIELDS : INTERACTION_FIELDS
    this.#attributesCode = entities ? 'entity.attributes' : 'interaction.attributes'
    this.#cells = new JsonCells(this.#fields)
    this.#encoder = new RowEncoder(compilePlan(entities ? nativeEntityTable : nativeInteractionTable, this.#fields))
  }

  encode(lines: BatchLines, value: JsonObject, line: number): RecordFault | null {
    for (const field of Object.keys(value)) {
      if (!this.#fields.includes(field))
        return { code: 'record.field', field, value: shown(value[field]), detail: 'It is not known.' }
      if (!fits(field, value[field])) {
        const attributes = field === 'attributes'
        const code = attributes ? this.#attributesCode : field === 'weight' ? 'interaction.weight' : 'record.field'
        return {
          code,
          field,
          value: shown(value[field]),
          detail: attributes || field === 'weight' ? '' : 'It must be text.',
        }
      }
    }
    const cells = this.#cells
    const fault = cells.fill(value)
    if (fault !== null)
      return fault.field === 'attributes'
        ? { ...fault, code: this.#attributesCode, value: shown(value.attributes) }
        : fault
    const taken = this.#encoder.encode(lines, cells.data, cells.starts, cells.ends, cells.length, line)
    return taken ? null : this.#encoder.failure
  }
}

/** Encodes native records given as JSON objects; see docs/mapping.md for their fields. */
export class NativeObjects {
  readonly #interactions = new NativeForm('interactions')
  readonly #entities = new NativeForm('entities')
  readonly #only: 'interactions' | 'entities' | null

  /** `only`: what every record must be; null: records with `kind` and no `type` are entities. */
  constructor(only: 'interactions' | 'entities' | null) {
    this.#only = only
  }

  /** Appends the record to `lines`; returns why not, or null. */
  encode(lines: BatchLines, value: JsonObject, line: number): RecordFault | null {
    const form =
      this.#only ?? (Object.hasOwn(value, 'kind') && !Object.hasOwn(value, 'type') ? 'entities' : 'interactions')
    return (form === 'entities' ? this.#entities : this.#interactions).encode(lines, value, line)
  }
}
