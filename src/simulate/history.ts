/** What happens once, outside sessions: registrations, publications, offers, friendships, staff and the platform's own decisions. */
import { entityKinds, interactionTypes } from '../../graph-schema/schema.js'
import type { Random } from '../kernels/random.js'
import { between, chance } from './distributions.js'
import type { EventQueue } from './events.js'
import { MINUTE } from './events.js'
import type { Identities } from './identities.js'
import type { PlantedRing } from './truth.js'
import { NO_PRODUCT } from './videos.js'
import { ACQUAINTANCES, type World } from './world.js'

const REGISTERED = 0.4
const HAS_FRIEND = 0.3
const OWN_OPERATOR = 0.3
/** Share of ordinary users whom the platform warns in the simulated time, now and then wrongly. */
const WARNED = 0.0008
/** Share of the accounts of planted rings that the platform has found by itself. */
const FOUND = 0.04

const type = {
  publish: interactionTypes.publish.code,
  promote: interactionTypes.promote.code,
  sell: interactionTypes.sell.code,
  uses: interactionTypes.uses.code,
  operates: interactionTypes.operates.code,
  associate: interactionTypes.associate.code,
  warn: interactionTypes.warn.code,
  restrict: interactionTypes.restrict.code,
} as const

const CREATOR = entityKinds.creator.code
const USER = entityKinds.user.code
const VIDEO = entityKinds.video.code
const PRODUCT = entityKinds.product.code
const DEVICE = entityKinds.device.code
const CONTACT = entityKinds.contact.code
const PAYMENT = entityKinds.payment.code

export const recordHistory = (
  world: World,
  queue: EventQueue,
  identities: Identities,
  rings: readonly PlantedRing[],
  random: Random,
): void => {
  const { users, creators, products, videos, backlog, start, end } = world
  const early = (): number => between(random, backlog, start)
  const ever = (): number => between(random, backlog, end)

  for (let u = 0; u < users.count; u++) {
    const market = users.market[u]!
    if (chance(random, REGISTERED)) {
      const at = early()
      queue.add(type.uses, USER, u, CONTACT, identities.at('user', u, 'contact', at), at, market)
    }
    const friend = u + 1 + random.below(ACQUAINTANCES)
    if (chance(random, HAS_FRIEND) && friend < users.count)
      queue.add(type.associate, USER, u, USER, friend, ever(), market)
    if (chance(random, WARNED)) queue.add(type.warn, USER, u, USER, u, between(random, start, end), market, 0)
  }
  for (let c = 0; c < creators.count; c++) {
    const market = creators.market[c]!
    const paid = early()
    queue.add(type.uses, CREATOR, c, PAYMENT, identities.at('creator', c, 'payment', paid), paid, market)
    if (chance(random, OWN_OPERATOR))
      queue.add(type.operates, USER, random.below(users.count), CREATOR, c, early(), market)
    if (chance(random, WARNED)) queue.add(type.warn, CREATOR, c, CREATOR, c, between(random, start, end), market, 0)
  }
  for (let p = 0; p < products.count; p++)
    queue.add(type.sell, CREATOR, products.seller[p]!, PRODUCT, p, early(), products.market[p]!)
  for (let v = 0; v < videos.count; v++) {
    const creator = videos.creator[v]!
    const at = videos.publishedAt[v]!
    const market = creators.market[creator]!
    queue.add(
      type.publish,
      CREATOR,
      creator,
      VIDEO,
      v,
      at,
      market,
      videos.fingerprintHigh[v]!,
      videos.fingerprintLow[v]!,
    )
    if (videos.product[v] !== NO_PRODUCT) queue.add(type.promote, VIDEO, v, PRODUCT, videos.product[v]!, at, market)
    if (chance(random, 0.15))
      queue.add(
        type.uses,
        CREATOR,
        creator,
        DEVICE,
        identities.at('creator', creator, 'device', at - MINUTE),
        at - MINUTE,
        market,
      )
  }
  for (const ring of rings)
    for (const { kind, index, role } of ring.members) {
      if (role === 'beneficiary' || !chance(random, FOUND)) continue
      const code = entityKinds[kind].code
      const at = between(random, end - (end - start) / 4, end)
      queue.add(type.restrict, code, index, code, index, at, world.accountsOf(code).market[index]!, 1)
    }
}
