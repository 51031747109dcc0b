/** What risk is measured beside, on one undirected graph with the same sources: SybilSCAR-D and personalized PageRank, plain and by degree. */
import type { UndirectedCsr } from '#src/kernels/csr.js'
import { pageRankUndirected } from '#src/kernels/pagerank.js'
import { sybilScar } from '#src/kernels/trust.js'

/** A source's prior in SybilSCAR, as its authors set it. */
const scarPrior = 0.9

/** `known`: 1 for sources. */
export const spreadBaselines = (graph: UndirectedCsr, known: Float64Array): Readonly<Record<string, Float64Array>> => {
  const { rowCount: n, offsets } = graph
  const prior = known.map((is) => (is === 1 ? scarPrior : 0.5))
  const { rank } = pageRankUndirected(graph, { teleport: known, tolerance: 1e-9 })
  return {
    SybilSCAR: sybilScar(graph, prior).belief,
    'personalized PageRank': rank,
    'personalized PageRank by degree': Float64Array.from(
      { length: n },
      (_, v) => rank[v]! / Math.max(1, offsets[v + 1]! - offsets[v]!),
    ),
  }
}
