/**
 * Grows one tree, best leaf first (Ke et al., NeurIPS 2017), within a depth and a number of leaves. Of two children only the
 * smaller is counted; the other is parent minus child.
 */
import type { Random } from '../../kernels/random.js'
import { improveSplit, type Split, type SplitRules } from './best-split.js'
import { type BinnedMatrix, featuresPerWord, missingBin } from './bins.js'
import type { Tree } from './ensemble.js'
import { addToHistograms, type Packed } from './histogram.js'

export interface GrowRules {
  readonly maxDepth: number
  readonly maxLeaves: number
  /** Least hessian of a leaf, in the unit of the hessian. */
  readonly minHessian: number
  readonly l2: number
  readonly minGain: number
  /** Share of features that each cut may use, above 0 to 1. */
  readonly featureShare: number
  readonly learningRate: number
}

interface Leaf {
  readonly node: number
  readonly depth: number
  /** Its rows are rows[from .. to - 1]. */
  readonly from: number
  readonly to: number
  readonly packed: number
  histogram: Float64Array | null
  split: Split
}

const noSplit = (): Split => ({ feature: -1, bin: 0, missingLeft: false, gain: 0, left: 0 })

export class TreeGrower {
  readonly #binned: BinnedMatrix
  readonly #check: () => void
  readonly #ordered: Float64Array
  readonly #spare: Int32Array
  readonly #free: Float64Array[] = []
  readonly #candidates: Int32Array

  constructor(binned: BinnedMatrix, check: () => void) {
    this.#binned = binned
    this.#check = check
    this.#ordered = new Float64Array(binned.rows)
    this.#spare = new Int32Array(binned.rows)
    // A constant feature without gaps can cut nothing.
    this.#candidates = Int32Array.from(
      Array.from({ length: binned.features }, (_, f) => f).filter(
        (f) => binned.edges[f]!.length > 0 || binned.hasMissing[f] === 1,
      ),
    )
  }

  #count(rows: Int32Array, from: number, to: number, packed: Packed): Float64Array {
    const { words, features, stride } = this.#binned
    const groups = Math.ceil(features / featuresPerWord)
    const perGroup = featuresPerWord * stride
    const histogram = this.#free.pop()?.fill(0) ?? new Float64Array(groups * perGroup)
    const ordered = this.#ordered
    for (let k = from; k < to; k++) ordered[k - from] = packed.values[rows[k]!]!
    for (let group = 0; group < groups; group++) {
      this.#check()
      const part = histogram.subarray(group * perGroup, (group + 1) * perGroup)
      addToHistograms(words, group * this.#binned.rows, rows, from, to, ordered, part, stride)
    }
    return histogram
  }

  #findSplit(leaf: Leaf, rules: SplitRules, share: number, random: Random): void {
    const { edges, hasMissing, stride } = this.#binned
    const candidates = this.#candidates
    const wanted = Math.ceil(candidates.length * share)
    // The first `wanted` of a Fisher-Yates shuffle; the array stays a permutation, so that any order is as good a start.
    if (wanted < candidates.length) {
      candidates.sort()
      for (let i = 0; i < wanted; i++) {
        const j = i + random.below(candidates.length - i)
        const held = candidates[i]!
        candidates[i] = candidates[j]!
        candidates[j] = held
      }
    }
    leaf.split = noSplit()
    for (let i = 0; i < wanted; i++) {
      const f = candidates[i]!
      improveSplit(
        leaf.histogram!,
        f,
        f * stride,
        edges[f]!.length + 1,
        hasMissing[f] === 1,
        leaf.packed,
        rules,
        leaf.split,
      )
    }
  }

  /** Puts the rows of the left side first, both in their order; returns where the right side begins. */
  #partition(rows: Int32Array, { from, to, split }: Leaf): number {
    const { words } = this.#binned
    const base = this.#binned.rows * Math.floor(split.feature / featuresPerWord)
    const shift = 8 * (split.feature % featuresPerWord)
    const spare = this.#spare
    let left = from
    let right = 0
    for (let k = from; k < to; k++) {
      const row = rows[k]!
      const bin = (words[base + row]! >>> shift) & 0xff
      if (bin === 0 ? split.missingLeft : bin <= split.bin) rows[left++] = row
      else spare[right++] = row
    }
    rows.set(spare.subarray(0, right), left)
    return left
  }

  /**
   * `rows[0 .. count - 1]` are the rows to learn from, ascending; they end grouped by leaf. Adds each leaf's value to the
   * scores of all rows, those that were left out too.
   */
  grow(
    rows: Int32Array,
    count: number,
    gradient: Float64Array,
    hessian: Float64Array,
    packed: Packed,
    rules: GrowRules,
    random: Random,
    scores: Float64Array,
  ): Tree {
    const splitRules: SplitRules = {
      l2: rules.l2 / packed.hessianStep,
      minHessian: Math.max(1, rules.minHessian / packed.hessianStep),
      gainUnit: packed.gradientStep ** 2 / packed.hessianStep,
      minGain: rules.minGain,
    }
    const maxNodes = 2 * rules.maxLeaves - 1
    const feature = new Int32Array(maxNodes).fill(-1)
    const bin = new Uint8Array(maxNodes)
    const missingLeft = new Uint8Array(maxNodes)
    const left = new Int32Array(maxNodes)
    const right = new Int32Array(maxNodes)
    let nodes = 1
    let total = 0
    for (let k = 0; k < count; k++) total += packed.values[rows[k]!]!
    const makeLeaf = (node: number, depth: number, from: number, to: number, sum: number): Leaf => ({
      node,
      depth,
      from,
      to,
      packed: sum,
      histogram: null,
      split: noSplit(),
    })
    const canSplit = (leaf: Leaf) => leaf.depth < rules.maxDepth && leaf.to - leaf.from > 1
    const release = (leaf: Leaf) => {
      if (leaf.histogram) this.#free.push(leaf.histogram)
      leaf.histogram = null
    }
    const prepare = (leaf: Leaf) => {
      if (leaf.histogram === null) return
      this.#findSplit(leaf, splitRules, rules.featureShare, random)
      if (!(leaf.split.gain > 0)) release(leaf)
    }
    const root = makeLeaf(0, 0, 0, count, total)
    if (canSplit(root) && this.#candidates.length > 0) {
      root.histogram = this.#count(rows, 0, count, packed)
      prepare(root)
    }
    const leaves = [root]
    while (leaves.length < rules.maxLeaves) {
      let at = -1
      for (let k = 0; k < leaves.length; k++) if (leaves[k]!.split.gain > (at < 0 ? 0 : leaves[at]!.split.gain)) at = k
      if (at < 0) break
      this.#check()
      const parent = leaves[at]!
      const middle = this.#partition(rows, parent)
      feature[parent.node] = parent.split.feature
      bin[parent.node] = parent.split.bin
      // Where none was missing, a gap met later goes with the majority.
      const noGap = parent.histogram![parent.split.feature * this.#binned.stride + missingBin] === 0
      missingLeft[parent.node] = Number(
        noGap ? 2 * (middle - parent.from) > parent.to - parent.from : parent.split.missingLeft,
      )
      left[parent.node] = nodes
      right[parent.node] = nodes + 1
      const a = makeLeaf(nodes, parent.depth + 1, parent.from, middle, parent.split.left)
      const b = makeLeaf(nodes + 1, parent.depth + 1, middle, parent.to, parent.packed - parent.split.left)
      nodes += 2
      leaves[at] = a
      leaves.push(b)
      if ((canSplit(a) || canSplit(b)) && leaves.length < rules.maxLeaves) {
        const [small, large] = a.to - a.from <= b.to - b.from ? [a, b] : [b, a]
        const counted = this.#count(rows, small.from, small.to, packed)
        const rest = parent.histogram!
        for (let k = 0; k < rest.length; k++) rest[k]! -= counted[k]!
        small.histogram = counted
        large.histogram = rest
        for (const child of [a, b]) {
          if (canSplit(child)) prepare(child)
          else release(child)
        }
      } else release(parent)
    }
    for (const leaf of leaves) release(leaf)

    const value = new Float64Array(nodes)
    const cover = new Float64Array(nodes)
    for (const { node, from, to } of leaves) {
      let g = 0
      let h = 0
      for (let k = from; k < to; k++) {
        g += gradient[rows[k]!]!
        h += hessian[rows[k]!]!
      }
      value[node] = (-g / (h + rules.l2)) * rules.learningRate || 0
      cover[node] = to - from
      for (let k = from; k < to; k++) scores[rows[k]!]! += value[node]!
    }
    const threshold = new Float64Array(nodes)
    for (let node = nodes - 1; node >= 0; node--) {
      if (feature[node]! < 0) continue
      cover[node] = cover[left[node]!]! + cover[right[node]!]!
      const edges = this.#binned.edges[feature[node]!]!
      // Behind the last edge only missing values go right.
      threshold[node] = edges[bin[node]! - 1] ?? Number.MAX_VALUE
    }
    if (count < this.#binned.rows)
      this.#scoreOthers(rows, count, { feature, bin, missingLeft, left, right, value }, scores)
    return {
      feature: feature.slice(0, nodes),
      threshold,
      missingLeft: missingLeft.slice(0, nodes),
      left: left.slice(0, nodes),
      right: right.slice(0, nodes),
      value,
      cover,
    }
  }

  #scoreOthers(
    rows: Int32Array,
    count: number,
    tree: {
      readonly feature: Int32Array
      readonly bin: Uint8Array
      readonly missingLeft: Uint8Array
      readonly left: Int32Array
      readonly right: Int32Array
      readonly value: Float64Array
    },
    scores: Float64Array,
  ): void {
    const { words } = this.#binned
    const n = this.#binned.rows
    const { feature, bin, missingLeft, left, right, value } = tree
    this.#check()
    const learned = new Uint8Array(n)
    for (let k = 0; k < count; k++) learned[rows[k]!] = 1
    for (let row = 0; row < n; row++) {
      if (learned[row]) continue
      let node = 0
      for (let f = feature[0]!; f >= 0; f = feature[node]!) {
        const b = (words[n * (f >> 2) + row]! >>> (8 * (f & 3))) & 0xff
        node = (b === 0 ? missingLeft[node] === 1 : b <= bin[node]!) ? left[node]! : right[node]!
      }
      scores[row]! += value[node]!
    }
  }
}
