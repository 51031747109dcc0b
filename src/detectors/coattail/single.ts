/**
 * Coattails of a single weak target: accounts come back to it, each time beside the same hot targets, and others who look at it do neither.
 *
 * Two counts that know nothing of each other. (1) So many of the accounts that look at it come back (to two visits, three or four: the
 * choice is paid for), against the platform's habits (coattail/habits.ts), learned without this target and raised where these accounts
 * come back to more elsewhere. (2) Those who came back did so beside the same hot targets (coattail/beside.ts). Those who come back beside
 * them must make most of the visits: else others keep the target alive. Every target with an audience pays for the search.
 *
 * What is found is no habit: habits are learned anew without it, until nothing more is found.
 */

import { gammaPoissonSurprise } from '../../kernels/gamma-poisson.js'
import { combinedSurprise } from '../../kernels/hypergeometric.js'
import { type Guest, guestsOf, hotBeside, Markets, shareBeside } from './beside.js'
import { type Caller, type ComingBack, comings, type Habits, habitsOf } from './habits.js'
import { type Judged, type JudgeOptions, SPEAKS } from './judge.js'
import type { Rides } from './rides.js'

/** Of the visits to the target. */
const MOST = 0.5
/** Pairs by which the accounts' coming back elsewhere must be known before it counts in full. */
const PRIOR_RETURNS = 3
/** Habits change little after the first finds are left out. */
const MOST_ROUNDS = 4

interface Case {
  readonly thing: number
  /** Everybody who looks at it, but for pairs of a find. */
  readonly callers: readonly Caller[]
  guests: readonly Guest[] | null
}

/** Targets most of whose visits are by accounts that came back beside something hot: enough of them. */
const casesOf = (rides: Rides, isTold: Uint8Array, { minMembers, check }: JudgeOptions): Case[] => {
  const { visits, repeated, audience } = rides
  const { offsets, things, times, ofAccount } = visits
  if (!repeated.holders.some((count) => count >= minMembers)) return []
  const all = new Float64Array(audience.length)
  const again = new Float64Array(audience.length)
  for (let k = 0; k < visits.pairs; k++) {
    if (isTold[k] === 1) continue
    all[things[k]!]! += times[k]!
    if (times[k]! > 1) again[things[k]!]! += times[k]!
  }
  const callers = new Map<number, Caller[]>()
  audience.forEach((_, thing) => {
    if (repeated.holders[thing]! >= minMembers && again[thing]! >= MOST * all[thing]!) callers.set(thing, [])
  })
  if (callers.size === 0) return []
  for (let account = 0; account + 1 < offsets.length; account++)
    for (let k = offsets[account]!; k < offsets[account + 1]!; k++)
      if (isTold[k] === 0)
        callers.get(things[k]!)?.push({ account, times: times[k]!, elsewhere: ofAccount[account]! - times[k]! })
  check()
  return [...callers].map(([thing, of]) => ({ thing, callers: of, guests: null }))
}

const hasComeBack = ({ times }: Caller): boolean => times > 1

/** How often these accounts come back elsewhere, over what accounts of their class do; at least 1. What is beside the target is left out. */
const eagerness = (rides: Rides, guests: readonly Guest[], thing: number, m: number, chance: ComingBack): number => {
  const { visits, audience } = rides
  let came = 0
  let expected = 0
  for (const { account, besides } of guests) {
    const beside = new Set(besides.flat())
    for (let k = visits.offsets[account]!; k < visits.offsets[account + 1]!; k++) {
      const other = visits.things[k]!
      if (other === thing || beside.has(other)) continue
      if (visits.times[k]! >= comings[m]!) came++
      expected += chance(m, visits.ofAccount[account]! - visits.times[k]!, audience[other]!)
    }
  }
  return Math.max(1, (came + PRIOR_RETURNS) / (expected + PRIOR_RETURNS))
}

interface Returned {
  /** Visits that the accounts made at least. */
  readonly least: number
  readonly accounts: number
  readonly expected: number
  readonly nats: number
}

/** `eager` is by place in `comings`. */
const returnedOf = (
  callers: readonly Caller[],
  size: number,
  habits: Habits,
  chance: ComingBack,
  eager: (m: number) => number,
): Returned => {
  let best: Returned = { least: 2, accounts: 0, expected: 0, nats: 0 }
  comings.forEach((least, m) => {
    const shape = habits.shapes[m]
    if (!shape) return
    const accounts = callers.reduce((sum, { times }) => sum + (times >= least ? 1 : 0), 0)
    const factor = eager(m)
    const expected = callers.reduce((sum, { elsewhere }) => sum + Math.min(1, factor * chance(m, elsewhere, size)), 0)
    if (accounts <= expected) return
    const nats = gammaPoissonSurprise(accounts, expected, shape, shape) - Math.log(comings.length)
    if (nats > best.nats) best = { least, accounts, expected, nats }
  })
  return best
}

const judgeCase = (
  rides: Rides,
  markets: Markets,
  given: Case,
  habits: Habits,
  looked: number,
  options: JudgeOptions,
): Judged | null => {
  const { thing, callers } = given
  const size = rides.audience[thing]!
  const without = habits.chanceWithout(callers, size)
  // Eager accounts only lower it: most targets are done with here.
  if (returnedOf(callers, size, habits, without, () => 1).nats < SPEAKS) return null
  given.guests ??= guestsOf(rides, thing, callers, options)
  const back = given.guests.filter(hasComeBack)
  const returned = returnedOf(callers, size, habits, without, (m) => eagerness(rides, back, thing, m, habits.chance))
  if (returned.nats < SPEAKS) return null
  const once = given.guests.filter((guest) => !hasComeBack(guest))
  const hot = hotBeside(rides, markets, thing, back, once, options)
  if (hot.nats < SPEAKS) return null
  const chosen = new Set(hot.targets.map(({ target }) => target))
  const riding = back.filter((guest) => shareBeside(guest, chosen) > MOST)
  const visitsOf = (of: readonly Caller[]): number => of.reduce((sum, { times }) => sum + times, 0)
  if (riding.length < options.minMembers || visitsOf(riding) < MOST * visitsOf(callers)) return null
  const nats = combinedSurprise(returned.nats + hot.nats, 2) - Math.log(looked) - options.searchNats
  if (nats <= 0) return null
  return {
    accounts: riding.map(({ account }) => account),
    weak: [thing],
    hot: hot.targets,
    nats,
    back: [
      {
        target: thing,
        visits: returned.least,
        accounts: riding.filter(({ times }) => times >= returned.least).map(({ account }) => account),
        expected: returned.expected,
      },
    ],
  }
}

/** Finds of one target each with mostly the same accounts are one, strongest first. */
const joined = (found: readonly Judged[]): Judged[] => {
  const rings: Judged[] = []
  for (const each of [...found].sort((a, b) => b.nats - a.nats || a.weak[0]! - b.weak[0]!)) {
    const own = new Set(each.accounts)
    const place = rings.findIndex(({ accounts }) => {
      const shared = accounts.filter((account) => own.has(account)).length
      return 2 * shared >= Math.max(own.size, accounts.length)
    })
    const ring = rings[place]
    if (!ring) rings.push(each)
    else
      rings[place] = {
        ...ring,
        accounts: [...new Set([...ring.accounts, ...each.accounts])].sort((a, b) => a - b),
        weak: [...ring.weak, ...each.weak].sort((a, b) => a - b),
        back: [...(ring.back ?? []), ...(each.back ?? [])],
      }
  }
  return rings
}

/** Marks the pairs of the find's accounts and weak targets. */
const tell = ({ visits }: Rides, { accounts, weak }: Judged, isTold: Uint8Array): void => {
  const list = new Set(weak)
  for (const account of accounts)
    for (let k = visits.offsets[account]!; k < visits.offsets[account + 1]!; k++)
      if (list.has(visits.things[k]!)) isTold[k] = 1
}

/** `told`: finds by their lists, which are not looked for again. */
export const judgeSingles = (rides: Rides, told: readonly Judged[], options: JudgeOptions): readonly Judged[] => {
  const markets = new Markets(rides)
  const isTold = new Uint8Array(rides.visits.pairs)
  for (const each of told) tell(rides, each, isTold)
  const looked = rides.audience.reduce((count, size) => count + (size >= options.minMembers ? 1 : 0), 0)
  const found: Judged[] = []
  let open = casesOf(rides, isTold, options)
  for (let round = 0; round < MOST_ROUNDS && open.length > 0; round++) {
    const habits = habitsOf(rides.visits, rides.audience, isTold, options.minMembers, options.check)
    const still: Case[] = []
    let isNew = false
    for (const each of open) {
      options.check()
      const judged = judgeCase(rides, markets, each, habits, looked, options)
      if (!judged) {
        still.push(each)
        continue
      }
      isNew = true
      found.push(judged)
      tell(rides, judged, isTold)
    }
    if (!isNew) break
    open = still
  }
  return joined(found)
}
