/**
 * Ties between accounts into the trees of greatest worth, so that many ties that are weak by themselves stand together.
 *
 * A tie that chance gives an account T times is worth  -ln T - ln 6.  Of n nodes there are fewer than 3^n rooted trees (Otter 1948), and 2^-n sums
 * to 1, so the expected number of trees in all the data that are worth x or more is at most exp(-x) for each account at which one could begin.
 *
 *   Otter, R. (1948): The number of trees. Annals of Mathematics 49(3), 583-599.
 */

/** What the shape and size of the tree cost, for each tie. */
export const TREE = Math.log(6)

export interface WorthTie {
  readonly a: number
  readonly b: number
  /** Above 0. */
  readonly nats: number
}

export interface Tree<Tie extends WorthTie> {
  readonly nodes: number[]
  readonly ties: Tie[]
  /** Sum over its ties. */
  nats: number
}

/** The trees of greatest worth that the ties hold (Kruskal); each of two nodes or more. */
export const treesOf = <Tie extends WorthTie>(ties: readonly Tie[]): Tree<Tie>[] => {
  const treeOf = new Map<number, Tree<Tie>>()
  for (const tie of [...ties].sort((x, y) => y.nats - x.nats || x.a - y.a || x.b - y.b)) {
    const a = treeOf.get(tie.a) ?? { nodes: [tie.a], ties: [], nats: 0 }
    const b = treeOf.get(tie.b) ?? { nodes: [tie.b], ties: [], nats: 0 }
    if (a === b) continue
    const [large, small] = a.nodes.length >= b.nodes.length ? [a, b] : [b, a]
    large.nats += small.nats + tie.nats
    for (const node of small.nodes) large.nodes.push(node)
    for (const each of small.ties) large.ties.push(each)
    large.ties.push(tie)
    treeOf.set(tie.a, large).set(tie.b, large)
    for (const node of small.nodes) treeOf.set(node, large)
  }
  return [...new Set(treeOf.values())]
}
