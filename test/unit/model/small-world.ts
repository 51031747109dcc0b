/** A month of a small platform, dense enough that every entity meets most of the others' kinds. */
import { Random } from '#src/kernels/random.js'
import type { InteractionLine } from '../../support/raw-graph.js'

export const start = Date.UTC(2026, 0, 5)
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

const kindsOfWorld = { creator: 8, user: 60, video: 30, product: 15, device: 12, payment: 6 } as const
const typesOfWorld = [
  ['view', 'user', 'video'],
  ['like', 'user', 'video'],
  ['follow', 'user', 'creator'],
  ['order', 'user', 'product'],
  ['click', 'user', 'product'],
  ['publish', 'creator', 'video'],
  ['sell', 'creator', 'product'],
  ['promote', 'video', 'product'],
  ['uses', 'user', 'device'],
  ['uses', 'creator', 'payment'],
  ['transfer', 'user', 'user'],
  ['associate', 'user', 'user'],
  ['ban', 'user', 'user'],
] as const

/** A month of a small platform; a tenth of the times are unknown. */
export const world = (count = 1500, seed = 5): InteractionLine[] => {
  const random = new Random(seed)
  const one = (kind: keyof typeof kindsOfWorld) => `${kind}:${kind[0]}${random.below(kindsOfWorld[kind])}`
  return Array.from({ length: count }, () => {
    const [type, actorKind, targetKind] = typesOfWorld[random.below(typesOfWorld.length)]!
    const actor = one(actorKind)
    return {
      type,
      actor,
      target: type === 'ban' ? actor : one(targetKind),
      at: random.below(10) === 0 ? null : start + random.below(30 * 24) * HOUR + random.below(3600) * 1000,
      market: ['', 'US', 'ID'][random.below(3)]!,
      weight: 1 + random.below(3),
    }
  })
}
