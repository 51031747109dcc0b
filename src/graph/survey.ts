/** What a first look at all interactions tells: how many of each type there are, and which entities, kinds and markets they name. */
import { entityKindByCode, interactionTypeByCode } from '../../graph-schema/schema.js'
import type { Check } from '../kernels/check.js'
import { eachBlock } from './blocks.js'
import type { RawGraph } from './raw-graph.js'

const types = interactionTypeByCode.length
const kinds = entityKindByCode.length

export interface Survey {
  /** 1 where the entity belongs in the snapshot: recorded by itself, or an end of an interaction. */
  readonly used: Uint8Array
  readonly countOfType: Int32Array
  /** 1 at kinds * type + kind where a type has actors (targets) of a kind. */
  readonly actorKinds: Uint8Array
  readonly targetKinds: Uint8Array
  /** 1 where an interaction names the raw market. */
  readonly markets: Uint8Array
}

const surveyBlock = (
  { type, actor, target, market, entityCount, entityKind }: RawGraph,
  from: number,
  to: number,
  { used, countOfType, actorKinds, targetKinds, markets }: Survey,
): void => {
  for (let i = from; i < to; i++) {
    const t = type[i]!
    const a = actor[i]!
    const b = target[i]!
    if (!(a >= 0 && a < entityCount && b >= 0 && b < entityCount))
      throw new RangeError(`interaction ${i} has ends ${a} and ${b}, outside 0..${entityCount - 1}`)
    if (t >= types) throw new RangeError(`interaction ${i} has the unknown type code ${t}`)
    countOfType[t]!++
    used[a] = 1
    used[b] = 1
    actorKinds[t * kinds + entityKind[a]!] = 1
    targetKinds[t * kinds + entityKind[b]!] = 1
    markets[market[i]!] = 1
  }
}

/** Throws RangeError where a code or a position is outside its range. */
export const surveyInteractions = (raw: RawGraph, check: Check): Survey => {
  for (let e = 0; e < raw.entityCount; e++)
    if (raw.entityKind[e]! >= kinds) throw new RangeError(`entity ${e} has the unknown kind code ${raw.entityKind[e]}`)
  const survey: Survey = {
    used: new Uint8Array(raw.declared),
    countOfType: new Int32Array(types),
    actorKinds: new Uint8Array(types * kinds),
    targetKinds: new Uint8Array(types * kinds),
    markets: new Uint8Array(raw.markets.length),
  }
  eachBlock(raw.count, check, (from, to) => surveyBlock(raw, from, to, survey))
  return survey
}
