/**
 * Coattail riding: accounts open a hot product and, within the same minutes, a weak one, again and again, so that the platform
 * learns that people who want the one want the other.
 */
import { MINUTE, SECOND } from '../events.js'
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'
import { popularProducts } from './dense-block.js'

export const plantCoattail = (stage: Stage): PlantedMember[] => {
  const accounts = stage.cast.usersOf(stage.market, stage.size(22, 38, 10))
  stage.camouflage(accounts)
  const hot = stage.sample(popularProducts(stage, 8), 2)
  const weak = stage.cast.weakProductsOf(stage.market, 4)
  const bystanders = popularProducts(stage, 60)
  for (const account of accounts) {
    const rounds = 4 + stage.random.below(4)
    for (let round = 0; round < rounds; round++) {
      if (!stage.chance(stage.hiding.participation)) continue
      let at = stage.awake(stage.moment(0.1, 0.9))
      const click = (product: number): void => {
        stage.act('click', 'user', account, 'product', product, at)
        at += stage.between(15, 90) * SECOND + Math.abs(stage.jitter()) / 4
      }
      click(stage.pick(hot))
      for (const target of stage.sample(weak, 1 + stage.random.below(3))) {
        click(target)
        if (stage.chance(0.3 * stage.hiding.camouflage)) click(stage.pick(bystanders))
      }
      if (stage.chance(0.1) && weak.length > 0)
        stage.act('cart', 'user', account, 'product', stage.pick(weak), at + 2 * MINUTE)
    }
  }
  return [
    ...accounts.map((index): PlantedMember => ({ kind: 'user', index, role: 'amplifier' })),
    ...weak.map((index): PlantedMember => ({ kind: 'product', index, role: 'beneficiary' })),
  ]
}
