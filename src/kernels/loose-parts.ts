/**
 * Splits sets of nodes where they hang together by few edges: two groups that share a passer-by are two groups.
 *
 * The communities of each set (Leiden, with modularity of the set alone, so that small sets have no resolution limit from the rest of the
 * graph) are joined again until each has few edges to the others: while a part's conductance, cut / min(volume, volume of the rest of
 * the set), is above the given one, the part of greatest conductance joins the one that it has most edges to.
 *
 *   V. A. Traag, L. Waltman and N. J. van Eck, "From Louvain to Leiden", Scientific Reports 9, 5233 (2019).
 *   J. Leskovec, K. J. Lang, A. Dasgupta and M. W. Mahoney, "Statistical properties of community structure in large social and
 *   information networks", WWW 2008 (conductance as the measure of a separate group).
 */
import { type Check, neverCancelled } from './check.js'
import { type UndirectedCsr, undirectedCsr } from './csr.js'
import { leiden } from './leiden.js'

export interface LooseParts {
  readonly count: number
  /** Part of each node, -1 where it is in no set. Parts of one set are neighbours in number, in order of their first node. */
  readonly label: Int32Array
}

/** Joins the communities of one set's own graph; `part` is changed in place and its values need not be consecutive. */
const joinTight = (graph: UndirectedCsr, part: Int32Array, most: number): void => {
  const { offsets, columns, weights } = graph
  const edges = new Map<number, Map<number, number>>()
  const volume = new Map<number, number>()
  let total = 0
  for (let v = 0; v < part.length; v++)
    for (let k = offsets[v]!; k < offsets[v + 1]!; k++) {
      const a = part[v]!
      const b = part[columns[k]!]!
      const weight = weights?.[k] ?? 1
      total += weight
      volume.set(a, (volume.get(a) ?? 0) + weight)
      if (a === b) continue
      const row = edges.get(a) ?? new Map<number, number>()
      edges.set(a, row.set(b, (row.get(b) ?? 0) + weight))
    }
  const into = new Map<number, number>()
  for (;;) {
    let worst = -1
    let greatest = most
    for (const [a, row] of edges) {
      let cut = 0
      for (const count of row.values()) cut += count
      const inside = volume.get(a)!
      const share = cut / Math.max(Number.MIN_VALUE, Math.min(inside, total - inside))
      if (share > greatest) {
        greatest = share
        worst = a
      }
    }
    if (worst === -1) break
    const row = edges.get(worst)!
    let next = -1
    for (const [b, count] of row)
      if (next === -1 || count > row.get(next)! || (count === row.get(next)! && b < next)) next = b
    const grown = edges.get(next)!
    for (const [b, count] of row) {
      const other = edges.get(b)!
      other.delete(worst)
      if (b === next) continue
      grown.set(b, (grown.get(b) ?? 0) + count)
      other.set(next, (other.get(next) ?? 0) + count)
    }
    edges.delete(worst)
    if (grown.size === 0) edges.delete(next)
    volume.set(next, volume.get(next)! + volume.get(worst)!)
    into.set(worst, next)
  }
  for (let v = 0; v < part.length; v++) while (into.has(part[v]!)) part[v] = into.get(part[v]!)!
}

/**
 * `label` is the set of each node (-1: none) and `count` their number; edges between sets are not looked at. Sets of fewer than
 * `least` nodes are left whole. `most` is the largest conductance of a part, 0 (splits only what is disconnected) to 1. The same for the same graph.
 */
export const looseParts = (
  graph: UndirectedCsr,
  { label, count }: { readonly label: Int32Array; readonly count: number },
  { most, least }: { readonly most: number; readonly least: number },
  check: Check = neverCancelled,
): LooseParts => {
  const members: number[][] = Array.from({ length: count }, () => [])
  for (let v = 0; v < label.length; v++) if (label[v]! >= 0) members[label[v]!]!.push(v)
  const place = new Int32Array(label.length)
  const parts = new Int32Array(label.length).fill(-1)
  let partCount = 0
  for (let set = 0; set < count; set++) {
    const nodes = members[set]!
    if (nodes.length < least) {
      for (const v of nodes) parts[v] = partCount
      partCount++
      continue
    }
    check()
    nodes.forEach((v, i) => {
      place[v] = i
    })
    const source: number[] = []
    const target: number[] = []
    const weight: number[] = []
    for (const v of nodes)
      for (let k = graph.offsets[v]!; k < graph.offsets[v + 1]!; k++) {
        const w = graph.columns[k]!
        if (label[w] !== set || w < v) continue
        source.push(place[v]!)
        target.push(place[w]!)
        weight.push(graph.weights?.[k] ?? 1)
      }
    const own = undirectedCsr(nodes.length, {
      source: Int32Array.from(source),
      target: Int32Array.from(target),
      weight: Float64Array.from(weight),
    })
    const part = Int32Array.from(leiden(own, { check }).community)
    joinTight(own, part, most)
    const number = new Map<number, number>()
    nodes.forEach((v, i) => {
      const known = number.get(part[i]!)
      if (known === undefined) number.set(part[i]!, partCount)
      parts[v] = known ?? partCount++
    })
  }
  return { count: partCount, label: parts }
}
