/** Scores of all entities of the kinds that a model knows, or, without one, a ranking by the rings alone. */
import { RingfenceError } from '../../errors.js'
import { findEntity, type Snapshot } from '../../graph/snapshot.js'
import type { RunWithRings } from '../../store/store.js'
import { calibrate } from '../calibration/calibrate.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { KnownLabels } from '../features/known-labels.js'
import { featureDefinitions } from '../features/product/blocks.js'
import { FeatureSource, featureListDigest } from '../features/product/product-features.js'
import { rangeOf, type ScoredKind, scoredKinds } from '../features/product/sides.js'
import { type Ensemble, predictLogOdds } from '../trees/ensemble.js'
import type { KindModel } from './train-model.js'

export interface EntityScores {
  readonly kind: ScoredKind
  /** Entity of the first score. */
  readonly from: number
  readonly score: Float64Array
  /** Interval around each score, and labels behind it; null where scores are no probabilities. */
  readonly interval: { readonly low: Float64Array; readonly high: Float64Array; readonly labels: Int32Array } | null
}

/** Throws `model.features` with what differs. */
export const checkFeatureList = ({ kind, featureList, names }: KindModel): void => {
  if (featureList === featureListDigest(kind)) return
  const now = featureDefinitions(kind).map(({ name }) => name)
  const known = new Set(now)
  const before = new Set(names)
  const gone = names.filter((name) => !known.has(name))
  const added = now.filter((name) => !before.has(name))
  const some = (list: readonly string[]) => `${list.slice(0, 5).join(', ')}${list.length > 5 ? ', ...' : ''}`
  const parts = [
    ...(gone.length > 0 ? [`${gone.length} that it reads are gone (${some(gone)})`] : []),
    ...(added.length > 0 ? [`${added.length} are new (${some(added)})`] : []),
  ]
  throw new RingfenceError(
    'model.features',
    `Of the features of a ${kind} ${parts.length > 0 ? parts.join(' and ') : 'the order, unit or meaning differs'}.`,
    { kind, gone, added },
  )
}

export interface ScoreInputs {
  readonly snapshot: Snapshot
  readonly rings: RunWithRings | null
  /** What was known in training, so that features of labels mean the same. */
  readonly labels: KnownLabels
  readonly models: readonly KindModel[]
  readonly seed: number
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
}

/** The mean over the ensembles; of a labelled entity by the one that never saw its part, as in measuring and calibration. */
const heldLogOdds = (
  ensembles: readonly Ensemble[],
  matrix: FeatureMatrix,
  from: number,
  { label, fold }: KnownLabels,
  check?: () => void,
): Float64Array => {
  const sum = new Float64Array(matrix.rows)
  ensembles.forEach((ensemble, part) => {
    const scores = predictLogOdds(ensemble, matrix, check)
    for (let row = 0; row < sum.length; row++)
      if (fold === null || label[from + row]! < 0) sum[row]! += scores[row]! / ensembles.length
      else if (fold[from + row] === part) sum[row] = scores[row]!
  })
  return sum
}

export const scoreEntities = (inputs: ScoreInputs): readonly EntityScores[] => {
  for (const model of inputs.models) checkFeatureList(model)
  const source = new FeatureSource(inputs)
  return inputs.models.map(({ kind, ensembles, calibration }) => {
    const { from, matrix } = source.table(kind, inputs.labels)
    const logOdds = heldLogOdds(ensembles, matrix, from, inputs.labels, inputs.check)
    const score = new Float64Array(matrix.rows)
    const low = new Float64Array(matrix.rows)
    const high = new Float64Array(matrix.rows)
    const labels = new Int32Array(matrix.rows)
    for (let row = 0; row < matrix.rows; row++) {
      const said = calibrate(calibration, logOdds[row]!)
      score[row] = said.probability
      low[row] = said.low
      high[row] = said.high
      labels[row] = said.labels
    }
    return { kind, from, score, interval: { low, high, labels } }
  })
}

/**
 * Without labels: the greatest strength of an entity's memberships, each times one less the ring's false-discovery rate. A ranking, not
 * a probability of anything.
 */
export const unsupervisedScores = (snapshot: Snapshot, { rings }: RunWithRings): readonly EntityScores[] => {
  const all = new Float64Array(snapshot.entities.count)
  for (const ring of rings)
    for (const { kind, id, score } of ring.members) {
      const entity = findEntity(snapshot, kind, id)
      if (entity >= 0) all[entity] = Math.max(all[entity]!, score * (1 - ring.fdr))
    }
  return scoredKinds.map((kind) => {
    const { from, to } = rangeOf(snapshot, kind)
    return { kind, from, score: all.slice(from, to), interval: null }
  })
}
