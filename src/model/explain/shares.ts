/** What each feature adds to the log-odds that trees give: exact, and the same mean over ensembles as the score itself. */
import { type Ensemble, predictLogOdds } from '../trees/ensemble.js'
import { contributions } from '../trees/tree-shap.js'

const matrixOf = (names: readonly string[], row: Float32Array) => ({
  rows: 1,
  names,
  columns: names.map((_, j) => row.subarray(j, j + 1)),
})

/** The mean over what models of all parts say; for a labelled entity what that says which never saw its part. As in scoring tables. */
export const heldMean = (each: ArrayLike<number>, part: number | null): number => {
  if (part !== null) return each[part]!
  let sum = 0
  for (let i = 0; i < each.length; i++) sum += each[i]!
  return sum / each.length
}

export const treesLogOdds = (ensembles: readonly Ensemble[], row: Float32Array, part: number | null): number => {
  const matrix = matrixOf(ensembles[0]!.names, row)
  return heldMean(
    ensembles.map((ensemble, each) => (part === null || each === part ? predictLogOdds(ensemble, matrix)[0]! : 0)),
    part,
  )
}

export interface TreesShares {
  /** What is said of an entity of which nothing is known. `expected` and all of `values` add up to the trees' log-odds. */
  readonly expected: number
  /** One a feature, in the ensembles' order. */
  readonly values: Float64Array
}

export const treesShares = (ensembles: readonly Ensemble[], row: Float32Array, part: number | null): TreesShares => {
  const used = part === null ? ensembles : [ensembles[part]!]
  const values = new Float64Array(row.length)
  let expected = 0
  for (const ensemble of used) {
    const own = contributions(ensemble, row)
    expected += own.expected / used.length
    for (let j = 0; j < values.length; j++) values[j]! += own.values[j]! / used.length
  }
  return { expected, values }
}
