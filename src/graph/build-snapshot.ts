/**
 * From a store's columns to the canonical snapshot: the same entities and interactions give the same bytes, whatever order they
 * come in. Linear in entities and interactions, but for a small sort where one actor meets one target more than once.
 */
import { type Check, neverCancelled } from '../kernels/check.js'
import { buildEntities } from './build-entities.js'
import { buildRelations } from './build-relations.js'
import { placeFingerprints } from './fingerprints.js'
import { placeRatings } from './ratings.js'
import type { RawGraph } from './raw-graph.js'
import type { Relation, Snapshot } from './snapshot.js'
import { surveyInteractions } from './survey.js'

/** The markets that interactions name, sorted by bytes after '', and the new place of each raw one. */
const buildMarkets = (
  raw: RawGraph,
  seen: Uint8Array,
): { readonly markets: readonly string[]; readonly place: Uint16Array } => {
  const named = new Set(raw.markets.filter((name, m) => seen[m] === 1 && name !== ''))
  const markets = ['', ...[...named].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))]
  const places = new Map(markets.map((name, m) => [name, m]))
  return { markets, place: Uint16Array.from(raw.markets, (name) => places.get(name) ?? 0) }
}

/**
 * The snapshot of all interactions of `raw`, the entities at their ends, and those that were recorded by themselves.
 * Throws RangeError where a code or a position is outside its range, or where two entities have the same kind and id, and what
 * `check` throws. Memory: the result (27 bytes an interaction), 24 bytes an interaction and 12 for each of the largest type while
 * it runs.
 */
export const buildSnapshot = (raw: RawGraph, check: Check = neverCancelled): Snapshot => {
  const survey = surveyInteractions(raw, check)
  const { table, rank } = buildEntities(raw, survey.used, check)
  const { markets, place } = buildMarkets(raw, survey.markets)
  const { fingerprints, ratings } = raw
  const carrying = (relation: Relation): Relation => {
    if (relation.type === 'publish' && fingerprints && fingerprints.count > 0)
      return { ...relation, fingerprints: placeFingerprints(fingerprints, rank, relation) }
    if (relation.type === 'review' && ratings && ratings.count > 0)
      return { ...relation, ratings: placeRatings(ratings, rank, relation) }
    return relation
  }
  const relations = buildRelations({ raw, survey, rank, place, kindOffsets: table.kindOffsets }, check).map(carrying)
  return { asOf: raw.asOf, entities: table, markets, relations }
}
