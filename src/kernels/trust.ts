/**
 * Spreading of trust and distrust over an undirected graph from labelled nodes.
 *
 * `sybilRank`: trust starts at known good nodes and walks a few steps; it stays where the good are, as few edges lead out.
 * T(v) <- sum over neighbours u of w(u, v) T(u) / strength(u), about log2(nodes) times; nodes are ranked by T(v) / strength(v).
 * Qiang Cao, Michael Sirivianos, Xiaowei Yang and Tiago Pregueiro, "Aiding the Detection of Fake Accounts in Large Scale Social
 * Online Services", NSDI 2012.
 *
 * `sybilScar`: residual beliefs p (probability of bad minus 1/2) from priors q by  p <- q + 2 W p,  with W(u, v) = w(u, v) /
 * (2 strength(v)) (SybilSCAR-D) or the constant c w(u, v) (SybilSCAR-C); converges where the spectral radius of W is below 1/2.
 * Binghui Wang, Le Zhang and Neil Zhenqiang Gong, "SybilSCAR: Sybil detection in online social networks via local rule based
 * propagation", IEEE INFOCOM 2017; convergence and both variants in IEEE Transactions on Network Science and Engineering 2018.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { UndirectedCsr } from './csr.js'

const strengthOf = (graph: UndirectedCsr): Float64Array => {
  const { rowCount, offsets, weights } = graph
  const strength = new Float64Array(rowCount)
  for (let v = 0; v < rowCount; v++)
    if (weights) for (let k = offsets[v]!; k < offsets[v + 1]!; k++) strength[v]! += weights[k]!
    else strength[v] = offsets[v + 1]! - offsets[v]!
  return strength
}

/** into[v] = sum over neighbours u of w(u, v) from[u]. */
const spread = (graph: UndirectedCsr, from: Float64Array, into: Float64Array, check: Check): void => {
  const { rowCount, offsets, columns, weights } = graph
  let steps = 0
  for (let v = 0; v < rowCount; v++) {
    const start = offsets[v]!
    const end = offsets[v + 1]!
    let sum = 0
    if (weights === null) for (let k = start; k < end; k++) sum += from[columns[k]!]!
    else for (let k = start; k < end; k++) sum += weights[k]! * from[columns[k]!]!
    into[v] = sum
    steps += end - start + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
}

export interface SybilRankOptions {
  /** Steps of the walk; default log2(nodes) rounded up. More lets trust leak everywhere. */
  readonly steps?: number
  readonly check?: Check
}

/**
 * Trust by strength of each node: not negative, the lower the less trusted; 0 for nodes without edges. `trusted` holds at least
 * one node. Loops are ignored. Comparable within one connected component that holds a trusted node.
 */
export const sybilRank = (graph: UndirectedCsr, trusted: Int32Array, options: SybilRankOptions = {}): Float64Array => {
  const n = graph.rowCount
  const { steps = Math.ceil(Math.log2(Math.max(2, n))), check = neverCancelled } = options
  if (trusted.length === 0) throw new RangeError('SybilRank needs at least one trusted node')
  if (!(Number.isInteger(steps) && steps >= 0))
    throw new RangeError(`steps must be a whole number from 0, not ${steps}`)
  const strength = strengthOf(graph)
  const trust = new Float64Array(n)
  for (let i = 0; i < trusted.length; i++) {
    const v = trusted[i]!
    if (!(v >= 0 && v < n)) throw new RangeError(`trusted node ${v} is outside 0 .. ${n - 1}`)
    trust[v]! += n / trusted.length
  }
  const share = new Float64Array(n)
  for (let step = 0; step < steps; step++) {
    for (let v = 0; v < n; v++) share[v] = strength[v]! > 0 ? trust[v]! / strength[v]! : 0
    spread(graph, share, trust, check)
  }
  for (let v = 0; v < n; v++) share[v] = strength[v]! > 0 ? trust[v]! / strength[v]! : 0
  return share
}

export interface SybilScarOptions {
  /** 'degree' (variant D, the default) or a constant above 0 (variant C; below 1 / (2 x the greatest strength) it always converges). */
  readonly coupling?: 'degree' | number
  /** Share of a neighbour's belief that is passed on with 'degree', above 0 to 1; below 1 it always converges. Default .9. */
  readonly damping?: number
  /** Ends when no belief changes by more; default 1e-6. */
  readonly tolerance?: number
  /** Default 100; reaching it is said in the result. */
  readonly maxRounds?: number
  readonly check?: Check
}

export interface SybilScar {
  /** Probability-like belief that a node is bad, clipped to 0 .. 1; 1/2 is no evidence. */
  readonly belief: Float64Array
  readonly rounds: number
  readonly converged: boolean
}

/** `prior` holds a number from 0 (good) to 1 (bad) a node; 1/2 where nothing is known. Loops are ignored. */
export const sybilScar = (graph: UndirectedCsr, prior: Float64Array, options: SybilScarOptions = {}): SybilScar => {
  const { coupling = 'degree', damping = 0.9, tolerance = 1e-6, maxRounds = 100, check = neverCancelled } = options
  const n = graph.rowCount
  if (prior.length !== n) throw new RangeError(`prior has ${prior.length} entries, the graph ${n} nodes`)
  for (let v = 0; v < n; v++)
    if (!(prior[v]! >= 0 && prior[v]! <= 1)) throw new RangeError(`prior[${v}] is ${prior[v]}, outside 0 .. 1`)
  if (coupling !== 'degree' && !(coupling > 0)) throw new RangeError(`the coupling must be above 0, not ${coupling}`)
  if (!(damping > 0 && damping <= 1)) throw new RangeError(`the damping must be above 0 and at most 1, not ${damping}`)
  const factor = strengthOf(graph)
  for (let v = 0; v < n; v++)
    factor[v] = coupling === 'degree' ? (factor[v]! > 0 ? damping / factor[v]! : 0) : 2 * coupling
  let belief = new Float64Array(n)
  for (let v = 0; v < n; v++) belief[v] = prior[v]! - 0.5
  let next = new Float64Array(n)
  let rounds = 0
  let converged = false
  while (!converged && rounds < maxRounds) {
    spread(graph, belief, next, check)
    let change = 0
    for (let v = 0; v < n; v++) {
      // Beliefs beyond certainty are cut, which also keeps a coupling that is too strong from growing without bound.
      const p = Math.max(-0.5, Math.min(0.5, prior[v]! - 0.5 + factor[v]! * next[v]!))
      const moved = Math.abs(p - belief[v]!)
      if (moved > change) change = moved
      next[v] = p
    }
    const held = belief
    belief = next
    next = held
    rounds++
    converged = change <= tolerance
  }
  for (let v = 0; v < n; v++) belief[v]! += 0.5
  return { belief, rounds, converged }
}
