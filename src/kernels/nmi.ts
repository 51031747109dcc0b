/**
 * Normalized mutual information of two labellings:  NMI = I(A; B) / mean of H(A) and H(B), arithmetic mean.
 *
 * Leon Danon, Albert Díaz-Guilera, Jordi Duch and Alex Arenas, "Comparing community structure identification", Journal of
 * Statistical Mechanics 2005 P09008, which is scikit-learn's `normalized_mutual_info_score` with its default mean.
 */
import { contingency } from './contingency.js'

const entropy = (sums: Float64Array, total: number): number => {
  let h = 0
  for (let i = 0; i < sums.length; i++) h -= (sums[i]! / total) * Math.log(sums[i]! / total)
  return h
}

/** 0 to 1; 1 where both put all items in one class (or there are none). Items with a negative label are left out. */
export const normalizedMutualInformation = (a: Int32Array, b: Int32Array): number => {
  const { total, rowSums, columnSums, cells, cellRow, cellColumn } = contingency(a, b)
  if (rowSums.length <= 1 && columnSums.length <= 1) return 1
  let information = 0
  for (let i = 0; i < cells.length; i++)
    information +=
      (cells[i]! / total) * Math.log((cells[i]! * total) / (rowSums[cellRow[i]!]! * columnSums[cellColumn[i]!]!))
  const mean = (entropy(rowSums, total) + entropy(columnSums, total)) / 2
  return Math.min(1, Math.max(0, information / mean))
}
