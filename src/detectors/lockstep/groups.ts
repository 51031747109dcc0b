/**
 * Surprising pairs into groups: those that stand on their own, joined into components, and those that stand together, in trees (trees.ts);
 * each with the pairs that stand once it is given. Looking only around a component of s columns is a search of s T places instead of
 * T^2 / 2, so a pair needs less surprise there; around one column it is a search of T places, which is what a tie of a tree pays.
 */
import { connectedComponents } from '../../kernels/components.js'
import { logChoose } from '../../kernels/hypergeometric.js'
import type { NearPairs } from '../../kernels/near-pairs.js'
import { TREE, treesOf, type WorthTie } from './trees.js'

export interface PairGroup {
  /** Positions in the pairs, strongest first. */
  readonly pairs: Int32Array
  /** Columns, ascending. */
  readonly columns: Int32Array
  /** Surprise, the whole search accounted for. */
  readonly nats: number
}

/** What is looked through. */
export interface PairSearch {
  /** Columns that have entries. */
  readonly columns: number
  readonly levels: number
  /** Relations, each from both sides. */
  readonly matrices: number
  /** Whether pairs may stand together: where the columns are accounts. */
  readonly trees: boolean
}

/** -ln .05: the chance of a pair that is let in around a component. */
const NATS_TO_JOIN = 3

/** ln of the number of pairs of columns, levels and matrices, and of the two ways to stand. */
const pairPrice = ({ columns, levels, matrices, trees }: PairSearch): number =>
  Math.log(Math.max(1, (columns * (columns - 1)) / 2) * levels * matrices * (trees ? 2 : 1))

const tiePrice = ({ columns, levels }: PairSearch): number => Math.log(levels * columns) + TREE

const treePrice = ({ columns, matrices }: PairSearch): number => Math.log(2 * columns * matrices)

const natsToJoin = (size: number, search: PairSearch): number =>
  Math.min(pairPrice(search), Math.log(search.levels * size * search.columns) + NATS_TO_JOIN)

/** How much less than a tie a pair is that counts beside others of one account with a group; each nat lets in three times as many by chance. */
const WEAKER = 3

/** Below this a pair could neither join even the smallest component, which has two columns, nor count beside others. */
export const leastNats = (search: PairSearch): number =>
  Math.min(natsToJoin(2, search), search.trees ? tiePrice(search) - WEAKER : Number.POSITIVE_INFINITY)

/** A pair as a tie of a tree. */
interface Tie extends WorthTie {
  readonly pair: number
}

const tiesOf = (pairs: NearPairs, list: Iterable<number>, search: PairSearch): Tie[] => {
  const price = tiePrice(search)
  const ties: Tie[] = []
  for (const pair of list)
    if (pairs.nats[pair]! > price)
      ties.push({ a: pairs.a[pair]!, b: pairs.b[pair]!, nats: pairs.nats[pair]! - price, pair })
  return ties
}

/** A group of these pairs; it surprises by its strongest pair or by what its pairs are worth together. May be below 0. */
export const pairGroup = (pairs: NearPairs, list: readonly number[], search: PairSearch): PairGroup => {
  const sorted = [...list].sort((x, y) => pairs.nats[y]! - pairs.nats[x]! || x - y)
  const columns = new Set<number>()
  for (const i of sorted) columns.add(pairs.a[i]!).add(pairs.b[i]!)
  let nats = sorted.length > 0 ? pairs.nats[sorted[0]!]! - pairPrice(search) : 0
  if (search.trees)
    for (const tree of treesOf(tiesOf(pairs, sorted, search))) nats = Math.max(nats, tree.nats - treePrice(search))
  return { pairs: Int32Array.from(sorted), columns: Int32Array.from(columns).sort(), nats }
}

/**
 * Ties without the accounts that chance would hang on a group of this size: those with one tie, where that does not stand for itself. An
 * outsider has a tie to some member once in a while, and two hardly ever.
 */
const held = (pairs: NearPairs, ties: readonly Tie[], search: PairSearch): readonly Tie[] => {
  let kept = ties
  for (;;) {
    const degree = new Map<number, number>()
    for (const { a, b } of kept) for (const end of [a, b]) degree.set(end, (degree.get(end) ?? 0) + 1)
    const price = natsToJoin(degree.size, search)
    const next = kept.filter(
      ({ a, b, pair }) => (degree.get(a)! > 1 && degree.get(b)! > 1) || pairs.nats[pair]! >= price,
    )
    if (next.length === kept.length) return kept
    kept = next
  }
}

/**
 * The pairs by which accounts outside the groups belong to one of them: those of an account with j of its s members, of n_1, .. n_j nats, where
 *   sum of (n_i - ln levels) - ln C(s, j) - ln accounts
 * for the best j pays for letting it in.
 */
const joiners = (
  pairs: NearPairs,
  open: readonly number[],
  groups: readonly PairGroup[],
  search: PairSearch,
): readonly number[][] => {
  const groupOf = new Map<number, number>()
  groups.forEach(({ columns }, g) => {
    for (const column of columns) groupOf.set(column, g)
  })
  const near = new Map<number, Map<number, number[]>>()
  for (const i of open) {
    const ofA = groupOf.get(pairs.a[i]!)
    const ofB = groupOf.get(pairs.b[i]!)
    if ((ofA === undefined) === (ofB === undefined)) continue
    const outside = ofA === undefined ? pairs.a[i]! : pairs.b[i]!
    const group = (ofA ?? ofB)!
    const ofOutside = near.get(outside) ?? new Map<number, number[]>()
    near.set(outside, ofOutside)
    const list = ofOutside.get(group)
    if (list) list.push(i)
    else ofOutside.set(group, [i])
  }
  const joining: number[][] = groups.map(() => [])
  for (const ofOutside of near.values())
    for (const [group, list] of ofOutside) {
      list.sort((x, y) => pairs.nats[y]! - pairs.nats[x]! || x - y)
      const size = groups[group]!.columns.length
      let sum = -Math.log(search.columns)
      let best = 0
      for (let j = 0; j < list.length; j++) {
        sum += pairs.nats[list[j]!]! - Math.log(search.levels)
        if (sum - logChoose(size, j + 1) >= NATS_TO_JOIN) best = j + 1
      }
      for (let j = 0; j < best; j++) joining[group]!.push(list[j]!)
    }
  return joining
}

/** Groups of pairs that stand only together. `taken`: columns of other groups. */
const groupsOfTies = (
  pairs: NearPairs,
  open: readonly number[],
  taken: ReadonlySet<number>,
  search: PairSearch,
  least: number,
): readonly PairGroup[] => {
  const free = open.filter((i) => !taken.has(pairs.a[i]!) && !taken.has(pairs.b[i]!))
  const ties = tiesOf(pairs, free, search)
  const treeOf = new Map<number, number>()
  const trees = treesOf(ties).filter(({ nodes, nats }) => nodes.length >= least && nats > treePrice(search))
  trees.forEach(({ nodes }, t) => {
    for (const node of nodes) treeOf.set(node, t)
  })
  const own: Tie[][] = trees.map(() => [])
  for (const tie of ties) {
    const t = treeOf.get(tie.a)
    if (t !== undefined) own[t]!.push(tie)
  }
  return own
    .map((list) =>
      pairGroup(
        pairs,
        held(pairs, list, search).map(({ pair }) => pair),
        search,
      ),
    )
    .filter(({ columns, nats }) => columns.length >= least && nats > 0)
}

/** `least`: columns of a group whose pairs stand only together. `explained`: whether something else explains a pair, which then counts for nothing. */
export const groupPairs = (
  pairs: NearPairs,
  columnCount: number,
  search: PairSearch,
  least: number,
  explained: (a: number, b: number) => boolean = () => false,
): readonly PairGroup[] => {
  const price = pairPrice(search)
  const open: number[] = []
  for (let i = 0; i < pairs.count; i++) if (!explained(pairs.a[i]!, pairs.b[i]!)) open.push(i)
  const strong = open.filter((i) => pairs.nats[i]! >= price)
  const { component: membership } = connectedComponents(
    columnCount,
    Int32Array.from(strong, (i) => pairs.a[i]!),
    Int32Array.from(strong, (i) => pairs.b[i]!),
  )
  const size = new Map<number, Set<number>>()
  for (const i of strong) {
    const component = membership[pairs.a[i]!]!
    const columns = size.get(component) ?? new Set()
    size.set(component, columns.add(pairs.a[i]!).add(pairs.b[i]!))
  }

  const own = new Map<number, number[]>()
  for (const i of open) {
    const touching = new Set([membership[pairs.a[i]!]!, membership[pairs.b[i]!]!])
    for (const component of touching) {
      const columns = size.get(component)
      if (!columns) continue
      if (pairs.nats[i]! < natsToJoin(columns.size, search)) continue
      const list = own.get(component)
      if (list) list.push(i)
      else own.set(component, [i])
    }
  }
  const groups = [...own.values()].map((list) => pairGroup(pairs, list, search))
  if (!search.trees) return groups
  const taken = new Set(groups.flatMap(({ columns }) => [...columns]))
  groups.push(...groupsOfTies(pairs, open, taken, search, least))
  const joining = joiners(pairs, open, groups, search)
  return groups.map((group, g) =>
    joining[g]!.length === 0 ? group : pairGroup(pairs, [...group.pairs, ...joining[g]!], search),
  )
}
