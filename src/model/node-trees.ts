/**
 * Boosted trees on a table of nodes and links, and their stack with GraphSAGE and the push from known labels, cross-fitted: labelled rows
 * are in parts, models of each part learn from the others, and so every labelled row has scores by models that know neither it nor
 * its part. The stack is fitted to those; a row without a label has the mean over the parts' models.
 *
 * Victor Chernozhukov et al., "Double/debiased machine learning for treatment and structural parameters", The Econometrics Journal
 * 21(1), 2018 (cross-fitting).
 */
import { type FeatureMatrix, takeRows } from './feature-matrix.js'
import { labelPush } from './features/known-labels.js'
import { type GraphTable, nodeFeatures, type TableFeatures, tableFeatures } from './features/node-features.js'
import { PartScores } from './part-scores.js'
import { canChoose, type LabelledParts, learnAndHold } from './splits.js'
import { fitStack, type StackPart, stackScores } from './stack/stack.js'
import { predictLogOdds, sigmoid } from './trees/ensemble.js'
import { standardTrees, type TreesParameters, trainTrees } from './trees/train.js'

export interface LabelledTable extends GraphTable {
  /** 1, 0, or -1 where not known; those of the rows of `LabelledParts` alone are read. */
  readonly labels: Int8Array
}

export interface TreeScores {
  /** Log-odds of every node; of a labelled row by trees that did not learn from its part. */
  readonly logOdds: Float64Array
  /** `labels.push` of every node (see features/known-labels.ts), labels of the own part left out. */
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
const standardEnsembles = 3

export interface TreesWork {
  /** Of each part. */
  readonly ensembles?: number
  readonly check?: () => void
}

/** Trees where a part has too few labels to choose how many. */
const unchosenTrees = 150

const labelsOf = (labels: Int8Array, rows: Int32Array): Uint8Array => Uint8Array.from(rows, (row) => labels[row]!)

/** Features of all nodes of a table that need no labels, kept from split to split. */
const unlabelled = new WeakMap<FeatureMatrix, TableFeatures>()
const featuresOf = (table: GraphTable, seed: number, check?: () => void): TableFeatures => {
  const kept = unlabelled.get(table.own) ?? tableFeatures(table, seed, check)
  unlabelled.set(table.own, kept)
  return kept
}

const knownOf = ({ labels }: LabelledTable, rows: Int32Array): Int8Array => {
  const known = new Int8Array(labels.length).fill(-1)
  for (const row of rows) known[row] = labels[row]!
  return known
}

/** Throws `model.one-class` where the rows outside of a part are of one class. */
export const scoreByTrees = (
  table: LabelledTable,
  parts: LabelledParts,
  seed: number,
  { ensembles = standardEnsembles, check }: TreesWork = {},
): TreeScores => {
  const { labels } = table
  const features = featuresOf(table, seed, check)
  const found = new PartScores(table.own.rows, parts)
  for (let part = 0; part < parts.count; part++) {
    const { learned, held } = learnAndHold(parts, part)
    const matrix = nodeFeatures(features, { label: knownOf(table, learned), fold: null }, seed, check)
    const rowsOf = (rows: Int32Array) => ({ matrix: takeRows(matrix, rows), labels: labelsOf(labels, rows) })
    const chosen = canChoose(held, labels) ? rowsOf(held) : null
    const training = rowsOf(learned)
    for (let k = 0; k < ensembles; k++) {
      const own = { ...tableTrees, seed: (seed * parts.count + part) * ensembles + k }
      const parameters = chosen ? own : { ...own, trees: unchosenTrees }
      const { ensemble } = trainTrees(training, chosen, parameters, check ? { check } : {})
      found.add(part, predictLogOdds(ensemble, matrix, check), 1 / ensembles)
    }
  }
  const known = { label: knownOf(table, parts.rows), fold: parts.part }
  const push = Float64Array.from(labelPush(features.all, known, seed, check).values)
  return { logOdds: found.scores, push }
}

/** Probability of every node. `sage` is GraphSAGE's log-odds of every node, cross-fitted over the same parts. */
export const stackWithSage = (
  { labels }: LabelledTable,
  { rows }: LabelledParts,
  { logOdds, push }: TreeScores,
  sage: Float64Array,
): Float64Array => {
  const partsOf = (of: Int32Array | null): readonly StackPart[] => {
    const at = (scores: Float64Array) => (of ? Float64Array.from(of, (row) => scores[row]!) : scores)
    return [
      { name: 'graphsage', scores: at(sage), isLogOdds: true },
      { name: 'trees', scores: at(logOdds), isLogOdds: true },
      { name: 'push', scores: at(push), isLogOdds: false },
    ]
  }
  const stack = fitStack(partsOf(rows), labelsOf(labels, rows))
  return stackScores(stack, partsOf(null)).map(sigmoid)
}
