/**
 * Distinct pairs of a relation: parallel interactions are one pair, loops are none, as a thousand transfers between two
 * accounts tie them together no more than their weight in one fact says.
 */
import type { Relation } from '../../graph/snapshot.js'

export interface RelationPairs {
  readonly relation: Relation
  /** Entity indices; ordered by actor, then target. */
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Position of the pair's first interaction in the relation's outgoing arrays. */
  readonly first: Int32Array
  /** One past the position of its last. */
  readonly end: Int32Array
}

export const distinctPairs = (relation: Relation, checkCancelled: () => void): RelationPairs => {
  const { actorFrom, outOffsets, target, count } = relation
  const actors = new Int32Array(count)
  const targets = new Int32Array(count)
  const first = new Int32Array(count)
  const end = new Int32Array(count)
  let pairs = 0
  for (let row = 0; row + 1 < outOffsets.length; row++) {
    if (row % 65536 === 0) checkCancelled()
    const actor = actorFrom + row
    const to = outOffsets[row + 1]!
    let edge = outOffsets[row]!
    while (edge < to) {
      const other = target[edge]!
      const from = edge
      while (edge < to && target[edge] === other) edge++
      if (other === actor) continue
      actors[pairs] = actor
      targets[pairs] = other
      first[pairs] = from
      end[pairs++] = edge
    }
  }
  return {
    relation,
    actor: actors.subarray(0, pairs),
    target: targets.subarray(0, pairs),
    first: first.subarray(0, pairs),
    end: end.subarray(0, pairs),
  }
}

/** Interactions of the pairs at `positions`, ascending. */
export const edgesOfPairs = ({ first, end }: RelationPairs, positions: readonly number[]): Int32Array => {
  let count = 0
  for (const p of positions) count += end[p]! - first[p]!
  const edges = new Int32Array(count)
  let at = 0
  for (const p of positions) for (let edge = first[p]!; edge < end[p]!; edge++) edges[at++] = edge
  return edges
}

/** First and last time of the pairs' interactions; null where no time is known. */
export const windowOf = (
  found: readonly { readonly pairs: RelationPairs; readonly positions: readonly number[] }[],
): { readonly from: number; readonly to: number } | null => {
  let from = Infinity
  let to = -Infinity
  for (const { pairs, positions } of found)
    for (const p of positions)
      for (let edge = pairs.first[p]!; edge < pairs.end[p]!; edge++) {
        const at = pairs.relation.at[edge]!
        if (at < from) from = at
        if (at > to) to = at
      }
  return from <= to ? { from, to } : null
}
