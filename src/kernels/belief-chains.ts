/**
 * The chains that carry a belief of belief-system.ts: walks without an immediate return from a node that was given something to the one
 * that is asked about, each with its amount. All of them together are the belief.
 *
 * With x(i -> j) for what i tells j, that is t(j, i) times all of b(i) that did not come from j:
 *   x(i -> j) = (t(j, i) b(i) - t(j, i) t(i, j) b(j)) / (1 - t(i, j) t(j, i)),   b(j) = e(j) + sum over i of x(i -> j),
 *   x(i -> j) = t(j, i) (e(i) + sum over k other than j of x(k -> i)).
 * The search follows the greatest amount first from the end to its sources, so what it finds comes by falling amount where all have one
 * sign, and what it leaves is known exactly.
 */
import { type BeliefSystem, heard } from './belief-system.js'

export interface Chain {
  /** From the node that was given something to the one asked about; a node may come again where there are cycles. */
  readonly nodes: Int32Array
  readonly amount: number
}

export interface Chains {
  readonly chains: readonly Chain[]
  /** The belief less the amounts of the chains. */
  readonly rest: number
}

export interface ChainOptions {
  /** Chains at most, default 10. */
  readonly most?: number
  /** Ends when the rest is at most this share of the belief, default .01. */
  readonly leave?: number
  /** Steps of the search at most, default 20,000: each looks at the ties of one node. */
  readonly steps?: number
}

/** Open walks below this share of the belief are left in the rest: they are many and say nothing. */
const WORTH_FOLLOWING = 1e-5

/** A heap of open walks by falling size of what they carry; ties by number, so that the order is the same each time. */
class OpenWalks {
  readonly node: number[] = []
  /** The walk that this one goes on from, -1 for the node asked about itself. */
  readonly parent: number[] = []
  /** Product of the shares from here to the end. */
  readonly product: number[] = []
  readonly amount: number[] = []
  /** 1 where the walk begins here: its amount is what the node was given. */
  readonly closed: number[] = []
  readonly #heap: number[] = []

  add(node: number, parent: number, product: number, amount: number, closed: 0 | 1): void {
    const id = this.node.length
    this.node.push(node)
    this.parent.push(parent)
    this.product.push(product)
    this.amount.push(amount)
    this.closed.push(closed)
    let at = this.#heap.length
    this.#heap.push(id)
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!this.#before(id, this.#heap[up]!)) break
      this.#heap[at] = this.#heap[up]!
      at = up
    }
    this.#heap[at] = id
  }

  /** -1 when there is none. */
  take(): number {
    const top = this.#heap[0]
    const last = this.#heap.pop()
    if (top === undefined || last === undefined) return -1
    const size = this.#heap.length
    if (size === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child++
      if (!this.#before(this.#heap[child]!, last)) break
      this.#heap[at] = this.#heap[child]!
      at = child
    }
    this.#heap[at] = last
    return top
  }

  #before(a: number, b: number): boolean {
    const first = Math.abs(this.amount[a]!)
    const second = Math.abs(this.amount[b]!)
    return first > second || (first === second && a < b)
  }
}

/** Calls `visit` with what each neighbour tells `node`: t(node, neighbour) and x(neighbour -> node). */
export const eachTold = (
  { offsets, columns, incoming, outgoing, dilution, reach }: BeliefSystem,
  belief: Float64Array,
  node: number,
  visit: (neighbour: number, share: number, amount: number, entry: number) => void,
): void => {
  for (let k = offsets[node]!; k < offsets[node + 1]!; k++) {
    if (incoming[k] === 0) continue
    const other = columns[k]!
    const share = heard(incoming[k]!, outgoing[k]!) * dilution[node]! * reach[other]!
    if (share === 0) continue
    const back = heard(outgoing[k]!, incoming[k]!) * dilution[other]! * reach[node]!
    visit(other, share, (share * (belief[other]! - back * belief[node]!)) / (1 - share * back), k)
  }
}

/** `belief` solves the system for `explicit`; its error is part of the rest. */
export const beliefChains = (
  system: BeliefSystem,
  explicit: Float64Array,
  belief: Float64Array,
  target: number,
  options: ChainOptions = {},
): Chains => {
  const { most = 10, leave = 0.01, steps = 20_000 } = options
  if (!(target >= 0 && target < system.rowCount))
    throw new RangeError(`node ${target} is outside 0 .. ${system.rowCount - 1}`)
  const total = belief[target]!
  const chains: Chain[] = []
  let rest = total
  if (total === 0 && explicit[target] === 0) return { chains, rest }
  const least = Math.abs(total) * WORTH_FOLLOWING
  const open = new OpenWalks()
  const expand = (walk: number, node: number, cameFrom: number, product: number): void => {
    if (explicit[node] !== 0) open.add(node, walk, product, product * explicit[node]!, 1)
    eachTold(system, belief, node, (other, share, amount) => {
      if (other !== cameFrom && Math.abs(product * amount) > least)
        open.add(other, walk, product * share, product * amount, 0)
    })
  }
  expand(-1, target, -1, 1)
  for (let step = 0; step < steps && chains.length < most && Math.abs(rest) > leave * Math.abs(total); step++) {
    const walk = open.take()
    if (walk < 0) break
    if (open.closed[walk] === 1) {
      // A closed walk stands for the node of its parent, where it begins.
      const nodes: number[] = []
      for (let at = open.parent[walk]!; at >= 0; at = open.parent[at]!) nodes.push(open.node[at]!)
      nodes.push(target)
      chains.push({ nodes: Int32Array.from(nodes), amount: open.amount[walk]! })
      rest -= open.amount[walk]!
      continue
    }
    const parent = open.parent[walk]!
    const cameFrom = parent < 0 ? target : open.node[parent]!
    expand(walk, open.node[walk]!, cameFrom, open.product[walk]!)
  }
  return { chains, rest }
}
