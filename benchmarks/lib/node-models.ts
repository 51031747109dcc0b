import { loadBackend } from '#src/model/backend.js'
import type { SageGraph } from '#src/model/graphsage/graph.js'
import { defaultSageOptions } from '#src/model/graphsage/options.js'
import { scoreSage } from '#src/model/graphsage/score.js'
import { sageGraphOf } from '#src/model/graphsage/table-graph.js'
import { knownLabels, trainSage } from '#src/model/graphsage/train.js'
import type { NodeSplit, NodeTable } from '#src/model/node-table.js'
import { type LabelledTable, scoreByTrees, stackWithSage } from '#src/model/node-trees.js'
import { sigmoid } from '#src/model/trees/ensemble.js'
import type { NodeModel } from './node-classification.js'

/** The last answer is kept: the stack asks for what its parts have just said of the same split. */
function memoized<T>(
  compute: (table: NodeTable, split: NodeSplit) => Promise<T>,
): (table: NodeTable, split: NodeSplit) => Promise<T> {
  let last: { readonly table: NodeTable; readonly split: NodeSplit; readonly value: Promise<T> } | null = null
  return (table, split) => {
    if (last?.table !== table || last.split !== split) last = { table, split, value: compute(table, split) }
    return last.value
  }
}

const seed = 1
const labelled = (table: NodeTable): LabelledTable => ({
  own: table.features,
  relations: table.relations,
  labels: table.labels,
})

const graphs = new WeakMap<NodeTable, SageGraph>()
/** Needs no labels: one for all splits. */
const graphOf = (table: NodeTable): SageGraph => {
  const graph = graphs.get(table) ?? sageGraphOf(labelled(table), seed)
  graphs.set(table, graph)
  return graph
}

const sageScores = memoized(async (table: NodeTable, { train, validation }: NodeSplit): Promise<Float64Array> => {
  const backend = await loadBackend()
  const graph = graphOf(table)
  const model = trainSage({ graph, labels: table.labels, train, validation }, defaultSageOptions, { backend })
  return scoreSage(model, graph, knownLabels(table.names.length, table.labels, train), { backend })
})

const treeScores = memoized(async (table: NodeTable, split: NodeSplit) => scoreByTrees(labelled(table), split, seed))

export const nodeModels: readonly NodeModel[] = [
  { name: 'graphsage', score: async (table, split) => (await sageScores(table, split)).map(sigmoid) },
  { name: 'trees', score: async (table, split) => (await treeScores(table, split)).logOdds.map(sigmoid) },
  {
    name: 'stack',
    score: async (table, split) =>
      stackWithSage(labelled(table), split, await treeScores(table, split), await sageScores(table, split)),
  },
]

/** The named ones, all where `names` is undefined. */
export const chosenModels = (names: string | undefined): readonly NodeModel[] => {
  if (names === undefined) return nodeModels
  return names.split(',').map((name) => {
    const model = nodeModels.find((each) => each.name === name)
    if (!model) throw new Error(`--models names ${name}; there are ${nodeModels.map((each) => each.name).join(', ')}`)
    return model
  })
}
