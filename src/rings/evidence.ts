/** Facts joined to what the store holds: the ids of the interactions that show them, and digests of what these say. */
import type { FactRecord, GraphStore, InteractionRef, RingRecord } from '../store/store.js'
import { contentDigest } from './content-digest.js'
import { INTERACTIONS_PER_FACT, type RingDrafts } from './ring-records.js'

/** Records read at once for their digests: each read passes over all interactions once. */
const RECORDS_AT_ONCE = 100_000

export const refKey = ({ type, id }: InteractionRef): string => `${type} ${id}`

/** Interactions that facts name, each once. */
export const refsOf = (facts: readonly { readonly interactions: readonly InteractionRef[] }[]): InteractionRef[] => [
  ...new Map(facts.flatMap(({ interactions }) => interactions.map((ref) => [refKey(ref), ref]))).values(),
]

/** Puts the ids that the store found for the keys into the facts. */
const withInteractions = (
  drafts: RingDrafts,
  resolved: readonly { readonly tag: number; readonly id: string }[],
): RingRecord[] => {
  const ids = new Map<number, string[]>()
  for (const { tag, id } of resolved) {
    const known = ids.get(tag)
    if (known) known.push(id)
    else ids.set(tag, [id])
  }
  return drafts.rings.map((draft) => ({
    ...draft,
    facts: draft.facts.map(({ tags, ...fact }): FactRecord => {
      const interactions = tags.flatMap((tag) =>
        (ids.get(tag) ?? []).map((id) => ({ type: drafts.keys[tag]!.type, id })),
      )
      // Interactions that are equal in type, ends and time cannot be told apart: all of them show the fact.
      const interactionCount = Math.max(fact.interactionCount, interactions.length)
      return { ...fact, interactionCount, interactions: interactions.slice(0, INTERACTIONS_PER_FACT), digests: [] }
    }),
  }))
}

/** The rings as a store keeps them. Throws what the store throws. */
export const completeRings = async (store: GraphStore, drafts: RingDrafts): Promise<readonly RingRecord[]> => {
  if (drafts.rings.length === 0) return []
  const rings = withInteractions(drafts, drafts.keys.length > 0 ? await store.resolveInteractions(drafts.keys) : [])
  const refs = refsOf(rings.flatMap(({ facts }) => facts))
  const digests = new Map<string, string>()
  for (let from = 0; from < refs.length; from += RECORDS_AT_ONCE)
    for (const record of await store.readInteractions(refs.slice(from, from + RECORDS_AT_ONCE)))
      digests.set(refKey(record), contentDigest(record))
  return rings.map((ring) => ({
    ...ring,
    facts: ring.facts.map((fact) => ({ ...fact, digests: fact.interactions.map((ref) => digests.get(refKey(ref))!) })),
  }))
}
