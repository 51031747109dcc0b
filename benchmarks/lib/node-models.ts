import { loadBackend } from '#src/model/backend.js'
import { calibrate, fitCalibration } from '#src/model/calibration/calibrate.js'
import { crossFitSage } from '#src/model/graphsage/cross-fit.js'
import type { SageGraph } from '#src/model/graphsage/graph.js'
import { defaultSageOptions } from '#src/model/graphsage/options.js'
import { sageGraphOf } from '#src/model/graphsage/table-graph.js'
import type { NodeTable } from '#src/model/node-table.js'
import { type LabelledTable, scoreByTrees, stackWithSage } from '#src/model/node-trees.js'
import type { LabelledParts } from '#src/model/splits.js'
import { type LearnFrom, learnFromChoices, type NodeModel, type NodeTask } from './node-classification.js'
import { option } from './options.js'

/** The last answer is kept: the stack asks for what its parts have just said of the same split. */
function memoized<T>(compute: (task: NodeTask) => Promise<T>): (task: NodeTask) => Promise<T> {
  let last: { readonly task: NodeTask; readonly value: Promise<T> } | null = null
  return (task) => {
    if (last?.task !== task) last = { task, value: compute(task) }
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

/** Epochs after which the first network says how long all will take: the first alone makes everything ready. */
const timedEpochs = 3

const sageScores = memoized(async ({ table, parts, note }: NodeTask): Promise<Float64Array> => {
  const backend = await loadBackend()
  const graph = graphOf(table)
  let first = 0
  return crossFitSage(graph, table.labels, parts, defaultSageOptions, {
    backend,
    progress: (network, epoch, networks, epochs) => {
      if (network > 0 || epoch > timedEpochs) return
      if (epoch === 1) first = performance.now()
      if (epoch < timedEpochs) return
      const minutes = ((performance.now() - first) / (timedEpochs - 1) / 60_000) * networks * epochs
      note(
        `GraphSAGE (${backend.title}): ${networks} networks of at most ${epochs} epochs, ${minutes.toFixed(1)} min at most`,
      )
    },
  })
})

const treeScores = memoized(async ({ table, parts }: NodeTask) => scoreByTrees(labelled(table), parts, seed))

/** Log-odds of one part of the stack as probabilities, by a curve through the cross-fitted scores of the labelled rows. */
const probabilities = ({ labels }: NodeTable, { rows }: LabelledParts, logOdds: Float64Array): Float64Array => {
  const curve = fitCalibration(
    {
      scores: Float64Array.from(rows, (row) => logOdds[row]!),
      labels: Uint8Array.from(rows, (row) => labels[row]!),
    },
    seed,
  )
  return logOdds.map((score) => calibrate(curve, score).probability)
}

export const nodeModels: readonly NodeModel[] = [
  {
    name: 'graphsage',
    score: async (task) => probabilities(task.table, task.parts, await sageScores(task)),
  },
  {
    name: 'trees',
    score: async (task) => probabilities(task.table, task.parts, (await treeScores(task)).logOdds),
  },
  {
    name: 'stack',
    score: async (task) =>
      stackWithSage(labelled(task.table), task.parts, await treeScores(task), await sageScores(task)),
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

/** `--learn-from train` leaves validation rows unused; without it they are learned from too. */
export const learnFromOption = (args: readonly string[]): LearnFrom => {
  const given = option(args, 'learn-from') ?? 'all'
  const choice = learnFromChoices.find((each) => each === given)
  if (choice === undefined) throw new Error(`--learn-from is ${given}; there are ${learnFromChoices.join(', ')}`)
  return choice
}
