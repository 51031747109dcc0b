/**
 * Coordinated sharing as the R package CooRTweet finds it, as a reference: two accounts are tied when they share the same object
 * within a few seconds of each other often enough; a group is a component of ties.
 *
 * Nicola Righetti and Paul Balluff, "CooRTweet: A Generalized R Software for Coordinated Network Detection", Computational
 * Communication Research 7, 2025; `detect_groups` asks for 10 seconds and 2 times where nothing else is said.
 */
import { connectedComponents } from '#src/kernels/components.js'
import { countingArgsort } from '#src/kernels/sort.js'

export interface Shares {
  /** 0 .. accounts - 1 */
  readonly account: Int32Array
  /** 0 .. objects - 1 */
  readonly object: Int32Array
  /** Epoch milliseconds. */
  readonly at: Float64Array
  readonly accounts: number
  readonly objects: number
}

export interface Group {
  /** Rising. */
  readonly accounts: readonly number[]
  /** Shares of one object at nearly one time, over all its ties. */
  readonly coShares: number
  /** The same of its strongest tie. */
  readonly strongest: number
}

export interface CoShareOptions {
  readonly seconds: number
  /** Co-shares that two accounts need to be tied. */
  readonly times: number
}

/** Co-shares of each pair of accounts, by the smaller account times `accounts` plus the larger. */
const coShares = ({ account, object, at, accounts, objects }: Shares, seconds: number): Map<number, number> => {
  const order = countingArgsort(object, objects)
  const pairs = new Map<number, number>()
  for (let from = 0; from < order.length; ) {
    let end = from
    while (end < order.length && object[order[end]!] === object[order[from]!]) end++
    const shares = order.subarray(from, end).sort((a, b) => at[a]! - at[b]! || a - b)
    for (let i = 1; i < shares.length; i++)
      for (let j = i - 1; j >= 0 && at[shares[i]!]! - at[shares[j]!]! <= seconds * 1000; j--) {
        const a = account[shares[i]!]!
        const b = account[shares[j]!]!
        if (a === b) continue
        const pair = Math.min(a, b) * accounts + Math.max(a, b)
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
      }
    from = end
  }
  return pairs
}

/** By falling number of co-shares. */
export const coShareGroups = (shares: Shares, { seconds, times }: CoShareOptions): Group[] => {
  const { accounts } = shares
  const ties = [...coShares(shares, seconds)].filter(([, count]) => count >= times)
  const first = Int32Array.from(ties, ([pair]) => Math.floor(pair / accounts))
  const second = Int32Array.from(ties, ([pair]) => pair % accounts)
  const { component } = connectedComponents(accounts, first, second)
  const groups = new Map<number, { accounts: Set<number>; coShares: number; strongest: number }>()
  ties.forEach(([, count], tie) => {
    const id = component[first[tie]!]!
    const group = groups.get(id) ?? { accounts: new Set(), coShares: 0, strongest: 0 }
    groups.set(id, group)
    group.accounts.add(first[tie]!).add(second[tie]!)
    group.coShares += count
    group.strongest = Math.max(group.strongest, count)
  })
  return [...groups.values()]
    .map((group) => ({ ...group, accounts: [...group.accounts].sort((a, b) => a - b) }))
    .sort((a, b) => b.coShares - a.coShares || a.accounts[0]! - b.accounts[0]!)
}

/**
 * Which groups outdo chance. Each `shuffle` gives the same shares with objects dealt anew, every account's times and every object's
 * number of shares kept. A group survives when its co-shares, or those of its strongest tie, are more than the most of any group in
 * every one of 39 shuffles: each of the two happens by chance once in 40, both together once in 20.
 */
export const survivorsOf = (
  groups: readonly Group[],
  shuffle: (seed: number) => Shares,
  options: CoShareOptions,
  progress: (done: number) => void = () => {},
): readonly boolean[] => {
  let most = 0
  let strongest = 0
  for (let seed = 1; seed <= SHUFFLES; seed++) {
    for (const group of coShareGroups(shuffle(seed), options)) {
      most = Math.max(most, group.coShares)
      strongest = Math.max(strongest, group.strongest)
    }
    progress(seed)
  }
  return groups.map((group) => group.coShares > most || group.strongest > strongest)
}

export const SHUFFLES = 39
