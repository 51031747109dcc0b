/**
 * What Leiden and Louvain share besides local moving: options, the base graph with its masses, numbering, and the split of
 * communities that do not hang together.
 */
import { type Check, neverCancelled } from './check.js'
import type { UndirectedCsr } from './csr.js'
import type { MassGraph } from './local-moving.js'
import { Random } from './random.js'

export interface CommunityOptions {
  /** 'modularity' (Newman and Girvan, with resolution after Reichardt and Bornholdt) or 'cpm' (constant Potts model). Default modularity. */
  readonly quality?: 'modularity' | 'cpm'
  /** Above 0; higher gives smaller communities. Default 1. With 'cpm' it is the least density inside a community. */
  readonly resolution?: number
  /** Default 0. */
  readonly seed?: number
  /** A partition to start from, of any numbers from 0 to nodes - 1, as the last run's. Default: each node alone. */
  readonly initial?: Int32Array
  /** With `initial`: only these nodes are looked at first, as the ends of edges that came or went. Each once. */
  readonly frontier?: Int32Array
  /**
   * Levels of the hierarchy above the graph itself; default as many as gain. With 0, nodes move but communities do not merge:
   * the least work after a small change, where `frontier` is small.
   */
  readonly levels?: number
  /** With 'cpm': what a node counts for; default 1. */
  readonly nodeSize?: Float64Array
  readonly check?: Check
}

export interface Partition {
  readonly count: number
  /** Community of each node, numbered by their smallest nodes. */
  readonly community: Int32Array
  /** Modularity, or the CPM quality divided by twice the total weight. */
  readonly quality: number
}

export interface Problem {
  readonly base: MassGraph
  readonly lambda: number
  /** Twice the weight of all edges: the unit of tolerances. */
  readonly twiceWeight: number
  readonly resolution: number
  readonly seed: number
  readonly initial: Int32Array
  readonly frontier: Int32Array | null
  readonly levels: number
  readonly check: Check
}

/** No graph needs as many: each level but the last has fewer nodes than the one below. */
const maxLevels = 64

const checkNodes = (values: Int32Array, nodeCount: number, name: string): void => {
  for (let i = 0; i < values.length; i++)
    if (!(values[i]! >= 0 && values[i]! < nodeCount))
      throw new RangeError(`${name}[${i}] is ${values[i]}, outside 0 .. ${nodeCount - 1}`)
}

const strengths = (graph: UndirectedCsr): Float64Array => {
  const { rowCount, offsets, weights, loops } = graph
  const strength = new Float64Array(rowCount)
  for (let v = 0; v < rowCount; v++) {
    let sum = loops ? 2 * loops[v]! : 0
    if (weights) for (let k = offsets[v]!; k < offsets[v + 1]!; k++) sum += weights[k]!
    else sum += offsets[v + 1]! - offsets[v]!
    strength[v] = sum
  }
  return strength
}

/** Checks the options and fills the defaults. Throws RangeError. */
export const prepare = (graph: UndirectedCsr, options: CommunityOptions): Problem => {
  const { resolution = 1, quality = 'modularity', seed = 0, initial, frontier, levels = maxLevels, nodeSize } = options
  const n = graph.rowCount
  if (!(resolution > 0 && resolution < Infinity))
    throw new RangeError(`the resolution must be above 0, not ${resolution}`)
  if (initial && initial.length !== n)
    throw new RangeError(`the initial partition has ${initial.length} nodes, the graph ${n}`)
  if (initial) checkNodes(initial, n, 'initial')
  if (!(Number.isInteger(levels) && levels >= 0))
    throw new RangeError(`levels must be a whole number from 0, not ${levels}`)
  if (frontier && !initial) throw new RangeError('a frontier needs an initial partition')
  if (frontier) checkNodes(frontier, n, 'frontier')
  if (nodeSize && nodeSize.length !== n)
    throw new RangeError(`nodeSize has ${nodeSize.length} entries, the graph ${n} nodes`)
  const strength = strengths(graph)
  let twiceWeight = 0
  for (let v = 0; v < n; v++) twiceWeight += strength[v]!
  const mass = quality === 'cpm' ? (nodeSize ?? new Float64Array(n).fill(1)) : strength
  return {
    base: { nodeCount: n, offsets: graph.offsets, columns: graph.columns, weights: graph.weights, mass },
    lambda: quality === 'cpm' ? resolution : resolution / (twiceWeight || 1),
    twiceWeight,
    resolution,
    seed,
    initial: initial ? initial.slice() : Int32Array.from({ length: n }, (_, v) => v),
    frontier: frontier ? Int32Array.from(new Set(frontier)) : null,
    levels: Math.min(levels, maxLevels),
    check: options.check ?? neverCancelled,
  }
}

/** Nodes whose rows stand together are looked at together, for the cache; blocks of them come in random order, for the quality. */
const blockSize = 64

/** All nodes, blocks shuffled. */
export const blockOrder = (nodeCount: number, random: Random): Int32Array => {
  const blocks = new Int32Array(Math.ceil(nodeCount / blockSize))
  for (let b = 0; b < blocks.length; b++) blocks[b] = b
  random.shuffle(blocks)
  const order = new Int32Array(nodeCount)
  let i = 0
  for (let b = 0; b < blocks.length; b++) {
    const end = Math.min((blocks[b]! + 1) * blockSize, nodeCount)
    for (let v = blocks[b]! * blockSize; v < end; v++) order[i++] = v
  }
  return order
}

/** Numbers of any range below nodeCount become 0 .. count - 1 in the order of their smallest nodes, in place. */
export const renumber = (membership: Int32Array): number => {
  const numbers = new Int32Array(membership.length).fill(-1)
  let count = 0
  for (let v = 0; v < membership.length; v++) {
    const c = membership[v]!
    if (numbers[c] === -1) numbers[c] = count++
    membership[v] = numbers[c]!
  }
  return count
}

/** The connected pieces of each community, numbered in the order of their smallest nodes; the count. Pieces go to `pieces`. */
export const splitDisconnected = (
  { nodeCount, offsets, columns }: MassGraph,
  membership: Int32Array,
  pieces: Int32Array,
  queue: Int32Array,
): number => {
  pieces.fill(-1)
  let count = 0
  for (let seed = 0; seed < nodeCount; seed++) {
    if (pieces[seed] !== -1) continue
    let tail = 1
    queue[0] = seed
    pieces[seed] = count
    for (let head = 0; head < tail; head++) {
      const v = queue[head]!
      for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
        const u = columns[k]!
        if (pieces[u] !== -1 || membership[u] !== membership[v]) continue
        pieces[u] = count
        queue[tail++] = u
      }
    }
    count++
  }
  return count
}

/** Sum over communities of e(C) - lambda mass(C)^2 / 2, divided by the total weight; loops count as inside. 0 without edges. */
export const partitionQuality = (
  graph: UndirectedCsr,
  problem: Problem,
  community: Int32Array,
  count: number,
): number => {
  const { rowCount, offsets, columns, weights, loops } = graph
  const { lambda, twiceWeight, base } = problem
  if (twiceWeight === 0) return 0
  const mass = new Float64Array(count)
  let inside = 0
  for (let v = 0; v < rowCount; v++) {
    const c = community[v]!
    mass[c]! += base.mass[v]!
    if (loops) inside += 2 * loops[v]!
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++)
      if (community[columns[k]!] === c) inside += weights ? weights[k]! : 1
  }
  let expected = 0
  for (let c = 0; c < count; c++) expected += mass[c]! * mass[c]!
  return (inside - lambda * expected) / twiceWeight
}

/** A random source for one level of one pass, so that passes do not depend on how many numbers earlier ones drew. */
export const levelRandom = (seed: number, pass: number, level: number): Random => new Random(seed, pass * 1024 + level)
