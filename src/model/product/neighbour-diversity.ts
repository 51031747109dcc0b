/**
 * How unlike one another the neighbours of an entity are, without any label: the variance over pairs of neighbours of the cosine of what
 * is said of them.
 *
 *   d(v) = variance over pairs {a, b} of neighbours of v of  cos(x_a, x_b),   x: standardized degree, age, hours and burst
 *
 * "NeighborDiv", 2026, arXiv:2605.20879: the variance of pairwise similarities among a node's neighbours ranks anomalies without training.
 * Which end of it is unusual differs from graph to graph.
 */
import { type Check, checkInterval } from '../../kernels/check.js'
import type { UndirectedCsr } from '../../kernels/csr.js'
import { Random } from '../../kernels/random.js'

/** More neighbours than this are drawn from: pairs grow with the square. */
const mostNeighbours = 16
/** With fewer there is no variance over pairs. */
const fewestNeighbours = 3

const standardized = (columns: readonly Float32Array[]): readonly Float32Array[] =>
  columns.map((column) => {
    let [count, sum, squares] = [0, 0, 0]
    for (const value of column) {
      if (Number.isNaN(value)) continue
      count++
      sum += value
      squares += value * value
    }
    const mean = count ? sum / count : 0
    const deviation = Math.sqrt(Math.max(0, (count ? squares / count : 0) - mean * mean))
    // What is not known is as usual.
    return column.map((value) => (Number.isNaN(value) || deviation === 0 ? 0 : (value - mean) / deviation))
  })

/** Of entities from .. to - 1; NaN with fewer than three neighbours. `columns` have one value an entity of the whole graph. */
export const neighbourDiversity = (
  { offsets, columns: neighbours }: UndirectedCsr,
  columns: readonly Float32Array[],
  { from, to }: { readonly from: number; readonly to: number },
  seed: number,
  check: Check,
): Float64Array => {
  const x = standardized(columns)
  const n = x[0]?.length ?? 0
  const length = new Float32Array(n)
  for (const column of x) for (let v = 0; v < n; v++) length[v]! += column[v]! * column[v]!
  for (let v = 0; v < n; v++) length[v] = Math.sqrt(length[v]!)
  const drawn = new Int32Array(mostNeighbours)
  const diversity = new Float64Array(to - from).fill(Number.NaN)
  for (let v = from; v < to; v++) {
    if ((v - from) % checkInterval === 0) check()
    const begin = offsets[v]!
    const degree = offsets[v + 1]! - begin
    if (degree < fewestNeighbours) continue
    const random = new Random(seed, v)
    const count = Math.min(degree, mostNeighbours)
    for (let i = 0; i < count; i++)
      drawn[i] = neighbours[begin + (degree <= mostNeighbours ? i : random.below(degree))]!
    let [pairs, sum, squares] = [0, 0, 0]
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) {
        const [a, b] = [drawn[i]!, drawn[j]!]
        const scale = length[a]! * length[b]!
        let dot = 0
        for (const column of x) dot += column[a]! * column[b]!
        const cosine = scale > 0 ? dot / scale : 0
        pairs++
        sum += cosine
        squares += cosine * cosine
      }
    diversity[v - from] = Math.max(0, squares / pairs - (sum / pairs) ** 2)
  }
  return diversity
}
