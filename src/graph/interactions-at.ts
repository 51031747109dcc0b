/** Interactions of a snapshot by their positions in a relation, as facts are counted from. */
import type { CountedInteraction } from './fact-count.js'
import type { Relation } from './snapshot.js'

/** The actor of the interaction at `edge`, by binary search in the offsets. */
export const actorOf = ({ outOffsets, actorFrom }: Relation, edge: number): number => {
  let low = 0
  let high = outOffsets.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (outOffsets[middle]! <= edge) low = middle
    else high = middle - 1
  }
  return actorFrom + low
}

/** The actor of each interaction. */
export const actorsOfEdges = ({ outOffsets, actorFrom, count }: Relation): Int32Array => {
  const actors = new Int32Array(count)
  for (let a = 0; a + 1 < outOffsets.length; a++) actors.fill(actorFrom + a, outOffsets[a]!, outOffsets[a + 1]!)
  return actors
}

const hex = (bits: number): string => bits.toString(16).padStart(8, '0')

const fingerprintAt = ({ fingerprints }: Relation, edge: number): string | null => {
  if (!fingerprints) return null
  let low = 0
  let high = fingerprints.edge.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (fingerprints.edge[middle]! < edge) low = middle + 1
    else high = middle
  }
  return fingerprints.edge[low] === edge ? hex(fingerprints.high[low]!) + hex(fingerprints.low[low]!) : null
}

export const interactionsAt = (relation: Relation, edges: Int32Array): CountedInteraction<number>[] =>
  Array.from(edges, (edge) => ({
    type: relation.type,
    actor: actorOf(relation, edge),
    target: relation.target[edge]!,
    at: relation.at[edge]!,
    fingerprint: fingerprintAt(relation, edge),
    rating: relation.ratings?.[edge] || null,
  }))
