/**
 * Banned crowd workers: ten official splits, transductive as published. `npm run bench -- tolokers [--models graphsage,...]
 * [--predictions OUT.csv] [--learn-from train]`. Published models learn from the training rows and choose by the validation rows; ours are
 * cross-fitted over both, or with `--learn-from train` over the training rows, the validation rows unused.
 */
import { fileURLToPath } from 'node:url'
import { datasetPath, requireFiles } from './lib/datasets.js'
import type { Bench } from './lib/figure.js'
import { type Reference, readNodeTable, runNodeModels } from './lib/node-classification.js'
import { chosenModels, learnFromOption } from './lib/node-models.js'
import { option } from './lib/options.js'

const mapping = fileURLToPath(new URL('../../examples/mappings/tolokers.yaml', import.meta.url))
/** Oleg Platonov et al., arXiv:2302.11640; Polynormer-r: arXiv:2403.01232. */
const references: readonly Reference[] = [
  { model: 'graphsage', metric: 'auroc', value: 82.43, name: 'GraphSAGE as published' },
  { model: 'graphsage', metric: 'ap', value: 59, name: 'random forest on two steps of means' },
  { model: 'trees', metric: 'auroc', value: 85.7, name: 'scikit-learn trees on the same kind of features' },
  { model: 'trees', metric: 'ap', value: 61.3, name: 'scikit-learn trees on the same kind of features' },
  { model: 'stack', metric: 'auroc', value: 85.91, name: 'Polynormer-r, best published' },
  { model: 'stack', metric: 'ap', value: 61.3, name: 'scikit-learn trees on the same kind of features' },
]

export const bench: Bench = {
  title: 'Banned workers of tolokers: ten official random splits',
  run: async ({ args, note }) => {
    const files = ['nodes', 'edges'].map((name) => datasetPath(`tolokers/${name}.csv.gz`))
    requireFiles(...files)
    const table = await readNodeTable(mapping, files, note)
    return runNodeModels('tolokers', table, chosenModels(option(args, 'models')), {
      predictions: option(args, 'predictions') ?? null,
      references,
      learnFrom: learnFromOption(args),
      note,
    })
  },
}
