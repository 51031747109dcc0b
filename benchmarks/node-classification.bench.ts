/**
 * `npm run bench -- node-classification --mapping M FILE... [--predictions OUT.csv] [--models graphsage,...] [--learn-from train]`: any
 * node and edge table whose mapping names `features`, `label` and `splits`. Models are cross-fitted over the training and validation rows, or over
 * the training rows alone; test labels are read to measure and for nothing else.
 */
import type { Bench } from './lib/figure.js'
import { readNodeTable, runNodeModels } from './lib/node-classification.js'
import { chosenModels, learnFromOption } from './lib/node-models.js'
import { option } from './lib/options.js'

const valued = ['--mapping', '--predictions', '--models', '--learn-from']

export const bench: Bench = {
  title: 'Node classification on a table of your own',
  run: async ({ args, note }) => {
    const mapping = option(args, 'mapping')
    const files = args.filter((argument, at) => !argument.startsWith('--') && !valued.includes(args[at - 1] ?? ''))
    if (mapping === undefined || files.length === 0)
      throw new Error(
        'give --mapping M and the files: npm run bench -- node-classification --mapping M nodes.csv edges.csv',
      )
    const table = await readNodeTable(mapping, files, note)
    return runNodeModels('node-classification', table, chosenModels(option(args, 'models')), {
      predictions: option(args, 'predictions') ?? null,
      references: [],
      learnFrom: learnFromOption(args),
      note,
    })
  },
}
