/**
 * In which order nodes join to sets, by what they would tie together: the forest under `separableSets`.
 *
 * A node's `reach` is the number of distinct sets that its neighbours are already in, plus its neighbours that are not in yet.
 * Nodes enter level by level of reach, within a level by degree; a node whose set would pass `maxSize` stays outside as a hub.
 */
import { type Check, checkInterval } from './check.js'
import type { Csr } from './csr.js'

/**
 * Neighbours of node v are columns[offsets[v]] .. columns[offsets[v + 1] - 1], each edge in both rows. Order does not matter;
 * repeats count as links and in degrees; a loop stands twice in its row and counts in the degree alone.
 */
export type Adjacency = Pick<Csr, 'rowCount' | 'offsets' | 'columns'>

export const findRoot = (parent: Int32Array, node: number): number => {
  let x = node
  while (parent[x] !== x) {
    parent[x] = parent[parent[x]!]!
    x = parent[x]!
  }
  return x
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

/** Nodes below are of degree 0 or 1. A leaf can only join its one neighbour, so it needs no union and no walk. */
export const leavesEnd = ({ rowCount, offsets }: Adjacency): number => {
  let v = 0
  while (v < rowCount && offsets[v + 1]! - offsets[v]! <= 1) v++
  return v
}

export interface Forest {
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
        const root = findRoot(parent, u)
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

/** Nodes must be numbered by rising degree. `maxSize` must be from 2 to the number of nodes, or 2. */
export const growForest = (graph: Adjacency, maxSize: number, check: Check): Forest =>
  new Growth(graph, maxSize).run(check)
