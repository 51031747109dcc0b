/** A store's columns without some entities and interaction types, as if nobody had ever recorded them. */
import { entityKinds, type InteractionType, interactionTypes, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { type Check, neverCancelled } from '../kernels/check.js'
import { eachBlock } from './blocks.js'
import { fingerprintsWithout } from './fingerprints.js'
import { ratingsWithout } from './ratings.js'
import type { RawGraph } from './raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from './shared-arrays.js'

export interface Without {
  /** `kind:id`: the entity goes, and every interaction that has it at an end. */
  readonly entities: readonly string[]
  readonly types: readonly InteractionType[]
}

/** The raw position of `kind:id`; ids are compared bytewise. Throws `request.invalid` and `entity.unknown`. */
const placeOf = ({ entityCount, entityKind, names, nameOffsets }: RawGraph, name: string): number => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  if (!isEntityKind(kind) || colon === name.length - 1)
    throw new RingfenceError('request.invalid', `without: ${name} is not kind:id.`, { entity: name })
  const { code } = entityKinds[kind]
  const id = Buffer.from(name.slice(colon + 1))
  const all = Buffer.from(names.buffer, names.byteOffset, names.byteLength)
  for (let e = 0; e < entityCount; e++) {
    if (entityKind[e] !== code) continue
    const from = nameOffsets[e]!
    const to = nameOffsets[e + 1]!
    if (to - from === id.length && all.compare(id, 0, id.length, from, to) === 0) return e
  }
  throw new RingfenceError('entity.unknown', `There is no ${name} to leave out.`, { entity: name })
}

/**
 * `raw` without them; entities keep their positions, and those that were only an end of what is gone are in no snapshot any more.
 * Throws `entity.unknown`, `request.invalid` and what `check` throws.
 */
export const graphWithout = (raw: RawGraph, { entities, types }: Without, check: Check = neverCancelled): RawGraph => {
  if (entities.length === 0 && types.length === 0) return raw
  const drop = new Uint8Array(raw.entityCount)
  for (const name of entities) drop[placeOf(raw, name)] = 1
  const dropType = new Uint8Array(256)
  for (const type of types) dropType[interactionTypes[type].code] = 1
  return graphDropping(raw, drop, dropType, check)
}

/** `raw` without the entities (by raw position) and types (by code) that have 1; as above. */
export const graphDropping = (raw: RawGraph, drop: Uint8Array, dropType: Uint8Array, check: Check): RawGraph => {
  const { type, actor, target } = raw
  const isKept = (i: number): boolean => dropType[type[i]!] === 0 && drop[actor[i]!] === 0 && drop[target[i]!] === 0
  let count = 0
  eachBlock(raw.count, check, (from, to) => {
    for (let i = from; i < to; i++) if (isKept(i)) count++
  })
  const kept = {
    type: sharedUint8(count),
    actor: sharedInt32(count),
    target: sharedInt32(count),
    at: sharedFloat64(count),
    weight: sharedFloat32(count),
    market: sharedUint16(count),
    scenario: sharedUint8(count),
  }
  let k = 0
  eachBlock(raw.count, check, (from, to) => {
    for (let i = from; i < to; i++) {
      if (!isKept(i)) continue
      kept.type[k] = type[i]!
      kept.actor[k] = actor[i]!
      kept.target[k] = target[i]!
      kept.at[k] = raw.at[i]!
      kept.weight[k] = raw.weight[i]!
      kept.market[k] = raw.market[i]!
      kept.scenario[k] = raw.scenario[i]!
      k++
    }
  })
  const declared = sharedUint8(raw.entityCount)
  for (let e = 0; e < raw.entityCount; e++) declared[e] = drop[e] === 1 ? 0 : raw.declared[e]!
  const { fingerprints, ratings, ...rest } = raw
  const has = (type: InteractionType): boolean => dropType[interactionTypes[type].code] === 0
  return {
    ...rest,
    ...kept,
    count,
    declared,
    ...(fingerprints && has('publish') ? { fingerprints: fingerprintsWithout(fingerprints, drop) } : {}),
    ...(ratings && has('review') ? { ratings: ratingsWithout(ratings, drop) } : {}),
  }
}
