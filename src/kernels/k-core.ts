/**
 * Core numbers: the k-core is the largest part of the graph in which every node has k neighbours inside; a node's core number
 * is the greatest k whose core it is in.
 *
 * Stephen B. Seidman, "Network structure and minimum degree", Social Networks 5(3), 1983. Peeled level by level (Humayun Kabir
 * and Kamesh Madduri, "Parallel k-core Decomposition on Multicore Platforms", IPDPS Workshops 2017): only the degree of a
 * neighbour is touched, where the bucket queue of Batagelj and Zaversnik (arXiv cs/0310049) moves it between four arrays.
 * Nodes that are left are scanned once a level; as a node of core number c is in at most c + 1 scans, that is O(nodes + edges).
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'

export interface Cores {
  /** Core number of each node; loops and weights do not count. */
  readonly core: Int32Array
  /** The greatest core number, 0 for a graph without edges. */
  readonly degeneracy: number
}

/** Of a symmetric CSR without parallel entries, as `undirectedCsr` makes. */
export const coreNumbers = (graph: Csr, check: Check = neverCancelled): Cores => {
  const { rowCount, offsets, columns } = graph
  let most = 0
  for (let v = 0; v < rowCount; v++) most = Math.max(most, offsets[v + 1]! - offsets[v]!)
  /** The degree among what is left, never below the level: in the end the core number. Half the size where it fits, for the cache. */
  const rest = most < 2 ** 16 ? new Uint16Array(rowCount) : new Int32Array(rowCount)
  /** Nodes not yet peeled, compacted level by level. */
  const left = new Int32Array(rowCount)
  /** One longer, as the place after the last is written to as well. */
  const queue = new Int32Array(rowCount + 1)
  for (let v = 0; v < rowCount; v++) {
    rest[v] = offsets[v + 1]! - offsets[v]!
    left[v] = v
  }
  let leftCount = rowCount
  let level = 0
  let steps = 0
  while (leftCount > 0) {
    let tail = 0
    let kept = 0
    let least = rowCount
    for (let i = 0; i < leftCount; i++) {
      const v = left[i]!
      const degree = rest[v]!
      if (degree === level) queue[tail++] = v
      else if (degree > level) {
        left[kept++] = v
        if (degree < least) least = degree
      }
    }
    leftCount = kept
    if (tail === 0) {
      level = least
      continue
    }
    for (let head = 0; head < tail; head++) {
      const v = queue[head]!
      const from = offsets[v]!
      const to = offsets[v + 1]!
      for (let k = from; k < to; k++) {
        const u = columns[k]!
        const degree = rest[u]!
        // Without branches: whether a neighbour is still there cannot be predicted.
        rest[u] = degree - Number(degree > level)
        queue[tail] = u
        tail += Number(degree - 1 === level)
      }
      steps += to - from + 1
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
    }
    level++
  }
  let degeneracy = 0
  for (let v = 0; v < rowCount; v++) degeneracy = Math.max(degeneracy, rest[v]!)
  return { core: new Int32Array(rest), degeneracy }
}
