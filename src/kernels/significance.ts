/**
 * Significance of a partition: how unlikely a random graph is to hold a partition with as dense communities, in nats,
 *
 *     S = sum over communities c of  C(n_c, 2) D(p_c || p),   D(q || p) = q ln(q / p) + (1 - q) ln((1 - q) / (1 - p)),
 *
 * p_c the density inside c and p that of the graph. V. A. Traag, G. Krings and P. Van Dooren, "Significant Scales in Community
 * Structure", Scientific Reports 3, 2930 (2013), doi:10.1038/srep02930. As there, only communities denser than the graph count.
 * Weights and loops do not count.
 */
import type { Csr } from './csr.js'

const divergence = (q: number, p: number): number =>
  (q > 0 ? q * Math.log(q / p) : 0) + (q < 1 ? (1 - q) * Math.log((1 - q) / (1 - p)) : 0)

/** Of a symmetric CSR without parallel entries; community numbers are 0 .. count - 1. 0 where the graph is empty or complete. */
export const significance = (graph: Csr, community: Int32Array, count: number): number => {
  const { rowCount: n, offsets, columns } = graph
  if (community.length !== n) throw new RangeError(`the partition has ${community.length} nodes, the graph ${n}`)
  const size = new Float64Array(count)
  const ends = new Float64Array(count)
  for (let v = 0; v < n; v++) {
    const c = community[v]!
    if (!(c >= 0 && c < count)) throw new RangeError(`community ${c} of node ${v} is outside 0 .. ${count - 1}`)
    size[c]!++
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) if (community[columns[k]!] === c) ends[c]!++
  }
  const density = columns.length / (n * (n - 1))
  if (!(density > 0 && density < 1)) return 0
  let sum = 0
  for (let c = 0; c < count; c++) {
    const pairs = (size[c]! * (size[c]! - 1)) / 2
    if (pairs === 0) continue
    const inside = Math.min(1, ends[c]! / 2 / pairs)
    if (inside > density) sum += pairs * divergence(inside, density)
  }
  return sum
}
