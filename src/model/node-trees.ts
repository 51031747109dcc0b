/**
 * Boosted trees on a table of nodes and links, and their stack with GraphSAGE and the push from known labels. Labels of training
 * rows alone are known to features; validation rows choose the number of trees and fit the stack; others are scored.
 */
import { type FeatureMatrix, takeRows } from './feature-matrix.js'
import type { KnownLabels } from './features/known-labels.js'
import { type GraphTable, nodeFeatures, type TableFeatures, tableFeatures } from './features/node-features.js'
import { fitStack, type StackPart, stackScores } from './stack/stack.js'
import { predictLogOdds, sigmoid } from './trees/ensemble.js'
import { standardTrees, type TreesParameters, trainTrees } from './trees/train.js'

export interface LabelledTable extends GraphTable {
  /** 1, 0, or -1 where not known. */
  readonly labels: Int8Array
}

export interface Rows {
  /** Rows with labels. */
  readonly train: Int32Array
  readonly validation: Int32Array
}

export interface TreeScores {
  /** Log-odds of every node. */
  readonly logOdds: Float64Array
  /** `labels.push` of every node (see features/known-labels.ts). */
  readonly push: Float64Array
}

/** Slow learning on half of the rows and few features a cut; three such ensembles of other seeds vary less than one. */
export const tableTrees: TreesParameters = {
  ...standardTrees,
  learningRate: 0.03,
  rowShare: 0.5,
  featureShare: 0.15,
  maxBins: 63,
  patience: 80,
}
const ensembles = 3

/** Trees where validation rows cannot choose how many, and what the stack then is: the mean of GraphSAGE and trees. */
const unchosenTrees = 150

const hasBoth = (labels: Uint8Array): boolean => labels.includes(0) && labels.includes(1)

const labelsOf = (labels: Int8Array, rows: Int32Array): Uint8Array => Uint8Array.from(rows, (row) => labels[row]!)

/** Features of all nodes of a table, kept from split to split as they need no labels but those of `known`. */
const unlabelled = new WeakMap<FeatureMatrix, TableFeatures>()
const featuresOf = (table: LabelledTable, known: KnownLabels, seed: number, check?: () => void): FeatureMatrix => {
  let kept = unlabelled.get(table.own)
  if (kept === undefined) {
    kept = tableFeatures(table, seed, check)
    unlabelled.set(table.own, kept)
  }
  return nodeFeatures(kept, known, seed, check)
}

/**
 * Throws `model.one-class` where the training rows are of one class. Where the validation rows are, as with a handful of labels,
 * a fixed number of trees is trained.
 */
export const scoreByTrees = (
  table: LabelledTable,
  { train, validation }: Rows,
  seed: number,
  check?: () => void,
): TreeScores => {
  const label = new Int8Array(table.own.rows).fill(-1)
  for (const row of train) label[row] = table.labels[row]!
  const matrix = featuresOf(table, { label, fold: null }, seed, check)
  const rowsOf = (rows: Int32Array) => ({ matrix: takeRows(matrix, rows), labels: labelsOf(table.labels, rows) })
  const [learned, chosen] = [rowsOf(train), rowsOf(validation)]
  const chooses = hasBoth(chosen.labels)
  const logOdds = new Float64Array(matrix.rows)
  for (let k = 0; k < ensembles; k++) {
    const parameters = { ...tableTrees, seed: seed * ensembles + k, ...(chooses ? {} : { trees: unchosenTrees }) }
    const { ensemble } = trainTrees(learned, chooses ? chosen : null, parameters, check ? { check } : {})
    const scores = predictLogOdds(ensemble, matrix, check)
    for (let v = 0; v < scores.length; v++) logOdds[v]! += scores[v]! / ensembles
  }
  return { logOdds, push: Float64Array.from(matrix.columns[matrix.names.indexOf('labels.push')]!) }
}

/** Probability of every node. `sage` is GraphSAGE's log-odds of every node, learned from the same training rows. */
export const stackWithSage = (
  { labels }: LabelledTable,
  { validation }: Rows,
  { logOdds, push }: TreeScores,
  sage: Float64Array,
): Float64Array => {
  const partsOf = (rows: Int32Array | null): readonly StackPart[] => {
    const at = (scores: Float64Array) => (rows ? Float64Array.from(rows, (row) => scores[row]!) : scores)
    return [
      { name: 'graphsage', scores: at(sage), isLogOdds: true },
      { name: 'trees', scores: at(logOdds), isLogOdds: true },
      { name: 'push', scores: at(push), isLogOdds: false },
    ]
  }
  const shown = labelsOf(labels, validation)
  if (!hasBoth(shown)) return sage.map((score, v) => sigmoid((score + logOdds[v]!) / 2))
  const stack = fitStack(partsOf(validation), shown)
  return stackScores(stack, partsOf(null)).map(sigmoid)
}
