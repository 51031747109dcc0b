/**
 * Account trading: a farm raises accounts on its devices, a broker sells them, and at one moment device, network, payment and
 * contact all change to the buyer's, and the farm's are never seen again. Money goes from buyer to broker to farm.
 */
import { HOUR, MINUTE } from '../events.js'
import type { IdentifierKind } from '../identities.js'
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'

const handedOver: readonly IdentifierKind[] = ['device', 'network', 'payment', 'contact']
const ACCOUNTS_PER_DEVICE = 5

export const plantAccountTrading = (stage: Stage): PlantedMember[] => {
  const traded = stage.cast.usersOf(stage.market, stage.size(12, 22, 8))
  const buyers = stage.cast.usersOf(stage.market, Math.max(2, Math.ceil(traded.length / 5)))
  const [farm, broker] = stage.cast.usersOf(stage.market, 2)
  if (farm === undefined || broker === undefined) return []
  stage.camouflage(traded)
  const { world, identities, hiding } = stage
  const farmDevices = Array.from({ length: Math.ceil(traded.length / ACCOUNTS_PER_DEVICE) }, () =>
    world.identifier('device'),
  )
  const farmNetworks = [world.identifier('network'), world.identifier('network')]
  const farmPayment = world.identifier('payment')

  traded.forEach((account, position) => {
    const buyer = stage.pick(buyers)
    const handover = stage.moment(0.35, 0.75)
    if (stage.chance(hiding.sharing))
      identities.set('user', account, 'device', farmDevices[position % farmDevices.length]!)
    if (stage.chance(hiding.sharing)) identities.set('user', account, 'network', stage.pick(farmNetworks))
    if (stage.chance(hiding.sharing)) identities.set('user', account, 'payment', farmPayment)
    for (const kind of handedOver) {
      // The harder, the less of the account's identity changes in the same hour; at least the device always does.
      if (kind !== 'device' && !stage.chance(hiding.participation)) continue
      const own = kind === 'contact' || !stage.chance(hiding.sharing)
      const identifier = own ? world.identifier(kind) : world.users[kind][buyer]!
      identities.change('user', account, kind, identifier, handover + Math.abs(stage.jitter()))
    }
    const seen = (kind: IdentifierKind, at: number): void =>
      stage.act('uses', 'user', account, kind, identities.at('user', account, kind, at), at)
    for (let visit = 0; visit < 6; visit++) {
      const before = stage.awake(stage.between(world.start, handover - 26 * HOUR))
      const after = stage.awake(stage.between(handover + 8 * HOUR, world.end - 26 * HOUR))
      for (const at of [before, after]) {
        seen('device', at)
        if (visit % 2 === 0) seen('network', at + MINUTE)
        if (visit % 3 === 0) seen('payment', at + 5 * MINUTE)
        if (visit === 0) seen('contact', at + 6 * MINUTE)
      }
    }
    for (const kind of handedOver) seen(kind, handover + Math.abs(stage.jitter()) + 3 * hiding.jitterMinutes * MINUTE)
    const price = 2000 + stage.random.below(6000)
    if (stage.chance(hiding.participation))
      stage.act('transfer', 'user', buyer, 'user', broker, handover - 2 * HOUR, price)
    if (stage.chance(hiding.participation))
      stage.act('transfer', 'user', broker, 'user', farm, handover + 5 * HOUR, Math.round(price * 0.7))
    if (stage.chance(hiding.participation))
      stage.act('transfer', 'user', account, 'user', buyer, handover + 12 * HOUR, 100)
  })
  for (const device of farmDevices)
    for (let times = 3; times > 0; times--) stage.act('uses', 'user', farm, 'device', device, stage.moment(0, 0.35))
  stage.act('uses', 'user', farm, 'payment', farmPayment, stage.moment(0, 0.35))
  for (const buyer of buyers)
    for (const kind of ['device', 'network', 'payment'] as const)
      for (let times = 3; times > 0; times--)
        stage.act('uses', 'user', buyer, kind, world.users[kind][buyer]!, stage.awake(stage.moment(0.1, 0.9)))
  return [
    { kind: 'user', index: farm, role: 'core' },
    { kind: 'user', index: broker, role: 'broker' },
    ...traded.map((index): PlantedMember => ({ kind: 'user', index, role: 'mule' })),
    ...buyers.map((index): PlantedMember => ({ kind: 'user', index, role: 'beneficiary' })),
  ]
}
