/** Where a node stands in the graph, whatever its own columns are. */

import { connectedComponents } from '../../kernels/components.js'
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
  /** Nodes of its component when hubs are taken out; 0 for a hub. */
  rare: number
}

/** Nodes with more neighbours than this are hubs: an exchange, a carrier's network, a viral video. They tie nobody to anybody. */
const hubDegree = 50

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
  {
    name: 'rare-component',
    unit: 'log count',
    sentence: () =>
      `Logarithm of one more than the number of nodes of its component when nodes of more than ${hubDegree} neighbours are taken out; 0 for these.`,
    value: ({ rare }) => Math.log1p(rare),
  },
]

export const structureDefinitions: readonly FeatureDefinition[] = definitionsOf(
  measures,
  { name: 'structure', words: '' },
  asOf,
)

/** Nodes of each node's component among those that are no hubs; 0 for hubs. */
const rareComponents = ({ rowCount: n, offsets, columns }: UndirectedCsr, check: () => void): Float64Array => {
  const isHub = (v: number): boolean => offsets[v + 1]! - offsets[v]! > hubDegree
  const source = new Int32Array(columns.length / 2)
  const target = new Int32Array(columns.length / 2)
  let count = 0
  for (let v = 0; v < n; v++) {
    if (isHub(v)) continue
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
      const u = columns[k]!
      if (u >= v || isHub(u)) continue
      source[count] = v
      target[count++] = u
    }
  }
  check()
  const { component } = connectedComponents(n, source.subarray(0, count), target.subarray(0, count))
  const sizes = new Float64Array(n)
  for (let v = 0; v < n; v++) sizes[component[v]!]!++
  return Float64Array.from(component, (c, v) => (isHub(v) ? 0 : sizes[c]!))
}

/** Degree, mean degree of neighbours, core number, community (size, density, share of links inside), PageRank, component without hubs. */
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
  const rare = rareComponents(graph, check)
  const logDegree = Float64Array.from({ length: n }, (_, v) => Math.log1p(offsets[v + 1]! - offsets[v]!))
  const standing: Standing = {
    nodes: n,
    degree: 0,
    neighbours: 0,
    core: 0,
    size: 0,
    inside: 0,
    within: 0,
    rank: 0,
    rare: 0,
  }
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
    standing.rare = rare[v]!
    return standing
  })
  return structureDefinitions.map((definition, m) => ({ ...definition, values: values[m]! }))
}
