/**
 * Connected components of an undirected graph.
 *
 * `connectedComponents` needs only the list of edges: union-find with linking by index and path halving (Robert E. Tarjan and
 * Jan van Leeuwen, "Worst-case Analysis of Set Union Algorithms", Journal of the ACM 31(2), 1984).
 *
 * `componentsOfGraph` needs the CSR and links only a few neighbours of each node first; the nodes that are then in the biggest
 * component need no further look, as an edge that leaves it is seen from its other end (Michael Sutton, Tal Ben-Nun and Amnon
 * Barak, "Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling", IPDPS 2018: Afforest).
 *
 * `reachComponents` is the plain breadth-first search, which needs no union-find; it bounds a search to a subset of nodes.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'

export interface Components {
  readonly count: number
  /** Component of each node, numbered by their smallest nodes: node 0 is in component 0. */
  readonly component: Int32Array
}

const find = (parent: Int32Array, node: number): number => {
  let u = node
  let p = parent[u]!
  while (p !== u) {
    const g = parent[p]!
    parent[u] = g // path halving
    u = g
    p = parent[u]!
  }
  return u
}

/** Links the greater root below the smaller, so that a root is its component's smallest node. */
const link = (parent: Int32Array, a: number, b: number): void => {
  const u = find(parent, a)
  const v = find(parent, b)
  if (u < v) parent[v] = u
  else parent[u] = v
}

/** Parents point to smaller nodes, so one ascending pass numbers all. Reuses `parent`. */
const number = (parent: Int32Array): Components => {
  let count = 0
  for (let u = 0; u < parent.length; u++) parent[u] = parent[u] === u ? count++ : parent[parent[u]!]!
  return { count, component: parent }
}

const singletons = (count: number): Int32Array => {
  const parent = new Int32Array(count)
  for (let u = 0; u < count; u++) parent[u] = u
  return parent
}

/** O(E α(N)). Throws RangeError where an end is outside 0 .. nodeCount - 1. */
export const connectedComponents = (
  nodeCount: number,
  source: Int32Array,
  target: Int32Array,
  check: Check = neverCancelled,
): Components => {
  const parent = singletons(nodeCount)
  for (let e = 0; e < source.length; e++) {
    if (e % checkInterval === 0) check()
    const u = source[e]!
    const v = target[e]!
    if (!(u >= 0 && u < nodeCount && v >= 0 && v < nodeCount))
      throw new RangeError(`edge ${e} joins ${u} and ${v}, outside 0 .. ${nodeCount - 1}`)
    link(parent, u, v)
  }
  return number(parent)
}

/** Links of each node before the biggest component is guessed: Afforest's authors found two to be enough. */
const neighbourRounds = 2
/** Nodes looked at to guess the biggest component. */
const sampleSize = 1024

/** Components of a symmetric CSR. */
export const componentsOfGraph = (graph: Csr, check: Check = neverCancelled): Components => {
  const { rowCount, offsets, columns } = graph
  const parent = singletons(rowCount)
  for (let round = 0; round < neighbourRounds; round++)
    for (let u = 0; u < rowCount; u++) {
      if (u % checkInterval === 0) check()
      const k = offsets[u]! + round
      if (k < offsets[u + 1]!) link(parent, u, columns[k]!)
    }
  // Evenly spread nodes, not random ones: only speed depends on the guess, never the result.
  const seen = new Map<number, number>()
  let biggest = -1
  let most = 0
  const step = Math.max(1, Math.floor(rowCount / sampleSize))
  for (let u = 0; u < rowCount; u += step) {
    const root = find(parent, u)
    const times = (seen.get(root) ?? 0) + 1
    seen.set(root, times)
    if (times > most) {
      most = times
      biggest = root
    }
  }
  for (let u = 0; u < rowCount; u++) {
    if (u % checkInterval === 0) check()
    if (find(parent, u) === biggest) continue
    for (let k = offsets[u]! + neighbourRounds, end = offsets[u + 1]!; k < end; k++) link(parent, u, columns[k]!)
  }
  return number(parent)
}

/**
 * Components of the part of a symmetric CSR where `inside` is not 0 (everything where null), by breadth-first search.
 * Nodes outside get -1.
 */
export const reachComponents = (
  graph: Csr,
  inside: Uint8Array | null = null,
  check: Check = neverCancelled,
): Components => {
  const { rowCount, offsets, columns } = graph
  const component = new Int32Array(rowCount).fill(-1)
  const queue = new Int32Array(rowCount)
  let count = 0
  let steps = 0
  for (let seed = 0; seed < rowCount; seed++) {
    if (component[seed] !== -1 || (inside && inside[seed] === 0)) continue
    let head = 0
    let tail = 0
    component[seed] = count
    queue[tail++] = seed
    while (head < tail) {
      const u = queue[head++]!
      if (++steps % checkInterval === 0) check()
      for (let k = offsets[u]!, end = offsets[u + 1]!; k < end; k++) {
        const v = columns[k]!
        if (component[v] !== -1 || (inside && inside[v] === 0)) continue
        component[v] = count
        queue[tail++] = v
      }
    }
    count++
  }
  return { count, component }
}
