/**
 * How each set of a forest touches the rest of the graph: doors, border and links of all subtrees in one walk.
 *
 * Each node inside adds one door for each neighbour outside, and where a second subtree with the same neighbour joins, one is
 * taken off at the lowest common ancestor (Robert E. Tarjan, "Applications of Path Compression on Balanced Trees", JACM 26(4),
 * 1979).
 */
import { type Check, checkInterval } from './check.js'
import { type Adjacency, type Forest, findRoot, leavesEnd } from './reach-forest.js'

export interface Cuts {
  /** Per forest node, of its subtree: distinct outside neighbours. */
  readonly doors: Int32Array
  /** Members with an outside neighbour. */
  readonly border: Int32Array
  readonly links: Int32Array
}

/**
 * Walks each tree depth first. `doors` and the union-find are kept by place in that walk, so that what is touched together lies
 * together: the time goes into random reads.
 */
export const measureCuts = (graph: Adjacency, { sequence, rank, up }: Forest, check: Check): Cuts => {
  const { rowCount, offsets, columns } = graph
  const leaves = leavesEnd(graph)
  const entered = sequence.length
  const head = new Int32Array(rowCount).fill(-1)
  const next = new Int32Array(rowCount).fill(-1)
  for (let i = entered - 1; i >= 0; i--) {
    const v = sequence[i]!
    if (up[v] === -1) continue
    next[v] = head[up[v]!]!
    head[up[v]!] = v
  }
  const border = new Int32Array(rowCount)
  const links = new Int32Array(rowCount)
  const doors = new Int32Array(rowCount)
  const nodeAt = new Int32Array(entered)
  const doorsAt = new Int32Array(entered)
  /** Union-find in which a finished subtree points above itself: the root found is the lowest ancestor still open. */
  const open = new Int32Array(entered)
  const path = new Int32Array(entered)
  /** Place of the last visited member that has this node as an outside neighbour. */
  const visited = new Int32Array(rowCount).fill(-1)
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
      let toHub = 0
      let joined = 0
      let outside = 0
      for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
        const u = columns[k]!
        if (u < leaves || u === v) continue
        const at = rank[u]!
        if (at === -1) toHub = 1
        else if (at < own) {
          joined++
          continue
        } else if (at > latest) latest = at
        outside++
        const visit = visited[u]!
        if (visit >= start) doorsAt[findRoot(open, visit)]!--
        visited[u] = here
      }
      links[v] = joined
      // v itself was a door of the sets that it joined, once in all.
      doorsAt[here]! += joined > 0 ? outside - 1 : outside
      // A member is of the border from its own entry to that of its last neighbour.
      if (toHub === 1) border[v]!++
      else if (latest > own) {
        border[v]!++
        border[sequence[latest]!]!--
      }
      work += offsets[v + 1]! - offsets[v]!
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
  for (let at = 0; at < entered; at++) doors[nodeAt[at]!] = doorsAt[at]!
  for (let i = 0; i < entered; i++) {
    if (i % checkInterval === 0) check()
    const v = sequence[i]!
    const above = up[v]!
    if (above === -1) continue
    doors[above]! += doors[v]!
    border[above]! += border[v]!
    links[above]! += links[v]!
  }
  for (let v = 0; v < leaves; v++) {
    // The neighbour stops being a door, and the leaf of the border, when the neighbour enters: nothing to hand up.
    border[v] = offsets[v + 1]! > offsets[v]! && columns[offsets[v]!]! > v ? 1 : 0
    doors[v] = border[v]!
  }
  return { doors, border, links }
}
