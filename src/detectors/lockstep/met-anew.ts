/** Accounts that have come to act at the same moments through what is new: only their groups can have changed since an earlier run. */
import type { Relation } from '../../graph/snapshot.js'
import { LEAST_TIMES } from './moments.js'

/** Targets on which two accounts (rows) act within `widest` milliseconds of each other, counted up to `most`. */
const momentsOfPair = (
  { outOffsets, target, at }: Relation,
  a: number,
  b: number,
  widest: number,
  most: number,
): number => {
  let count = 0
  let j = outOffsets[b]!
  const end = outOffsets[b + 1]!
  let last = -1
  for (let i = outOffsets[a]!; i < outOffsets[a + 1]! && count < most; i++) {
    while (j < end && target[j]! < target[i]!) j++
    if (target[i] === last) continue
    for (let k = j; k < end && target[k] === target[i]; k++)
      if (Math.abs(at[k]! - at[i]!) <= widest) {
        last = target[i]!
        count++
        break
      }
  }
  return count
}

/**
 * 1 for each account with a new action (1 in `isNew`) within `widest` milliseconds of one of another account on the same target, and for that other,
 * where the two have such moments often enough to be tied; null where there is none.
 */
export const metAnew = (
  relation: Relation,
  isNew: Uint8Array,
  market: number | null,
  widest: number,
): Uint8Array | null => {
  const { outOffsets, inOffsets, source, inEdge, target, at, actorFrom, targetFrom } = relation
  const met = new Uint8Array(outOffsets.length - 1)
  let any = false
  for (let row = 0; row < met.length; row++)
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      if (isNew[edge] !== 1 || (market !== null && relation.market[edge] !== market)) continue
      const t = target[edge]! - targetFrom
      for (let k = inOffsets[t]!; k < inOffsets[t + 1]!; k++) {
        const other = source[k]! - actorFrom
        if (other === row || !(Math.abs(at[inEdge[k]!]! - at[edge]!) <= widest)) continue
        if (met[row] === 1 && met[other] === 1) continue
        if (momentsOfPair(relation, row, other, widest, LEAST_TIMES) < LEAST_TIMES) continue
        met[row] = 1
        met[other] = 1
        any = true
      }
    }
  return any ? met : null
}
