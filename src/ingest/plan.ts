/**
 * Compiles a table of a mapping, against the columns of one file, into a plan: constants as bytes, columns as positions. The
 * row encoder then only copies slices.
 */
import {
  entityKinds,
  interactionType,
  interactionTypes,
  isEntityKind,
  isInteractionType,
  isScenario,
  limits,
  scenarios,
} from '../../graph-schema/schema.js'
import { isReservedKey } from './attributes.js'
import { utf8 } from './bytes.js'
import { parseRef } from './mapping-check.js'
import type {
  AttributeMapping,
  EntityMapping,
  InteractionMapping,
  TableMapping,
  TimeMapping,
  WhenMapping,
} from './mapping-types.js'
import { canonicalNumber } from './numbers.js'
import { type BoundTemplate, bindTemplate, columnsOf, parseTemplate } from './template.js'
import { compilePattern, parseZone, type TimeFormat } from './times.js'

export interface TimePlan {
  readonly column: number
  readonly format: TimeFormat
}

export interface RefPlan {
  /** Schema code, or -1 where a cell says it. */
  readonly kind: number
  /** Column with the kind's name alone, or -1 where the cell is `kind:id`. */
  readonly kindColumn: number
  /** `\tKIND\t`, empty where the kind is not constant. */
  readonly head: Uint8Array
  readonly id: BoundTemplate
}

/** A measure is a number, or a word that writers of tables put where there is none. */
export type AttributeForm = 'text' | 'number' | 'measure' | 'boolean' | 'json'

export interface AttributePlan {
  readonly name: string
  /** `"name":` */
  readonly head: Uint8Array
  readonly value: BoundTemplate
  readonly form: AttributeForm
  /** The type says what form the value must have. */
  readonly reserved: boolean
}

/** Attributes by name, a column with a whole JSON object, or none. */
export type AttributesPlan =
  | { readonly from: 'none' }
  | { readonly from: 'column'; readonly column: number }
  | { readonly from: 'names'; readonly attributes: readonly AttributePlan[] }

export interface WhenPlan {
  readonly column: number
  readonly values: readonly Uint8Array[]
}

export interface EntityPlan {
  readonly when: readonly WhenPlan[]
  readonly ref: RefPlan
  readonly at: TimePlan | null
  readonly market: BoundTemplate | null
  readonly attributes: AttributesPlan
}

export interface InteractionPlan {
  readonly when: readonly WhenPlan[]
  /** Schema code, or -1 where a column says it. */
  readonly type: number
  readonly typeColumn: number
  /** What the cells of the type column mean: a code, or null for no interaction. */
  readonly types: ReadonlyMap<string, number | null>
  readonly id: BoundTemplate | null
  readonly actor: RefPlan
  /** Null: the actor, which only enforcement types allow. */
  readonly target: RefPlan | null
  readonly at: TimePlan | null
  readonly market: BoundTemplate | null
  /** Schema code, or -1 where the type's own or a column says it. */
  readonly scenario: number
  readonly scenarioTemplate: BoundTemplate | null
  readonly weightColumn: number
  readonly weight: Uint8Array
  readonly attributes: AttributesPlan
  /** `\tTYPE` where it is constant, else empty. */
  readonly head: Uint8Array
  /** Market, scenario, weight and attributes with their tabs, where all four are constant; else empty. */
  readonly tail: Uint8Array
}

export interface Plan {
  readonly columns: readonly string[]
  readonly nulls: readonly Uint8Array[]
  readonly longestNull: number
  /** 1 for columns that may be empty although an id is made of them. */
  readonly optional: Uint8Array
  readonly entities: readonly EntityPlan[]
  readonly interactions: readonly InteractionPlan[]
  /** Output bytes of one row: at most `fixedBytes` plus `attributeUses` times six times the row, each within the limit. */
  readonly fixedBytes: number
  readonly attributeUses: number
}

const NOTHING = new Uint8Array(0)
/** Line, type, kinds, time and separators of an output line, with room to spare. */
const LINE_OVERHEAD = 192

const zoneMinutes = (zone: string | undefined): number | null => {
  if (zone === undefined) return null
  const bytes = utf8(zone)
  return parseZone(bytes, 0, bytes.length)
}

type Position = (column: string) => number

const bind = (source: string, position: Position): BoundTemplate =>
  bindTemplate(parseTemplate(source), source, position)

const timePlan = (time: TimeMapping | undefined, position: Position): TimePlan | null =>
  time === undefined
    ? null
    : {
        column: position(time.column),
        format: {
          kind: time.format ?? (time.pattern === undefined ? 'iso' : 'pattern'),
          zone: zoneMinutes(time.zone),
          pattern: time.pattern === undefined ? [] : (compilePattern(time.pattern) ?? []),
        },
      }

const refPlan = (source: string, position: Position): RefPlan => {
  const { kind, id } = parseRef(source)
  const code = kind === null ? -1 : entityKinds[kind].code
  return {
    kind: code,
    kindColumn: -1,
    head: kind === null ? NOTHING : utf8(`\t${code}\t`),
    id: bindTemplate(id, source, position),
  }
}

const whenPlan = (when: WhenMapping | undefined, position: Position): readonly WhenPlan[] =>
  Object.entries(when ?? {}).map(([column, values]) => ({
    column: position(column),
    values: (typeof values === 'string' ? [values] : values).map(utf8),
  }))

const NUMBERS = ['amount', 'rating']

/** In the order that canonical JSON has, so that a mapped record and a native one with the same content are the same bytes. */
const attributesPlan = (
  attributes: string | Readonly<Record<string, AttributeMapping>> | undefined,
  position: Position,
): AttributesPlan => {
  if (typeof attributes === 'string')
    return { from: 'column', column: position(columnsOf(parseTemplate(attributes))[0]!) }
  const names = Object.keys(attributes ?? {})
  if (attributes === undefined || names.length === 0) return { from: 'none' }
  const inOrder = Object.keys(Object.fromEntries(names.sort().map((name) => [name, null])))
  return {
    from: 'names',
    attributes: inOrder.map((name) => {
      const spec = attributes[name]!
      const form = typeof spec === 'string' ? undefined : spec.as
      return {
        name,
        head: utf8(`${JSON.stringify(name)}:`),
        value: bind(typeof spec === 'string' ? spec : spec.value, position),
        form: form ?? (NUMBERS.includes(name) ? 'number' : 'text'),
        reserved: isReservedKey(name),
      }
    }),
  }
}

const column = (name: string): string => `{${name}}`

const entityAttributes = (entity: EntityMapping, position: Position): AttributesPlan => {
  const named: Record<string, AttributeMapping> = {}
  for (const name of entity.features ?? []) named[name] = { value: column(name), as: 'number' }
  for (const name of entity.splits ?? []) named[name] = column(name)
  if (entity.label !== undefined) named.label = entity.label
  if (typeof entity.attributes === 'string') return attributesPlan(entity.attributes, position)
  const plan = attributesPlan({ ...entity.attributes, ...named }, position)
  if (plan.from !== 'names') return plan
  const measures = new Set([...(entity.features ?? []), ...(entity.label === undefined ? [] : ['label'])])
  return {
    ...plan,
    attributes: plan.attributes.map((attribute) =>
      attribute.form === 'number' && measures.has(attribute.name) ? { ...attribute, form: 'measure' } : attribute,
    ),
  }
}

const entityRef = (entity: EntityMapping, position: Position): RefPlan => {
  if (isEntityKind(entity.kind)) return refPlan(`${entity.kind}:${entity.id}`, position)
  const kindColumn = position(columnsOf(parseTemplate(entity.kind))[0]!)
  return { kind: -1, kindColumn, head: NOTHING, id: bind(entity.id, position) }
}

const entityPlan = (entity: EntityMapping, position: Position): EntityPlan => ({
  when: whenPlan(entity.when, position),
  ref: entityRef(entity, position),
  at: timePlan(entity.at, position),
  market: entity.market === undefined ? null : bind(entity.market, position),
  attributes: entityAttributes(entity, position),
})

const interactionPlan = (interaction: InteractionMapping, position: Position): InteractionPlan => {
  const typeName = isInteractionType(interaction.type) ? interaction.type : null
  const { scenario, weight } = interaction
  const type = typeName === null ? -1 : interactionTypes[typeName].code
  const scenarioCode =
    scenario !== undefined && isScenario(scenario)
      ? scenarios[scenario].code
      : scenario === undefined && typeName !== null
        ? scenarios[interactionType(typeName).scenario].code
        : -1
  const constantWeight = typeof weight === 'number' ? canonicalNumber(weight) : '1'
  const attributes = attributesPlan(interaction.attributes, position)
  const constantTail =
    interaction.market === undefined && scenarioCode >= 0 && typeof weight !== 'string' && attributes.from === 'none'
  return {
    when: whenPlan(interaction.when, position),
    type,
    typeColumn: typeName === null ? position(columnsOf(parseTemplate(interaction.type))[0]!) : -1,
    types: new Map(
      Object.entries(interaction.types ?? {}).map(([cell, name]) => [
        cell,
        name !== null && isInteractionType(name) ? interactionTypes[name].code : null,
      ]),
    ),
    id: interaction.id === undefined ? null : bind(interaction.id, position),
    actor: refPlan(interaction.actor, position),
    target: interaction.target === undefined ? null : refPlan(interaction.target, position),
    at: timePlan(interaction.at, position),
    market: interaction.market === undefined ? null : bind(interaction.market, position),
    scenario: scenarioCode,
    scenarioTemplate: scenario === undefined || isScenario(scenario) ? null : bind(scenario, position),
    weightColumn: typeof weight === 'string' ? position(columnsOf(parseTemplate(weight))[0]!) : -1,
    weight: utf8(constantWeight),
    attributes,
    head: type < 0 ? NOTHING : utf8(`\t${type}`),
    tail: constantTail ? utf8(`\t\t${scenarioCode}\t${constantWeight}\t`) : NOTHING,
  }
}

const uses = (attributes: AttributesPlan): number =>
  attributes.from === 'names'
    ? attributes.attributes.reduce((sum, { value }) => sum + value.parts.length, 0)
    : attributes.from === 'column'
      ? 1
      : 0

const constantBytes = (attributes: AttributesPlan): number => {
  if (attributes.from !== 'names') return 2
  const texts = attributes.attributes.flatMap(({ value }) => value.parts.map(({ text }) => 6 * text.length))
  return [...attributes.attributes.map(({ head }) => head.length + 8), ...texts].reduce((sum, bytes) => sum + bytes, 2)
}

/** Every column that the table uses must be in `columns`. */
export const compilePlan = (table: TableMapping, columns: readonly string[]): Plan => {
  const position: Position = (name) => columns.indexOf(name)
  const entities = (table.entities ?? []).map((entity) => entityPlan(entity, position))
  const interactions = (table.interactions ?? []).map((interaction) => interactionPlan(interaction, position))
  const all = [...entities, ...interactions].map(({ attributes }) => attributes)
  const nulls = (table.nulls ?? []).map(utf8)
  const idBytes = 3 * limits.idBytes + 2 * limits.marketBytes + LINE_OVERHEAD
  return {
    columns,
    nulls,
    longestNull: Math.max(0, ...nulls.map((token) => token.length)),
    optional: Uint8Array.from(columns, (name) => (table.optional?.includes(name) ? 1 : 0)),
    entities,
    interactions,
    fixedBytes: all.reduce((sum, attributes) => sum + idBytes + constantBytes(attributes), 0),
    attributeUses: all.reduce((sum, attributes) => sum + uses(attributes), 0),
  }
}
