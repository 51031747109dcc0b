/**
 * Measured on rings that were held out whole, several times: some pieces of the labels are hidden, the whole model is trained on the others
 * (stack and calibration too), and judged by the hidden ones, beside each part of its stack alone.
 */

import { findEntity, type Snapshot } from '../../graph/snapshot.js'
import { Random } from '../../kernels/random.js'
import type { ScoredKind } from '../features/product/sides.js'
import type { Scored } from '../metrics.js'
import { trainOnLabels, type Work } from './labelled-training.js'
import { disjointPieces, type LabelRecord, placeLabels } from './labels.js'
import { calibrationMeasures, countOf, hasBoth, type Measured, rankingMeasures, spreadOf } from './measures.js'
import { entityParts, type KindParts, stackProbabilities } from './score-entities.js'
import type { TrainedModel } from './train-model.js'

/** What was said of rows that were hidden, by the stack (probabilities) and by each of its parts alone. */
export interface Judgement {
  readonly kind: ScoredKind
  readonly labels: Uint8Array
  /** What each row hangs together with, by any number. */
  readonly pieces: Int32Array
  readonly said: readonly { readonly model: string; readonly scores: Float64Array }[]
}

/** Mean over rounds with their spread; Brier score and calibration error over the rows of all rounds together. */
export interface Evaluated {
  readonly kind: ScoredKind
  /** `stack`, or a part of it. */
  readonly model: string
  readonly rounds: number
  /** Over all rounds. */
  readonly bad: number
  readonly good: number
  readonly measured: readonly Measured[]
}

/** Share of the bad, and of the good, that a round hides. */
const hiddenShare = 0.3

/** Entities of whole pieces, drawn until about `hiddenShare` of the bad and of the good labels are among them: 1 where hidden. */
export const hidePieces = (label: Int8Array, piece: Int32Array, seed: number): Uint8Array => {
  const counts = new Map<number, [number, number]>()
  for (let v = 0; v < label.length; v++) {
    if (label[v]! < 0) continue
    const count = counts.get(piece[v]!) ?? [0, 0]
    count[label[v]!]!++
    counts.set(piece[v]!, count)
  }
  const order = Int32Array.from(counts.keys()).sort()
  new Random(seed, 59).shuffle(order)
  const wanted = [0, 1].map((y) => hiddenShare * countOf(label, y))
  const hidden = new Set<number>()
  for (const name of order) {
    const [good, bad] = counts.get(name)!
    // A piece with bad labels is drawn for these; how many good ones come with them is left to chance.
    const y = bad > 0 ? 1 : 0
    if (wanted[y]! <= 0) continue
    hidden.add(name)
    wanted[0]! -= good
    wanted[1]! -= bad
  }
  return Uint8Array.from(label, (y, v) => (y >= 0 && hidden.has(piece[v]!) ? 1 : 0))
}

/** Of the rows that `isJudged` says, with their labels. */
export const judge = (
  scored: readonly KindParts[],
  snapshot: Snapshot,
  { label, piece }: { readonly label: Int8Array; readonly piece: Int32Array },
  isJudged: (entity: number) => boolean,
): readonly Judgement[] =>
  scored.map((own) => {
    const { model, from, matrix, parts } = own
    const rows = Array.from({ length: matrix.rows }, (_, row) => row).filter(
      (row) => label[from + row]! >= 0 && isJudged(from + row),
    )
    const taken = (scores: ArrayLike<number>) => Float64Array.from(rows, (row) => scores[row]!)
    return {
      kind: model.kind,
      labels: Uint8Array.from(rows, (row) => label[from + row]!),
      pieces: Int32Array.from(rows, (row) => piece[from + row]!),
      said: [
        { model: 'stack', scores: taken(stackProbabilities(own, snapshot).map(({ probability }) => probability)) },
        ...parts.map(({ name, scores }) => ({ model: name, scores: taken(scores) })),
      ],
    }
  })

const pooled = (rounds: readonly Scored[]): Scored => ({
  scores: Float64Array.from(rounds.flatMap(({ scores }) => [...scores])),
  labels: Uint8Array.from(rounds.flatMap(({ labels }) => [...labels])),
})

/** Rounds in which a kind's rows are of one class say nothing of its ranking, and are left out of it. */
export const evaluated = (rounds: readonly (readonly Judgement[])[]): readonly Evaluated[] => {
  const all = rounds.flat()
  const kinds = [...new Set(all.map(({ kind }) => kind))]
  return kinds.flatMap((kind) => {
    const own = all.filter((each) => each.kind === kind && each.labels.length > 0)
    const models = own[0]?.said.map(({ model }) => model) ?? []
    return models.map((model, at): Evaluated => {
      const scored = own.map(({ labels, said }) => ({ labels, scores: said[at]!.scores }))
      const ranked = scored.filter(({ labels }) => hasBoth(labels)).map((each) => rankingMeasures(each, []))
      const ranking = (ranked[0] ?? []).map(({ metric }, m): Measured => {
        const values = ranked.map((measures) => measures[m]!.value)
        return { metric, value: values.reduce((sum, x) => sum + x, 0) / values.length, spread: spreadOf(values) }
      })
      const together = pooled(scored)
      // A ring that is hidden in two rounds is judged by two models.
      const pieces = own.flatMap((each, round) => Array.from(each.pieces, (piece) => `${round} ${piece}`))
      return {
        kind,
        model,
        rounds: ranked.length,
        bad: countOf(together.labels, 1),
        good: countOf(together.labels, 0),
        measured: [...ranking, ...(model === 'stack' ? calibrationMeasures(together, pieces) : [])],
      }
    })
  })
}

/** Scores by a model, beside the labels it learned from: those of held-out rows are hidden from features and models alike. */
export const partsByModel = (
  work: Work,
  model: TrainedModel,
  known: { readonly label: Int8Array; readonly fold: Uint8Array },
  seed: number,
): readonly KindParts[] => entityParts({ ...work, labels: known, models: model.models, networks: model.networks, seed })

export interface EvaluateInputs extends Work {
  readonly records: readonly LabelRecord[]
  readonly seed: number
  readonly epochs?: number
  readonly rounds: number
}

/** One training a round. Throws `model.few-labels` where what is left of the labels is too little. */
export const judgeHeldOut = (inputs: EvaluateInputs): readonly (readonly Judgement[])[] => {
  const { snapshot, rings, records, seed, rounds } = inputs
  const { label } = placeLabels(snapshot, records)
  const piece = disjointPieces(snapshot, records, rings)
  return Array.from({ length: rounds }, (_, round) => {
    const hidden = hidePieces(label, piece, seed + round)
    const shown = records.filter(({ kind, id }) => {
      const entity = findEntity(snapshot, kind, id)
      return entity < 0 || hidden[entity] === 0
    })
    const roundSeed = seed + round
    const progress =
      inputs.progress &&
      ((step: string, done: number) => inputs.progress!(`round ${round + 1} of ${rounds}, ${step}`, done))
    const work = { ...inputs, ...(progress ? { progress } : {}) }
    const trained = trainOnLabels({ ...work, records: shown, seed: roundSeed })
    const parts = partsByModel(work, trained, trained.placed, roundSeed)
    return judge(parts, snapshot, { label, piece }, (entity) => hidden[entity] === 1)
  })
}
