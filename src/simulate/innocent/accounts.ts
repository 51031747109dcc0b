/** Accounts that share or change identifiers for honest reasons. */
import { DAY, HOUR, MINUTE } from '../events.js'
import type { IdentifierKind } from '../identities.js'
import type { Stage } from '../stage.js'
import type { InnocentGroup } from '../truth.js'

type Members = InnocentGroup['members']

const people = (users: readonly number[]): { kind: 'user'; index: number }[] =>
  users.map((index) => ({ kind: 'user', index }))

const seen = (stage: Stage, user: number, kind: IdentifierKind, times: number, from = 0, to = 0.95): void => {
  for (let visit = 0; visit < times; visit++) {
    const at = stage.awake(stage.moment(from, to))
    stage.act('uses', 'user', user, kind, stage.identities.at('user', user, kind, at), at)
  }
}

/** One tablet, one card, one door. */
export const family = (stage: Stage): Members => {
  const members = stage.cast.usersOf(stage.market, 3 + stage.random.below(3))
  const first = members[0]
  if (first === undefined) return []
  for (const member of members) {
    for (const kind of ['network', 'address', 'payment'] as const)
      stage.identities.set('user', member, kind, stage.world.users[kind][first]!)
    seen(stage, member, 'network', 4)
    seen(stage, member, 'address', 1)
    seen(stage, member, 'payment', 2)
    for (let visit = 0; visit < 3; visit++)
      stage.act('uses', 'user', member, 'device', stage.world.users.device[first]!, stage.awake(stage.moment(0, 0.95)))
  }
  return people(members)
}

/** Hundreds behind one network in the same hours. */
export const campus = (stage: Stage): Members => {
  const crowd = stage.cast.crowdOf(stage.market, stage.size(120, 220, 30))
  const network = stage.world.identifier('network')
  for (const user of crowd)
    for (let visit = 2 + stage.random.below(5); visit > 0; visit--)
      stage.act('uses', 'user', user, 'network', network, stage.awake(stage.moment(0, 0.95)) - 5 * HOUR)
  return people(crowd)
}

/** An agency's staff look after many creators from the agency's machines; what they publish is the creators' own. */
export const agency = (stage: Stage): Members => {
  const staff = stage.cast.usersOf(stage.market, 4)
  const creators = stage.cast.creatorsOf(stage.market, stage.size(8, 12, 5))
  if (staff.length === 0) return []
  const network = stage.world.identifier('network')
  for (const person of staff)
    for (let visit = 0; visit < 4; visit++) stage.act('uses', 'user', person, 'network', network, stage.moment(0, 1))
  for (const creator of creators) {
    const person = stage.pick(staff)
    stage.act('operates', 'user', person, 'creator', creator, stage.moment(0, 0.5))
    for (let visit = 0; visit < 3; visit++) {
      const at = stage.moment(0, 1)
      stage.act('uses', 'creator', creator, 'device', stage.world.users.device[person]!, at)
      stage.act('uses', 'creator', creator, 'network', network, at + MINUTE)
      stage.act('uses', 'creator', creator, 'device', stage.world.creators.device[creator]!, stage.moment(0, 1))
    }
    stage.act('uses', 'creator', creator, 'payment', stage.world.creators.payment[creator]!, stage.moment(0, 1))
  }
  return [...people(staff), ...creators.map((index) => ({ kind: 'creator' as const, index }))]
}

/** A new phone: the device changes, all else stays; half of the old phones are sold on and come back with a stranger. */
export const newPhone = (stage: Stage): Members => {
  const owners = stage.cast.usersOf(stage.market, stage.size(5, 8, 3))
  const strangers = stage.cast.usersOf(stage.market, Math.ceil(owners.length / 2))
  owners.forEach((owner, position) => {
    const bought = stage.moment(0.3, 0.6)
    const old = stage.world.users.device[owner]!
    stage.identities.change('user', owner, 'device', stage.world.identifier('device'), bought)
    for (const kind of ['device', 'network', 'payment'] as const) {
      seen(stage, owner, kind, 3, 0, 0.3)
      seen(stage, owner, kind, 3, 0.62, 0.95)
    }
    const stranger = strangers[position]
    if (stranger === undefined) return
    seen(stage, stranger, 'device', 2, 0, 0.5)
    seen(stage, stranger, 'network', 2, 0, 0.95)
    stage.identities.change('user', stranger, 'device', old, bought + stage.between(3, 7) * DAY)
    seen(stage, stranger, 'device', 3, 0.87, 0.95)
  })
  return people([...owners, ...strangers])
}

/** Another person takes over the work for a creator: operator and device change, payout and contact stay. */
export const staffChange = (stage: Stage): Members => {
  const creators = stage.cast.creatorsOf(stage.market, 3)
  const [leaving, coming] = stage.cast.usersOf(stage.market, 2)
  if (leaving === undefined || coming === undefined) return []
  const change = stage.moment(0.4, 0.6)
  const { users, creators: accounts } = stage.world
  for (const creator of creators) {
    stage.act('operates', 'user', leaving, 'creator', creator, stage.moment(0, 0.1))
    stage.act('operates', 'user', coming, 'creator', creator, change)
    stage.identities.set('creator', creator, 'device', users.device[leaving]!)
    stage.identities.change('creator', creator, 'device', users.device[coming]!, change)
    for (let visit = 0; visit < 6; visit++) {
      const at = stage.moment(0, 0.98)
      stage.act('uses', 'creator', creator, 'device', stage.identities.at('creator', creator, 'device', at), at)
      if (visit % 2 === 0) stage.act('uses', 'creator', creator, 'payment', accounts.payment[creator]!, at)
      if (visit % 3 === 0) stage.act('uses', 'creator', creator, 'contact', accounts.contact[creator]!, at)
    }
  }
  return [...people([leaving, coming]), ...creators.map((index) => ({ kind: 'creator' as const, index }))]
}
