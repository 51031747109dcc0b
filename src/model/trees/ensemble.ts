/**
 * A boosted ensemble: a base in log-odds plus one leaf value of every tree. Plain arrays, so that it reads and writes as JSON
 * without loss and the same on every machine.
 */
import { RingfenceError } from '../../errors.js'
import type { FeatureMatrix } from '../feature-matrix.js'

/** One tree; node 0 is the root, and every array has one entry a node. */
export interface Tree {
  /** Column that is asked; -1 at a leaf. */
  readonly feature: Int32Array
  /** A value at most this goes left. */
  readonly threshold: Float64Array
  /** 1 where a missing value goes left. */
  readonly missingLeft: Uint8Array
  /** Children, always behind their parent; 0 at a leaf. */
  readonly left: Int32Array
  readonly right: Int32Array
  /** Log-odds that the leaf adds; 0 elsewhere. */
  readonly value: Float64Array
  /** Training rows that came through, above 0. */
  readonly cover: Float64Array
}

export interface Ensemble {
  readonly names: readonly string[]
  /** Log-odds before any tree: the (weighted) rate of positives. */
  readonly base: number
  readonly trees: readonly Tree[]
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Where a value goes at an inner node. */
export const goesLeft = ({ threshold, missingLeft }: Tree, node: number, value: number): boolean =>
  Number.isNaN(value)
    ? missingLeft[node] === 1
    : // The largest number as a threshold means "any value": infinity too.
      value <= threshold[node]! || threshold[node] === Number.MAX_VALUE

/** The leaf that a row of the columns ends in. */
export const leafOf = (tree: Tree, columns: readonly Float32Array[], row: number): number => {
  const { feature, left, right } = tree
  let node = 0
  for (let f = feature[0]!; f >= 0; f = feature[node]!)
    node = goesLeft(tree, node, columns[f]![row]!) ? left[node]! : right[node]!
  return node
}

const checkNames = (ensemble: Ensemble, names: readonly string[]): void => {
  const wanted = ensemble.names
  const at = wanted.findIndex((name, j) => names[j] !== name)
  if (at >= 0 || names.length !== wanted.length)
    throw new RangeError(
      at >= 0
        ? `feature ${at} is ${names[at] ?? 'absent'}, but the trees were trained with ${wanted[at]}`
        : `there are ${names.length} features, but the trees were trained with ${wanted.length}`,
    )
}

/** Log-odds of each row. Features must be those of training, in their order. */
export const predictLogOdds = (
  ensemble: Ensemble,
  matrix: FeatureMatrix,
  check: () => void = () => {},
): Float64Array => {
  checkNames(ensemble, matrix.names)
  const scores = new Float64Array(matrix.rows).fill(ensemble.base)
  for (const tree of ensemble.trees) {
    check()
    for (let i = 0; i < matrix.rows; i++) scores[i]! += tree.value[leafOf(tree, matrix.columns, i)]!
  }
  return scores
}

/** Probability of each row, 0 to 1, before any calibration. */
export const predictProbability = (ensemble: Ensemble, matrix: FeatureMatrix, check?: () => void): Float64Array =>
  predictLogOdds(ensemble, matrix, check).map(sigmoid)

const format = 'ringfence-trees/1'
const treeFields = ['feature', 'threshold', 'missingLeft', 'left', 'right', 'value', 'cover'] as const

export const ensembleToJson = ({ names, base, trees }: Ensemble): string =>
  JSON.stringify({
    format,
    names,
    base,
    trees: trees.map((tree) => Object.fromEntries(treeFields.map((field) => [field, [...tree[field]]]))),
  })

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number' && Number.isFinite(each))

const treeFrom = (value: unknown, at: number, features: number): Tree => {
  const broken = (what: string) => new RingfenceError('model.format', `tree ${at} ${what}`)
  if (!isRecord(value)) throw broken('is not an object')
  const lists = treeFields.map((field) => value[field])
  if (!lists.every(isNumbers)) throw broken(`needs lists of finite numbers: ${treeFields.join(', ')}`)
  const [feature, threshold, missingLeft, left, right, leafValue, cover] = lists as [
    number[],
    number[],
    number[],
    number[],
    number[],
    number[],
    number[],
  ]
  const nodes = feature.length
  if (nodes === 0 || lists.some((list) => list.length !== nodes)) throw broken('has lists of different lengths')
  const isNode = (child: number, parent: number) => Number.isInteger(child) && child > parent && child < nodes
  for (let node = 0; node < nodes; node++) {
    const f = feature[node]!
    if (!Number.isInteger(f) || f < -1 || f >= features) throw broken(`asks for feature ${f} of ${features}`)
    if (!(cover[node]! > 0)) throw broken(`has no training rows at node ${node}`)
    if (f >= 0 && !(isNode(left[node]!, node) && isNode(right[node]!, node)))
      throw broken(`has children ${left[node]} and ${right[node]} at node ${node} of ${nodes}`)
  }
  return {
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    missingLeft: Uint8Array.from(missingLeft),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    value: Float64Array.from(leafValue),
    cover: Float64Array.from(cover),
  }
}

/** Throws `model.format` where the text is no ensemble that can be walked safely. */
export const ensembleFromJson = (text: string): Ensemble => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new RingfenceError('model.format', 'the trees are not JSON', {}, { cause })
  }
  if (!isRecord(parsed) || parsed.format !== format)
    throw new RingfenceError('model.format', `the trees do not say "format": "${format}"`)
  const { names, base, trees } = parsed
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string'))
    throw new RingfenceError('model.format', 'the trees need a list of feature names')
  if (typeof base !== 'number' || !Number.isFinite(base) || !Array.isArray(trees))
    throw new RingfenceError('model.format', 'the trees need a finite base and a list of trees')
  return { names, base, trees: trees.map((tree, at) => treeFrom(tree, at, names.length)) }
}
