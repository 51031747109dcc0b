/**
 * Label propagation: each node takes the label that most of its neighbours have, by weight, until none changes.
 *
 * Usha Nandini Raghavan, Réka Albert and Soundar Kumara, "Near linear time algorithm to detect community structures in
 * large-scale networks", Physical Review E 76, 036106 (2007). Asynchronous, in a random order; among equal labels the node
 * keeps its own, else one is drawn (by a hash of seed, node and label, so that the order of the tally does not matter). A queue
 * holds the nodes whose neighbourhood changed (Vincent A. Traag and Lovro Šubelj, "Large network community detection by fast
 * label propagation", Scientific Reports 13, 2701 (2023)). Changes only where the weight of like neighbours grows, so it ends.
 * A label may end up in several pieces: they become communities of their own.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { blockOrder, renumber, splitDisconnected } from './communities.js'
import type { UndirectedCsr } from './csr.js'
import { Random } from './random.js'

export interface LabelPropagationOptions {
  readonly seed?: number
  /** Labels to start from, 0 .. nodes - 1; default: each node its own. */
  readonly initial?: Int32Array
  /** Nodes that keep their initial label where not 0. */
  readonly fixed?: Uint8Array
  readonly check?: Check
}

/** How much heavier another label must be: more than rounding of the sums, so that no label swings for ever. */
const leastGain = 1 + 1e-12

/** Murmur-style mix: an order of labels at a node that is random but does not depend on anything else. */
const draw = (seed: number, node: number, label: number): number => {
  let x = Math.imul(node ^ seed, 0x85ebca6b) ^ Math.imul(label, 0xc2b2ae35)
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  return (x ^ (x >>> 13)) >>> 0
}

/** Communities numbered by their smallest nodes, each connected unless `fixed` labels keep it apart. */
export const labelPropagation = (
  graph: UndirectedCsr,
  options: LabelPropagationOptions = {},
): { readonly count: number; readonly community: Int32Array } => {
  const { seed = 0, initial, fixed, check = neverCancelled } = options
  const { rowCount: n, offsets, columns, weights } = graph
  if (initial && initial.length !== n) throw new RangeError(`the initial labels are ${initial.length}, the nodes ${n}`)
  if (fixed && (!initial || fixed.length !== n))
    throw new RangeError('fixed labels need an initial label for each node')
  const label = new Int32Array(n)
  for (let v = 0; v < n; v++) {
    label[v] = initial ? initial[v]! : v
    if (!(label[v]! >= 0 && label[v]! < n))
      throw new RangeError(`the label ${label[v]} of node ${v} is outside 0 .. ${n - 1}`)
  }
  const queue = blockOrder(n, new Random(seed))
  const queued = new Uint8Array(n).fill(1)
  const tally = new Float64Array(n)
  const touched = new Int32Array(n)
  let head = 0
  let waiting = n
  let steps = 0
  while (waiting > 0) {
    const v = queue[head]!
    if (++head === n) head = 0
    waiting--
    queued[v] = 0
    if (fixed?.[v]) continue
    const from = offsets[v]!
    const to = offsets[v + 1]!
    let found = 0
    for (let k = from; k < to; k++) {
      const c = label[columns[k]!]!
      if (tally[c] === 0) touched[found++] = c
      tally[c]! += weights ? weights[k]! : 1
    }
    const own = label[v]!
    let best = own
    let most = tally[own]! * leastGain
    let drawn = 0
    for (let i = 0; i < found; i++) {
      const c = touched[i]!
      const weight = tally[c]!
      if (weight > most) {
        best = c
        most = weight
        drawn = draw(seed, v, c)
      } else if (weight === most && best !== own) {
        const other = draw(seed, v, c)
        if (other > drawn || (other === drawn && c < best)) {
          best = c
          drawn = other
        }
      }
    }
    for (let i = 0; i < found; i++) tally[touched[i]!] = 0
    if (best !== own) {
      label[v] = best
      for (let k = from; k < to; k++) {
        const u = columns[k]!
        if (queued[u] === 0 && label[u] !== best) {
          queued[u] = 1
          let tail = head + waiting++
          if (tail >= n) tail -= n
          queue[tail] = u
        }
      }
    }
    steps += to - from + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  if (fixed) return { count: renumber(label), community: label }
  const pieces = new Int32Array(n)
  const count = splitDisconnected({ nodeCount: n, offsets, columns, weights, mass: tally }, label, pieces, touched)
  return { count, community: pieces }
}
