/**
 * Groups of accounts that act on the same targets at the same moments, again and again: coordinated sharing.
 *
 * Candidates are all pairs of accounts that do so at least twice (kernels/co-actions.ts), in communities, so that one account that
 * shares everything does not run groups together. A group is a tree of ties: with T(u, k) the number of accounts that chance would tie to u
 * by k hits or more (kernels/coincidence.ts, the less surprising of its two nulls, from either end), a tie is worth
 *   -ln T(u, k) - ln k (k - 1) - ln 6,
 * where k (k - 1) pays for the choice of k (1 / (k (k - 1)) sums to 1 from 2 on) and 6 for the shape and size of the tree: of n nodes there
 * are fewer than 3^n rooted trees (Otter 1948), and 2^-n sums to 1. The expected number of trees in all the data that are worth x or more
 * is then at most exp(-x) for each account at which one could begin, so a group surprises by the sum over its ties less ln of the number of
 * accounts, tolerances and relations. Nothing is paid for the accounts that do not come near: three accounts that are tied a
 * hundred times are surprising, and so are twelve of which each is tied three times to another.
 *
 *   Giglietto, F. et al. (2020): It takes a village to manipulate the media: coordinated link sharing behavior during 2018 and 2019 Italian
 *   elections. Information, Communication & Society 23(6), 867-891.
 *   Otter, R. (1948): The number of trees. Annals of Mathematics 49(3), 583-599.
 */
import type { Relation } from '../../graph/snapshot.js'
import type { Check } from '../../kernels/check.js'
import { type CoActions, coActions, type TargetEvents } from '../../kernels/co-actions.js'
import { Coincidences, type Partners, tiedByChance } from '../../kernels/coincidence.js'
import { undirectedCsr } from '../../kernels/csr.js'
import { leiden } from '../../kernels/leiden.js'
import { argsortFloat64 } from '../../kernels/sort.js'

/** Actions on one target within a minute above which they are a crowd: in shared addresses and hashtags of elections there are 37 at most. */
const REACH = 128

/** Repetitions below which there is no tie: once is chance. */
export const LEAST_TIMES = 2

/** Where most first meetings of an hour are of one moment, times are too coarse, or acts too sudden, to tell anything. */
const LARGEST_RATE = 0.5

const TREE = Math.log(6)

export interface Actions extends TargetEvents {
  /** Position in the relation's arrays of each event. */
  readonly edge: Int32Array
}

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

/** Up to this many events, inserting each where it belongs is quickest; to the second number, comparing; above, sorting by digits. */
const INSERTED = 24
const COMPARED = 4096

/** Sorts places begin .. end - 1 of all three by time; of equal times the first stays first. */
const sortByTime = (actor: Int32Array, time: Float64Array, edge: Int32Array, begin: number, end: number): void => {
  const size = end - begin
  if (size <= INSERTED) {
    for (let i = begin + 1; i < end; i++) {
      const at = time[i]!
      const who = actor[i]!
      const where = edge[i]!
      let j = i - 1
      for (; j >= begin && time[j]! > at; j--) {
        time[j + 1] = time[j]!
        actor[j + 1] = actor[j]!
        edge[j + 1] = edge[j]!
      }
      time[j + 1] = at
      actor[j + 1] = who
      edge[j + 1] = where
    }
    return
  }
  const times = time.slice(begin, end)
  const order =
    size <= COMPARED
      ? Int32Array.from({ length: size }, (_, i) => i).sort((x, y) => times[x]! - times[y]! || x - y)
      : argsortFloat64(times)
  const put = <T extends Int32Array | Float64Array>(values: T): void => {
    const before = values.slice(begin, end)
    for (let k = 0; k < size; k++) values[begin + k] = before[order[k]!]!
  }
  put(actor)
  put(time)
  put(edge)
}

/** Interactions with known times, by target and time; actors and targets as in the relation. `market`: only its interactions. */
export const actionsOf = (relation: Relation, market: number | null): Actions => {
  const { inOffsets, source, inEdge, at, actorFrom, targetFrom, outOffsets } = relation
  const targets = inOffsets.length - 1
  const targetOffsets = new Int32Array(targets + 1)
  const actor = new Int32Array(relation.count)
  const time = new Float64Array(relation.count)
  const edge = new Int32Array(relation.count)
  let count = 0
  for (let t = 0; t < targets; t++) {
    const begin = count
    for (let k = inOffsets[t]!; k < inOffsets[t + 1]!; k++) {
      const e = inEdge[k]!
      if (Number.isNaN(at[e]!) || source[k]! === targetFrom + t) continue
      if (market !== null && relation.market[e] !== market) continue
      actor[count] = source[k]! - actorFrom
      time[count] = at[e]!
      edge[count++] = e
    }
    targetOffsets[t + 1] = count
    sortByTime(actor, time, edge, begin, count)
  }
  return {
    actorCount: outOffsets.length - 1,
    targetOffsets,
    actor: actor.subarray(0, count),
    time: time.subarray(0, count),
    edge: edge.subarray(0, count),
  }
}

/** All accounts that act on the same targets within the widest tolerance, twice or more. */
export const repeatedTogether = (actions: TargetEvents, tolerances: Float64Array, check: Check): CoActions =>
  coActions(actions, { tolerances, least: LEAST_TIMES, reach: REACH, check })

/** Accounts of each community of the ties of one tolerance, of three or more. */
const communitiesOf = (ties: CoActions, level: number, levels: number, seed: number, check: Check): number[][] => {
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
  for (let i = 0; i < ties.count; i++) {
    const times = ties.times[i * levels + level]!
    if (times < LEAST_TIMES) continue
    source.push(place(ties.a[i]!))
    target.push(place(ties.b[i]!))
    weight.push(times)
  }
  if (accounts.length < 3) return []
  const graph = undirectedCsr(accounts.length, {
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    weight: Float64Array.from(weight),
  })
  const { community, count } = leiden(graph, { seed, check })
  const groups = Array.from({ length: count }, (): number[] => [])
  community.forEach((c, v) => {
    groups[c]!.push(accounts[v]!)
  })
  return groups.filter((group) => group.length >= 3).map((group) => group.sort((x, y) => x - y))
}

/** Ties of one account, of both nulls. */
interface Judged {
  readonly window: Partners | null
  readonly times: Partners | null
  readonly tied: Map<number, number>
}

class Judge {
  readonly #coincidences: Coincidences
  readonly #own: Uint8Array
  readonly #known = new Map<number, Judged>()

  constructor(coincidences: Coincidences, own: Uint8Array) {
    this.#coincidences = coincidences
    this.#own = own
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

  /** Ties of the account with later ones of the group that are worth something. */
  ties(account: number): Tie[] {
    const { window, times } = this.#of(account)
    const found: Tie[] = []
    if (!window || !times) return found
    window.actor.forEach((other, i) => {
      const hits = window.hits[i]!
      if (other <= account || !this.#own[other] || hits < LEAST_TIMES) return
      const tied = Math.max(this.#tied(account, hits), this.#tied(other, hits))
      const nats = -Math.log(tied) - Math.log(hits * (hits - 1)) - TREE
      if (!(nats > 0)) return
      const j = times.actor.indexOf(other)
      const expected = Math.max(
        window.occasions[i]! * window.chance[i]!,
        j === -1 ? 0 : times.occasions[j]! * times.chance[j]!,
      )
      found.push({ a: account, b: other, hits, expected, nats })
    })
    return found
  }
}

/** The trees of greatest worth that the ties hold (Kruskal). */
const treesOf = (ties: Tie[]): { accounts: number[]; ties: Tie[] }[] => {
  ties.sort((x, y) => y.nats - x.nats || x.a - y.a || x.b - y.b)
  const treeOf = new Map<number, { accounts: number[]; ties: Tie[] }>()
  for (const tie of ties) {
    const a = treeOf.get(tie.a) ?? { accounts: [tie.a], ties: [] }
    const b = treeOf.get(tie.b) ?? { accounts: [tie.b], ties: [] }
    if (a === b) continue
    const joined = { accounts: [...a.accounts, ...b.accounts], ties: [...a.ties, ...b.ties, tie] }
    for (const account of joined.accounts) treeOf.set(account, joined)
  }
  return [...new Set(treeOf.values())]
}

export interface MomentOptions {
  /** Rising, milliseconds. */
  readonly tolerances: Float64Array
  /** Relations that are looked at. */
  readonly relations: number
  readonly least: number
  readonly seed: number
  readonly check: Check
}

export const momentGroups = (actions: Actions, options: MomentOptions): readonly MomentGroup[] => {
  const { tolerances, relations, least, seed, check } = options
  const levels = tolerances.length
  const ties = repeatedTogether(actions, tolerances, check)
  const found: MomentGroup[] = []
  if (ties.count < 2) return found
  let active = 0
  const counts = new Int32Array(actions.actorCount)
  for (let e = 0; e < actions.actor.length; e++) if (++counts[actions.actor[e]!]! === LEAST_TIMES) active++
  const search = Math.log(active * levels * relations)
  const own = new Uint8Array(actions.actorCount)
  for (let level = 0; level < levels; level++) {
    const communities = communitiesOf(ties, level, levels, seed, check)
    if (communities.length === 0) continue
    const coincidences = new Coincidences(actions, tolerances[level]!, check)
    if (coincidences.rate > LARGEST_RATE) continue
    for (const community of communities) {
      for (const account of community) own[account] = 1
      const judge = new Judge(coincidences, own)
      for (const tree of treesOf(community.flatMap((account) => judge.ties(account)))) {
        const nats = tree.ties.reduce((sum, tie) => sum + tie.nats, 0) - search
        if (tree.accounts.length < least || nats <= 0) continue
        found.push({
          accounts: tree.accounts.sort((x, y) => x - y),
          ties: tree.ties.sort((x, y) => y.nats - x.nats || x.a - y.a || x.b - y.b),
          tolerance: tolerances[level]!,
          nats,
        })
      }
      for (const account of community) own[account] = 0
    }
  }
  return found
}
