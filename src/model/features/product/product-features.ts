/**
 * Features of every creator, user, video and product of a snapshot, a table for each kind. Nothing is fitted. All that is read is the
 * snapshot (whose own time is the scoring time), the rings of a run that is not later, and labels decided by then.
 */
import { createHash } from 'node:crypto'
import { checkMatrix, type FeatureMatrix } from '../../feature-matrix.js'
import type { KnownLabels } from '../known-labels.js'
import { blocksOf, featureDefinitions } from './blocks.js'
import { FeatureContext, type FeatureInputs } from './context.js'
import { rangeOf, type ScoredKind, scoredKinds } from './sides.js'

export interface KindFeatures {
  readonly kind: ScoredKind
  /** Entity of row 0; rows follow the order of entities. */
  readonly from: number
  readonly matrix: FeatureMatrix
}

/** A digest of names, units, sentences and as-of rules: where it differs, a model was trained on other features. */
export const featureListDigest = (kind: ScoredKind): string =>
  createHash('sha256')
    .update(JSON.stringify(featureDefinitions(kind)))
    .digest('hex')

/** Tables of one snapshot: what does not follow from labels is computed once, whatever labels are then known. */
export class FeatureSource {
  readonly #context: FeatureContext
  readonly #progress: NonNullable<FeatureInputs['progress']>
  readonly #kept = new Map<ScoredKind, readonly (readonly Float32Array[] | null)[]>()

  /** Throws `model.later-run` where the rings are of a later time. */
  constructor(inputs: FeatureInputs) {
    this.#context = new FeatureContext(inputs)
    this.#progress = inputs.progress ?? (() => {})
  }

  /** Types of interaction that the data does not have give columns that share one array. Throws what `check` throws. */
  table(kind: ScoredKind, labels: KnownLabels | null): KindFeatures {
    const { snapshot, check } = this.#context
    const n = snapshot.entities.count
    if (labels && (labels.label.length !== n || (labels.fold && labels.fold.length !== n)))
      throw new RangeError(`${n} entities have ${labels.label.length} labels, ${labels.fold?.length ?? 'no'} folds`)
    const blocks = blocksOf(kind)
    const columnsOf = (at: number) => {
      this.#progress(`${kind}: ${blocks[at]!.title}`, at / blocks.length)
      check()
      return blocks[at]!.columns(this.#context, this.#context.counted(labels))
    }
    const kept = this.#kept.get(kind) ?? blocks.map(({ readsLabels }, at) => (readsLabels ? null : columnsOf(at)))
    this.#kept.set(kind, kept)
    const { from, to } = rangeOf(snapshot, kind)
    const matrix = {
      rows: to - from,
      names: blocks.flatMap(({ definitions }) => definitions.map(({ name }) => name)),
      columns: kept.flatMap((columns, at) => columns ?? columnsOf(at)),
    }
    checkMatrix(matrix)
    return { kind, from, matrix }
  }
}

export interface LabelledInputs extends FeatureInputs {
  /** Null: none are known, and features of labels are missing. */
  readonly labels: KnownLabels | null
}

/** One table for each kind of `kinds`, in their order. */
export const productFeatures = (
  inputs: LabelledInputs,
  kinds: readonly ScoredKind[] = scoredKinds,
): readonly KindFeatures[] => {
  const source = new FeatureSource(inputs)
  return kinds.map((kind) => source.table(kind, inputs.labels))
}
