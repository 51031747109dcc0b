/**
 * What each feature adds to a score, exactly: Shapley values of a tree ensemble in log-odds.
 *
 * Scott M. Lundberg et al., "From local explanations to global understanding with explainable AI for trees", Nature Machine
 * Intelligence 2, 2020, algorithm 2 (path-dependent): where a feature is not known, both sides count by the share of training
 * rows (`cover`) that went there. Base plus the sum of contributions is the score. O(leaves * depth^2) a tree.
 */
import type { Ensemble, Tree } from './ensemble.js'
import { goesLeft } from './ensemble.js'

export interface Contributions {
  /** Mean log-odds over the training rows: what is said of a row of which nothing is known. */
  readonly expected: number
  /** Log-odds that each feature adds, in the order of the ensemble's names. */
  readonly values: Float64Array
}

/** One level of the path: a feature, the share of the flow with it unknown and known, and the weight of subsets of that size. */
interface Path {
  readonly feature: Int32Array
  readonly zero: Float64Array
  readonly one: Float64Array
  readonly weight: Float64Array
}

const extend = (
  { feature, zero, one, weight }: Path,
  at: number,
  depth: number,
  z: number,
  o: number,
  f: number,
): void => {
  feature[at + depth] = f
  zero[at + depth] = z
  one[at + depth] = o
  weight[at + depth] = depth === 0 ? 1 : 0
  for (let i = depth - 1; i >= 0; i--) {
    weight[at + i + 1]! += (o * weight[at + i]! * (i + 1)) / (depth + 1)
    weight[at + i] = (z * weight[at + i]! * (depth - i)) / (depth + 1)
  }
}

/** Takes element `index` out again. */
const unwind = ({ feature, zero, one, weight }: Path, at: number, depth: number, index: number): void => {
  const o = one[at + index]!
  const z = zero[at + index]!
  let next = weight[at + depth]!
  for (let i = depth - 1; i >= 0; i--) {
    if (o !== 0) {
      const held = weight[at + i]!
      weight[at + i] = (next * (depth + 1)) / ((i + 1) * o)
      next = held - (weight[at + i]! * z * (depth - i)) / (depth + 1)
    } else weight[at + i] = (weight[at + i]! * (depth + 1)) / (z * (depth - i))
  }
  for (let i = index; i < depth; i++) {
    feature[at + i] = feature[at + i + 1]!
    zero[at + i] = zero[at + i + 1]!
    one[at + i] = one[at + i + 1]!
  }
}

/** The sum of weights with element `index` taken out, without doing it. */
const unwoundSum = ({ zero, one, weight }: Path, at: number, depth: number, index: number): number => {
  const o = one[at + index]!
  const z = zero[at + index]!
  let next = weight[at + depth]!
  let sum = 0
  for (let i = depth - 1; i >= 0; i--) {
    if (o !== 0) {
      const part = (next * (depth + 1)) / ((i + 1) * o)
      sum += part
      next = weight[at + i]! - (part * z * (depth - i)) / (depth + 1)
    } else sum += (weight[at + i]! * (depth + 1)) / (z * (depth - i))
  }
  return sum
}

const depthOf = (tree: Tree): number => {
  const depth = new Int32Array(tree.feature.length)
  let most = 0
  for (let node = 0; node < depth.length; node++) {
    most = Math.max(most, depth[node]!)
    if (tree.feature[node]! < 0) continue
    depth[tree.left[node]!] = depth[node]! + 1
    depth[tree.right[node]!] = depth[node]! + 1
  }
  return most
}

const meanOf = ({ feature, value, cover }: Tree): number => {
  let sum = 0
  for (let node = 0; node < feature.length; node++) if (feature[node]! < 0) sum += value[node]! * cover[node]!
  return cover[0]! > 0 ? sum / cover[0]! : 0
}

interface Facts {
  readonly depth: number
  readonly mean: number
}

/** What does not follow from the row; trees do not change. */
const known = new WeakMap<Tree, Facts>()

const factsOf = (tree: Tree): Facts => {
  const held = known.get(tree)
  if (held) return held
  const facts = { depth: depthOf(tree), mean: meanOf(tree) }
  known.set(tree, facts)
  return facts
}

/** Each level of the recursion has its own copy of the path. */
const pathOf = (depth: number): Path => {
  const levels = depth + 2
  const size = (levels * (levels + 1)) / 2
  return {
    feature: new Int32Array(size),
    zero: new Float64Array(size),
    one: new Float64Array(size),
    weight: new Float64Array(size),
  }
}

const copyLevel = ({ feature, zero, one, weight }: Path, from: number, to: number, length: number): void => {
  for (let i = 0; i < length; i++) {
    feature[to + i] = feature[from + i]!
    zero[to + i] = zero[from + i]!
    one[to + i] = one[from + i]!
    weight[to + i] = weight[from + i]!
  }
}

interface Walk {
  readonly tree: Tree
  readonly row: Float32Array
  readonly values: Float64Array
  readonly path: Path
}

const visit = (walk: Walk, node: number, from: number, depth: number, z: number, o: number, f: number): void => {
  const { tree, row, values, path } = walk
  const at = from + depth
  copyLevel(path, from, at, depth)
  extend(path, at, depth, z, o, f)
  const asked = tree.feature[node]!
  if (asked < 0) {
    const value = tree.value[node]!
    for (let i = 1; i <= depth; i++) {
      const share = path.one[at + i]! - path.zero[at + i]!
      values[path.feature[at + i]!]! += unwoundSum(path, at, depth, i) * share * value
    }
    return
  }
  let below = depth
  let zero = 1
  let one = 1
  for (let i = 1; i <= depth; i++) {
    if (path.feature[at + i] !== asked) continue
    zero = path.zero[at + i]!
    one = path.one[at + i]!
    unwind(path, at, depth, i)
    below--
    break
  }
  const left = tree.left[node]!
  const right = tree.right[node]!
  const hot = goesLeft(tree, node, row[asked]!) ? left : right
  const cold = hot === left ? right : left
  const total = tree.cover[node]!
  visit(walk, hot, at, below + 1, (zero * tree.cover[hot]!) / total, one, asked)
  visit(walk, cold, at, below + 1, (zero * tree.cover[cold]!) / total, 0, asked)
}

/** `row` has one value a feature of the ensemble, NaN where not known. */
export const contributions = (ensemble: Ensemble, row: Float32Array): Contributions => {
  if (row.length !== ensemble.names.length)
    throw new RangeError(`the row has ${row.length} values, the trees ask ${ensemble.names.length} features`)
  const values = new Float64Array(row.length)
  const path = pathOf(ensemble.trees.reduce((most, tree) => Math.max(most, factsOf(tree).depth), 0))
  let expected = ensemble.base
  for (const tree of ensemble.trees) {
    expected += factsOf(tree).mean
    if (tree.feature[0]! >= 0) visit({ tree, row, values, path }, 0, 0, 0, 1, 1, -1)
  }
  return { expected, values }
}
