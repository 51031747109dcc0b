/**
 * Groups of accounts that act on the same targets at the same moments, again and again: coordinated sharing.
 *
 * Candidates are all pairs of accounts that do so at least twice (kernels/co-actions.ts), in communities, so that one account that
 * shares everything does not run groups together. A group is a tree of ties: with T(u, k) the number of accounts that chance would tie to u
 * by k hits or more (kernels/coincidence.ts, the less surprising of its two nulls, from either end), a tie is worth
 *   -ln T(u, k) - ln k (k - 1) - ln 6,
 * where k (k - 1) pays for the choice of k (1 / (k (k - 1)) sums to 1 from 2 on) and 6 for the tree (trees.ts), so a group surprises by the sum over
 * its ties less ln of the number of accounts, tolerances and relations. Nothing is paid for the accounts that do not come near: three accounts that are tied a
 * hundred times are surprising, and so are twelve of which each is tied three times to another.
 *
 *   Giglietto, F. et al. (2020): It takes a village to manipulate the media: coordinated link sharing behavior during 2018 and 2019 Italian
 *   elections. Information, Communication & Society 23(6), 867-891.
 */
import type { Check } from '../../kernels/check.js'
import { type CoActions, coActions, type TargetEvents } from '../../kernels/co-actions.js'
import { Coincidences, EventIndex, type Partners, tiedByChance } from '../../kernels/coincidence.js'
import { undirectedCsr } from '../../kernels/csr.js'
import { binomialSurprise } from '../../kernels/gamma-poisson.js'
import { leiden } from '../../kernels/leiden.js'
import type { Actions } from './actions.js'
import { TREE, type Tree, treesOf } from './trees.js'

/** Actions on one target within a minute above which they are a crowd: in shared addresses and hashtags of elections there are 37 at most. */
const REACH = 128

/** Repetitions below which there is no tie: once is chance. */
export const LEAST_TIMES = 2

/** Where most first meetings of an hour are of one moment, times are too coarse, or acts too sudden, to tell anything. */
const LARGEST_RATE = 0.5

export interface Tie {
  readonly a: number
  readonly b: number
  readonly hits: number
  /** Of hits, by the null that explains more. */
  readonly expected: number
  readonly nats: number
}

export interface MomentGroup {
  /** Rising. */
  readonly accounts: readonly number[]
  /** Ties of the tree, strongest first. */
  readonly ties: readonly Tie[]
  /** Milliseconds. */
  readonly tolerance: number
  /** The whole search accounted for. */
  readonly nats: number
}

/** All accounts that act on the same targets within the widest tolerance, twice or more. */
export const repeatedTogether = (actions: TargetEvents, tolerances: Float64Array, check: Check): CoActions =>
  coActions(actions, { tolerances, least: LEAST_TIMES, reach: REACH, check })

interface Community {
  /** Rising. */
  readonly accounts: readonly number[]
  /** Places in the ties that are within it. */
  readonly ties: readonly number[]
}

/** Communities of the ties of one tolerance, of three accounts or more. */
const communitiesOf = (ties: CoActions, level: number, levels: number, seed: number, check: Check): Community[] => {
  const number = new Map<number, number>()
  const accounts: number[] = []
  const place = (account: number): number => {
    const known = number.get(account)
    if (known !== undefined) return known
    number.set(account, accounts.length)
    accounts.push(account)
    return accounts.length - 1
  }
  const source: number[] = []
  const target: number[] = []
  const weight: number[] = []
  const tieAt: number[] = []
  for (let i = 0; i < ties.count; i++) {
    const times = ties.times[i * levels + level]!
    if (times < LEAST_TIMES) continue
    source.push(place(ties.a[i]!))
    target.push(place(ties.b[i]!))
    weight.push(times)
    tieAt.push(i)
  }
  if (accounts.length < 3) return []
  const graph = undirectedCsr(accounts.length, {
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    weight: Float64Array.from(weight),
  })
  const { community, count } = leiden(graph, { seed, check })
  const groups = Array.from({ length: count }, () => ({ accounts: [] as number[], ties: [] as number[] }))
  community.forEach((c, v) => {
    groups[c]!.accounts.push(accounts[v]!)
  })
  tieAt.forEach((tie, k) => {
    const c = community[source[k]!]!
    if (c === community[target[k]!]) groups[c]!.ties.push(tie)
  })
  for (const { accounts: own } of groups) own.sort((x, y) => x - y)
  return groups.filter((group) => group.accounts.length >= 3)
}

/** What a tie of so many hits is worth where chance would tie so many accounts so often. */
const worth = (tied: number, hits: number): number => -Math.log(tied) - Math.log(hits * (hits - 1)) - TREE

/** Partners of one account by both nulls. */
interface Judged {
  readonly window: Partners | null
  readonly times: Partners | null
  readonly tied: Map<number, number>
}

/** Judges the ties of one community. */
class Judge {
  readonly #coincidences: Coincidences
  readonly #own: Uint8Array
  readonly #known = new Map<number, Judged>()

  constructor(coincidences: Coincidences, own: Uint8Array) {
    this.#coincidences = coincidences
    this.#own = own
  }

  /** The tie at the most that it can be worth: chance ties at least as many accounts to either as just the other. Null: nothing. */
  atMost(a: number, b: number): Tie | null {
    const { occasions, hits, chance } = this.#coincidences.pair(a, b, this.#own)
    if (occasions.length === 0 || hits[0]! < LEAST_TIMES) return null
    const nats = worth(Math.exp(-binomialSurprise(hits[0]!, occasions[0]!, chance[0]!)), hits[0]!)
    return nats > 0 ? { a, b, hits: hits[0]!, expected: occasions[0]! * chance[0]!, nats } : null
  }

  #of(account: number): Judged {
    const known = this.#known.get(account)
    if (known) return known
    const judged = {
      window: this.#coincidences.inWindow(account, this.#own),
      times: this.#coincidences.atTimes(account, this.#own),
      tied: new Map<number, number>(),
    }
    this.#known.set(account, judged)
    return judged
  }

  #tied(account: number, hits: number): number {
    const { window, times, tied } = this.#of(account)
    const known = tied.get(hits)
    if (known !== undefined) return known
    const expected = Math.max(tiedByChance(window, hits), tiedByChance(times, hits))
    tied.set(hits, expected)
    return expected
  }

  /** The same tie at what it is worth. */
  exactly({ a, b, hits, expected }: Tie): Tie | null {
    const nats = worth(Math.max(this.#tied(a, hits), this.#tied(b, hits)), hits)
    if (!(nats > 0)) return null
    const { times } = this.#of(a)
    const i = times ? times.actor.indexOf(b) : -1
    const atOnce = times && i !== -1 ? times.occasions[i]! * times.chance[i]! : 0
    return { a, b, hits, expected: Math.max(expected, atOnce), nats }
  }
}

const isTie = (tie: Tie | null): tie is Tie => tie !== null

export interface MomentOptions {
  /** Rising, milliseconds. */
  readonly tolerances: Float64Array
  /** Relations that are looked at. */
  readonly relations: number
  readonly least: number
  /** 1 for accounts that have come near another anew: communities without two of them are passed over. Absent: none is. */
  readonly only?: Uint8Array
  /** Whether something else explains that two accounts come near: their tie then counts for nothing. */
  readonly explained: (a: number, b: number) => boolean
  readonly seed: number
  readonly check: Check
}

export const momentGroups = (actions: Actions, options: MomentOptions): readonly MomentGroup[] => {
  const { tolerances, relations, least, only, explained, seed, check } = options
  const levels = tolerances.length
  const ties = repeatedTogether(actions, tolerances, check)
  const found: MomentGroup[] = []
  if (ties.count < 2) return found
  let active = 0
  const counts = new Int32Array(actions.actorCount)
  for (let e = 0; e < actions.actor.length; e++) if (++counts[actions.actor[e]!]! === LEAST_TIMES) active++
  const search = Math.log(active * levels * relations)
  const stands = (tree: Tree<Tie>): boolean => tree.nodes.length >= least && tree.nats > search
  const own = new Uint8Array(actions.actorCount)
  let index: EventIndex | null = null
  for (let level = 0; level < levels; level++) {
    const communities = communitiesOf(ties, level, levels, seed, check).filter(
      ({ accounts }) => !only || accounts.filter((account) => only[account] === 1).length > 1,
    )
    if (communities.length === 0) continue
    index ??= new EventIndex(actions)
    const coincidences = new Coincidences(index, tolerances[level]!, check)
    if (coincidences.rate > LARGEST_RATE) continue
    for (const community of communities) {
      check()
      for (const account of community.accounts) own[account] = 1
      const judge = new Judge(coincidences, own)
      const most = community.ties
        .map((tie) => (explained(ties.a[tie]!, ties.b[tie]!) ? null : judge.atMost(ties.a[tie]!, ties.b[tie]!)))
        .filter(isTie)
      // Most communities are pairs that met twice by chance: what cannot stand at its most is not judged at all.
      const able = new Set(
        treesOf(most)
          .filter(stands)
          .flatMap(({ nodes }) => nodes),
      )
      const exact = most
        .filter(({ a }) => able.has(a))
        .map((tie) => judge.exactly(tie))
        .filter(isTie)
      for (const tree of treesOf(exact).filter(stands))
        found.push({
          accounts: tree.nodes.sort((x, y) => x - y),
          ties: tree.ties.sort((x, y) => y.nats - x.nats || x.a - y.a || x.b - y.b),
          tolerance: tolerances[level]!,
          nats: tree.nats - search,
        })
      for (const account of community.accounts) own[account] = 0
    }
  }
  return found
}
