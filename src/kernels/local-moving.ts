/**
 * The local moving phase that Louvain and Leiden share: each node joins the neighbouring community that gains most, and a
 * queue holds the nodes whose neighbourhood changed since they were last looked at.
 *
 * Quality (times 2m for modularity) is  sum over communities C of  e(C) - lambda * mass(C)^2 / 2, where e(C) is the weight
 * inside C. With mass = strength and lambda = resolution / 2m that is modularity; with mass = node size and lambda =
 * resolution it is the constant Potts model (CPM). Moving v from its own community A to B gains
 *     (E(v,B) - lambda m_v mass(B)) - (E(v,A-v) - lambda m_v mass(A-v)).
 *
 * Vincent D. Blondel, Jean-Loup Guillaume, Renaud Lambiotte and Etienne Lefebvre, "Fast unfolding of communities in large
 * networks", J. Stat. Mech. 2008 P10008. The queue: V. A. Traag, L. Waltman and N. J. van Eck, "From Louvain to Leiden:
 * guaranteeing well-connected communities", Scientific Reports 9, 5233 (2019).
 */
import { type Check, checkInterval } from './check.js'

/** A symmetric CSR whose nodes have a mass. Loops are inside every community, so they count in the mass only. */
export interface MassGraph {
  readonly nodeCount: number
  readonly offsets: Int32Array
  readonly columns: Int32Array
  /** Whole numbers where the graph itself has no weights: numbers of edges, in half the memory. */
  readonly weights: Float64Array | Int32Array | null
  readonly mass: Float64Array
}

/** Work arrays for graphs of up to `size` nodes, made once for all levels. */
export interface Scratch {
  /** Two numbers a community: weight from the node at hand (0 between nodes), and the community's mass. Side by side for the cache. */
  readonly tally: Float64Array
  /** One longer, as the place after the last is written to as well. */
  readonly touched: Int32Array
  readonly queue: Int32Array
  readonly queued: Uint8Array
  /** Number of nodes of each community. */
  readonly size: Int32Array
  readonly empty: Int32Array
}

export const createScratch = (size: number): Scratch => ({
  tally: new Float64Array(2 * size),
  touched: new Int32Array(size + 1),
  queue: new Int32Array(size),
  queued: new Uint8Array(size),
  size: new Int32Array(size),
  empty: new Int32Array(size),
})

/** A move must gain more than this share of the mean weight of a node, or rounding could move nodes back and forth for ever. */
const leastGain = 1e-10

/**
 * Moves nodes until none gains, or until a whole round of the queue gains less than `tolerance` (in the units of the edge
 * weights). `membership` holds community numbers below nodeCount and is changed in place. `order` holds the nodes to look at first,
 * each once: all of them in any order, or only those around a change. Returns the quality gained, in the units of the edge weights.
 */
export const moveNodes = (
  graph: MassGraph,
  membership: Int32Array,
  lambda: number,
  order: Int32Array,
  tolerance: number,
  scratch: Scratch,
  check: Check,
): number => {
  const { nodeCount, offsets, columns, weights, mass } = graph
  const { tally, touched, queue, queued, size, empty } = scratch
  tally.fill(0, 0, 2 * nodeCount)
  size.fill(0, 0, nodeCount)
  for (let v = 0; v < nodeCount; v++) {
    const c = membership[v]!
    tally[2 * c + 1]! += mass[v]!
    size[c]!++
  }
  for (let i = 0; i < order.length; i++) {
    queue[i] = order[i]!
    queued[order[i]!] = 1
  }
  let empties = 0
  for (let c = nodeCount - 1; c >= 0; c--) if (size[c] === 0) empty[empties++] = c

  let head = 0
  let waiting = order.length
  let untilRoundEnds = waiting
  let roundGain = 0
  let total = 0
  let entriesSeen = 0
  while (waiting > 0) {
    const v = queue[head]!
    if (++head === nodeCount) head = 0
    waiting--
    queued[v] = 0
    const from = offsets[v]!
    const to = offsets[v + 1]!
    const own = membership[v]!
    let found = 0
    for (let k = from; k < to; k++) {
      const c = membership[columns[k]!]!
      const seen = tally[2 * c]!
      // Without a branch: whether a community was seen before cannot be predicted.
      touched[found] = c
      found += Number(seen === 0)
      tally[2 * c] = seen + (weights === null ? 1 : weights[k]!)
    }
    const m = mass[v]!
    const pull = lambda * m
    const stay = tally[2 * own]! - pull * (tally[2 * own + 1]! - m)
    let best = own
    let bestGain = stay + leastGain * m
    for (let i = 0; i < found; i++) {
      const c = touched[i]!
      const gain = tally[2 * c]! - pull * tally[2 * c + 1]!
      tally[2 * c] = 0
      if (gain > bestGain && c !== own) {
        best = c
        bestGain = gain
      }
    }
    if (bestGain < 0 && size[own]! > 1) {
      best = empty[--empties]!
      bestGain = 0
    }
    if (best !== own) {
      roundGain += bestGain - stay
      tally[2 * own + 1]! -= m
      tally[2 * best + 1]! += m
      if (--size[own]! === 0) empty[empties++] = own
      size[best]!++
      membership[v] = best
      for (let k = from; k < to; k++) {
        const u = columns[k]!
        if (queued[u] === 0 && membership[u] !== best) {
          queued[u] = 1
          let tail = head + waiting
          if (tail >= nodeCount) tail -= nodeCount
          queue[tail] = u
          waiting++
        }
      }
    }
    entriesSeen += to - from + 1
    if (entriesSeen >= checkInterval) {
      entriesSeen = 0
      check()
    }
    if (--untilRoundEnds === 0) {
      total += roundGain
      if (roundGain < tolerance) break
      roundGain = 0
      untilRoundEnds = waiting
    }
  }
  while (waiting > 0) {
    queued[queue[head]!] = 0
    if (++head === nodeCount) head = 0
    waiting--
  }
  return total
}
