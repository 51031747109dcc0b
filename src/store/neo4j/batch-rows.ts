/** The lines of a batch as values. */
import { type EntityKind, type InteractionType, type Scenario, scenarioByCode } from '../../../graph-schema/schema.js'
import type { RecordBatch } from '../record-batch.js'
import { kindOfCode, typeOfCode } from './names.js'

/** What must be the same for two interactions with one key to be one. */
export interface Content {
  readonly actorKind: EntityKind
  readonly actor: string
  readonly targetKind: EntityKind
  readonly target: string
  readonly at: number | null
  readonly market: string | null
  readonly scenario: string
  readonly weight: number
  readonly attributes: string | null
}

export interface InteractionRow extends Content {
  readonly line: number
  readonly type: InteractionType
  readonly id: string
  readonly scenario: Scenario
}

export interface EntityRow {
  readonly kind: EntityKind
  readonly id: string
  readonly at: number | null
  readonly market: string | null
  readonly attributes: string | null
}

const textOrNull = (field: string): string | null => (field === '' ? null : field)
const numberOrNull = (field: string): number | null => (field === '' ? null : Number(field))

const interactionRow = (text: string): InteractionRow => {
  const [line, type, id, actorKind, actor, targetKind, target, at, market, scenario, weight, attributes] =
    text.split('\t')
  return {
    line: Number(line),
    type: typeOfCode(Number(type)),
    id: id!,
    actorKind: kindOfCode(Number(actorKind)),
    actor: actor!,
    targetKind: kindOfCode(Number(targetKind)),
    target: target!,
    at: numberOrNull(at!),
    market: textOrNull(market!),
    scenario: scenarioByCode[Number(scenario)]!,
    weight: Number(weight),
    attributes: textOrNull(attributes!),
  }
}

const entityRow = (text: string): EntityRow => {
  const [, kind, id, at, market, attributes] = text.split('\t')
  return {
    kind: kindOfCode(Number(kind)),
    id: id!,
    at: numberOrNull(at!),
    market: textOrNull(market!),
    attributes: textOrNull(attributes!),
  }
}

const lines = (bytes: Uint8Array): string[] => {
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n')
  if (texts.at(-1) === '') texts.pop()
  return texts
}

const counted = <T>(found: readonly T[], count: number, what: string): readonly T[] => {
  if (found.length !== count) throw new RangeError(`a batch of ${count} ${what} has ${found.length} lines`)
  return found
}

export const interactionRows = (batch: RecordBatch): readonly InteractionRow[] =>
  counted(lines(batch.interactions).map(interactionRow), batch.interactionCount, 'interactions')

export const entityRows = (batch: RecordBatch): readonly EntityRow[] =>
  counted(lines(batch.entities).map(entityRow), batch.entityCount, 'entities')

export const sameContent = (a: Content, b: Content): boolean =>
  a.actor === b.actor &&
  a.target === b.target &&
  a.at === b.at &&
  a.market === b.market &&
  a.weight === b.weight &&
  a.scenario === b.scenario &&
  a.attributes === b.attributes &&
  a.actorKind === b.actorKind &&
  a.targetKind === b.targetKind

const compareText = (a: string | null, b: string | null): number =>
  Buffer.compare(Buffer.from(a ?? ''), Buffer.from(b ?? ''))

/** Above 0 where `a` stays and `b` goes: see ENTITY_COLUMNS. */
export const compareRecords = (a: Omit<EntityRow, 'kind' | 'id'>, b: Omit<EntityRow, 'kind' | 'id'>): number =>
  (a.at ?? -1) - (b.at ?? -1) || compareText(a.market, b.market) || compareText(a.attributes, b.attributes)
