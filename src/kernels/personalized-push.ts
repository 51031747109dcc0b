/**
 * Personalized PageRank near a few seeds, by pushing: work depends on the accuracy, never on the size of the graph.
 *
 * Reid Andersen, Fan Chung and Kevin Lang, "Local Graph Partitioning using PageRank Vectors", FOCS 2006. With p = 0 and r =
 * the seeds: while some r(u) > epsilon strength(u), p(u) += alpha r(u), and (1 - alpha) r(u) goes to the neighbours of u in
 * proportion to the weights (the walk without laziness). At the end  0 <= pageRank(v) - p(v) <= epsilon strength(v)  for
 * undirected graphs, after at most (sum of seeds) / (alpha epsilon) units of pushed strength.
 *
 * `sweepCut` orders nodes by p(v) / strength(v) and takes the prefix of least conductance, as in the same paper, section 4.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { UndirectedCsr } from './csr.js'
import { argsortFloat64 } from './sort.js'

export interface PushOptions {
  /** Chance to stop at each step, above 0 to below 1; default .15. */
  readonly alpha?: number
  /** Error allowed per unit of strength, above 0; default 1e-6. */
  readonly epsilon?: number
  readonly check?: Check
}

export interface SparseVector {
  /** Ascending. */
  readonly nodes: Int32Array
  readonly values: Float64Array
}

export interface Push extends SparseVector {
  /** Mass that was not pushed further: sum of values + residual = sum of the seeds' weights. */
  readonly residual: number
}

/** Work arrays for graphs of up to `size` nodes; all zero between calls, so that a call costs only what it touches. */
export class PushScratch {
  readonly p: Float64Array
  readonly r: Float64Array
  readonly seen: Uint8Array
  readonly queued: Uint8Array
  readonly queue: Int32Array
  readonly touched: Int32Array

  constructor(size: number) {
    this.p = new Float64Array(size)
    this.r = new Float64Array(size)
    this.seen = new Uint8Array(size)
    this.queued = new Uint8Array(size)
    this.queue = new Int32Array(size)
    this.touched = new Int32Array(size)
  }
}

const strengthOf = ({ offsets, weights, loops }: UndirectedCsr, v: number): number => {
  const loop = loops ? 2 * loops[v]! : 0
  if (!weights) return loop + offsets[v + 1]! - offsets[v]!
  let sum = loop
  for (let k = offsets[v]!; k < offsets[v + 1]!; k++) sum += weights[k]!
  return sum
}

/** Strengths of all nodes; needed once a graph. */
export const strengthsOf = (graph: UndirectedCsr): Float64Array => {
  const strength = new Float64Array(graph.rowCount)
  for (let v = 0; v < strength.length; v++) strength[v] = strengthOf(graph, v)
  return strength
}

/** Seeds with weights above 0 (default 1 / number of seeds). A seed without edges keeps its whole mass. */
export const personalizedPush = (
  graph: UndirectedCsr,
  strength: Float64Array,
  seeds: Int32Array,
  seedWeights: Float64Array | null = null,
  options: PushOptions = {},
  scratch: PushScratch = new PushScratch(graph.rowCount),
): Push => {
  const { alpha = 0.15, epsilon = 1e-6, check = neverCancelled } = options
  const { rowCount: n, offsets, columns, weights, loops } = graph
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha must be above 0 and below 1, not ${alpha}`)
  if (!(epsilon > 0)) throw new RangeError(`epsilon must be above 0, not ${epsilon}`)
  const { p, r, seen, queued, queue, touched } = scratch
  if (p.length < n) throw new RangeError(`the scratch holds ${p.length} nodes, the graph has ${n}`)
  for (let i = 0; i < seeds.length; i++) {
    if (!(seeds[i]! >= 0 && seeds[i]! < n)) throw new RangeError(`seed ${seeds[i]} is outside 0 .. ${n - 1}`)
    if (seedWeights && !(seedWeights[i]! > 0 && seedWeights[i]! < Infinity))
      throw new RangeError(`the weight ${seedWeights[i]} of seed ${seeds[i]} must be above 0`)
  }
  let found = 0
  let head = 0
  let waiting = 0
  let steps = 0
  const clear = () => {
    for (let i = 0; i < found; i++) {
      const v = touched[i]!
      p[v] = 0
      r[v] = 0
      seen[v] = 0
      queued[v] = 0
    }
  }
  try {
    for (let i = 0; i < seeds.length; i++) {
      const v = seeds[i]!
      if (seen[v] === 0) {
        seen[v] = 1
        touched[found++] = v
      }
      r[v]! += seedWeights ? seedWeights[i]! : 1 / seeds.length
      if (queued[v] === 0) {
        queued[v] = 1
        queue[(head + waiting++) % n] = v
      }
    }
    while (waiting > 0) {
      const u = queue[head]!
      if (++head === n) head = 0
      waiting--
      queued[u] = 0
      const s = strength[u]!
      if (s === 0) {
        p[u]! += r[u]!
        r[u] = 0
        continue
      }
      if (r[u]! <= epsilon * s) continue
      const mass = r[u]!
      p[u]! += alpha * mass
      const share = ((1 - alpha) * mass) / s
      r[u] = loops ? 2 * loops[u]! * share : 0
      const from = offsets[u]!
      const to = offsets[u + 1]!
      for (let k = from; k < to; k++) {
        const v = columns[k]!
        if (seen[v] === 0) {
          seen[v] = 1
          touched[found++] = v
        }
        r[v]! += weights ? weights[k]! * share : share
        if (queued[v] === 0 && r[v]! > epsilon * strength[v]!) {
          queued[v] = 1
          let tail = head + waiting++
          if (tail >= n) tail -= n
          queue[tail] = v
        }
      }
      if (queued[u] === 0 && r[u]! > epsilon * s) {
        queued[u] = 1
        let tail = head + waiting++
        if (tail >= n) tail -= n
        queue[tail] = u
      }
      steps += to - from + 1
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
    }
    const nodes = touched.slice(0, found).sort()
    let residual = 0
    let kept = 0
    for (let i = 0; i < found; i++) {
      const v = nodes[i]!
      residual += r[v]!
      if (p[v]! > 0) nodes[kept++] = v
    }
    const values = new Float64Array(kept)
    for (let i = 0; i < kept; i++) values[i] = p[nodes[i]!]!
    return { nodes: nodes.slice(0, kept), values, residual }
  } finally {
    clear()
  }
}

export interface SweepCut {
  /** Ascending; empty where no prefix has an edge outside and inside. */
  readonly nodes: Int32Array
  readonly conductance: number
}

/** The prefix of least conductance in the order of value / strength. `volume` is the sum of all strengths. */
export const sweepCut = (
  graph: UndirectedCsr,
  strength: Float64Array,
  vector: SparseVector,
  volume: number,
): SweepCut => {
  const { nodes, values } = vector
  const keys = new Float64Array(nodes.length)
  for (let i = 0; i < nodes.length; i++)
    keys[i] = strength[nodes[i]!]! > 0 ? -values[i]! / strength[nodes[i]!]! : Infinity
  const order = argsortFloat64(keys)
  const inside = new Set<number>()
  let cut = 0
  let inner = 0
  let best = Infinity
  let bestLength = 0
  for (let i = 0; i < order.length; i++) {
    const v = nodes[order[i]!]!
    if (strength[v] === 0) break
    let linked = graph.loops ? 2 * graph.loops[v]! : 0
    cut += strength[v]! - linked
    for (let k = graph.offsets[v]!; k < graph.offsets[v + 1]!; k++)
      if (inside.has(graph.columns[k]!)) {
        linked = graph.weights ? graph.weights[k]! : 1
        cut -= 2 * linked
      }
    inside.add(v)
    inner += strength[v]!
    const smaller = Math.min(inner, volume - inner)
    if (smaller > 0 && cut / smaller < best) {
      best = Math.max(0, cut / smaller)
      bestLength = i + 1
    }
  }
  const chosen = new Int32Array(bestLength)
  for (let i = 0; i < bestLength; i++) chosen[i] = nodes[order[i]!]!
  return { nodes: chosen.sort(), conductance: bestLength > 0 ? best : 1 }
}
