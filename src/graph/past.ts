/**
 * A snapshot as it was at an earlier time, made from the snapshot alone: what scoring at that time would have read. It is built by
 * `buildSnapshot` from what was known then, so it is the same bytes as a snapshot read from the store at that time.
 */
import { entityKindByCode, entityKinds, interactionTypes } from '../../graph-schema/schema.js'
import { type Check, checkInterval, neverCancelled } from '../kernels/check.js'
import { buildSnapshot } from './build-snapshot.js'
import { carriersAt } from './carriers.js'
import type { RawFingerprints } from './fingerprints.js'
import { actorsOfEdges } from './interactions-at.js'
import type { RawRatings } from './ratings.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from './shared-arrays.js'
import type { Relation, Snapshot } from './snapshot.js'

const isKnown = (time: number, at: number): boolean => !(time > at)

const pastFingerprints = (relation: Relation, at: number): RawFingerprints | undefined => {
  const given = relation.fingerprints
  if (!given) return undefined
  const kept = Array.from(given.edge.keys()).filter((i) => isKnown(relation.at[given.edge[i]!]!, at))
  return {
    ...carriersAt(
      relation,
      actorsOfEdges(relation),
      Int32Array.from(kept, (i) => given.edge[i]!),
    ),
    high: Uint32Array.from(kept, (i) => given.high[i]!),
    low: Uint32Array.from(kept, (i) => given.low[i]!),
  }
}

const pastRatings = (relation: Relation, at: number): RawRatings | undefined => {
  const given = relation.ratings
  if (!given) return undefined
  const edges = Int32Array.from(given.keys()).filter((edge) => given[edge] !== 0 && isKnown(relation.at[edge]!, at))
  return { ...carriersAt(relation, actorsOfEdges(relation), edges), value: Uint8Array.from(edges, (e) => given[e]!) }
}

/**
 * Interactions with a time up to `at` (epoch milliseconds) or without one, and the entities at their ends. An entity that has none
 * is left out, as a snapshot does not hold when it was recorded. Throws RangeError where `at` is later than the snapshot's own time.
 */
export const snapshotAt = (snapshot: Snapshot, at: number, check: Check = neverCancelled): Snapshot => {
  if (!(at <= (snapshot.asOf ?? Infinity)))
    throw new RangeError(`a snapshot of ${snapshot.asOf} cannot tell of ${at}: it must be an earlier time`)
  const { entities, markets, relations } = snapshot
  let count = 0
  for (const relation of relations) for (const time of relation.at) count += Number(isKnown(time, at))
  const entityKind = sharedUint8(entities.count)
  for (const kind of entityKindByCode) {
    const { code } = entityKinds[kind!]
    entityKind.fill(code, entities.kindOffsets[code]!, entities.kindOffsets[code + 1]!)
  }
  const type = sharedUint8(count)
  const actor = sharedInt32(count)
  const target = sharedInt32(count)
  const time = sharedFloat64(count)
  const weight = sharedFloat32(count)
  const market = sharedUint16(count)
  const scenario = sharedUint8(count)
  let i = 0
  for (const relation of relations) {
    const actors = actorsOfEdges(relation)
    for (let e = 0; e < relation.count; e++) {
      if (e % checkInterval === 0) check()
      if (!isKnown(relation.at[e]!, at)) continue
      type[i] = interactionTypes[relation.type].code
      actor[i] = actors[e]!
      target[i] = relation.target[e]!
      time[i] = relation.at[e]!
      weight[i] = relation.weight[e]!
      market[i] = relation.market[e]!
      scenario[i] = relation.scenario[e]!
      i++
    }
  }
  const publish = relations.find((relation) => relation.type === 'publish')
  const fingerprints = publish && pastFingerprints(publish, at)
  const review = relations.find((relation) => relation.type === 'review')
  const ratings = review && pastRatings(review, at)
  return buildSnapshot(
    {
      asOf: at,
      entityCount: entities.count,
      entityKind,
      names: entities.names,
      nameOffsets: entities.nameOffsets,
      declared: sharedUint8(entities.count),
      markets,
      count,
      type,
      actor,
      target,
      at: time,
      weight,
      market,
      scenario,
      ...(fingerprints ? { fingerprints } : {}),
      ...(ratings ? { ratings } : {}),
    },
    check,
  )
}
