/**
 * Gradient boosting of histogram trees for a probability, with logistic loss.
 *
 * Jerome H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29(5), 2001; rows
 * drawn anew for each tree: Friedman, "Stochastic Gradient Boosting", Computational Statistics & Data Analysis 38(4), 2002;
 * second order and regularization: Chen and Guestrin, KDD 2016. With p = sigmoid(score) and row weight w, gradient
 * w (p - y), hessian w p (1 - p), and a leaf adds -learningRate * sum(gradient) / (sum(hessian) + l2).
 *
 * The least weight of a leaf and l2 are counted in rows of the hessian that all rows have on average at the start. So the same
 * parameters serve where one row in two is positive and where one in a thousand is.
 */
import { RingfenceError } from '../../errors.js'
import { Random } from '../../kernels/random.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import { averagePrecision } from '../metrics.js'
import { binMatrix } from './bins.js'
import { type Ensemble, leafOf, sigmoid, type Tree } from './ensemble.js'
import { TreeGrower } from './grow.js'
import { type Packed, pack } from './histogram.js'

export interface TreesParameters {
  /** Most trees; fewer where early stopping says so. */
  readonly trees: number
  /** Above 0 to 1. */
  readonly learningRate: number
  readonly maxDepth: number
  readonly maxLeaves: number
  /** In rows (see above); on fewer than ten times as many rows, a tenth of the rows. */
  readonly minLeafRows: number
  /** In rows (see above), 0 or more. */
  readonly l2: number
  readonly minGain: number
  /** Share of rows that each tree learns from, above 0 to 1. */
  readonly rowShare: number
  /** Share of features that each cut chooses from, above 0 to 1. */
  readonly featureShare: number
  /** 2 .. 255. */
  readonly maxBins: number
  /** With validation rows: trees without a better average precision until it stops. */
  readonly patience: number
  readonly seed: number
}

export const standardTrees: TreesParameters = {
  trees: 500,
  learningRate: 0.05,
  maxDepth: 6,
  maxLeaves: 31,
  minLeafRows: 20,
  l2: 5,
  minGain: 0,
  rowShare: 0.7,
  featureShare: 0.3,
  maxBins: 255,
  patience: 60,
  seed: 1,
}

export interface LabelledRows {
  readonly matrix: FeatureMatrix
  /** 1 = positive, 0 = negative. */
  readonly labels: Uint8Array
  /** Finite, 0 or more; absent = 1 each. */
  readonly weights?: Float64Array
}

export interface TreesContext {
  /** Throws when cancelled; called at least every 100 ms of work on a million rows. */
  readonly check?: () => void
  /** After each tree: how many there are, of how many at most, and the validation's average precision where there is one. */
  readonly progress?: (trees: number, most: number, averagePrecision: number | null) => void
}

export interface TrainedTrees {
  readonly ensemble: Ensemble
  /** Average precision on the validation rows after each tree, those given up later too; empty without validation. */
  readonly validation: readonly number[]
}

const inRange = (name: string, value: number, low: number, high: number, whole = false): void => {
  if (!(value >= low && value <= high) || (whole && !Number.isInteger(value)))
    throw new RangeError(`${name} must be ${whole ? 'a whole number ' : ''}in ${low} .. ${high}, not ${value}`)
}

const checkParameters = (p: TreesParameters): void => {
  inRange('trees', p.trees, 1, 100_000, true)
  inRange('learningRate', p.learningRate, 1e-6, 1)
  inRange('maxDepth', p.maxDepth, 1, 32, true)
  inRange('maxLeaves', p.maxLeaves, 2, 4096, true)
  inRange('minLeafRows', p.minLeafRows, 0, Number.MAX_VALUE)
  inRange('l2', p.l2, 0, Number.MAX_VALUE)
  inRange('minGain', p.minGain, 0, Number.MAX_VALUE)
  inRange('rowShare', p.rowShare, 1e-6, 1)
  inRange('featureShare', p.featureShare, 1e-6, 1)
  inRange('patience', p.patience, 1, Number.MAX_VALUE)
}

/** Weights of the rows, and the weighted rate of positives. */
const weigh = ({ matrix, labels, weights }: LabelledRows): { readonly weight: Float64Array; readonly rate: number } => {
  const n = matrix.rows
  if (labels.length !== n || (weights && weights.length !== n))
    throw new RangeError(`${n} rows have ${labels.length} labels and ${weights?.length ?? n} weights`)
  const weight = weights ?? new Float64Array(n).fill(1)
  let sum = 0
  let positive = 0
  for (let i = 0; i < n; i++) {
    if (!(weight[i]! >= 0 && weight[i]! < Infinity))
      throw new RangeError(`weight ${weight[i]} of row ${i} is no weight`)
    if (labels[i]! > 1) throw new RangeError(`label ${labels[i]} of row ${i} is neither 0 nor 1`)
    sum += weight[i]!
    positive += weight[i]! * labels[i]!
  }
  if (!(positive > 0 && positive < sum))
    throw new RingfenceError('model.one-class', `of ${n} training rows, the positive ones weigh ${positive} of ${sum}`)
  return { weight, rate: positive / sum }
}

/**
 * Trains; the same rows, parameters and seed give the same trees. `validation` chooses the number of trees and nothing else.
 * Throws `model.one-class` where training or validation has one class. Memory: a byte a value, 40 bytes a row, and 2 KB a feature
 * for each leaf of the tree that grows.
 */
export const trainTrees = (
  training: LabelledRows,
  validation: LabelledRows | null,
  parameters: TreesParameters = standardTrees,
  context: TreesContext = {},
): TrainedTrees => {
  checkParameters(parameters)
  const check = context.check ?? (() => {})
  const { matrix, labels } = training
  const n = matrix.rows
  const { weight, rate } = weigh(training)
  const binned = binMatrix(matrix, parameters.maxBins, check)
  const grower = new TreeGrower(binned, check)
  const base = Math.log(rate / (1 - rate))
  const scores = new Float64Array(n).fill(base)
  const gradient = new Float64Array(n)
  const hessian = new Float64Array(n)
  const packed: Packed = { values: new Float64Array(n), gradientStep: 1, hessianStep: 1 }
  const rows = new Int32Array(n)
  const hessianOfRow = rate * (1 - rate) * (weight.reduce((sum, w) => sum + w, 0) / n)
  const rules = {
    maxDepth: parameters.maxDepth,
    maxLeaves: parameters.maxLeaves,
    minHessian: Math.min(parameters.minLeafRows, n / 10) * hessianOfRow,
    l2: parameters.l2 * hessianOfRow,
    minGain: parameters.minGain,
    featureShare: parameters.featureShare,
    learningRate: parameters.learningRate,
  }
  const trees: Tree[] = []
  const history: number[] = []
  const validationScores = validation && new Float64Array(validation.matrix.rows).fill(base)
  // Throws for one class before any work is done.
  if (validation) averagePrecision({ scores: validationScores!, labels: validation.labels })
  let best = -1
  for (let t = 0; t < parameters.trees; t++) {
    check()
    for (let i = 0; i < n; i++) {
      const p = sigmoid(scores[i]!)
      gradient[i] = weight[i]! * (p - labels[i]!)
      hessian[i] = weight[i]! * p * (1 - p)
    }
    const random = new Random(parameters.seed, t)
    pack(gradient, hessian, random.uint32(), packed)
    let count = 0
    if (parameters.rowShare < 1) {
      // Selection sampling (Knuth, The Art of Computer Programming, volume 2, algorithm 3.4.2S): exactly `wanted`, ascending.
      const wanted = Math.max(1, Math.round(n * parameters.rowShare))
      for (let i = 0; i < n && count < wanted; i++) if (random.float() * (n - i) < wanted - count) rows[count++] = i
    } else for (; count < n; count++) rows[count] = count
    const tree = grower.grow(rows, count, gradient, hessian, packed, rules, random, scores)
    trees.push(tree)
    let precision: number | null = null
    if (validation) {
      check()
      for (let i = 0; i < validation.matrix.rows; i++)
        validationScores![i]! += tree.value[leafOf(tree, validation.matrix.columns, i)]!
      precision = averagePrecision({ scores: validationScores!, labels: validation.labels })
      history.push(precision)
      if (best < 0 || precision > history[best]!) best = t
    }
    context.progress?.(t + 1, parameters.trees, precision)
    // A tree of one leaf comes of nothing left to learn: with all rows and features the next would be the same.
    const exhausted = tree.feature.length === 1 && parameters.rowShare === 1 && parameters.featureShare === 1
    if (exhausted || (validation && t - best >= parameters.patience)) break
  }
  const kept = validation ? trees.slice(0, best + 1) : trees
  return { ensemble: { names: matrix.names, base, trees: kept }, validation: history }
}
