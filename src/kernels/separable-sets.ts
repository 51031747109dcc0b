/**
 * Sets of nodes that hang together once few nodes are taken away: hubs are removed where they glue, kept where they belong.
 *
 * A fixed cut of hubs (drop every node of degree above D, take components) has no good D: a high one leaves sets glued in a
 * giant component, a low one tears out the centres of stars. Here nodes enter by rising degree, each joining the sets that its
 * neighbours are already in, unless the joined set would pass `maxSize`: then the node stays outside as a hub. The joins form a
 * forest with one tree node an entering node, whose subtree is the set at that moment (the degree filtration; compare single
 * linkage: J. C. Gower and G. J. S. Ross, "Minimum Spanning Trees and Single Linkage Cluster Analysis", Applied Statistics
 * 18(1), 1969). From the forest, disjoint sets are taken that maximize the sum of
 *
 *     value(S) = counted(S) - membersPerDoor * cut(S),   cut(S) = min(doors(S), border(S))
 *
 * by dynamic programming from the leaves (the flat clusters of greatest mass of R. J. G. B. Campello, D. Moulavi and J. Sander,
 * "Density-Based Clustering Based on Hierarchical Density Estimates", PAKDD 2013). `doors` are the distinct nodes outside S with
 * a neighbour in S; `border` the nodes of S with a neighbour outside: removing either isolates S, so `cut` bounds its smallest
 * vertex separator. A node that many members touch, however popular, is one door.
 *
 * Doors of all tree nodes at once: each node inside adds one for each neighbour outside, and where a second subtree
 * with the same neighbour joins, one is taken off at the lowest common ancestor (Robert E. Tarjan, "Applications of Path Compression on Balanced
 * Trees", JACM 26(4), 1979). Time O((nodes + edges) a(nodes)), memory 80 bytes a node beside the graph.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'
import { countingArgsort } from './sort.js'

export interface SeparableSets {
  readonly count: number
  /** Set of each node, -1 where it is in none. Sets are numbered by falling entry of their last node. */
  readonly label: Int32Array
  /** Per set: nodes, nodes that count, distinct outside neighbours, members with an outside neighbour. */
  readonly size: Int32Array
  readonly counted: Int32Array
  readonly doors: Int32Array
  readonly border: Int32Array
  /** 1 for nodes that would have joined more than `maxSize` nodes. */
  readonly hub: Uint8Array
}

export interface SeparableSetsOptions {
  /** Most nodes of one set, 2 or more. */
  readonly maxSize: number
  /** How many counted nodes one door must be outweighed by: above 0. */
  readonly membersPerDoor: number
  /** 1 for nodes that weigh in a set's value. */
  readonly counts: Uint8Array
}

const find = (parent: Int32Array, node: number): number => {
  let x = node
  while (parent[x] !== x) {
    parent[x] = parent[parent[x]!]!
    x = parent[x]!
  }
  return x
}

interface Forest {
  /** Nodes in order of entry. */
  readonly sequence: Int32Array
  /** Place in `sequence`; -1 for hubs and for nodes without neighbours. */
  readonly rank: Int32Array
  /** The node whose entry joined this one's set; -1 for the last of its tree. */
  readonly up: Int32Array
  readonly hub: Uint8Array
}

const growForest = ({ rowCount, offsets, columns }: Csr, maxSize: number, check: Check): Forest => {
  const degree = new Int32Array(rowCount)
  let most = 0
  for (let v = 0; v < rowCount; v++) {
    degree[v] = offsets[v + 1]! - offsets[v]!
    if (degree[v]! > most) most = degree[v]!
  }
  const order = countingArgsort(degree, most + 1)
  const parent = new Int32Array(rowCount)
  for (let v = 0; v < rowCount; v++) parent[v] = v
  const size = new Int32Array(rowCount).fill(1)
  const last = new Int32Array(rowCount).fill(-1)
  const seenBy = new Int32Array(rowCount).fill(-1)
  const rank = new Int32Array(rowCount).fill(-1)
  const up = new Int32Array(rowCount).fill(-1)
  const hub = new Uint8Array(rowCount)
  const sequence = new Int32Array(rowCount)
  const roots = new Int32Array(maxSize)
  let entered = 0
  let work = 0
  for (let i = 0; i < rowCount; i++) {
    const v = order[i]!
    const from = offsets[v]!
    const to = offsets[v + 1]!
    if (from === to) continue
    work += to - from
    if (work > checkInterval) {
      work = 0
      check()
    }
    let rootCount = 0
    let total = 1
    for (let k = from; k < to; k++) {
      const u = columns[k]!
      if (rank[u] === -1) continue
      const root = find(parent, u)
      if (seenBy[root] === v) continue
      seenBy[root] = v
      total += size[root]!
      if (total > maxSize) break
      roots[rootCount++] = root
    }
    if (total > maxSize) {
      hub[v] = 1
      continue
    }
    rank[v] = entered
    sequence[entered++] = v
    let into = v
    for (let r = 0; r < rootCount; r++) {
      const root = roots[r]!
      up[last[root]!] = v
      if (size[root]! > size[into]!) {
        parent[into] = root
        size[root]! += size[into]!
        into = root
      } else {
        parent[root] = into
        size[into]! += size[root]!
      }
    }
    last[into] = v
  }
  return { sequence: sequence.subarray(0, entered), rank, up, hub }
}

interface Cuts {
  /** Per forest node, of its subtree: distinct outside neighbours. */
  readonly doors: Int32Array
  /** Members with an outside neighbour. */
  readonly border: Int32Array
}

/**
 * Walks each tree depth first. `doors` and the union-find are kept by place in that walk, so that what is touched together lies
 * together; rank and last visit of a node share a cache line, as random reads of the two are what the time goes into.
 */
const measureCuts = ({ rowCount, offsets, columns }: Csr, forest: Forest, check: Check): Cuts => {
  const { sequence, rank, up } = forest
  const entered = sequence.length
  const head = new Int32Array(rowCount).fill(-1)
  const next = new Int32Array(rowCount).fill(-1)
  const rankAndVisit = new Int32Array(2 * rowCount).fill(-1)
  for (let i = entered - 1; i >= 0; i--) {
    const v = sequence[i]!
    rankAndVisit[2 * v] = i
    if (up[v] === -1) continue
    next[v] = head[up[v]!]!
    head[up[v]!] = v
  }
  const border = new Int32Array(rowCount)
  const nodeAt = new Int32Array(entered)
  const doorsAt = new Int32Array(entered)
  /** Union-find in which a finished subtree points above itself: the root found is the lowest ancestor still open. */
  const open = new Int32Array(entered)
  const path = new Int32Array(entered)
  let place = 0
  let work = 0
  for (let i = entered - 1; i >= 0; i--) {
    const tree = sequence[i]!
    if (up[tree] !== -1) continue
    const start = place
    let depth = 0
    let v = tree
    for (;;) {
      const here = place++
      nodeAt[here] = v
      open[here] = here
      path[depth] = here
      const own = rank[v]!
      let latest = own
      let outside = 0
      let later = 0
      for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
        const u = 2 * columns[k]!
        const at = rankAndVisit[u]!
        if (at === -1) outside = 1
        else if (at < own) continue
        else if (at > latest) latest = at
        later++
        const visit = rankAndVisit[u + 1]!
        if (visit >= start) doorsAt[find(open, visit)]!--
        rankAndVisit[u + 1] = here
      }
      const degree = offsets[v + 1]! - offsets[v]!
      // v itself was a door of the sets that it joined, once in all.
      doorsAt[here]! += later < degree ? later - 1 : later
      // A member is of the border from its own entry to that of its last neighbour.
      if (outside === 1) border[v]!++
      else if (latest > own) {
        border[v]!++
        border[sequence[latest]!]!--
      }
      work += degree
      if (work > checkInterval) {
        work = 0
        check()
      }
      if (head[v] !== -1) {
        v = head[v]!
        depth++
        continue
      }
      while (depth > 0 && next[v] === -1) {
        open[path[depth]!] = path[depth - 1]!
        v = up[v]!
        depth--
      }
      if (depth === 0) break
      open[path[depth]!] = path[depth - 1]!
      v = next[v]!
    }
  }
  const doors = new Int32Array(rowCount)
  for (let at = 0; at < entered; at++) doors[nodeAt[at]!] = doorsAt[at]!
  for (let i = 0; i < entered; i++) {
    const v = sequence[i]!
    const above = up[v]!
    if (above === -1) continue
    doors[above]! += doors[v]!
    border[above]! += border[v]!
  }
  return { doors, border }
}

/**
 * `graph` is undirected: each edge once in both rows, no loops. Deterministic; ties of degree go by node number. Throws
 * RangeError where the graph is not square, or an option is out of its range.
 */
export const separableSets = (
  graph: Csr,
  { maxSize, membersPerDoor, counts }: SeparableSetsOptions,
  check: Check = neverCancelled,
): SeparableSets => {
  const { rowCount } = graph
  if (graph.columnCount !== rowCount || counts.length !== rowCount)
    throw new RangeError(
      `an undirected graph of ${rowCount} rows needs as many columns and counts, not ${graph.columnCount} and ${counts.length}`,
    )
  if (!(Number.isInteger(maxSize) && maxSize >= 2))
    throw new RangeError(`maxSize must be a whole number from 2, not ${maxSize}`)
  if (!(membersPerDoor > 0)) throw new RangeError(`membersPerDoor must be above 0, not ${membersPerDoor}`)
  const limit = Math.min(maxSize, Math.max(2, rowCount))
  const forest = growForest(graph, limit, check)
  const { sequence, up, hub } = forest
  const { doors, border } = measureCuts(graph, forest, check)
  const size = new Int32Array(rowCount)
  const counted = new Int32Array(rowCount)
  const best = new Float64Array(rowCount)
  const taken = new Uint8Array(rowCount)
  for (let i = 0; i < sequence.length; i++) {
    const v = sequence[i]!
    size[v]!++
    counted[v]! += counts[v]!
    const value = counted[v]! - membersPerDoor * Math.min(doors[v]!, border[v]!)
    if (value > 0 && value >= best[v]!) {
      best[v] = value
      taken[v] = 1
    }
    const above = up[v]!
    if (above === -1) continue
    size[above]! += size[v]!
    counted[above]! += counted[v]!
    best[above]! += best[v]!
  }
  const label = new Int32Array(rowCount).fill(-1)
  const heads: number[] = []
  for (let i = sequence.length - 1; i >= 0; i--) {
    const v = sequence[i]!
    const above = up[v]!
    if (above !== -1 && label[above] !== -1) label[v] = label[above]!
    else if (taken[v]) {
      label[v] = heads.length
      heads.push(v)
    }
  }
  const pick = (values: Int32Array) => Int32Array.from(heads, (head) => values[head]!)
  return {
    count: heads.length,
    label,
    size: pick(size),
    counted: pick(counted),
    doors: pick(doors),
    border: pick(border),
    hub,
  }
}
