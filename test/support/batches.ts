/** Batches written by hand, in the form that ingest hands to a store. */
import { entityKinds, interactionType, interactionTypes, scenarios } from '#graph-schema/schema.js'
import type { RecordBatch } from '#src/store/record-batch.js'
import { type InteractionLine, splitName } from './raw-graph.js'

export interface InteractionInput extends InteractionLine {
  readonly id: string
  /** Default: place in the list, from 1. */
  readonly line?: number
}

export interface EntityInput {
  /** `kind:id` */
  readonly entity: string
  readonly at?: number
  readonly market?: string
  readonly attributes?: Readonly<Record<string, unknown>>
}

const sortedJson = (value: Readonly<Record<string, unknown>> | undefined): string =>
  value === undefined
    ? ''
    : JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))

const interactionText = (input: InteractionInput, line: number): string => {
  const actor = splitName(input.actor)
  const target = splitName(input.target)
  return [
    input.line ?? line,
    interactionTypes[input.type].code,
    input.id,
    entityKinds[actor.kind].code,
    actor.id,
    entityKinds[target.kind].code,
    target.id,
    typeof input.at === 'string' ? Date.parse(input.at) : (input.at ?? ''),
    input.market ?? '',
    scenarios[input.scenario ?? interactionType(input.type).scenario].code,
    input.weight ?? 1,
    sortedJson(input.attributes),
  ].join('\t')
}

const entityText = (input: EntityInput, line: number): string => {
  const { kind, id } = splitName(input.entity)
  return [line, entityKinds[kind].code, id, input.at ?? '', input.market ?? '', sortedJson(input.attributes)].join('\t')
}

const lines = (texts: readonly string[]): Uint8Array => Buffer.from(texts.map((text) => `${text}\n`).join(''))

export const batchOf = (
  interactions: readonly InteractionInput[],
  entities: readonly EntityInput[] = [],
): RecordBatch => ({
  interactions: lines(interactions.map((input, i) => interactionText(input, i + 1))),
  interactionCount: interactions.length,
  entities: lines(entities.map((input, i) => entityText(input, i + 1))),
  entityCount: entities.length,
})
