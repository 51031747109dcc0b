/**
 * Modularity of a partition:  Q = (1 / 2m) sum over i, j of (A_ij - resolution k_i k_j / 2m) [c_i = c_j].
 *
 * M. E. J. Newman and M. Girvan, "Finding and evaluating community structure in networks", Physical Review E 69, 026113 (2004);
 * the resolution: Jörg Reichardt and Stefan Bornholdt, "Statistical mechanics of community detection", Physical Review E 74,
 * 016110 (2006). A loop of weight w counts 2w in A_ii, as in both.
 */
import type { UndirectedCsr } from './csr.js'

/** Between -1/2 and 1 at resolution 1; 0 for a graph without edges. Community numbers are 0 .. nodes - 1. */
export const modularity = (graph: UndirectedCsr, community: Int32Array, resolution = 1): number => {
  const { rowCount, offsets, columns, weights, loops } = graph
  if (community.length !== rowCount)
    throw new RangeError(`the partition has ${community.length} nodes, the graph ${rowCount}`)
  const strength = new Float64Array(rowCount)
  let inside = 0
  let all = 0
  for (let v = 0; v < rowCount; v++) {
    const c = community[v]!
    if (!(c >= 0 && c < rowCount)) throw new RangeError(`community ${c} of node ${v} is outside 0 .. ${rowCount - 1}`)
    let own = loops ? 2 * loops[v]! : 0
    inside += own
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
      const w = weights ? weights[k]! : 1
      own += w
      if (community[columns[k]!] === c) inside += w
    }
    strength[c]! += own
    all += own
  }
  if (all === 0) return 0
  let expected = 0
  for (let c = 0; c < rowCount; c++) expected += (strength[c]! / all) ** 2
  return inside / all - resolution * expected
}
