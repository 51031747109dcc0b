/**
 * Measured forward in time: a model of what was known at an earlier time scores the graph as it is now, and is judged by labels that
 * were decided in between, of entities in no ring, group or identifier with any that it learned from.
 */
import { snapshotAt } from '../../graph/past.js'
import type { RunWithRings } from '../../store/store.js'
import { type Evaluated, evaluated, type Judgement, judge, partsByModel } from './evaluate.js'
import { foldsNow, trainOnLabels, type Work } from './labelled-training.js'
import { disjointPieces, type LabelRecord, placeLabels } from './labels.js'

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
export const judgeForward = ({ from, earlierRings, ...inputs }: ForwardInputs): readonly Judgement[] => {
  const { snapshot, records, seed, check } = inputs
  const then = snapshotAt(snapshot, from, check)
  const trained = trainOnLabels({ ...inputs, snapshot: then, rings: earlierRings })
  const { label } = placeLabels(snapshot, records)
  // By ends of then and of now: who met in between is not new either.
  const piece = disjointPieces(snapshot, records, inputs.rings)
  const early = placeLabels({ ...snapshot, asOf: from }, records).label
  const seen = new Set<number>()
  for (let v = 0; v < early.length; v++) if (early[v]! >= 0) seen.add(piece[v]!)
  const known = foldsNow(snapshot, trained.labels)
  const parts = partsByModel({ ...inputs, rings: earlierRings && inputs.rings }, trained, known, seed)
  return judge(parts, snapshot, { label, piece }, (entity) => !seen.has(piece[entity]!))
}

export const measureForward = (inputs: ForwardInputs): readonly Evaluated[] => evaluated([judgeForward(inputs)])
