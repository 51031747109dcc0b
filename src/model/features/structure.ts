/** Where a node stands in the graph, whatever its own columns are. */
import type { UndirectedCsr } from '../../kernels/csr.js'
import { coreNumbers } from '../../kernels/k-core.js'
import { leiden } from '../../kernels/leiden.js'
import { pageRankUndirected } from '../../kernels/pagerank.js'
import type { FeatureColumn, FeatureDefinition } from './definition.js'
import { columnsOf, definitionsOf, type Measure } from './measure.js'

const asOf = 'Links known at the scoring time.'

interface Standing {
  nodes: number
  degree: number
  /** Mean over neighbours of the logarithm of one more than their degrees. */
  neighbours: number
  core: number
  /** Of the node's community: nodes, and entries of the graph with both ends inside. */
  size: number
  inside: number
  /** Share of neighbours in the own community. */
  within: number
  rank: number
}

const measures: readonly Measure<Standing>[] = [
  {
    name: 'degree',
    unit: 'log count',
    sentence: () => 'Logarithm of one more than the number of neighbours.',
    value: ({ degree }) => Math.log1p(degree),
  },
  {
    name: 'neighbours-degree',
    unit: 'log count',
    sentence: () => 'Mean over neighbours of the logarithm of their numbers of neighbours.',
    value: ({ neighbours }) => neighbours,
  },
  {
    name: 'core',
    unit: 'log count',
    sentence: () => 'Logarithm of one more than the core number: the greatest k with k neighbours inside the k-core.',
    value: ({ core }) => Math.log1p(core),
  },
  {
    name: 'community-size',
    unit: 'log count',
    sentence: () => 'Logarithm of the number of nodes of its Leiden community.',
    value: ({ size }) => Math.log(size),
  },
  {
    name: 'community-density',
    unit: 'share',
    sentence: () => 'Links inside its community over all possible ones.',
    value: ({ size, inside }) => (size > 1 ? inside / (size * (size - 1)) : Number.NaN),
  },
  {
    name: 'community-inside',
    unit: 'share',
    sentence: () => 'Share of its neighbours that are in its community.',
    value: ({ within }) => within,
  },
  {
    name: 'pagerank',
    unit: 'log ratio',
    sentence: () => 'Logarithm of its PageRank over that of a node by chance.',
    value: ({ nodes, rank }) => Math.log(Math.max(nodes * rank, 1e-6)),
  },
]

export const structureDefinitions: readonly FeatureDefinition[] = definitionsOf(
  measures,
  { name: 'structure', words: '' },
  asOf,
)

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
  const own = new Int32Array(n)
  for (let v = 0; v < n; v++) {
    size[community[v]!]!++
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++)
      own[v]! += Number(community[columns[k]!] === community[v])
    inside[community[v]!]! += own[v]!
  }
  const logDegree = Float64Array.from({ length: n }, (_, v) => Math.log1p(offsets[v + 1]! - offsets[v]!))
  const standing: Standing = { nodes: n, degree: 0, neighbours: 0, core: 0, size: 0, inside: 0, within: 0, rank: 0 }
  const values = columnsOf(measures, n, (v) => {
    const degree = offsets[v + 1]! - offsets[v]!
    let sum = 0
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) sum += logDegree[columns[k]!]!
    standing.degree = degree
    standing.neighbours = sum / degree
    standing.core = core[v]!
    standing.size = size[community[v]!]!
    standing.inside = inside[community[v]!]!
    standing.within = own[v]! / degree
    standing.rank = rank[v]!
    return standing
  })
  return structureDefinitions.map((definition, m) => ({ ...definition, values: values[m]! }))
}
