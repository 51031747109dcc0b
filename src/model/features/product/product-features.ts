/**
 * Features of every creator, user, video and product of a snapshot, a table for each kind. Nothing is fitted. All that is read is the
 * snapshot (whose own time is the scoring time), the rings of a run that is not later, and labels decided by then.
 */
import { createHash } from 'node:crypto'
import { checkMatrix, type FeatureMatrix } from '../../feature-matrix.js'
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

/**
 * One table for each kind of `kinds`, in their order. Throws `model.later-run` where the rings are of a later time, and what `check`
 * throws. Types of interaction that the data does not have give columns that share one array.
 */
export const productFeatures = (
  inputs: FeatureInputs,
  kinds: readonly ScoredKind[] = scoredKinds,
): readonly KindFeatures[] => {
  const context = new FeatureContext(inputs)
  const total = kinds.reduce((sum, kind) => sum + blocksOf(kind).length, 0)
  let done = 0
  return kinds.map((kind) => {
    const { from, to } = rangeOf(inputs.snapshot, kind)
    const names: string[] = []
    const columns: Float32Array[] = []
    for (const block of blocksOf(kind)) {
      inputs.progress?.(`${kind}: ${block.title}`, done++ / total)
      context.check()
      names.push(...block.definitions.map(({ name }) => name))
      columns.push(...block.columns(context))
    }
    const matrix = { rows: to - from, names, columns }
    checkMatrix(matrix)
    return { kind, from, matrix }
  })
}
