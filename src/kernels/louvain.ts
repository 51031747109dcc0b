/**
 * Louvain: communities of an undirected graph by modularity or CPM. Quicker than Leiden and of lower quality; Louvain alone can
 * leave communities that do not hang together, so each is split into its connected pieces at the end, which only raises the
 * quality.
 *
 * Vincent D. Blondel, Jean-Loup Guillaume, Renaud Lambiotte and Etienne Lefebvre, "Fast unfolding of communities in large
 * networks", Journal of Statistical Mechanics 2008 P10008, doi:10.1088/1742-5468/2008/10/P10008.
 */
import { aggregate, emptyBuffers } from './aggregate.js'
import {
  blockOrder,
  type CommunityOptions,
  levelRandom,
  type Partition,
  partitionQuality,
  prepare,
  renumber,
  splitDisconnected,
} from './communities.js'
import type { UndirectedCsr } from './csr.js'
import { createScratch, moveNodes } from './local-moving.js'

/** A round of moves that gains less than this, in modularity, ends a level; a level that gains less ends the search. */
const tolerance = 1e-6

/** As `leiden`, but aggregates the communities themselves. Throws RangeError on options outside their ranges. */
export const louvain = (graph: UndirectedCsr, options: CommunityOptions = {}): Partition => {
  const problem = prepare(graph, options)
  const { lambda, twiceWeight, seed, check } = problem
  const scratch = createScratch(graph.rowCount)
  const community = problem.initial
  let membership = community.slice()
  let level = problem.base
  for (let depth = 0; ; depth++) {
    const order = (depth === 0 ? problem.frontier : null) ?? blockOrder(level.nodeCount, levelRandom(seed, 0, depth))
    const gain = moveNodes(level, membership, lambda, order, (tolerance * twiceWeight) / 2, scratch, check)
    const count = renumber(membership)
    if (depth === 0) community.set(membership)
    else for (let v = 0; v < community.length; v++) community[v] = membership[community[v]!]!
    if (count === level.nodeCount || depth === problem.levels || (depth > 0 && gain < (tolerance * twiceWeight) / 2))
      break
    level = aggregate(level, membership, count, scratch, emptyBuffers(), check)
    membership = Int32Array.from({ length: count }, (_, c) => c)
  }
  const pieces = new Int32Array(graph.rowCount)
  const count = splitDisconnected(problem.base, community, pieces, scratch.queue)
  return { count, community: pieces, quality: partitionQuality(graph, problem, pieces, count) }
}
