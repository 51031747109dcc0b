/**
 * What the known labels around a node say, its own never among them.
 *
 * Each row that a model learns from must see labels as a row sees them that is scored later. So the label of a node is hidden
 * from the node itself, and with `fold` from all nodes of its fold too: where whole rings are held out for measurement, rings
 * must be held out here. Rates are shrunk to the rate of all known labels, (bad + s rate) / (known + s).
 */
import type { UndirectedCsr } from '../../kernels/csr.js'
import { pageRankUndirected } from '../../kernels/pagerank.js'
import { Random } from '../../kernels/random.js'
import type { FeatureColumn } from './definition.js'
import { named, type Relation } from './relation.js'

export interface KnownLabels {
  /** 1 bad, 0 good, -1 not known or not to be used; one entry a node. */
  readonly label: Int8Array
  /** 0 .. folds - 1 for each node: labels are hidden within a fold. Null: from the node itself alone. */
  readonly fold: Uint8Array | null
}

/** Neighbours' worth of the overall rate that every rate starts from. */
const shrinkage = 3
const asOf = 'Labels decided by the scoring time; never the own one, nor one of the own fold in training.'

export interface LabelTotals {
  readonly rate: number
  readonly known: number
}

export const labelTotals = (label: Int8Array): LabelTotals => {
  let bad = 0
  let known = 0
  for (const y of label) {
    if (y < 0) continue
    known++
    bad += y
  }
  return { rate: known ? bad / known : 0, known }
}

/** Of `bad` among `known` labels, with `rate` the share of bad among all. */
export const shrunkRate = (bad: number, known: number, rate: number): number =>
  (bad + shrinkage * rate) / (known + shrinkage)

/** Rates among neighbours: all alike, and those with few neighbours weighing more. */
const oneStep = ({ out, back }: Relation, { label, fold }: KnownLabels, rate: number): readonly FeatureColumn[] => {
  const { rowCount, offsets, columns } = out
  const plain = new Float32Array(rowCount)
  const rare = new Float32Array(rowCount)
  const count = new Float32Array(rowCount)
  for (let v = 0; v < rowCount; v++) {
    let bad = 0
    let known = 0
    let badMass = 0
    let mass = 0
    for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
      const u = columns[k]!
      const y = label[u]!
      if (y < 0 || u === v || (fold !== null && label[v]! >= 0 && fold[u] === fold[v])) continue
      const w = 1 / (back.offsets[u + 1]! - back.offsets[u]!)
      known++
      bad += y
      mass += w
      badMass += w * y
    }
    plain[v] = shrunkRate(bad, known, rate)
    // The weights are scaled to sum to the number of known neighbours, so that shrinkage means the same.
    rare[v] = shrunkRate(mass > 0 ? (badMass * known) / mass : 0, known, rate)
    count[v] = Math.log1p(known)
  }
  return [
    {
      name: 'labels.rate',
      unit: 'share',
      sentence: 'Share of known bad among neighbours with a known label, shrunk to the rate of all.',
      asOf,
      values: plain,
    },
    {
      name: 'labels.rate-rare',
      unit: 'share',
      sentence: 'The same with each neighbour weighing one over its number of neighbours.',
      asOf,
      values: rare,
    },
    {
      name: 'labels.known',
      unit: 'log count',
      sentence: 'Logarithm of one more than the number of neighbours with a known label.',
      asOf,
      values: count,
    },
  ]
}

/** Rate over walks of two steps that end at a known label, those that come back to the own fold left out. */
const twoStep = ({ out, back }: Relation, { label, fold }: KnownLabels, rate: number): FeatureColumn => {
  const rowCount = out.rowCount
  const folds = fold === null ? 1 : fold.reduce((most, f) => Math.max(most, f), 0) + 1
  const bad = new Float32Array(rowCount * folds)
  const known = new Float32Array(rowCount * folds)
  for (let u = 0; u < rowCount; u++)
    for (let k = back.offsets[u]!, end = back.offsets[u + 1]!; k < end; k++) {
      const y = label[back.columns[k]!]!
      if (y < 0) continue
      const at = u * folds + (fold === null ? 0 : fold[back.columns[k]!]!)
      known[at]!++
      bad[at]! += y
    }
  const values = new Float32Array(rowCount)
  for (let v = 0; v < rowCount; v++) {
    let sum = 0
    let mass = 0
    const own = label[v]!
    for (let k = out.offsets[v]!, end = out.offsets[v + 1]!; k < end; k++) {
      const u = out.columns[k]!
      if (u === v) continue
      let b = 0
      let n = 0
      for (let f = 0; f < folds; f++) {
        if (fold !== null && own >= 0 && f === fold[v]) continue
        b += bad[u * folds + f]!
        n += known[u * folds + f]!
      }
      if (fold === null && own >= 0) {
        b -= own
        n--
      }
      if (n <= 0) continue
      sum += shrunkRate(b, n, rate)
      mass++
    }
    values[v] = mass ? sum / mass : rate
  }
  return {
    name: 'labels.rate-two-steps',
    unit: 'share',
    sentence: 'Mean over neighbours of the share of known bad among their neighbours, walks back left out.',
    asOf,
    values,
  }
}

/** Folds of a push where labels are hidden from the own node alone: random fifths of the nodes. */
const pushFolds = 5
const damping = 0.8

/** Log ratio of personalized PageRank from known bad to that from known good, seeds of the own fold left out. */
export const labelPush = (
  graph: UndirectedCsr,
  { label, fold }: KnownLabels,
  seed: number,
  check: () => void = () => {},
): FeatureColumn => {
  const n = graph.rowCount
  const random = new Random(seed, 41)
  const parts = fold ?? Uint8Array.from({ length: n }, () => random.below(pushFolds))
  const folds = parts.reduce((most, f) => Math.max(most, f), 0) + 1
  const values = new Float32Array(n)
  const { rate, known } = labelTotals(label)
  /** Ranks are counted in the rank of a node by chance, and one unit is added, so that out of reach of all seeds is 0. */
  const rankFrom = (wanted: number, without: number): Float64Array | null => {
    let some = false
    const teleport = new Float64Array(n)
    for (let v = 0; v < n; v++)
      if (label[v] === wanted && parts[v] !== without) {
        teleport[v] = 1
        some = true
      }
    return some ? pageRankUndirected(graph, { damping, teleport, tolerance: 1e-5, check }).rank : null
  }
  const fill = (without: number, concerns: (v: number) => boolean) => {
    const bad = rankFrom(1, without)
    const good = rankFrom(0, without)
    for (let v = 0; v < n; v++)
      if (concerns(v)) values[v] = Math.log1p(n * (bad?.[v] ?? 0)) - Math.log1p(n * (good?.[v] ?? 0))
  }
  if (known > 0 && rate >= 0) {
    fill(-1, (v) => label[v]! < 0)
    for (let f = 0; f < folds; f++) fill(f, (v) => label[v]! >= 0 && parts[v] === f)
  }
  return {
    name: 'labels.push',
    unit: 'log ratio',
    sentence: 'How much nearer random walks from known bad come than walks from known good.',
    asOf,
    values,
  }
}

/** Columns from the known labels: rates over each relation, and a push over all of them together. */
export const labelFeatures = (
  relations: readonly Relation[],
  all: UndirectedCsr,
  known: KnownLabels,
  seed: number,
  check: () => void = () => {},
): readonly FeatureColumn[] => {
  if (known.label.length !== all.rowCount || (known.fold && known.fold.length !== all.rowCount))
    throw new RangeError(
      `${all.rowCount} nodes have ${known.label.length} labels and ${known.fold?.length ?? 'no'} folds`,
    )
  const { rate } = labelTotals(known.label)
  return [
    ...relations.flatMap((relation) =>
      named(relation, [...oneStep(relation, known, rate), twoStep(relation, known, rate)]),
    ),
    labelPush(all, known, seed, check),
  ]
}
