/**
 * Leiden: communities of an undirected graph by modularity or CPM, none of them ever disconnected.
 *
 * V. A. Traag, L. Waltman and N. J. van Eck, "From Louvain to Leiden: guaranteeing well-connected communities", Scientific
 * Reports 9, 5233 (2019), doi:10.1038/s41598-019-41695-z. Each level moves nodes locally, refines the communities into parts,
 * and goes on with the graph of the parts, whose nodes start in the communities. Greedy refinement, dense tallies, cut arrays
 * and tolerances that differ between passes follow Subhajit Sahu, "GVE-Leiden", arXiv 2312.13936.
 *
 * One difference in the schedule: passes after the first need not begin at the graph itself. Where the graph shrinks fast from
 * level to level, most of what a further pass gains is gained in the middle of the hierarchy, at a fraction of the cost; so
 * passes begin at level 3, 2 and 1, twice, and then once more at the graph (as multigrid's cycles do). Where it does not shrink, as on
 * random graphs, the second pass begins at the graph at once.
 */
import { aggregate, emptyBuffers, type RowBuffers } from './aggregate.js'
import {
  blockOrder,
  type CommunityOptions,
  levelRandom,
  type Partition,
  type Problem,
  partitionQuality,
  prepare,
  renumber,
  splitDisconnected,
} from './communities.js'
import type { UndirectedCsr } from './csr.js'
import { createScratch, type MassGraph, moveNodes, type Scratch } from './local-moving.js'
import { refine } from './refine.js'

/** A round of moves that gains less than this, in modularity, ends local moving: passes that are followed by others stop sooner. */
const passTolerance = 5e-4
const lastPassTolerance = 1e-4
/** A coarser level that gains less than this ends the pass, in proportion to its share of the graph's entries: that is what a level costs. */
const levelTolerance = 2e-4
/**
 * Where a level of the first pass merges this many nodes into one community on average, it is not refined: parts would begin
 * again from about single nodes, level by level, and the next pass does that from the graph itself.
 */
const wholesaleMerge = 25
/** The deepest level that a pass begins at, and the share of the graph's entries that it may have to be worth it. */
const deepestStart = 3
const worthwhileShare = 0.5

interface Level {
  readonly graph: MassGraph
  /** Node of this level for each node of the level below; null at level 0. */
  readonly group: Int32Array | null
}

/** Membership of each coarse node: the first coarse node of its community. */
const liftMembership = (
  membership: Int32Array,
  group: Int32Array,
  groupCount: number,
  scratch: Scratch,
): Int32Array => {
  const { touched: first } = scratch
  const lifted = new Int32Array(groupCount)
  for (let v = 0; v < membership.length; v++) first[membership[v]!] = -1
  for (let v = 0; v < membership.length; v++) {
    const c = membership[v]!
    if (first[c] === -1) first[c] = group[v]!
    lifted[group[v]!] = first[c]!
  }
  return lifted
}

/** Membership of the nodes of `level` from that of the highest level. */
const lowerMembership = (levels: readonly Level[], membership: Int32Array, level: number): Int32Array => {
  let lowered = membership
  for (let l = levels.length - 1; l > level; l--) {
    const group = levels[l]!.group!
    const below = new Int32Array(group.length)
    for (let v = 0; v < group.length; v++) below[v] = lowered[group[v]!]!
    lowered = below
  }
  return lowered
}

/** One pass from `start` upward; replaces the levels above it. Returns the membership of the highest level's nodes, connected. */
const runPass = (
  problem: Problem,
  levels: Level[],
  start: number,
  given: Int32Array,
  pass: number,
  frontier: Int32Array | null,
  last: boolean,
  scratch: Scratch,
  communityMass: Float64Array,
  buffers: RowBuffers[],
): Int32Array => {
  const { lambda, twiceWeight, seed, check } = problem
  const tolerance = ((last ? lastPassTolerance : passTolerance) * twiceWeight) / 2
  levels.length = start + 1
  let membership = given
  for (let level = start; ; level++) {
    const { graph } = levels[level]!
    const n = graph.nodeCount
    const order = blockOrder(n, levelRandom(seed, pass, level))
    const first = frontier && level === 0 ? frontier : order
    const gain = moveNodes(graph, membership, lambda, first, tolerance, scratch, check)
    const group = new Int32Array(n)
    const worthwhile = (levelTolerance * twiceWeight * graph.columns.length) / (2 * problem.base.columns.length)
    const finished = (level > start && gain < worthwhile) || level === problem.levels
    let count = n
    if (!finished && !last && pass === 0 && countCommunities(membership, scratch) * wholesaleMerge < n) {
      group.set(membership)
      count = renumber(group)
    } else if (!finished) count = refine(graph, membership, group, lambda, order, scratch, communityMass, check)
    if (count === n) {
      // Nothing was refined: either all nodes are alone, or communities are to be made of what hangs together in them.
      count = splitDisconnected(graph, membership, group, scratch.queue)
      if (finished || count === n) return group
      membership = group.slice()
    }
    membership = liftMembership(membership, group, count, scratch)
    buffers[level] ??= emptyBuffers()
    levels.push({ graph: aggregate(graph, group, count, scratch, buffers[level]!, check), group })
  }
}

const countCommunities = (membership: Int32Array, { touched: seen }: Scratch): number => {
  let count = 0
  for (let v = 0; v < membership.length; v++) seen[membership[v]!] = 0
  for (let v = 0; v < membership.length; v++) if (seen[membership[v]!]!++ === 0) count++
  return count
}

const startsOf = (levels: readonly Level[]): number[] => {
  const starts: number[] = []
  const entries = levels[0]!.graph.columns.length
  for (let level = Math.min(deepestStart, levels.length - 2); level > 0; level--)
    if (levels[level]!.graph.columns.length < worthwhileShare * entries) starts.push(level)
  return [...starts, ...starts, 0]
}

/**
 * Communities of the graph. Time: about 1 µs an edge for sparse graphs; memory beside the graph: about 100 bytes a node and 16
 * an entry. Throws RangeError on options outside their ranges. A graph without edges has every node alone and quality 0.
 * With `initial` a single pass starts from it (warm start).
 */
export const leiden = (graph: UndirectedCsr, options: CommunityOptions = {}): Partition => {
  const problem = prepare(graph, options)
  const n = graph.rowCount
  const scratch = createScratch(n)
  const communityMass = new Float64Array(n)
  const levels: Level[] = [{ graph: problem.base, group: null }]
  const buffers: RowBuffers[] = []
  const run = (start: number, given: Int32Array, pass: number, last: boolean, frontier: Int32Array | null = null) =>
    runPass(problem, levels, start, given, pass, frontier, last, scratch, communityMass, buffers)
  let top: Int32Array
  if (options.initial) top = run(0, problem.initial, 0, true, problem.frontier)
  else {
    top = run(0, problem.initial, 0, false)
    const starts = startsOf(levels)
    for (let i = 0; i < starts.length; i++) {
      // An earlier pass may have ended below the level that this one would begin at.
      const start = Math.min(starts[i]!, levels.length - 1)
      top = run(start, lowerMembership(levels, top, start), i + 1, i === starts.length - 1)
    }
  }
  const community = lowerMembership(levels, top, 0)
  const count = renumber(community)
  return { count, community, quality: partitionQuality(graph, problem, community, count) }
}
