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
 * Time O((nodes + edges) a(nodes)), as a node is tried at no more than
 * log(tryAhead) / log(levelGrowth) levels beside its own; memory 60 bytes a node beside the graph.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { type Adjacency, growForest, leavesEnd } from './reach-forest.js'
import { countingArgsort } from './sort.js'
import { measureCuts } from './vertex-cuts.js'

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
  const forest = growForest(graph, Math.min(maxSize, Math.max(2, rowCount)), check)
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
  for (let i = 0; i < sequence.length; i++) {
    if (i % checkInterval === 0) check()
    weigh(sequence[i]!)
  }
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
  for (let i = sequence.length - 1; i >= 0; i--) {
    if (i % checkInterval === 0) check()
    place(sequence[i]!)
  }
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
