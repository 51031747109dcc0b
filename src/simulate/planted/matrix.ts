/**
 * Matrix accounts: one hand runs many creators. The same footage with small changes goes out from all of them in the same hours,
 * for the same products.
 */
import { HOUR } from '../events.js'
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'

/** Bits of the 64-bit perceptual hash that editing (crop, mirror, caption) changes. */
const EDITED_BITS = { easy: 1, medium: 3, hard: 6 } as const

export const plantMatrix = (stage: Stage): PlantedMember[] => {
  const creators = stage.cast.creatorsOf(stage.market, stage.size(8, 14, 6))
  const [operator] = stage.cast.usersOf(stage.market, 1)
  if (operator === undefined) return []
  const { world, hiding, identities } = stage
  const products = stage.cast.weakProductsOf(stage.market, stage.size(3, 5, 3))
  const editedBits =
    hiding.sharing > 0.9 ? EDITED_BITS.easy : hiding.sharing > 0.6 ? EDITED_BITS.medium : EDITED_BITS.hard
  const device = world.users.device[operator]!
  const network = world.users.network[operator]!
  for (const creator of creators) {
    if (stage.chance(hiding.sharing)) identities.set('creator', creator, 'device', device)
    if (stage.chance(hiding.sharing)) identities.set('creator', creator, 'network', network)
    if (stage.chance(hiding.participation))
      stage.act('operates', 'user', operator, 'creator', creator, stage.moment(0, 0.3))
    for (const product of products)
      if (stage.chance(hiding.participation))
        stage.act('sell', 'creator', creator, 'product', product, stage.moment(0, 0.2))
    for (let visit = 0; visit < 4; visit++)
      stage.act('uses', 'creator', creator, 'device', world.creators.device[creator]!, stage.moment(0, 1))
    stage.act('uses', 'creator', creator, 'network', world.creators.network[creator]!, stage.moment(0, 1))
  }
  const scenes = stage.size(10, 16, 8)
  for (let scene = 0; scene < scenes; scene++) {
    const high = stage.random.uint32()
    const low = stage.random.uint32()
    const product = products.length > 0 ? stage.pick(products) : -1
    const from = stage.moment(0.03, 0.93)
    for (const creator of creators) {
      if (!stage.chance(hiding.participation)) continue
      let edited = low
      for (let bits = stage.random.below(editedBits + 1); bits > 0; bits--) edited ^= 1 << stage.random.below(32)
      const at = Math.max(world.start, from + stage.jitter())
      world.videos.add(creator, at, stage.between(0.05, 0.5), product, high, edited >>> 0)
    }
    // Some of their own beside it, the more the better they hide.
    for (const creator of creators)
      if (stage.chance(0.3 * hiding.camouflage)) stage.film(creator, from + stage.between(-60, 60) * HOUR, 0.4)
  }
  return [
    { kind: 'user', index: operator, role: 'core' },
    ...creators.map((index): PlantedMember => ({ kind: 'creator', index, role: 'core' })),
    ...products.map((index): PlantedMember => ({ kind: 'product', index, role: 'beneficiary' })),
  ]
}
