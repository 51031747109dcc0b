/**
 * Conductance of each community:  cut(S) / min(vol(S), vol(V - S)), where cut is the weight that leaves S and vol the sum of
 * strengths.
 *
 * Ravi Kannan, Santosh Vempala and Adrian Vetta, "On clusterings: Good, bad and spectral", Journal of the ACM 51(3), 2004; as a
 * measure of communities: Jure Leskovec, Kevin J. Lang, Anirban Dasgupta and Michael W. Mahoney, "Statistical properties of
 * community structure in large social and information networks", WWW 2008.
 */
import type { UndirectedCsr } from './csr.js'

export interface Conductance {
  /** 0 (nothing leaves) to 1; 0 where the community, or all the rest, has no edges. */
  readonly conductance: Float64Array
  readonly volume: Float64Array
  readonly cut: Float64Array
}

/** Community numbers are 0 .. count - 1. */
export const conductance = (graph: UndirectedCsr, community: Int32Array, count: number): Conductance => {
  const { rowCount, offsets, columns, weights, loops } = graph
  if (community.length !== rowCount)
    throw new RangeError(`the partition has ${community.length} nodes, the graph ${rowCount}`)
  const volume = new Float64Array(count)
  const cut = new Float64Array(count)
  let all = 0
  for (let v = 0; v < rowCount; v++) {
    const c = community[v]!
    if (!(c >= 0 && c < count)) throw new RangeError(`community ${c} of node ${v} is outside 0 .. ${count - 1}`)
    if (loops) volume[c]! += 2 * loops[v]!
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
      const w = weights ? weights[k]! : 1
      volume[c]! += w
      if (community[columns[k]!] !== c) cut[c]! += w
    }
  }
  for (let c = 0; c < count; c++) all += volume[c]!
  const result = new Float64Array(count)
  for (let c = 0; c < count; c++) {
    const smaller = Math.min(volume[c]!, all - volume[c]!)
    result[c] = smaller > 0 ? Math.min(1, cut[c]! / smaller) : 0
  }
  return { conductance: result, volume, cut }
}
