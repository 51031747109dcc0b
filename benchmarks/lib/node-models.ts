import { loadBackend } from '#src/model/backend.js'
import { defaultSageOptions } from '#src/model/graphsage/options.js'
import { scoreSage } from '#src/model/graphsage/score.js'
import { knownLabels, trainSage } from '#src/model/graphsage/train.js'
import type { NodeModel } from './node-classification.js'

const graphsage: NodeModel = {
  name: 'graphsage',
  score: async (table, { train, validation }) => {
    const backend = await loadBackend()
    const graph = { features: table.features, relations: table.relations }
    const model = trainSage({ graph, labels: table.labels, train, validation }, defaultSageOptions, { backend })
    return scoreSage(model, graph, knownLabels(table.names.length, table.labels, train), { backend })
  },
}

export const nodeModels: readonly NodeModel[] = [graphsage]

/** The named ones, all where `names` is undefined. */
export const chosenModels = (names: string | undefined): readonly NodeModel[] => {
  if (names === undefined) return nodeModels
  return names.split(',').map((name) => {
    const model = nodeModels.find((each) => each.name === name)
    if (!model) throw new Error(`--models names ${name}; there are ${nodeModels.map((each) => each.name).join(', ')}`)
    return model
  })
}
