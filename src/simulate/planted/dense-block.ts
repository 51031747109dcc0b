/**
 * A dense block: accounts that order and praise the same few products over weeks, not at the same times, and buy popular
 * products beside them as camouflage.
 */
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'

const PHRASES = 6
/** Products bought as camouflage for each product that counts, at camouflage 1. */
const CAMOUFLAGE_PURCHASES = 0.5

export const plantDenseBlock = (stage: Stage): PlantedMember[] => {
  const accounts = stage.cast.usersOf(stage.market, stage.size(18, 34, 10))
  stage.camouflage(accounts)
  const products = stage.cast.weakProductsOf(stage.market, stage.size(9, 14, 7))
  const popular = popularProducts(stage, 40)
  const phrases = Array.from({ length: PHRASES }, () => stage.random.uint32())
  for (const account of accounts)
    for (const product of products) {
      if (!stage.chance(stage.hiding.density)) continue
      const rating = stage.chance(0.93) ? 5 : 4
      stage.buy(account, product, stage.awake(stage.moment(0.05, 0.75)), rating, stage.pick(phrases))
      if (stage.chance(CAMOUFLAGE_PURCHASES * stage.hiding.camouflage))
        stage.buy(account, stage.pick(popular), stage.awake(stage.moment(0.05, 0.9)), null)
    }
  return [
    ...accounts.map((index): PlantedMember => ({ kind: 'user', index, role: 'amplifier' })),
    ...products.map((index): PlantedMember => ({ kind: 'product', index, role: 'beneficiary' })),
  ]
}

/** The products of the stage's market that people want most. */
export const popularProducts = (stage: Stage, count: number): number[] => {
  const { products } = stage.world
  const own: number[] = []
  for (let p = 0; p < products.count; p++) if (products.market[p] === stage.market) own.push(p)
  return own.sort((a, b) => products.appeal[b]! - products.appeal[a]!).slice(0, count)
}
