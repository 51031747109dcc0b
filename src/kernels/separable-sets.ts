/**
 * Sets of nodes that hang together once few nodes are taken away: hubs are removed where they glue, kept where they belong.
 *
 * A fixed cut of hubs (drop every node of degree above D, take components) has no good D: a high one leaves sets glued in a
 * giant component, a low one tears out the centres of stars. Here nodes enter by what they would tie together: a node's
 * `reach` is the number of distinct sets that its neighbours are already in, plus its neighbours that are not in yet, so a
 * centre of fifty nodes that have already found together enters before a stranger who knows ten of ten sets. A node whose set would pass
 * `maxSize` stays outside as a hub. The joins form a forest with one tree node an entering node, whose subtree is the set at that
 * moment (a filtration, as in single linkage: J. C. Gower and G. J. S. Ross, "Minimum Spanning Trees and Single Linkage Cluster
 * Analysis", Applied Statistics 18(1), 1969). From the forest, disjoint sets are taken that maximize the sum of
 *
 *     value(S) = max(counted(S), links(S) / linksPerMember) - membersPerDoor * min(doors(S), border(S))
 *
 * by dynamic programming from the leaves (the flat clusters of greatest mass of R. J. G. B. Campello, D. Moulavi and J. Sander,
 * "Density-Based Clustering Based on Hierarchical Density Estimates", PAKDD 2013). `doors` are the distinct nodes outside S with
 * a neighbour in S; `border` the nodes of S with a neighbour outside: removing either isolates S, so the lesser bounds its smallest
 * vertex separator. A node that many members touch, however popular, is one door. `links` are the edges inside S that end in no
 * leaf: a dense set may have more doors than a sparse one of as many nodes.
 *
 * Doors of all tree nodes at once: each node inside adds one for each neighbour outside, and where a second subtree with the same
 * neighbour joins, one is taken off at the lowest common ancestor (Robert E. Tarjan, "Applications of Path Compression on
 * Balanced Trees", JACM 26(4), 1979). Time O((nodes + edges) a(nodes)), as a node is tried at no more than
 * log(tryAhead) / log(levelGrowth) levels beside its own; memory 60 bytes a node beside the graph.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'
import { countingArgsort } from './sort.js'

/**
 * Neighbours of node v are columns[offsets[v]] .. columns[offsets[v + 1] - 1], each edge in both rows. Order does not matter;
 * repeats count as links and in degrees; a loop stands twice in its row and counts in the degree alone.
 */
export type Adjacency = Pick<Csr, 'rowCount' | 'offsets' | 'columns'>

export interface SeparableSets {
  readonly count: number
  /** Set of each node, -1 where it is in none. */
  readonly label: Int32Array
  /** Per set: nodes, nodes that count, links, distinct outside neighbours, members with an outside neighbour. */
  readonly size: Int32Array
  readonly counted: Int32Array
  readonly links: Int32Array
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
  /** How many links weigh as much as one counted node: above 0. */
  readonly linksPerMember: number
  /** 1 for nodes that weigh in a set's value. */
  readonly counts: Uint8Array
}

/** Nodes of reach up to 1, then up to 2, 3, 4, 6, 9, 13, ... enter: steps fine enough that the order within one hardly matters. */
const levelGrowth = 1.5
/** A node of degree d is tried from the level d / tryAhead on: most of its neighbours may be in one set by then. */
const tryAhead = 4
/** Up to this level sets are too small for that, and a node is tried at its own level: it saves most tries. */
const noTryAhead = 3

/** The highest degree that is tried at a level. */
export const triedDegree = (level: number): number => (level <= noTryAhead ? level : level * tryAhead)

export const nextLevel = (level: number): number => Math.max(level + 1, Math.floor(level * levelGrowth))

const find = (parent: Int32Array, node: number): number => {
  let x = node
  while (parent[x] !== x) {
    parent[x] = parent[parent[x]!]!
    x = parent[x]!
  }
  return x
}

/** Nodes below are of degree 0 or 1. A leaf can only join its one neighbour, so it needs no union and no walk. */
const leavesEnd = ({ rowCount, offsets }: Adjacency): number => {
  let v = 0
  while (v < rowCount && offsets[v + 1]! - offsets[v]! <= 1) v++
  return v
}

interface Forest {
  /** Nodes that are no leaf in order of entry, and the place of each node in it: -1 for leaves and hubs. */
  readonly sequence: Int32Array
  readonly rank: Int32Array
  /** The node whose entry joined this one's set; -1 for the last of its tree, for hubs and for nodes without neighbours. */
  readonly up: Int32Array
  readonly hub: Uint8Array
}

class Growth {
  readonly #graph: Adjacency
  readonly #maxSize: number
  readonly #leaves: number
  readonly #parent: Int32Array
  /** Of roots: nodes of the set, and the node that entered it last. */
  readonly #size: Int32Array
  readonly #last: Int32Array
  readonly #seen: Int32Array
  readonly #roots: Int32Array
  readonly #up: Int32Array
  readonly #rank: Int32Array
  /** 1 once a node has entered: read more often than `rank`, and a quarter of its size. */
  readonly #inside: Uint8Array
  readonly #hub: Uint8Array
  readonly #sequence: Int32Array
  #entered = 0
  #stamp = 0

  constructor(graph: Adjacency, maxSize: number) {
    const { rowCount } = graph
    this.#graph = graph
    this.#maxSize = maxSize
    this.#leaves = leavesEnd(graph)
    this.#parent = new Int32Array(rowCount)
    this.#last = new Int32Array(rowCount)
    for (let v = 0; v < rowCount; v++) {
      this.#parent[v] = v
      this.#last[v] = v
    }
    this.#size = new Int32Array(rowCount).fill(1)
    this.#seen = new Int32Array(rowCount)
    this.#roots = new Int32Array(maxSize)
    this.#up = new Int32Array(rowCount).fill(-1)
    this.#rank = new Int32Array(rowCount).fill(-1)
    this.#inside = new Uint8Array(rowCount)
    this.#hub = new Uint8Array(rowCount)
    this.#sequence = new Int32Array(rowCount)
  }

  /**
   * Tries node v at a level. True where it is settled: entered, or known to be a hub. Rows are read from their end, where
   * callers with sorted rows have the hubs, which are not in yet: most failing tries end after a few reads.
   */
  #settle(v: number, level: number): boolean {
    const { offsets, columns } = this.#graph
    const parent = this.#parent
    const seen = this.#seen
    const inside = this.#inside
    const leaves = this.#leaves
    const maxSize = this.#maxSize
    const stamp = ++this.#stamp
    let reach = 0
    let total = 1
    let rootCount = 0
    for (let k = offsets[v + 1]! - 1, from = offsets[v]!; k >= from; k--) {
      const u = columns[k]!
      if (u < leaves) {
        total++
        reach++
      } else if (inside[u] === 0) {
        if (u === v || seen[u] === stamp) continue
        seen[u] = stamp
        reach++
      } else {
        const root = find(parent, u)
        if (seen[root] === stamp) continue
        seen[root] = stamp
        reach++
        if (total <= maxSize) {
          total += this.#size[root]!
          if (total <= maxSize) this.#roots[rootCount++] = root
        }
      }
      if (reach > level) return false
    }
    if (total > maxSize) this.#hub[v] = 1
    else this.#enter(v, total, rootCount)
    return true
  }

  #enter(v: number, total: number, rootCount: number): void {
    const { offsets, columns } = this.#graph
    let own = total
    for (let r = 0; r < rootCount; r++) own -= this.#size[this.#roots[r]!]!
    if (own > 1)
      for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++)
        if (columns[k]! < this.#leaves) this.#up[columns[k]!] = v
    this.#size[v] = own
    this.#rank[v] = this.#entered
    this.#inside[v] = 1
    this.#sequence[this.#entered++] = v
    let into = v
    for (let r = 0; r < rootCount; r++) {
      const root = this.#roots[r]!
      this.#up[this.#last[root]!] = v
      if (this.#size[root]! > this.#size[into]!) {
        this.#parent[into] = root
        this.#size[root]! += this.#size[into]!
        into = root
      } else {
        this.#parent[root] = into
        this.#size[into]! += this.#size[root]!
      }
    }
    this.#last[into] = v
  }

  run(check: Check): Forest {
    const { rowCount, offsets, columns } = this.#graph
    for (let v = 0; v < this.#leaves; v++)
      if (offsets[v + 1]! > offsets[v]! && columns[offsets[v]!]! < v && this.#maxSize >= 2)
        this.#up[columns[offsets[v]!]!] = v
    const pending = new Int32Array(rowCount - this.#leaves)
    let waiting = 0
    let next = this.#leaves
    let work = 0
    for (let level = 1; next < rowCount || waiting > 0; level = nextLevel(level)) {
      while (next < rowCount && offsets[next + 1]! - offsets[next]! <= triedDegree(level)) pending[waiting++] = next++
      let kept = 0
      for (let i = 0; i < waiting; i++) {
        const v = pending[i]!
        work += Math.min(level, offsets[v + 1]! - offsets[v]!)
        if (work > checkInterval) {
          work = 0
          check()
        }
        if (!this.#settle(v, level)) pending[kept++] = v
      }
      waiting = kept
    }
    return {
      sequence: this.#sequence.subarray(0, this.#entered),
      rank: this.#rank,
      up: this.#up,
      hub: this.#hub,
    }
  }
}

interface Cuts {
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
const measureCuts = (graph: Adjacency, { sequence, rank, up }: Forest, check: Check): Cuts => {
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
        if (visit >= start) doorsAt[find(open, visit)]!--
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

const checkOptions = (rowCount: number, options: SeparableSetsOptions): void => {
  const { maxSize, membersPerDoor, linksPerMember, counts } = options
  if (counts.length !== rowCount) throw new RangeError(`${rowCount} nodes need as many counts, not ${counts.length}`)
  if (!(Number.isInteger(maxSize) && maxSize >= 2))
    throw new RangeError(`maxSize must be a whole number from 2, not ${maxSize}`)
  if (!(membersPerDoor > 0)) throw new RangeError(`membersPerDoor must be above 0, not ${membersPerDoor}`)
  if (!(linksPerMember > 0)) throw new RangeError(`linksPerMember must be above 0, not ${linksPerMember}`)
}

/**
 * As `separableSets`, for a graph whose nodes are numbered by rising degree. Callers that search many graphs of the same degrees
 * number them once and save the rest.
 */
export const separableSetsInOrder = (
  graph: Adjacency,
  options: SeparableSetsOptions,
  check: Check = neverCancelled,
): SeparableSets => {
  const { rowCount, offsets } = graph
  checkOptions(rowCount, options)
  const { maxSize, membersPerDoor, linksPerMember, counts } = options
  const forest = new Growth(graph, Math.min(maxSize, Math.max(2, rowCount))).run(check)
  const { sequence, rank, up, hub } = forest
  const { doors, border, links } = measureCuts(graph, forest, check)
  const size = new Int32Array(rowCount)
  const counted = new Int32Array(rowCount)
  const best = new Float64Array(rowCount)
  const taken = new Uint8Array(rowCount)
  const weigh = (v: number): void => {
    size[v]!++
    counted[v]! += counts[v]!
    const value = Math.max(counted[v]!, links[v]! / linksPerMember) - membersPerDoor * Math.min(doors[v]!, border[v]!)
    if (value > 0 && value >= best[v]!) {
      best[v] = value
      taken[v] = 1
    }
    const above = up[v]!
    if (above === -1) return
    size[above]! += size[v]!
    counted[above]! += counted[v]!
    best[above]! += best[v]!
  }
  const leaves = leavesEnd(graph)
  for (let v = 0; v < leaves; v++) if (offsets[v + 1]! > offsets[v]!) weigh(v)
  for (let i = 0; i < sequence.length; i++) weigh(sequence[i]!)
  const label = new Int32Array(rowCount).fill(-1)
  const heads: number[] = []
  const place = (v: number): void => {
    const above = up[v]!
    if (above !== -1 && label[above] !== -1) label[v] = label[above]!
    else if (taken[v]) {
      label[v] = heads.length
      heads.push(v)
    }
  }
  for (let i = sequence.length - 1; i >= 0; i--) place(sequence[i]!)
  for (let v = leaves - 1; v >= 0; v--) if (rank[v] === -1) place(v)
  const pick = (values: Int32Array) => Int32Array.from(heads, (head) => values[head]!)
  return {
    count: heads.length,
    label,
    size: pick(size),
    counted: pick(counted),
    links: pick(links),
    doors: pick(doors),
    border: pick(border),
    hub,
  }
}

/** Deterministic; ties go by degree, then node number. Throws RangeError where an option is out of its range. */
export const separableSets = (
  graph: Adjacency,
  options: SeparableSetsOptions,
  check: Check = neverCancelled,
): SeparableSets => {
  const { rowCount, offsets, columns } = graph
  checkOptions(rowCount, options)
  const degree = new Int32Array(rowCount)
  let most = 0
  for (let v = 0; v < rowCount; v++) {
    degree[v] = offsets[v + 1]! - offsets[v]!
    if (degree[v]! > most) most = degree[v]!
  }
  const order = countingArgsort(degree, most + 1)
  const rank = new Int32Array(rowCount)
  for (let r = 0; r < rowCount; r++) rank[order[r]!] = r
  const newOffsets = new Int32Array(rowCount + 1)
  const newColumns = new Int32Array(columns.length)
  for (let r = 0, to = 0; r < rowCount; r++) {
    if (r % checkInterval === 0) check()
    const v = order[r]!
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) newColumns[to++] = rank[columns[k]!]!
    newOffsets[r + 1] = to
  }
  const counts = Uint8Array.from(order, (v) => options.counts[v]!)
  const found = separableSetsInOrder(
    { rowCount, offsets: newOffsets, columns: newColumns },
    { ...options, counts },
    check,
  )
  return {
    ...found,
    label: Int32Array.from(rank, (r) => found.label[r]!),
    hub: Uint8Array.from(rank, (r) => found.hub[r]!),
  }
}
