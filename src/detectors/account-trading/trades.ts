/** Bundles of handovers into trades: who has which part, what is no sale after all, and which belong together. */
import type { Snapshot } from '../../graph/snapshot.js'
import { combinedSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { type Broker, findBrokers, type Timeline } from './brokers.js'
import type { Bundle } from './bundles.js'
import type { Trade } from './candidates.js'
import type { Handover } from './handovers.js'
import type { Hubs } from './hubs.js'
import { isPersonal, type Parties, type PartyFinder } from './parties.js'
import { CONTACT, PAYMENT, type Population } from './population.js'

/** All of a small bundle shared one thing before and one thing after, and nobody was paid. */
export const isHousehold = (
  bundle: Bundle,
  { shared }: Parties,
  hubs: Hubs,
  brokers: readonly Broker[],
  household: number,
): boolean => {
  const size = bundle.marks.length
  if (size > household || brokers.length > 0 || bundle.hubs.some((hub) => hubs.isUser(hub))) return false
  const ties = (side: 'before' | 'after') => shared.some((each) => each.side === side && each.rows.length === size)
  return ties('before') && ties('after')
}

/**
 * People who change what they have, side by side, and stay who they are: neighbours (a dormitory, an office that moves) have a network
 * or a street in common and no phone, card, number or person; a firm or a family gets new phones where network and contact stay, or in
 * most of it the payout.
 */
export const isRenewal = (
  handovers: readonly Handover[],
  { shared, rooted, keptPayment, seenPayment }: Parties,
  bundle: Bundle,
  hubs: Hubs,
  brokers: readonly Broker[],
): boolean => {
  if (brokers.length > 0 || bundle.hubs.some((hub) => hubs.isUser(hub))) return false
  const tied = new Set(shared.filter(({ kind }) => isPersonal(kind)).flatMap(({ rows }) => rows)).size
  if (2 * tied < handovers.length) return true
  if (2 * rooted > handovers.length) return true
  const changedPayment = handovers.filter(({ changes }) => changes.some(({ kind }) => kind === PAYMENT)).length
  // Who buys an account wants its money: where none of it moves, though it is known, somebody else works for the same owner.
  if (changedPayment === 0 && 2 * seenPayment >= handovers.length) return true
  return keptPayment > 2 * changedPayment
}

/** The credential changed first in nearly all of them, nothing shared before, nobody paid: keys that were taken, not sold. */
const CREDENTIAL_FIRST = 0.8

/** Accounts that had nothing in common before and come to one thief: a few owners seen back are enough, as not all are seen. */
const OUT_OF_NOWHERE = 1 / 3

export const isTakeover = (
  handovers: readonly Handover[],
  { shared, contested }: Parties,
  bundle: Bundle,
  hubs: Hubs,
  brokers: readonly Broker[],
  share: number,
): boolean => {
  const came = new Set(shared.filter(({ side }) => side === 'after').flatMap(({ rows }) => rows)).size
  const isContested = (most: number): boolean => contested.size > most * (contested.size + came)
  if (isContested(share)) return true
  if (brokers.length > 0 || bundle.hubs.some((hub) => hubs.isUser(hub))) return false
  if (shared.some(({ side }) => side !== 'after')) return false
  if (isContested(share * OUT_OF_NOWHERE)) return true
  const known = handovers.filter(({ changes }) => changes.some(({ kind }) => kind === CONTACT))
  const first = known.filter(({ changes }) => {
    const contact = changes.find(({ kind }) => kind === CONTACT)!
    return changes.every((change) => change === contact || change.arrival > contact.arrival)
  })
  return first.length > 1 && first.length >= CREDENTIAL_FIRST * handovers.length
}

/** What the search for trades has learned so far. */
export interface Search {
  readonly snapshot: Snapshot
  readonly population: Population
  readonly handovers: readonly Handover[]
  readonly hubs: Hubs
  readonly near: number
  readonly finder: PartyFinder
  /** Users with transfers, and the transfers in time. */
  readonly users: number
  readonly timeline: Timeline
}

export const tradeOf = (search: Search, bundle: Bundle, nats: number): Trade => {
  const { snapshot, population, near, finder, users, timeline } = search
  const handovers = bundle.marks.map((mark) => search.handovers[mark]!)
  const parties = finder.find(bundle, handovers)
  const { actorFrom } = population.relation
  const traded = new Set(handovers.map(({ row }) => actorFrom + row))
  const participants = new Set([
    ...traded,
    ...[...parties.partial.keys()].map((row) => actorFrom + row),
    ...parties.sources,
    ...parties.buyers,
  ])
  const moments = Float64Array.from(handovers, ({ to }) => to).sort()
  const found = findBrokers({
    snapshot,
    users,
    timeline,
    traded,
    participants,
    moments,
    near,
    session: population.session,
  })
  // Whoever only deals with a stronger broker is its customer.
  const brokers = found.filter((each, i) =>
    found.slice(0, i).every(({ payers, paid }) => !payers.has(each.entity) && !paid.has(each.entity)),
  )
  const sources = new Set(parties.sources)
  const buyers = new Set(parties.buyers)
  for (const { payers, paid } of brokers) {
    for (const [entity, times] of payers) if (times > 1 && !sources.has(entity)) buyers.add(entity)
    for (const [entity, times] of paid) if (times > 1 && !buyers.has(entity)) sources.add(entity)
  }
  for (const hub of bundle.hubs)
    if (search.hubs.isUser(hub) && !sources.has(search.hubs.entity(hub))) buyers.add(search.hubs.entity(hub))
  return { bundle, handovers, parties: { ...parties, sources, buyers }, brokers, nats }
}

/**
 * Handovers that no bundle has, at a phone, card or number of somebody who paid or was paid by the broker of a trade: the trade's, with nothing added
 * to its nats.
 */
export const extendTrades = (search: Search, trades: readonly Trade[]): readonly Trade[] => {
  const taken = new Set(trades.flatMap(({ bundle }) => bundle.marks))
  const markOfRow = new Map(search.handovers.map(({ row }, mark) => [row, mark]))
  const { actorFrom, targetFrom } = search.population.relation
  return trades.map((trade) => {
    if (trade.brokers.length === 0) return trade
    const more: number[] = []
    const hubs = new Set(trade.bundle.hubs)
    for (const hub of search.finder.heldBy([...trade.parties.buyers, ...trade.parties.sources]))
      for (const entity of search.finder.usersOf(targetFrom + hub)) {
        const mark = markOfRow.get(entity - actorFrom)
        if (mark === undefined || taken.has(mark)) continue
        taken.add(mark)
        more.push(mark)
        hubs.add(hub)
      }
    if (more.length === 0) return trade
    const marks = [...trade.bundle.marks, ...more].sort((a, b) => a - b)
    return tradeOf(search, { ...trade.bundle, marks, hubs: [...hubs] }, trade.nats)
  })
}

/**
 * Bundles that share a broker or a source are one. What one of them shows says nothing about another, so their nats are combined
 * (Fisher, see kernels/hypergeometric.ts), less the choice of so many among all.
 */
export const joinTrades = (search: Search, trades: readonly Trade[]): readonly Trade[] => {
  const groupOf = new Map<number, number>()
  const parent = trades.map((_, i) => i)
  const root = (i: number): number => {
    let at = i
    while (parent[at] !== at) at = parent[at]!
    return at
  }
  trades.forEach(({ brokers, parties }, i) => {
    for (const entity of [...brokers.map((broker) => broker.entity), ...parties.sources, ...parties.brokers]) {
      const known = groupOf.get(entity)
      if (known === undefined) groupOf.set(entity, i)
      else parent[Math.max(root(i), root(known))] = Math.min(root(i), root(known))
    }
  })
  const groups = new Map<number, Trade[]>()
  trades.forEach((trade, i) => {
    const group = groups.get(root(i))
    if (group) group.push(trade)
    else groups.set(root(i), [trade])
  })
  return [...groups.values()].map((group) => {
    if (group.length === 1) return group[0]!
    const strongest = group.reduce((best, each) => (each.nats > best.nats ? each : best))
    const bundle: Bundle = {
      marks: group.flatMap(({ bundle: own }) => own.marks).sort((a, b) => a - b),
      hubs: [...new Set(group.flatMap(({ bundle: own }) => own.hubs))],
      among: group.reduce((sum, { bundle: own }) => sum + own.among, 0),
      surprise: strongest.bundle.surprise,
    }
    const together = combinedSurprise(
      group.reduce((sum, { nats }) => sum + nats, 0),
      group.length,
    )
    return tradeOf(search, bundle, Math.max(strongest.nats, together - logChoose(trades.length, group.length)))
  })
}
