/** Interactions as a role may see them, so that a person can check a fact against single records. */
import { isPersonalAttribute } from '../../graph-schema/schema.js'
import type { KeyRole } from '../jobs/api-keys.js'
import { isoTime } from '../jobs/read-view.js'
import type { FactRecord, GraphStore, InteractionRecord } from '../store/store.js'
import type { Masking } from './masking.js'

/** Free attributes may hold anything about a person; the reserved ones hold what the contract says. */
const attributesFor = (attributes: InteractionRecord['attributes'], masked: boolean): Record<string, unknown> | null =>
  attributes &&
  (masked
    ? Object.fromEntries(Object.entries(attributes).filter(([key]) => !isPersonalAttribute(key)))
    : { ...attributes })

const seenBy = (role: KeyRole, masking: Masking, record: InteractionRecord) => ({
  type: record.type,
  id: record.id,
  actor: masking.name(role, record.actor),
  target: masking.name(role, record.target),
  at: isoTime(record.at),
  market: record.market,
  scenario: record.scenario,
  weight: record.weight,
  attributes: attributesFor(record.attributes, masking.masks(role)),
})

/** The interactions of each fact, in the fact's order, read from the store in one call. */
export const detailedInteractions = async (
  store: GraphStore,
  facts: readonly FactRecord[],
  role: KeyRole,
  masking: Masking,
): Promise<ReturnType<typeof seenBy>[][]> => {
  const keyOf = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type} ${id}`
  const wanted = new Map(facts.flatMap((fact) => fact.interactions).map((ref) => [keyOf(ref), ref]))
  const records = await store.readInteractions([...wanted.values()])
  const found = new Map(records.map((record) => [keyOf(record), seenBy(role, masking, record)]))
  return facts.map((fact) => fact.interactions.flatMap((ref) => found.get(keyOf(ref)) ?? []))
}
