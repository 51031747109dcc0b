/**
 * Random graphs with the same degrees, as null models: each source keeps its number of edges and each target its own.
 *
 * - `shuffleTargets` deals the targets of all edges out anew (the configuration model); pairs may repeat, as they may in logs of
 *   interactions. Every assignment is equally likely. M. E. J. Newman, S. H. Strogatz and D. J. Watts, "Random graphs with
 *   arbitrary degree distributions and their applications", Physical Review E 64, 026118 (2001).
 * - `swapEdges` exchanges the targets of two edges at a time where that makes no pair that is there already (and no loop where
 *   they are forbidden), so pairs stay distinct. Its Markov chain has the uniform distribution over such graphs as its
 *   stationary one: A. Ramachandra Rao, Rabindranath Jana and Suraj Bandyopadhyay, "A Markov chain Monte Carlo method for
 *   generating random (0, 1)-matrices with given marginals", Sankhyā A 58, 1996; about ten swaps an edge suffice in practice:
 *   R. Milo, N. Kashtan, S. Itzkovitz, M. E. J. Newman and U. Alon, arXiv cond-mat/0312028.
 *
 * With a stratum for each edge, as its hour of the week, targets move only between edges of one stratum: then each source keeps
 * its times, and each target its number of edges in each stratum.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Random } from './random.js'
import { countingArgsort } from './sort.js'

export interface Strata {
  /** Stratum of each edge, 0 .. count - 1. */
  readonly stratum: Int32Array | Uint8Array | Uint16Array
  readonly count: number
}

/** Edges by stratum, and where each stratum starts; one stratum where none are given. */
const grouped = (edges: number, strata: Strata | null): { order: Int32Array; starts: Int32Array } => {
  if (strata === null) {
    const order = new Int32Array(edges)
    for (let e = 0; e < edges; e++) order[e] = e
    return { order, starts: Int32Array.of(0, edges) }
  }
  if (strata.stratum.length !== edges) throw new RangeError(`${strata.stratum.length} strata for ${edges} edges`)
  const order = countingArgsort(strata.stratum, strata.count)
  const starts = new Int32Array(strata.count + 1)
  for (let e = 0; e < edges; e++) starts[strata.stratum[e]! + 1]!++
  for (let s = 0; s < strata.count; s++) starts[s + 1]! += starts[s]!
  return { order, starts }
}

/** New targets for the edges; the i-th belongs to the same source (and time) as before. */
export const shuffleTargets = (
  target: Int32Array,
  random: Random,
  strata: Strata | null = null,
  check: Check = neverCancelled,
): Int32Array => {
  const { order, starts } = grouped(target.length, strata)
  const shuffled = target.slice()
  for (let s = 0; s + 1 < starts.length; s++) {
    const from = starts[s]!
    for (let i = starts[s + 1]! - 1; i > from; i--) {
      if (i % checkInterval === 0) check()
      const a = order[i]!
      const b = order[from + random.below(i - from + 1)]!
      const held = shuffled[a]!
      shuffled[a] = shuffled[b]!
      shuffled[b] = held
    }
  }
  return shuffled
}

/** Pairs that are there: open addressing with linear probing, and backward shifts on removal, so that no marks pile up. */
class PairSet {
  readonly #mask: number
  readonly #a: Int32Array
  readonly #b: Int32Array

  constructor(capacity: number) {
    let size = 16
    while (size < capacity * 2) size *= 2
    this.#mask = size - 1
    this.#a = new Int32Array(size).fill(-1)
    this.#b = new Int32Array(size)
  }

  #home(a: number, b: number): number {
    let x = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77)
    x = Math.imul(x ^ (x >>> 15), 0xc2b2ae3d)
    return (x ^ (x >>> 13)) & this.#mask
  }

  has(a: number, b: number): boolean {
    for (let i = this.#home(a, b); this.#a[i] !== -1; i = (i + 1) & this.#mask)
      if (this.#a[i] === a && this.#b[i] === b) return true
    return false
  }

  add(a: number, b: number): void {
    let i = this.#home(a, b)
    while (this.#a[i] !== -1) i = (i + 1) & this.#mask
    this.#a[i] = a
    this.#b[i] = b
  }

  delete(a: number, b: number): void {
    let hole = this.#home(a, b)
    while (!(this.#a[hole] === a && this.#b[hole] === b)) hole = (hole + 1) & this.#mask
    for (let i = (hole + 1) & this.#mask; this.#a[i] !== -1; i = (i + 1) & this.#mask) {
      const home = this.#home(this.#a[i]!, this.#b[i]!)
      if (((i - home) & this.#mask) >= ((i - hole) & this.#mask)) {
        this.#a[hole] = this.#a[i]!
        this.#b[hole] = this.#b[i]!
        hole = i
      }
    }
    this.#a[hole] = -1
  }
}

export interface SwapOptions {
  /** Sweeps over all edges, each trying one swap an edge with a random partner; default 10. */
  readonly sweeps?: number
  /** Where true (one set of nodes), an edge from a node to itself is not made. Default false. */
  readonly forbidLoops?: boolean
  readonly strata?: Strata | null
  readonly check?: Check
}

/**
 * New targets for the edges, without repeated pairs. Throws RangeError where the given pairs are not distinct. A graph that has
 * no other with its degrees (a star, a complete graph) comes back as it is.
 */
export const swapEdges = (
  source: Int32Array,
  target: Int32Array,
  random: Random,
  options: SwapOptions = {},
): Int32Array => {
  const { sweeps = 10, forbidLoops = false, strata = null, check = neverCancelled } = options
  const edges = source.length
  if (target.length !== edges) throw new RangeError(`${edges} sources and ${target.length} targets`)
  const { order, starts } = grouped(edges, strata)
  const pairs = new PairSet(edges)
  for (let e = 0; e < edges; e++) {
    if (!(source[e]! >= 0)) throw new RangeError(`source ${source[e]} of edge ${e} must not be negative`)
    if (pairs.has(source[e]!, target[e]!))
      throw new RangeError(
        `the pair ${source[e]}, ${target[e]} occurs twice (edge ${e}): merge edges first, or use shuffleTargets`,
      )
    pairs.add(source[e]!, target[e]!)
  }
  const swapped = target.slice()
  let steps = 0
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let s = 0; s + 1 < starts.length; s++) {
      const from = starts[s]!
      const size = starts[s + 1]! - from
      if (size < 2) continue
      for (let i = 0; i < size; i++) {
        if (++steps % checkInterval === 0) check()
        const e = order[from + i]!
        const f = order[from + random.below(size)]!
        const u = source[e]!
        const v = source[f]!
        const x = swapped[e]!
        const y = swapped[f]!
        if (u === v || x === y || (forbidLoops && (u === y || v === x))) continue
        if (pairs.has(u, y) || pairs.has(v, x)) continue
        pairs.delete(u, x)
        pairs.delete(v, y)
        pairs.add(u, y)
        pairs.add(v, x)
        swapped[e] = y
        swapped[f] = x
      }
    }
  return swapped
}
