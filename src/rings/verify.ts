/** Facts against the store as it is now: are the interactions there, do they say the same, and do they still give the number? */
import { type CountedInteraction, recount } from '../graph/fact-count.js'
import { ratingOf } from '../graph/ratings.js'
import type { FactRecord, GraphStore, InteractionRecord, InteractionRef, RingRecord } from '../store/store.js'
import { contentDigest } from './content-digest.js'
import { refKey, refsOf } from './evidence.js'

/**
 * `holds`: counted again to the same number. `holds-in-part`: the fact has more interactions than are kept with it; those that are kept
 * are there unchanged, and give `recounted` of `observed`. `unchecked`: written before facts could be counted again.
 */
export type FactState = 'holds' | 'holds-in-part' | 'broken' | 'unchecked'

export interface FactCheck {
  readonly code: string
  readonly sentence: string
  readonly state: FactState
  readonly observed: number
  /** Null where it was not counted, or an interaction does not belong to what is counted. */
  readonly recounted: number | null
  /** Interactions that are kept with the fact, of `interactionCount`. */
  readonly kept: number
  readonly interactionCount: number
  readonly missing: readonly InteractionRef[]
  readonly changed: readonly InteractionRef[]
}

export interface RingCheck {
  readonly ring: string
  readonly run: string
  /** Whether every fact holds, at least in part. */
  readonly holds: boolean
  readonly facts: readonly FactCheck[]
}

const fingerprintOf = ({ attributes }: InteractionRecord): string | null =>
  typeof attributes?.fingerprint === 'string' ? attributes.fingerprint : null

/** An interaction as facts count it. */
export const countedOf = (record: InteractionRecord): CountedInteraction<string> => ({
  type: record.type,
  actor: `${record.actor.kind}:${record.actor.id}`,
  target: `${record.target.kind}:${record.target.id}`,
  at: record.at,
  fingerprint: fingerprintOf(record),
  rating: ratingOf(record.attributes?.rating),
})

const stateOf = (fact: FactRecord, isIntact: boolean, recounted: number): FactState => {
  if (!isIntact) return 'broken'
  if (recounted === fact.observed) return 'holds'
  return fact.interactions.length < fact.interactionCount && recounted < fact.observed ? 'holds-in-part' : 'broken'
}

const checkFact = (fact: FactRecord, records: ReadonlyMap<string, InteractionRecord>): FactCheck => {
  const missing = fact.interactions.filter((ref) => !records.has(refKey(ref)))
  const changed = fact.interactions.filter((ref, place) => {
    const record = records.get(refKey(ref))
    return record !== undefined && fact.digests.length > 0 && contentDigest(record) !== fact.digests[place]
  })
  const shown = fact.interactions.flatMap((ref) => records.get(refKey(ref)) ?? [])
  const { code, sentence, observed, interactionCount } = fact
  const checked = { code, sentence, observed, interactionCount, kept: fact.interactions.length, missing, changed }
  const isIntact = missing.length === 0 && changed.length === 0
  if (fact.count === null) return { ...checked, state: isIntact ? 'unchecked' : 'broken', recounted: null }
  const recounted = recount(fact.count, shown.map(countedOf))
  return {
    ...checked,
    state: stateOf(fact, isIntact, recounted),
    recounted: Number.isNaN(recounted) ? null : recounted,
  }
}

/** Reads the interactions of all facts in one call. Throws what the store throws. */
export const verifyRing = async (store: GraphStore, run: string, ring: RingRecord): Promise<RingCheck> => {
  const records = new Map<string, InteractionRecord>()
  for (const record of await store.readInteractions(refsOf(ring.facts))) records.set(refKey(record), record)
  const facts = ring.facts.map((fact) => checkFact(fact, records))
  const holds = facts.every(({ state }) => state === 'holds' || state === 'holds-in-part')
  return { ring: ring.id, run, holds, facts }
}
