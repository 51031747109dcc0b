/**
 * Features of every creator, user, video and product of a snapshot, a table for each kind. Nothing is fitted. All that is read is the
 * snapshot (whose own time is the scoring time), the rings of a run that is not later, and labels decided by then.
 */
import { createHash } from 'node:crypto'
import type { EntityKind } from '../../../../graph-schema/schema.js'
import { checkMatrix, type FeatureMatrix } from '../../feature-matrix.js'
import type { KnownLabels } from '../known-labels.js'
import { structureDefinitions } from '../structure.js'
import { blocksOf, type FeatureBlock, featureDefinitions } from './blocks.js'
import { FeatureContext, type FeatureInputs } from './context.js'
import { commonMeasures } from './neighbours.js'
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

  /**
   * What is said of a kind's entities without any label: the features of a scored kind, and what all entities have in common of an
   * identifier.
   */
  unlabelled(kind: EntityKind): FeatureMatrix {
    const scored = scoredKinds.find((each) => each === kind)
    if (scored) {
      const blocks = blocksOf(scored)
      const kept = this.#unlabelledColumns(scored, blocks)
      const shown = [...blocks.keys()].filter((at) => kept[at] !== null)
      const { from, to } = rangeOf(this.#context.snapshot, scored)
      return {
        rows: to - from,
        names: shown.flatMap((at) => blocks[at]!.definitions.map(({ name }) => name)),
        columns: shown.flatMap((at) => kept[at]!),
      }
    }
    const range = rangeOf(this.#context.snapshot, kind)
    return {
      rows: range.to - range.from,
      names: [...commonMeasures.map(({ name }) => `common.${name}`), ...structureDefinitions.map(({ name }) => name)],
      columns: this.#context.plain(range),
    }
  }

  #unlabelledColumns(kind: ScoredKind, blocks: readonly FeatureBlock[]): readonly (readonly Float32Array[] | null)[] {
    const kept =
      this.#kept.get(kind) ??
      blocks.map((block, at) => (block.readsLabels ? null : this.#columns(kind, block, at / blocks.length, null)))
    this.#kept.set(kind, kept)
    return kept
  }

  #columns(kind: ScoredKind, block: FeatureBlock, done: number, labels: KnownLabels | null): readonly Float32Array[] {
    this.#progress(`${kind}: ${block.title}`, done)
    this.#context.check()
    return block.columns(this.#context, this.#context.counted(labels))
  }

  /** Types of interaction that the data does not have give columns that share one array. Throws what `check` throws. */
  table(kind: ScoredKind, labels: KnownLabels | null): KindFeatures {
    const { snapshot } = this.#context
    const n = snapshot.entities.count
    if (labels && (labels.label.length !== n || (labels.fold && labels.fold.length !== n)))
      throw new RangeError(`${n} entities have ${labels.label.length} labels, ${labels.fold?.length ?? 'no'} folds`)
    const blocks = blocksOf(kind)
    const kept = this.#unlabelledColumns(kind, blocks)
    const { from, to } = rangeOf(snapshot, kind)
    const matrix = {
      rows: to - from,
      names: blocks.flatMap(({ definitions }) => definitions.map(({ name }) => name)),
      columns: kept.flatMap((columns, at) => columns ?? this.#columns(kind, blocks[at]!, at / blocks.length, labels)),
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
