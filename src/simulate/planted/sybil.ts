/**
 * Sybil cluster: one person makes accounts on a few devices, payments and addresses, collects new-customer offers with them, and
 * moves the gains to a hub account that is seen on the devices too.
 */
import { DAY, HOUR, MINUTE } from '../events.js'
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'

/** Accounts on one device: a drawer of phones when it is easy, nearly one each when it is hard. */
const ACCOUNTS_PER_DEVICE = { easy: 9, medium: 5, hard: 3 } as const

export const plantSybil = (stage: Stage): PlantedMember[] => {
  const [hub, ...mules] = stage.cast.usersOf(stage.market, stage.size(20, 36, 10) + 1)
  if (hub === undefined) return []
  stage.camouflage(mules)
  const { sharing } = stage.hiding
  const perDevice =
    sharing > 0.9 ? ACCOUNTS_PER_DEVICE.easy : sharing > 0.6 ? ACCOUNTS_PER_DEVICE.medium : ACCOUNTS_PER_DEVICE.hard
  const make = (kind: 'device' | 'payment' | 'address' | 'network', each: number): number[] =>
    Array.from({ length: Math.max(2, Math.ceil(mules.length / each)) }, () => stage.world.identifier(kind))
  const devices = make('device', perDevice)
  const payments = make('payment', perDevice * 1.5)
  const addresses = make('address', perDevice * 2)
  const networks = make('network', perDevice * 1.5)
  const offers = stage.cast.weakProductsOf(stage.market, 3)
  const founded = stage.moment(0, 0.3)

  mules.forEach((mule, position) => {
    // Neighbours on the list share; each kind is dealt out from another place on it, so that the groups of one kind tie those of
    // another together.
    const set = (kind: 'device' | 'payment' | 'address' | 'network', pool: readonly number[], turn: number): void => {
      const place = (position / mules.length + turn) % 1
      if (stage.chance(sharing)) stage.identities.set('user', mule, kind, pool[Math.floor(place * pool.length)]!)
    }
    set('device', devices, 0)
    set('payment', payments, 0.25)
    set('address', addresses, 0.4)
    set('network', networks, 0.15)
    const { device, payment, address, network, contact } = stage.world.users
    const born = founded + stage.exponential(stage.hiding.jitterMinutes * 6) * MINUTE
    stage.act('uses', 'user', mule, 'contact', contact[mule]!, born)
    for (let visit = stage.random.below(4) + 3; visit > 0; visit--) {
      const at = stage.awake(born + stage.between(0, 0.65) * stage.span)
      stage.act('uses', 'user', mule, 'device', device[mule]!, at)
      if (stage.chance(0.6)) stage.act('uses', 'user', mule, 'network', network[mule]!, at + MINUTE)
    }
    if (offers.length > 0) {
      const at = stage.awake(born + stage.between(0, 5) * DAY)
      stage.buy(mule, stage.pick(offers), at, null)
      stage.act('uses', 'user', mule, 'payment', payment[mule]!, at + 5 * MINUTE)
      stage.act('uses', 'user', mule, 'address', address[mule]!, at + 5 * MINUTE)
    }
    for (let times = stage.random.below(3) + 1; times > 0; times--)
      if (stage.chance(stage.hiding.participation))
        stage.act(
          'transfer',
          'user',
          mule,
          'user',
          hub,
          born + stage.between(6, 25) * DAY * 0.7,
          500 + stage.random.below(2500),
        )
  })
  for (const device of devices)
    for (let times = 2; times > 0; times--)
      stage.act('uses', 'user', hub, 'device', device, founded + stage.between(1 * HOUR, 0.6 * stage.span))
  for (const payment of payments)
    if (stage.chance(stage.hiding.participation))
      stage.act('uses', 'user', hub, 'payment', payment, founded + stage.between(1 * DAY, 0.6 * stage.span))
  return [
    { kind: 'user', index: hub, role: 'core' },
    ...mules.map((index): PlantedMember => ({ kind: 'user', index, role: 'mule' })),
  ]
}
