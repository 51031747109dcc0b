/** From labels by name to a trained model, and from a model to scores: what a job asks of a worker thread. */
import type { Snapshot } from '../../graph/snapshot.js'
import { findEntity } from '../../graph/snapshot.js'
import type { RunWithRings } from '../../store/store.js'
import type { Backend } from '../backend.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import { clockOf } from '../features/product/rhythm.js'
import type { ScoredKind } from '../features/product/sides.js'
import type { PlacedRecord, ProductModel } from '../registry/model-folder.js'
import { type Keep, modelFolds } from './base-models.js'
import { disjointFolds, disjointPieces, type LabelRecord, placeLabels } from './labels.js'
import { type EntityScores, scoreEntities } from './score-entities.js'
import { type TrainedModel, trainModel } from './train-model.js'

export interface Work {
  readonly snapshot: Snapshot
  readonly rings: RunWithRings | null
  readonly backend: Backend
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
}

export interface LabelledTraining extends TrainedModel {
  /** Labels that were learned from, each entity once, with its part. */
  readonly labels: readonly PlacedRecord[]
  readonly window: { readonly from: number; readonly to: number } | null
  /** The same by entity: label, and part that it was held out with. */
  readonly placed: { readonly label: Int8Array; readonly fold: Uint8Array }
  /** Pieces that share no ring, named group, identifier or creator. */
  readonly pieces: number
  readonly absent: number
  readonly later: number
  readonly contradictory: number
}

/** Throws `model.few-labels` and `model.later-run`. */
export const trainOnLabels = ({
  records,
  seed,
  ...work
}: Work & {
  readonly records: readonly LabelRecord[]
  readonly seed: number
  readonly keep?: Keep
  readonly epochs?: number
}): LabelledTraining => {
  const { snapshot, rings } = work
  const { label, ...left } = placeLabels(snapshot, records)
  const piece = disjointPieces(snapshot, records, rings)
  const { fold, pieces } = disjointFolds(label, piece, modelFolds, seed)
  const labels = new Map<number, PlacedRecord>()
  for (const record of records) {
    const entity = findEntity(snapshot, record.kind, record.id)
    if (entity >= 0 && label[entity] === record.label) labels.set(entity, { ...record, fold: fold[entity]! })
  }
  const { start, last } = clockOf(snapshot)
  return {
    ...trainModel({ ...work, label, fold, piece, seed }),
    ...left,
    labels: [...labels].sort(([a], [b]) => a - b).map(([, record]) => record),
    window: Number.isNaN(start) ? null : { from: start, to: last },
    placed: { label, fold },
    pieces,
  }
}

/** Labels of a model on a snapshot: by entity the label, and the part that it was held out with. */
export const foldsNow = (snapshot: Snapshot, labels: readonly PlacedRecord[]): LabelledTraining['placed'] => {
  const { label } = placeLabels(snapshot, labels)
  const fold = new Uint8Array(label.length)
  for (const { kind, id, fold: part } of labels) {
    const entity = findEntity(snapshot, kind, id)
    if (entity >= 0) fold[entity] = part
  }
  return { label, fold }
}

/** Throws `model.features` where the model reads other features than this version computes. */
export const scoreWithModel = ({
  model,
  ...work
}: Work & {
  readonly model: Pick<ProductModel, 'labels' | 'models' | 'networks' | 'seed'>
  /** Sees each kind's table before it is scored. */
  readonly inspect?: (kind: ScoredKind, matrix: FeatureMatrix) => void
}): readonly EntityScores[] => {
  return scoreEntities({
    ...work,
    labels: foldsNow(work.snapshot, model.labels),
    models: model.models,
    networks: model.networks,
    seed: model.seed,
  })
}
