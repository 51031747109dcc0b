/**
 * Trees for each kind that has labels enough, learned and measured on parts that share no ring.
 *
 * Cross-fitting: for each part, trees learn from the others, one of which chooses how many trees, with the part's labels nowhere in
 * features, encoders or choices; they then score the part. So every labelled entity has a score by trees that never saw it or its
 * ring: the measurement and the calibration use these. The model is the mean of all those ensembles.
 * Victor Chernozhukov et al., "Double/debiased machine learning for treatment and structural parameters", The Econometrics Journal
 * 21(1), 2018 (cross-fitting).
 */
import { RingfenceError } from '../../errors.js'
import type { Snapshot } from '../../graph/snapshot.js'
import type { RunWithRings } from '../../store/store.js'
import { type Calibration, calibrate, fitCalibration } from '../calibration/calibrate.js'
import { takeRows } from '../feature-matrix.js'
import { FeatureSource, featureListDigest, type KindFeatures } from '../features/product/product-features.js'
import { rangeOf, type ScoredKind, scoredKinds } from '../features/product/sides.js'
import { auroc, averagePrecision, brierScore, calibrationError, recallAtFalsePositives, recallAtK } from '../metrics.js'
import { type Ensemble, predictLogOdds } from '../trees/ensemble.js'
import { standardTrees, type TreesParameters, trainTrees } from '../trees/train.js'

export const modelFolds = 5
/** With fewer of either class, or in fewer pieces than two, parts cannot be told from one another. */
const fewestOfClass = 10
const fewestPieces = 2

export const productTrees: TreesParameters = { ...standardTrees, maxBins: 63, featureShare: 0.15, rowShare: 0.6 }
/** Trees where the part that should choose has labels of one class only. */
const unchosenTrees = 150

export interface Measured {
  readonly metric: string
  readonly value: number
  /** Standard deviation over parts; null where fewer than two have both classes. */
  readonly spread: number | null
}

export interface KindModel {
  readonly kind: ScoredKind
  readonly featureList: string
  readonly names: readonly string[]
  readonly ensembles: readonly Ensemble[]
  readonly calibration: Calibration
  readonly bad: number
  readonly good: number
  readonly measured: readonly Measured[]
}

export interface TrainInputs {
  readonly snapshot: Snapshot
  readonly rings: RunWithRings | null
  /** 1 bad, 0 good, -1 none; one entry an entity. */
  readonly label: Int8Array
  /** Part of each labelled entity, 0 .. modelFolds - 1; parts share no ring. */
  readonly fold: Uint8Array
  readonly seed: number
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
}

export interface TrainedModel {
  readonly models: readonly KindModel[]
  /** Kinds without a model, and why. */
  readonly skipped: readonly { readonly kind: ScoredKind; readonly why: string }[]
}

const count = (values: ArrayLike<number>, wanted: number): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Number(values[i] === wanted)
  return sum
}

const hasBoth = (labels: Uint8Array): boolean => labels.includes(0) && labels.includes(1)

const spreadOf = (values: readonly number[]): number | null => {
  if (values.length < 2) return null
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1))
}

interface Held {
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly parts: Uint8Array
}

const partOf = ({ scores, labels, parts }: Held, wanted: (part: number) => boolean) => {
  const kept = [...parts.keys()].filter((i) => wanted(parts[i]!))
  return { scores: Float64Array.from(kept, (i) => scores[i]!), labels: Uint8Array.from(kept, (i) => labels[i]!) }
}

/** Probabilities of each part by a calibration that did not see it. */
const heldProbabilities = (held: Held, seed: number): Float64Array => {
  const probabilities = new Float64Array(held.scores.length)
  for (let part = 0; part < modelFolds; part++) {
    const others = partOf(held, (p) => p !== part)
    if (!held.parts.includes(part)) continue
    const calibration = fitCalibration(hasBoth(others.labels) ? others : held, seed)
    for (let i = 0; i < probabilities.length; i++)
      if (held.parts[i] === part) probabilities[i] = calibrate(calibration, held.scores[i]!).probability
  }
  return probabilities
}

/** Ranking and, with `probabilities`, calibration. `parts` tell the spread. */
const measuresOf = (
  held: Omit<Held, 'parts'>,
  parts: readonly Omit<Held, 'parts'>[],
  probabilities: Float64Array,
): readonly Measured[] => {
  const of = (metric: string, value: (scored: Omit<Held, 'parts'>) => number): Measured => ({
    metric,
    value: value(held),
    spread: spreadOf(parts.map(value)),
  })
  const said = { scores: probabilities, labels: held.labels }
  return [
    of('average precision', averagePrecision),
    of('AUROC', auroc),
    of('recall at K', (scored) => recallAtK(scored)),
    of('recall at 1 % false positives', (scored) => recallAtFalsePositives(scored, 0.01)),
    { metric: 'share of bad', value: count(held.labels, 1) / held.labels.length, spread: null },
    { metric: 'Brier score', value: brierScore(said), spread: null },
    { metric: 'calibration error', value: calibrationError(said).debiased, spread: null },
  ]
}

/** Of rows that none of the model's parts learned from. */
export const measureProbabilities = (probabilities: Float64Array, labels: Uint8Array): readonly Measured[] =>
  measuresOf({ scores: probabilities, labels }, [], probabilities)

const measure = (held: Held, seed: number): readonly Measured[] => {
  const parts = Array.from({ length: modelFolds }, (_, part) => partOf(held, (p) => p === part)).filter(({ labels }) =>
    hasBoth(labels),
  )
  return measuresOf(held, parts, heldProbabilities(held, seed))
}

const trainKind = (
  inputs: TrainInputs,
  tableOf: (kind: ScoredKind, part: number) => KindFeatures,
  kind: ScoredKind,
  rows: Int32Array,
): KindModel => {
  const { label, fold, seed, check, progress } = inputs
  const from = rangeOf(inputs.snapshot, kind).from
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const labelsOf = (some: Int32Array) => Uint8Array.from(some, (row) => label[from + row]!)
  const ensembles: Ensemble[] = []
  const scores = new Float64Array(rows.length)
  for (let part = 0; part < modelFolds; part++) {
    const { matrix } = tableOf(kind, part)
    const chooser = (part + 1) % modelFolds
    const train = rows.filter((row) => fold[from + row] !== part && fold[from + row] !== chooser)
    const validation = rows.filter((row) => fold[from + row] === chooser)
    const learned = { matrix: takeRows(matrix, train), labels: labelsOf(train) }
    const chosen = { matrix: takeRows(matrix, validation), labels: labelsOf(validation) }
    const chooses = hasBoth(chosen.labels)
    const parameters = { ...productTrees, seed: seed * modelFolds + part, ...(chooses ? {} : { trees: unchosenTrees }) }
    const { ensemble } = trainTrees(learned, chooses ? chosen : null, parameters, {
      ...(check ? { check } : {}),
      progress: (trees, most) => progress?.(`${kind}: part ${part + 1} of ${modelFolds}`, trees / most),
    })
    ensembles.push(ensemble)
    const held = rows.filter((row) => fold[from + row] === part)
    const predicted = predictLogOdds(ensemble, takeRows(matrix, held), check)
    held.forEach((row, i) => {
      scores[place.get(row)!] = predicted[i]!
    })
  }
  const held = { scores, labels: labelsOf(rows), parts: Uint8Array.from(rows, (row) => fold[from + row]!) }
  return {
    kind,
    featureList: featureListDigest(kind),
    names: ensembles[0]!.names,
    ensembles,
    calibration: fitCalibration(held, seed),
    bad: count(held.labels, 1),
    good: count(held.labels, 0),
    measured: measure(held, seed),
  }
}

/** Throws `model.few-labels` where no kind has labels enough, `model.later-run`, and what `check` throws. */
export const trainModel = (inputs: TrainInputs): TrainedModel => {
  const { snapshot, label, fold } = inputs
  const source = new FeatureSource(inputs)
  const tableOf = (kind: ScoredKind, part: number): KindFeatures =>
    source.table(kind, process.env.NOLAB ? null : { label: label.map((y, v) => (fold[v] === part ? -1 : y)), fold })
  const skipped: { kind: ScoredKind; why: string }[] = []
  const models = scoredKinds.flatMap((kind): readonly KindModel[] => {
    const { from, to } = rangeOf(snapshot, kind)
    const rows = Int32Array.from({ length: to - from }, (_, row) => row).filter((row) => label[from + row]! >= 0)
    const own = Uint8Array.from(rows, (row) => label[from + row]!)
    const partsWith = (y: number) => new Set([...rows].filter((r) => label[from + r] === y).map((r) => fold[from + r]))
    const [bad, good] = [count(own, 1), count(own, 0)]
    if (bad < fewestOfClass || good < fewestOfClass) {
      skipped.push({ kind, why: `${bad} bad and ${good} good are fewer than ${fewestOfClass} of each` })
      return []
    }
    if (partsWith(1).size <= fewestPieces || partsWith(0).size <= fewestPieces) {
      skipped.push({ kind, why: 'its labels hang together in too few pieces to hold some out' })
      return []
    }
    return [trainKind(inputs, tableOf, kind, rows)]
  })
  if (models.length === 0)
    throw new RingfenceError('model.few-labels', skipped.map(({ kind, why }) => `${kind}: ${why}`).join('; '))
  return { models, skipped }
}
