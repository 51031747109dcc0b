/** The market of each entity, for calibration: the one that most of its interactions name. */

import type { Snapshot } from '../../graph/snapshot.js'
import { type Half, halfOf, rowEnd, rowStart } from '../features/product/sides.js'

/** Place in `snapshot.markets` for entities from .. to - 1; 0 where none is named. Of several as common the first. */
export const marketsOf = (
  snapshot: Snapshot,
  { from, to }: { readonly from: number; readonly to: number },
): Uint16Array => {
  const halves: readonly { readonly half: Half; readonly market: Uint16Array }[] = snapshot.relations.flatMap(
    (relation) =>
      (['out', 'in'] as const).map((direction) => ({ half: halfOf(relation, direction), market: relation.market })),
  )
  const counts = new Uint32Array(snapshot.markets.length)
  const found = new Uint16Array(to - from)
  const seen: number[] = []
  for (let v = from; v < to; v++) {
    for (const { half, market } of halves)
      for (let k = rowStart(half, v), end = rowEnd(half, v); k < end; k++) {
        const m = market[half.edge === null ? k : half.edge[k]!]!
        if (m !== 0 && counts[m]!++ === 0) seen.push(m)
      }
    let best = 0
    for (const m of seen) if (counts[m]! > counts[best]! || (counts[m] === counts[best] && m < best)) best = m
    found[v - from] = best
    for (const m of seen) counts[m] = 0
    seen.length = 0
  }
  return found
}
