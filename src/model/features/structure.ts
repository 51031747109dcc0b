/** Where a node stands in the graph, whatever its own columns are. */
import type { UndirectedCsr } from '../../kernels/csr.js'
import { coreNumbers } from '../../kernels/k-core.js'
import { leiden } from '../../kernels/leiden.js'
import { pageRankUndirected } from '../../kernels/pagerank.js'
import type { FeatureColumn } from './definition.js'

const asOf = 'Links known at the scoring time.'

/** Degree, mean degree of neighbours, core number, community (size, density, share of links inside), PageRank. */
export const structureFeatures = (
  graph: UndirectedCsr,
  seed: number,
  check: () => void = () => {},
): readonly FeatureColumn[] => {
  const { rowCount: n, offsets, columns } = graph
  const { core } = coreNumbers(graph, check)
  const { community, count } = leiden(graph, { seed, check })
  const { rank } = pageRankUndirected(graph, { tolerance: 1e-6, check })
  const size = new Float64Array(count)
  const inside = new Float64Array(count)
  const degree = new Float32Array(n)
  const neighbours = new Float32Array(n)
  const within = new Float32Array(n)
  for (let v = 0; v < n; v++) {
    size[community[v]!]!++
    const d = offsets[v + 1]! - offsets[v]!
    let sum = 0
    let own = 0
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
      const u = columns[k]!
      sum += Math.log1p(offsets[u + 1]! - offsets[u]!)
      own += Number(community[u] === community[v])
    }
    inside[community[v]!]! += own
    degree[v] = Math.log1p(d)
    neighbours[v] = d ? sum / d : Number.NaN
    within[v] = d ? own / d : Number.NaN
  }
  const column = (name: string, unit: string, sentence: string, value: (v: number) => number): FeatureColumn => ({
    name: `structure.${name}`,
    unit,
    sentence,
    asOf,
    values: Float32Array.from({ length: n }, (_, v) => value(v)),
  })
  return [
    column('degree', 'log count', 'Logarithm of one more than the number of neighbours.', (v) => degree[v]!),
    column(
      'neighbours-degree',
      'log count',
      'Mean over neighbours of the logarithm of their numbers of neighbours.',
      (v) => neighbours[v]!,
    ),
    column(
      'core',
      'log count',
      'Logarithm of one more than the core number: the greatest k with k neighbours inside the k-core.',
      (v) => Math.log1p(core[v]!),
    ),
    column('community-size', 'log count', 'Logarithm of the number of nodes of its Leiden community.', (v) =>
      Math.log(size[community[v]!]!),
    ),
    column('community-density', 'share', 'Links inside its community over all possible ones.', (v) => {
      const s = size[community[v]!]!
      return s > 1 ? inside[community[v]!]! / (s * (s - 1)) : Number.NaN
    }),
    column('community-inside', 'share', 'Share of its neighbours that are in its community.', (v) => within[v]!),
    column('pagerank', 'log ratio', 'Logarithm of its PageRank over that of a node by chance.', (v) =>
      Math.log(Math.max(n * rank[v]!, 1e-6)),
    ),
  ]
}
