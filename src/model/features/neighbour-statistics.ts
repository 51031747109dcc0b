/**
 * What the neighbours of each node have in a column: mean, deviation, least, greatest. A missing value (NaN) of a neighbour is
 * left out; a node of whose neighbours none has a value gets NaN. Sums go in the order of the row, so that they are the same bytes.
 *
 * Aggregates without parameters beside the own value, given to trees: Jianheng Tang, Fengrui Hua, Ziqi Gao, Peilin Zhao and Jia
 * Li, "GADBench: Revisiting and Benchmarking Supervised Graph Anomaly Detection", NeurIPS 2023 Datasets and Benchmarks.
 */
import type { Csr } from '../../kernels/csr.js'

export interface NeighbourStatistics {
  readonly mean: Float32Array
  readonly deviation: Float32Array
  readonly least: Float32Array
  readonly greatest: Float32Array
}

/**
 * Mean over neighbours u (in `out`) of the mean over u's neighbours (in `back`) but the node itself: what those have who share a
 * neighbour with it. For a relation from accounts to devices, accounts on the same device. `back` is the transpose of `out`.
 */
export const twoStepMean = (out: Csr, back: Csr, values: Float32Array): Float32Array => {
  const sums = new Float64Array(back.rowCount)
  const counts = new Int32Array(back.rowCount)
  for (let u = 0; u < back.rowCount; u++)
    for (let k = back.offsets[u]!, end = back.offsets[u + 1]!; k < end; k++) {
      const x = values[back.columns[k]!]!
      if (Number.isNaN(x)) continue
      sums[u]! += x
      counts[u]!++
    }
  const mean = new Float32Array(out.rowCount)
  for (let v = 0; v < out.rowCount; v++) {
    const own = values[v]!
    const isKnown = Number(!Number.isNaN(own))
    let sum = 0
    let mass = 0
    for (let k = out.offsets[v]!, end = out.offsets[v + 1]!; k < end; k++) {
      const u = out.columns[k]!
      const others = counts[u]! - isKnown
      if (others <= 0) continue
      sum += (sums[u]! - (isKnown ? own : 0)) / others
      mass++
    }
    mean[v] = sum / mass
  }
  return mean
}

/** `values` has one entry a column of the graph. Deviation of the population, 0 for one neighbour. Weights are not read. */
export const neighbourStatistics = ({ rowCount, offsets, columns }: Csr, values: Float32Array): NeighbourStatistics => {
  const mean = new Float32Array(rowCount)
  const deviation = new Float32Array(rowCount)
  const least = new Float32Array(rowCount)
  const greatest = new Float32Array(rowCount)
  for (let v = 0; v < rowCount; v++) {
    let count = 0
    let sum = 0
    let low = Infinity
    let high = -Infinity
    const from = offsets[v]!
    const to = offsets[v + 1]!
    for (let k = from; k < to; k++) {
      const x = values[columns[k]!]!
      if (Number.isNaN(x)) continue
      count++
      sum += x
      if (x < low) low = x
      if (x > high) high = x
    }
    const middle = sum / count
    let squares = 0
    if (low < high)
      for (let k = from; k < to; k++) {
        const x = values[columns[k]!]!
        if (!Number.isNaN(x)) squares += (x - middle) * (x - middle)
      }
    mean[v] = middle
    deviation[v] = Math.sqrt(squares / count)
    least[v] = count ? low : Number.NaN
    greatest[v] = count ? high : Number.NaN
  }
  return { mean, deviation, least, greatest }
}
