/** Hand-made lives of accounts with their identifiers, for tests of account trading. */
import type { Random } from '#src/kernels/random.js'
import type { InteractionLine } from '../../support/raw-graph.js'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const DAYS = 60
export const START = Date.UTC(2026, 0, 1)

export type Kind = 'device' | 'network' | 'payment' | 'contact' | 'address'
export type Identity = Partial<Record<Kind, string>>

export interface Change {
  readonly account: string
  readonly at: number
  readonly before: Identity
  readonly after: Identity
}

export const uses = (account: string, kind: Kind, id: string, at: number): InteractionLine => ({
  type: 'uses',
  actor: account,
  target: `${kind}:${id}`,
  at,
})

export const transfer = (from: string, to: string, at: number): InteractionLine => ({
  type: 'transfer',
  actor: `user:${from}`,
  target: `user:${to}`,
  at,
})

/** Days between sightings. */
const every: Readonly<Record<Kind, number>> = { device: 4, network: 5, payment: 9, contact: 14, address: 15 }

/** Sightings from START on for DAYS days; at the change the new ones are seen within hours. */
export const life = (random: Random, { account, at, before, after }: Change): InteractionLine[] => {
  const lines: InteractionLine[] = []
  const walk = (identity: Identity, from: number, to: number, prompt: boolean): void => {
    for (const [kind, id] of Object.entries(identity) as [Kind, string][]) {
      let time = from + (prompt ? 6 * HOUR : every[kind] * DAY) * random.float() + 1000
      while (time < to) {
        lines.push(uses(account, kind, id, Math.floor(time)))
        time += every[kind] * DAY * (0.3 + 1.4 * random.float())
      }
    }
  }
  walk(before, START, at, false)
  walk(after, at, START + DAYS * DAY, true)
  return lines
}

/**
 * People with identifiers of their own and a network that a few share; one in fifteen each buys a phone, gets a card, a number, or
 * moves; one in ten has a second phone; they send each other money.
 */
export const ordinaryPeople = (count: number, random: Random): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let p = 0; p < count; p++) {
    const account = `user:p${p}`
    const own: Identity = {
      device: `phone${p}`,
      network: `home${Math.floor(p / 3)}`,
      payment: `card${p}`,
      contact: `number${p}`,
    }
    const after = { ...own }
    for (const kind of ['device', 'network', 'payment', 'contact'] as const)
      if (random.below(15) === 0) after[kind] = `${own[kind]}-new`
    lines.push(...life(random, { account, at: START + DAY * (10 + random.below(40)), before: own, after }))
    if (random.below(10) === 0)
      lines.push(...life(random, { account, at: START, before: {}, after: { device: `second${p}` } }))
    for (let gifts = random.below(3); gifts > 0; gifts--)
      lines.push(transfer(`p${p}`, `p${random.below(count)}`, START + random.below(DAYS) * DAY))
  }
  return lines.filter(({ actor, target }) => actor !== target)
}

export interface RingShape {
  readonly accounts: number
  readonly buyers: number
  readonly kinds?: readonly Kind[]
  readonly kind?: 'user' | 'creator'
  readonly deals?: boolean
  readonly prefix?: string
}

/** A farm's accounts, sold through a broker within a month to buyers who use them from their own phones. */
export const ring = (random: Random, shape: RingShape): InteractionLine[] => {
  const { accounts, buyers, kinds = ['device', 'network', 'payment', 'contact'], kind = 'user' } = shape
  const { deals = true, prefix = '' } = shape
  const pick = (identity: Identity): Identity =>
    Object.fromEntries(Object.entries(identity).filter(([name]) => kinds.includes(name as Kind)))
  const lines: InteractionLine[] = []
  for (let i = 0; i < accounts; i++) {
    const at = START + (15 + 25 * random.float()) * DAY
    const buyer = i % buyers
    lines.push(
      ...life(random, {
        account: `${kind}:${prefix}sold${i}`,
        at,
        before: pick({
          device: `${prefix}rack${i % 2}`,
          network: `${prefix}farmnet`,
          payment: `${prefix}farmpay`,
          contact: `${prefix}farmmail${i}`,
        }),
        after: pick({
          device: `${prefix}buyerphone${buyer}`,
          network: `${prefix}buyernet${buyer}`,
          payment: `${prefix}buyerpay${buyer}`,
          contact: `${prefix}newmail${i}`,
        }),
      }),
    )
    if (!deals) continue
    lines.push(transfer(`${prefix}buyer${buyer}`, `${prefix}broker`, at - 3 * HOUR))
    lines.push(transfer(`${prefix}broker`, `${prefix}farmer`, at + 5 * HOUR))
  }
  const holder = (name: string, identity: Identity): InteractionLine[] =>
    life(random, { account: `user:${prefix}${name}`, at: START, before: {}, after: pick(identity) })
  lines.push(...holder('farmer', { device: `${prefix}rack0`, payment: `${prefix}farmpay` }))
  for (let buyer = 0; buyer < buyers; buyer++)
    lines.push(
      ...holder(`buyer${buyer}`, { device: `${prefix}buyerphone${buyer}`, payment: `${prefix}buyerpay${buyer}` }),
    )
  return lines
}

/** All these accounts are now and then seen on one of a few networks of mobile carriers, whoever holds them. */
export const onCarriers = (
  random: Random,
  lines: readonly InteractionLine[],
  carriers: number,
  visits: number,
): InteractionLine[] => {
  const accounts = [...new Set(lines.filter(({ type }) => type === 'uses').map(({ actor }) => actor))]
  return accounts.flatMap((account) =>
    Array.from({ length: visits }, () =>
      uses(account, 'network', `carrier${random.below(carriers)}`, START + Math.floor(random.float() * DAYS * DAY)),
    ),
  )
}
