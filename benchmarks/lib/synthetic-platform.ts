/**
 * A graph of all kinds of entities and most types of interaction, made in memory: ten interactions an entity, skewed activity, and
 * tastes: seven interactions in ten stay within the actor's topic.
 */
import {
  entityKinds,
  type InteractionType,
  interactionType,
  interactionTypes,
  scenarios,
} from '#graph-schema/schema.js'
import type { RawGraph } from '#src/graph/raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '#src/graph/shared-arrays.js'
import { Random } from '#src/kernels/random.js'

/** Shares of the entities. */
const kinds = { creator: 0.04, user: 0.62, video: 0.22, product: 0.07, device: 0.03, payment: 0.02 } as const
/** Shares of the interactions. */
const types: readonly (readonly [InteractionType, number, keyof typeof kinds, keyof typeof kinds])[] = [
  ['view', 0.34, 'user', 'video'],
  ['like', 0.16, 'user', 'video'],
  ['comment', 0.05, 'user', 'video'],
  ['share', 0.03, 'user', 'video'],
  ['favorite', 0.03, 'user', 'video'],
  ['follow', 0.08, 'user', 'creator'],
  ['click', 0.09, 'user', 'product'],
  ['cart', 0.03, 'user', 'product'],
  ['order', 0.04, 'user', 'product'],
  ['review', 0.02, 'user', 'product'],
  ['refund', 0.01, 'user', 'product'],
  ['publish', 0.022, 'creator', 'video'],
  ['sell', 0.012, 'creator', 'product'],
  ['promote', 0.016, 'video', 'product'],
  ['uses', 0.05, 'user', 'device'],
  ['uses', 0.02, 'creator', 'payment'],
]

const topics = 200
const withinTopic = 0.7

const encoder = new TextEncoder()

/** The same count and seed give the same graph. */
export const syntheticPlatform = (count: number, seed = 1): RawGraph => {
  const random = new Random(seed)
  const entityCount = Math.floor(count / 10)
  const entityKind = sharedUint8(entityCount)
  const first: Record<string, number> = {}
  const size: Record<string, number> = {}
  let from = 0
  for (const [kind, share] of Object.entries(kinds)) {
    first[kind] = from
    size[kind] = Math.max(1, Math.floor(entityCount * share))
    entityKind.fill(entityKinds[kind as keyof typeof kinds].code, from, from + size[kind])
    from += size[kind]
  }
  entityKind.fill(entityKinds.user.code, from)
  const digits = 9
  const names = sharedUint8(entityCount * digits)
  const nameOffsets = sharedFloat64(entityCount + 1)
  for (let e = 0; e < entityCount; e++) {
    names.set(encoder.encode(String(e).padStart(digits, '0')), e * digits)
    nameOffsets[e + 1] = (e + 1) * digits
  }
  const bounds: number[] = []
  for (const [, share] of types) bounds.push((bounds.at(-1) ?? 0) + share)
  const raw = {
    asOf: null,
    entityCount,
    entityKind,
    names,
    nameOffsets,
    declared: sharedUint8(entityCount),
    markets: ['', 'US', 'ID', 'BR'],
    count,
    type: sharedUint8(count),
    actor: sharedInt32(count),
    target: sharedInt32(count),
    at: sharedFloat64(count),
    weight: sharedFloat32(count).fill(1),
    market: sharedUint16(count),
    scenario: sharedUint8(count),
  }
  for (let i = 0; i < count; i++) {
    const x = random.float() * bounds.at(-1)!
    const [type, , actor, target] = types[bounds.findIndex((bound) => x < bound)]!
    raw.type[i] = interactionTypes[type].code
    raw.actor[i] = first[actor]! + Math.floor(random.float() ** 1.5 * size[actor]!)
    const place = Math.floor(random.float() ** 2 * size[target]!)
    const topic = raw.actor[i]! % topics
    const near = place - (place % topics) + topic
    raw.target[i] = first[target]! + (random.float() < withinTopic && near < size[target]! ? near : place)
    raw.at[i] = 1_700_000_000_000 + Math.floor(random.float() * 90 * 86_400_000)
    raw.market[i] = i & 3
    raw.scenario[i] = scenarios[interactionType(type).scenario].code
  }
  return raw
}
