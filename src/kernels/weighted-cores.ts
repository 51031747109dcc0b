/**
 * How dense the densest part around each node is, hubs counting little: the core number where links are weighed as by FRAUDAR.
 *
 * The s-core is the largest part of a graph in which every node holds links of weight s inside; a node's number is the greatest s
 * whose core it is in. A link weighs 1 / ln(d + 5), d the greater degree of its ends, so that a link to something popular tells
 * little. The least-holding node is taken away, again and again; the most that was ever least is the number of those taken then.
 *
 * Vladimir Batagelj and Matjaz Zaversnik, "Generalized Cores", arXiv cs/0202039, 2002. Weights: Bryan Hooi, Hyun Ah Song, Alex Beutel,
 * Neil Shah, Kijung Shin and Christos Faloutsos, "FRAUDAR: Bounding Graph Fraud in the Face of Camouflage", KDD 2016.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'
import { TournamentTree } from './tournament-tree.js'

/** One number a node, 0 for those without links. Of a symmetric CSR without parallel entries; its weights are not read. O(entries x log nodes). */
export const weightedCores = (graph: Csr, check: Check = neverCancelled): Float64Array => {
  const { rowCount, offsets, columns } = graph
  const worth = new Float64Array(rowCount)
  for (let v = 0; v < rowCount; v++) worth[v] = 1 / Math.log(offsets[v + 1]! - offsets[v]! + 5)
  const held = new Float64Array(rowCount)
  for (let v = 0; v < rowCount; v++)
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) held[v]! += Math.min(worth[v]!, worth[columns[k]!]!)
  const tree = new TournamentTree(held)
  const core = new Float64Array(rowCount)
  let level = 0
  let steps = 0
  for (let left = rowCount; left > 0; left--) {
    const v = tree.least()
    level = Math.max(level, tree.value(v))
    core[v] = level
    tree.set(v, Infinity)
    const end = offsets[v + 1]!
    for (let k = offsets[v]!; k < end; k++) {
      const u = columns[k]!
      const value = tree.value(u)
      if (value < Infinity) tree.set(u, value - Math.min(worth[v]!, worth[u]!))
    }
    steps += end - offsets[v]! + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return core
}
