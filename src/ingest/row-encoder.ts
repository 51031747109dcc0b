/**
 * Runs a plan over rows: each row, given as slices of a buffer, becomes lines of a record batch, or one reject. A row is taken
 * whole or not at all. The hot path copies bytes and makes no string and no object.
 */
import { interactionType, interactionTypeByCode, limits } from '../../graph-schema/schema.js'
import type { RejectCode } from '../errors.js'
import { type AttributeOwner, AttributesEncoder } from './attributes-encoder.js'
import { ByteWriter } from './byte-writer.js'
import { COLON, CONTROL, hasC1, LF, sameBytes, TAB, text, utf8 } from './bytes.js'
import { HASHED_ID_BYTES, HashedIds } from './hashed-ids.js'
import { canonicalNumber, isPlainInteger, parseNumber } from './numbers.js'
import type { EntityPlan, InteractionPlan, Plan, RefPlan, TimePlan, WhenPlan } from './plan.js'
import { RowCells } from './row-cells.js'
import {
  actorKinds,
  isEnforcement,
  kindNames,
  lookup,
  ownScenario,
  scenarioNames,
  targetKinds,
  typeNames,
} from './schema-codes.js'
import type { BoundTemplate } from './template.js'
import { parseTime } from './times.js'

/** Why a row was not taken. `field` names a column, `value` is what was there, uncut. */
export interface RowFailure {
  readonly code: RejectCode
  readonly field: string
  readonly value: string
  /** What the sentence of the code does not say; may be empty. */
  readonly detail: string
}

/** Where the lines of a batch are gathered. */
export class BatchLines {
  readonly interactions: ByteWriter
  readonly entities: ByteWriter
  interactionCount = 0
  entityCount = 0

  constructor(interactionBytes: number, entityBytes: number) {
    this.interactions = new ByteWriter(interactionBytes)
    this.entities = new ByteWriter(entityBytes)
  }

  clear(): void {
    this.interactions.length = 0
    this.entities.length = 0
    this.interactionCount = 0
    this.entityCount = 0
  }
}

const TAKEN = 0
/** The row makes no such record, which is no fault. */
const NONE = 1
const FAILED = 2
type Outcome = typeof TAKEN | typeof NONE | typeof FAILED

export class RowEncoder {
  /** Set by the last call of `encode` that returned false. */
  failure: RowFailure = { code: 'record.syntax', field: '', value: '', detail: '' }

  readonly #plan: Plan
  readonly #cells: RowCells
  readonly #attributes: AttributesEncoder
  readonly #ids = new HashedIds()
  #kind = 0

  /** One encoder serves one file: ordinals among equal rows begin anew with each. */
  constructor(plan: Plan) {
    this.#plan = plan
    this.#cells = new RowCells(plan)
    this.#attributes = new AttributesEncoder(this.#cells)
  }

  /** Completes the ids in `lines`; to be called before they are used, and before other lines are given to `encode`. */
  settle(lines: BatchLines): void {
    if (this.#ids.waiting > 0) this.#ids.settle(lines.interactions)
  }

  /**
   * Appends the row's records to `lines`. Cell i is data[starts[i], ends[i]), valid UTF-8. False: nothing was appended and
   * `failure` says why. `line` comes back in conflicts.
   */
  encode(
    lines: BatchLines,
    data: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    rowBytes: number,
    line: number,
  ): boolean {
    const plan = this.#plan
    this.#cells.set(data, starts, ends)
    const room = plan.fixedBytes + plan.attributeUses * 6 * Math.min(rowBytes, limits.attributesBytes)
    this.#attributes.room = room
    const { interactions, entities } = lines
    const interactionsBefore = interactions.length
    const entitiesBefore = entities.length
    let interactionCount = 0
    let entityCount = 0
    const waitingBefore = this.#ids.waiting
    interactions.reserve(room)
    if (plan.entities.length > 0) entities.reserve(room)
    for (let i = 0; i < plan.entities.length; i++) {
      const before = entities.length
      const outcome = this.#entity(entities, plan.entities[i]!, line)
      if (outcome === TAKEN) entityCount++
      else entities.length = outcome === FAILED ? entitiesBefore : before
      if (outcome === FAILED) return false
    }
    for (let i = 0; i < plan.interactions.length; i++) {
      const before = interactions.length
      const outcome = this.#interaction(interactions, plan.interactions[i]!, line)
      if (outcome === TAKEN) interactionCount++
      else interactions.length = outcome === FAILED ? interactionsBefore : before
      if (outcome === FAILED) {
        entities.length = entitiesBefore
        this.#ids.waiting = waitingBefore
        return false
      }
    }
    lines.interactionCount += interactionCount
    lines.entityCount += entityCount
    return true
  }

  #fail(code: RejectCode, column: number, detail = ''): Outcome {
    this.failure = { code, field: this.#plan.columns[column] ?? '', value: this.#cells.text(column), detail }
    return FAILED
  }

  /** A null id: the row makes no record where the column is optional, else it is a fault. */
  #missing(code: RejectCode): Outcome {
    const column = this.#cells.nullColumn
    return this.#plan.optional[column] === 1 ? NONE : this.#fail(code, column, 'It is empty.')
  }

  #applies(when: readonly WhenPlan[]): boolean {
    const cells = this.#cells
    for (let i = 0; i < when.length; i++) {
      const { column, values } = when[i]!
      let fits = false
      for (let j = 0; j < values.length && !fits; j++)
        fits = values[j]!.length === 0 ? cells.isNull(column) : cells.equals(column, values[j]!)
      if (!fits) return false
    }
    return true
  }

  /** A template as an id: at least one byte, at most `limit`, no control characters. */
  #template(out: ByteWriter, template: BoundTemplate, limit: number, code: RejectCode): Outcome {
    const { parts } = template
    const cells = this.#cells
    const from = out.length
    let column = 0
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!
      if (part.column < 0) {
        if (out.length - from + part.text.length > limit) return this.#fail(code, column)
        out.constant(part.text)
        continue
      }
      column = part.column
      if (!cells.cut(part)) return NONE
      const { data, start, end } = cells
      if (out.length - from + end - start > limit) return this.#fail(code, column)
      const flags = out.copy(data, start, end)
      if (flags !== 0 && ((flags & CONTROL) !== 0 || hasC1(data, start, end))) return this.#fail(code, column)
    }
    return TAKEN
  }

  /** Writes `\tKIND\tID` and leaves the kind's code in #kind. */
  #ref(out: ByteWriter, ref: RefPlan): Outcome {
    if (ref.kind >= 0) {
      this.#kind = ref.kind
      out.constant(ref.head)
      return this.#template(out, ref.id, limits.idBytes, 'entity.id')
    }
    return ref.kindColumn >= 0 ? this.#kindAndId(out, ref) : this.#kindColonId(out, ref.id.parts[0]!.column)
  }

  #kindAndId(out: ByteWriter, ref: RefPlan): Outcome {
    const cells = this.#cells
    if (cells.take(ref.kindColumn)) this.#kind = lookup(kindNames, cells.data, cells.start, cells.end)
    else this.#kind = -1
    if (this.#kind < 0) return this.#fail('entity.kind', ref.kindColumn)
    out.byte(TAB)
    out.decimal(this.#kind)
    out.byte(TAB)
    return this.#template(out, ref.id, limits.idBytes, 'entity.id')
  }

  #kindColonId(out: ByteWriter, column: number): Outcome {
    const cells = this.#cells
    if (!cells.take(column)) return NONE
    const { data, start, end } = cells
    let colon = start
    while (colon < end && data[colon] !== COLON) colon++
    if (colon === end) return this.#fail('entity.kind', column, 'It must be written kind:id.')
    this.#kind = lookup(kindNames, data, start, colon)
    if (this.#kind < 0) return this.#fail('entity.kind', column)
    const bytes = end - colon - 1
    if (bytes < 1 || bytes > limits.idBytes) return this.#fail('entity.id', column)
    out.byte(TAB)
    out.decimal(this.#kind)
    out.byte(TAB)
    const flags = out.copy(data, colon + 1, end)
    if (flags !== 0 && ((flags & CONTROL) !== 0 || hasC1(data, colon + 1, end))) return this.#fail('entity.id', column)
    return TAKEN
  }

  /** Writes `\tTIME`, empty where it is unknown. */
  #time(out: ByteWriter, time: TimePlan | null): Outcome {
    out.byte(TAB)
    const cells = this.#cells
    if (time === null || !cells.take(time.column)) return TAKEN
    const at = parseTime(cells.data, cells.start, cells.end, time.format)
    if (Number.isNaN(at)) return this.#fail('interaction.time', time.column)
    out.decimal(at)
    return TAKEN
  }

  #market(out: ByteWriter, market: BoundTemplate | null): Outcome {
    out.byte(TAB)
    if (market === null) return TAKEN
    const from = out.length
    const outcome = this.#template(out, market, limits.marketBytes, 'interaction.market')
    if (outcome === NONE) out.length = from
    return outcome === NONE ? TAKEN : outcome
  }

  #entity(out: ByteWriter, entity: EntityPlan, line: number): Outcome {
    if (entity.when.length > 0 && !this.#applies(entity.when)) return NONE
    out.decimal(line)
    const ref = this.#ref(out, entity.ref)
    if (ref !== TAKEN) return ref === NONE ? this.#missing('entity.id') : ref
    if (this.#time(out, entity.at) === FAILED) return FAILED
    if (this.#market(out, entity.market) === FAILED) return FAILED
    out.byte(TAB)
    if (!this.#writeAttributes(out, entity, -1)) return FAILED
    out.byte(LF)
    return TAKEN
  }

  #writeAttributes(out: ByteWriter, owner: AttributeOwner, type: number): boolean {
    if (owner.attributes.from === 'none' || this.#attributes.write(out, owner.attributes, type)) return true
    const { column, detail } = this.#attributes
    this.#fail(type < 0 ? 'entity.attributes' : 'interaction.attributes', column, detail)
    return false
  }

  #typeOf(interaction: InteractionPlan): number {
    if (interaction.type >= 0) return interaction.type
    const cells = this.#cells
    if (!cells.take(interaction.typeColumn)) return -1
    if (interaction.types.size > 0) {
      const mapped = interaction.types.get(text(cells.data, cells.start, cells.end))
      if (mapped !== undefined) return mapped ?? -2
    }
    return lookup(typeNames, cells.data, cells.start, cells.end)
  }

  #interaction(out: ByteWriter, interaction: InteractionPlan, line: number): Outcome {
    if (interaction.when.length > 0 && !this.#applies(interaction.when)) return NONE
    const type = this.#typeOf(interaction)
    if (type < 0) {
      const column = interaction.typeColumn
      const skipped = type === -2 || (this.#cells.isNull(column) && this.#plan.optional[column] === 1)
      return skipped ? NONE : this.#fail('interaction.type', column)
    }
    out.decimal(line)
    if (interaction.head.length > 0) out.constant(interaction.head)
    else {
      out.byte(TAB)
      out.decimal(type)
    }
    const idAt = out.length
    if (interaction.id === null) {
      out.length += HASHED_ID_BYTES
    } else {
      out.byte(TAB)
      const id = this.#template(out, interaction.id, limits.idBytes, 'interaction.id')
      if (id !== TAKEN) return id === NONE ? this.#missing('interaction.id') : id
    }
    const contentAt = out.length
    const ends = this.#ends(out, interaction, type)
    if (ends !== TAKEN) return ends
    if (this.#time(out, interaction.at) === FAILED) return FAILED
    if (interaction.tail.length > 0) out.constant(interaction.tail)
    else if (this.#tail(out, interaction, type) === FAILED) return FAILED
    if (interaction.id === null) this.#ids.write(out, idAt, contentAt, type)
    out.byte(LF)
    return TAKEN
  }

  #tail(out: ByteWriter, interaction: InteractionPlan, type: number): Outcome {
    if (this.#market(out, interaction.market) === FAILED) return FAILED
    if (this.#scenario(out, interaction, type) === FAILED) return FAILED
    if (this.#weight(out, interaction) === FAILED) return FAILED
    out.byte(TAB)
    return this.#writeAttributes(out, interaction, type) ? TAKEN : FAILED
  }

  #ends(out: ByteWriter, interaction: InteractionPlan, type: number): Outcome {
    const { actor, target } = interaction
    const actorAt = out.length
    const first = this.#ref(out, actor)
    if (first !== TAKEN) return first === NONE ? this.#missing('entity.id') : first
    const actorEnd = out.length
    const actorKind = this.#kind
    if ((actorKinds[type]! & (1 << actorKind)) === 0) return this.#unfit(actor, 'actor', type)
    const second = target === null ? NONE : this.#ref(out, target)
    if (second === FAILED) return FAILED
    if (second === NONE) {
      // A decision on one entity has that entity at both ends.
      if (target !== null && !isEnforcement[type]) return this.#missing('entity.id')
      if (!isEnforcement[type])
        return this.#fail('interaction.ends', interaction.typeColumn, 'This type needs a target.')
      out.length = actorEnd
      out.copy(out.bytes, actorAt, actorEnd)
      return TAKEN
    }
    if ((targetKinds[type]! & (1 << this.#kind)) === 0) return this.#unfit(target!, 'target', type)
    if (isEnforcement[type] && !this.#sameEnds(out, actorAt, actorEnd)) return this.#unfit(target!, 'target', type)
    return TAKEN
  }

  #sameEnds(out: ByteWriter, actorAt: number, actorEnd: number): boolean {
    return sameBytes(out.bytes, actorEnd, out.length, out.bytes.subarray(actorAt, actorEnd))
  }

  #unfit(ref: RefPlan, end: 'actor' | 'target', type: number): Outcome {
    const name = interactionTypeByCode[type]!
    const kinds = end === 'actor' ? interactionType(name).actors : interactionType(name).targets
    const column = ref.kindColumn >= 0 ? ref.kindColumn : (ref.id.parts.find((part) => part.column >= 0)?.column ?? -1)
    const wanted = isEnforcement[type]
      ? `${name} has the actor as its target, or none`
      : `${name} has the ${end} ${kinds.join(' or ')}`
    return this.#fail('interaction.ends', column, `${wanted}.`)
  }

  #scenario(out: ByteWriter, interaction: InteractionPlan, type: number): Outcome {
    out.byte(TAB)
    let scenario = interaction.scenario
    const template = interaction.scenarioTemplate
    if (template !== null) {
      const from = out.length
      const outcome = this.#template(out, template, limits.marketBytes, 'interaction.scenario')
      if (outcome === FAILED) return FAILED
      if (outcome === TAKEN) {
        scenario = lookup(scenarioNames, out.bytes, from, out.length)
        if (scenario < 0)
          return this.#fail('interaction.scenario', template.parts.find((part) => part.column >= 0)?.column ?? -1)
      }
      out.length = from
    }
    out.decimal(scenario < 0 ? ownScenario[type]! : scenario)
    return TAKEN
  }

  #weight(out: ByteWriter, interaction: InteractionPlan): Outcome {
    out.byte(TAB)
    const column = interaction.weightColumn
    const cells = this.#cells
    if (column < 0 || !cells.take(column)) {
      out.constant(interaction.weight)
      return TAKEN
    }
    const { data, start, end } = cells
    if (isPlainInteger(data, start, end)) {
      out.copy(data, start, end)
      return TAKEN
    }
    const weight = parseNumber(data, start, end)
    if (!(weight >= 0)) return this.#fail('interaction.weight', column)
    out.constant(utf8(canonicalNumber(weight)))
    return TAKEN
  }
}
