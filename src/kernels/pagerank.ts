/**
 * PageRank, global or personalized:  x = (1 - d) t + d P' x  with damping d, teleport distribution t, and P(u, v) = w(u, v) /
 * strength(u); a node without outgoing edges (dangling) jumps by t.
 *
 * Lawrence Page, Sergey Brin, Rajeev Motwani and Terry Winograd, "The PageRank Citation Ranking: Bringing Order to the Web",
 * Stanford InfoLab 1999-66. Dropping the dangling jumps and scaling the solution to sum 1 at the end gives the same x: Gianna
 * M. Del Corso, Antonio Gulli and Francesco Romani, "Fast PageRank Computation via a Sparse Linear System", Internet
 * Mathematics 2(3), 2005. Solved by Gauss-Seidel sweeps, on undirected graphs with successive over-relaxation: there the
 * system is symmetric positive definite after scaling by the strengths, so every factor in (0, 2) converges, and
 * 2 / (1 + sqrt(1 - d^2)) is the best where the graph is bipartite (David M. Young, "Iterative Solution of Large Linear
 * Systems", 1971, chapter 6). The start there is the strength, to which PageRank is close.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { type Csr, transpose, type UndirectedCsr } from './csr.js'

export interface PageRankOptions {
  /** 0 to below 1, default .85. */
  readonly damping?: number
  /** Bound on the sum over nodes of the error of the result, above 0; default 1e-10. */
  readonly tolerance?: number
  /** Default 10,000: reached only where damping is close to 1. */
  readonly maxSweeps?: number
  /** Teleport weights, not negative, with a sum above 0; default uniform. */
  readonly teleport?: Float64Array
  readonly check?: Check
}

export interface PageRank {
  /** Sums to 1 where there are nodes. */
  readonly rank: Float64Array
  readonly sweeps: number
}

const teleportOf = (nodeCount: number, given: Float64Array | undefined): Float64Array => {
  if (given === undefined) return new Float64Array(nodeCount).fill(1 / nodeCount)
  if (given.length !== nodeCount)
    throw new RangeError(`teleport has ${given.length} entries, the graph ${nodeCount} nodes`)
  let sum = 0
  for (let v = 0; v < nodeCount; v++) {
    if (!(given[v]! >= 0 && given[v]! < Infinity)) throw new RangeError(`teleport[${v}] is ${given[v]}, not a weight`)
    sum += given[v]!
  }
  if (!(sum > 0)) throw new RangeError('teleport has no weight: give at least one node a weight above 0')
  const teleport = new Float64Array(nodeCount)
  for (let v = 0; v < nodeCount; v++) teleport[v] = given[v]! / sum
  return teleport
}

/**
 * Sweeps over y = x / strength until the change bounds the error. `pull` holds the in-edges of each node (for an undirected
 * graph its edges); `scale[v]` is 1 / strength(v), 0 for dangling nodes, whose x is read off at the end.
 */
const sweep = (
  pull: Csr,
  scale: Float64Array,
  loops: Float64Array | null,
  y: Float64Array,
  teleport: Float64Array,
  damping: number,
  relaxation: number,
  tolerance: number,
  maxSweeps: number,
  check: Check,
): number => {
  const { rowCount, offsets, columns, weights } = pull
  let steps = 0
  for (let sweeps = 1; sweeps <= maxSweeps; sweeps++) {
    let change = 0
    for (let v = 0; v < rowCount; v++) {
      const s = scale[v]!
      if (s === 0) continue
      const from = offsets[v]!
      const to = offsets[v + 1]!
      let sum = 0
      if (weights === null) for (let k = from; k < to; k++) sum += y[columns[k]!]!
      else for (let k = from; k < to; k++) sum += weights[k]! * y[columns[k]!]!
      const loop = loops === null ? 0 : loops[v]!
      // A loop returns its share at once: solving for it keeps the matrix free of a diagonal.
      const next = (((1 - damping) * teleport[v]! + damping * sum) * s) / (1 - damping * loop * s)
      const step = relaxation * (next - y[v]!)
      change += Math.abs(step) / s
      y[v] = y[v]! + step
      steps += to - from + 1
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
    }
    if (change * damping < tolerance * (1 - damping)) return sweeps
  }
  throw new RangeError(`PageRank did not settle within ${maxSweeps} sweeps: raise the tolerance or lower the damping`)
}

const solve = (
  pull: Csr,
  strength: Float64Array,
  loops: Float64Array | null,
  start: Float64Array,
  relaxation: number,
  damping: number,
  options: PageRankOptions,
): PageRank => {
  const { tolerance = 1e-10, maxSweeps = 10_000, check = neverCancelled } = options
  if (!(tolerance > 0)) throw new RangeError(`the tolerance must be above 0, not ${tolerance}`)
  const n = pull.rowCount
  if (n === 0) return { rank: new Float64Array(0), sweeps: 0 }
  const teleport = teleportOf(n, options.teleport)
  const scale = new Float64Array(n)
  const y = new Float64Array(n)
  for (let v = 0; v < n; v++) {
    scale[v] = strength[v]! > 0 ? 1 / strength[v]! : 0
    y[v] = start[v]! * scale[v]!
  }
  const sweeps = sweep(pull, scale, loops, y, teleport, damping, relaxation, tolerance, maxSweeps, check)
  const rank = new Float64Array(n)
  let sum = 0
  for (let v = 0; v < n; v++) {
    if (scale[v]! > 0) rank[v] = y[v]! * strength[v]!
    else {
      let pulled = 0
      for (let k = pull.offsets[v]!; k < pull.offsets[v + 1]!; k++)
        pulled += (pull.weights ? pull.weights[k]! : 1) * y[pull.columns[k]!]!
      rank[v] = (1 - damping) * teleport[v]! + damping * pulled
    }
    sum += rank[v]!
  }
  for (let v = 0; v < n; v++) rank[v]! /= sum
  return { rank, sweeps }
}

const dampingOf = ({ damping = 0.85 }: PageRankOptions): number => {
  if (!(damping >= 0 && damping < 1)) throw new RangeError(`the damping must be from 0 to below 1, not ${damping}`)
  return damping
}

/** PageRank of a directed graph given by its outgoing edges; an entry (v, v) is a loop. */
export const pageRank = (out: Csr, options: PageRankOptions = {}): PageRank => {
  const damping = dampingOf(options)
  const n = out.rowCount
  if (out.columnCount !== n)
    throw new RangeError(`rows and columns must be the same nodes, not ${n} and ${out.columnCount}`)
  const strength = new Float64Array(n)
  for (let v = 0; v < n; v++)
    for (let k = out.offsets[v]!; k < out.offsets[v + 1]!; k++) strength[v]! += out.weights ? out.weights[k]! : 1
  const start = teleportOf(n, options.teleport)
  return solve(transpose(out, options.check), strength, null, start, 1, damping, options)
}

/** PageRank of an undirected graph; each edge is followed both ways, and a loop counts as two ends. */
export const pageRankUndirected = (graph: UndirectedCsr, options: PageRankOptions = {}): PageRank => {
  const damping = dampingOf(options)
  const { rowCount: n, offsets, weights, loops } = graph
  const strength = new Float64Array(n)
  let all = 0
  for (let v = 0; v < n; v++) {
    let sum = loops ? 2 * loops[v]! : 0
    if (weights) for (let k = offsets[v]!; k < offsets[v + 1]!; k++) sum += weights[k]!
    else sum += offsets[v + 1]! - offsets[v]!
    strength[v] = sum
    all += sum
  }
  const start = new Float64Array(n)
  // Near the solution only where every node teleports; a personalized start is where the mass comes from.
  if (options.teleport) start.set(teleportOf(n, options.teleport))
  else for (let v = 0; v < n; v++) start[v] = all > 0 ? strength[v]! / all : 0
  const relaxation = 2 / (1 + Math.sqrt(1 - damping * damping))
  const doubled = loops?.map((w) => 2 * w) ?? null
  return solve(graph, strength, doubled, start, relaxation, damping, options)
}
