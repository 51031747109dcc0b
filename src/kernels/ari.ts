/**
 * Adjusted Rand index of two labellings: agreement on pairs, 0 for what chance gives, 1 for the same partition.
 *
 *     ARI = (sum C(n_ij, 2) - E) / (mean(sum C(a_i, 2), sum C(b_j, 2)) - E),   E = sum C(a_i, 2) sum C(b_j, 2) / C(n, 2)
 *
 * Lawrence Hubert and Phipps Arabie, "Comparing partitions", Journal of Classification 2, 1985, pages 193-218.
 */
import { contingency } from './contingency.js'

const pairs = (counts: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += (counts[i]! * (counts[i]! - 1)) / 2
  return sum
}

/** -1/2 to 1; 1 where both labellings are trivial in the same way. Items with a negative label are left out. */
export const adjustedRandIndex = (a: Int32Array, b: Int32Array): number => {
  const { total, rowSums, columnSums, cells } = contingency(a, b)
  const together = pairs(cells)
  const inA = pairs(rowSums)
  const inB = pairs(columnSums)
  const all = (total * (total - 1)) / 2
  if (all === 0) return 1
  const expected = (inA * inB) / all
  const most = (inA + inB) / 2
  return most === expected ? 1 : (together - expected) / (most - expected)
}
