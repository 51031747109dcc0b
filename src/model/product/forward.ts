/**
 * Measured forward in time: a model of what was known at an earlier time scores the graph as it is now, and is judged by labels that
 * were decided in between, of entities in no ring, group or identifier with any that it learned from.
 */
import { snapshotAt } from '../../graph/past.js'
import type { RunWithRings } from '../../store/store.js'
import type { ScoredKind } from '../features/product/sides.js'
import { scoreWithModel, trainOnLabels, type Work } from './labelled-training.js'
import { disjointPieces, type LabelRecord, placeLabels } from './labels.js'
import { type Measured, measureProbabilities } from './measures.js'

export interface ForwardMeasure {
  readonly kind: ScoredKind
  readonly bad: number
  readonly good: number
  /** Empty where all are of one class. */
  readonly measured: readonly Measured[]
}

export interface ForwardInputs extends Work {
  readonly records: readonly LabelRecord[]
  readonly seed: number
  readonly epochs?: number
  /** Epoch milliseconds: what the earlier model knows. */
  readonly from: number
  /** Rings of a run that is not later than `from`. Null: neither time reads rings, so that features mean the same. */
  readonly earlierRings: RunWithRings | null
}

/** Throws `model.few-labels` where too little was known then. */
export const measureForward = ({ from, earlierRings, ...inputs }: ForwardInputs): readonly ForwardMeasure[] => {
  const { snapshot, records, seed, check } = inputs
  const then = snapshotAt(snapshot, from, check)
  const trained = trainOnLabels({ ...inputs, snapshot: then, rings: earlierRings })
  const rings = earlierRings && inputs.rings
  const scores = scoreWithModel({ ...inputs, rings, model: { ...trained, seed } })
  const { label } = placeLabels(snapshot, records)
  // By ends of then and of now: who met in between is not new either.
  const piece = disjointPieces(snapshot, records, inputs.rings)
  const early = placeLabels({ ...snapshot, asOf: from }, records).label
  const seen = new Set<number>()
  for (let v = 0; v < early.length; v++) if (early[v]! >= 0) seen.add(piece[v]!)
  return scores.map(({ kind, from: first, score }) => {
    const rows = [...score.keys()].filter((row) => label[first + row]! >= 0 && !seen.has(piece[first + row]!))
    const labels = Uint8Array.from(rows, (row) => label[first + row]!)
    const bad = labels.reduce((sum, y) => sum + y, 0)
    const measured =
      bad > 0 && bad < rows.length
        ? measureProbabilities(
            Float64Array.from(rows, (row) => score[row]!),
            labels,
          )
        : []
    return { kind, bad, good: rows.length - bad, measured }
  })
}
