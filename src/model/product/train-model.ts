/**
 * The product model: for each kind that has labels enough, a stack of GraphSAGE, boosted trees, a push from known labels and membership
 * of rings, learned and measured on parts that share no ring.
 *
 * Cross-fitting: for each part, trees and GraphSAGE learn from the others, one of which chooses how long, with the part's labels nowhere
 * in features, encoders or choices; they then score the part. So every labelled entity has scores by models that never saw it or its
 * ring: stack, calibration and measurement use these. What is measured of a part is by a stack and a calibration of the other parts.
 * The model is the mean over parts. Victor Chernozhukov et al., "Double/debiased machine learning for treatment and structural
 * parameters", The Econometrics Journal 21(1), 2018 (cross-fitting).
 */
import { RingfenceError } from '../../errors.js'
import type { RunWithRings } from '../../store/store.js'
import { type Calibration, calibrate, fitCalibration } from '../calibration/calibrate.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import { takeRows } from '../feature-matrix.js'
import { FeatureSource, featureListDigest } from '../features/product/product-features.js'
import { rangeOf, type ScoredKind, scoredKinds } from '../features/product/sides.js'
import type { KindModels } from '../graphsage/kinds-score.js'
import { fitStack, type Stack, type StackPart, stackScores } from '../stack/stack.js'
import { type Ensemble, predictLogOdds } from '../trees/ensemble.js'
import {
  type BaseInputs,
  type LabelledKind,
  modelFolds,
  type PartNetworks,
  trainPartNetworks,
  trainPartTrees,
} from './base-models.js'
import { marketsOf } from './market.js'
import { calibrationMeasures, countOf, type Held, hasBoth, type Measured, partOf, rankingMeasures } from './measures.js'
import { productGraph } from './product-graph.js'

/** With fewer of either class, or in fewer pieces than two, parts cannot be told from one another. */
const fewestOfClass = 10
const fewestPieces = 2
/** Labels of each class that a market needs for a curve of its own. */
const fewestOfMarket = 20

/** Of the whole's time, features and trees. */
const treesShare = 0.4

export interface KindModel {
  readonly kind: ScoredKind
  readonly featureList: string
  readonly names: readonly string[]
  /** One a part: trees that never saw its labels. */
  readonly ensembles: readonly Ensemble[]
  /** Over the parts graphsage, trees, push and rings. */
  readonly stack: Stack
  readonly calibration: Calibration
  readonly bad: number
  readonly good: number
  /** Of the whole stack. */
  readonly measured: readonly Measured[]
  /** Of each part of the stack alone: ranking only. */
  readonly parts: readonly { readonly name: string; readonly measured: readonly Measured[] }[]
}

export interface TrainInputs extends Omit<BaseInputs, 'check' | 'progress'> {
  /** Which entities hang together, by any number (see labels.ts); one entry an entity. */
  readonly piece: Int32Array
  readonly rings: RunWithRings | null
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
}

export interface TrainedModel {
  readonly models: readonly KindModel[]
  readonly networks: KindModels
  /** Kinds without a model, and why. */
  readonly skipped: readonly { readonly kind: ScoredKind; readonly why: string }[]
}

const columnOf = ({ names, columns }: FeatureMatrix, name: string): Float32Array => {
  const at = names.indexOf(name)
  if (at < 0) throw new RangeError(`there is no feature ${name}`)
  return columns[at]!
}

/** Strength of the strongest membership, less where rings are likely by chance. */
const ringsPart = (matrix: FeatureMatrix): Float64Array => {
  const strength = columnOf(matrix, 'rings.membership')
  const fdr = columnOf(matrix, 'rings.fdr')
  return Float64Array.from(strength, (s, row) => s * (1 - fdr[row]!))
}

/** NaN where no label is known: then nothing pushes. */
const pushPart = (matrix: FeatureMatrix): Float64Array =>
  Float64Array.from(columnOf(matrix, 'trust.push'), (push) => (Number.isNaN(push) ? 0 : push))

/**
 * Rings that are held out whole lie far from the known bad of others, so that held-out labels may speak against a push; nearness to known
 * bad must not count in anybody's favour. `graphsage` and `trees` are log-odds of the rows of the matrix. */
export const stackParts = (
  matrix: FeatureMatrix,
  graphsage: Float64Array,
  trees: Float64Array,
): readonly StackPart[] => [
  { name: 'graphsage', scores: graphsage, isLogOdds: true },
  { name: 'trees', scores: trees, isLogOdds: true },
  { name: 'push', scores: pushPart(matrix), isLogOdds: false, isRising: true },
  { name: 'rings', scores: ringsPart(matrix), isLogOdds: false, isRising: true },
]

const takeParts = (parts: readonly StackPart[], kept: readonly number[]): readonly StackPart[] =>
  parts.map((part) => ({ ...part, scores: Float64Array.from(kept, (i) => part.scores[i]!) }))

interface HeldRows {
  readonly labels: Uint8Array
  /** The part that each row was held out with. */
  readonly folds: Uint8Array
  readonly pieces: Int32Array
  readonly markets: readonly string[]
  readonly parts: readonly StackPart[]
}

/** Of the rows in `kept`; markets with too few labels are not named. */
const calibrationOf = (
  { labels, folds, markets, pieces }: HeldRows,
  scores: Float64Array,
  kept: readonly number[],
  seed: number,
) => {
  const own = kept.map((i) => markets[i]!)
  const counts = new Map<string, [number, number]>()
  kept.forEach((i, at) => {
    const count = counts.get(own[at]!) ?? [0, 0]
    count[labels[i]!]!++
    counts.set(own[at]!, count)
  })
  const suffices = (market: string) => counts.get(market)!.every((count) => count >= fewestOfMarket)
  return fitCalibration(
    {
      scores: Float64Array.from(kept, (i) => scores[i]!),
      labels: Uint8Array.from(kept, (i) => labels[i]!),
      markets: own.map((market) => (suffices(market) ? market : '')),
      folds: Uint8Array.from(kept, (i) => folds[i]!),
      pieces: Int32Array.from(kept, (i) => pieces[i]!),
    },
    seed,
  )
}

const allOf = (rows: HeldRows): readonly number[] => [...rows.labels.keys()]

/** Stack and calibration of some rows. */
const fitTop = (rows: HeldRows, kept: readonly number[], seed: number) => {
  const labels = Uint8Array.from(kept, (i) => rows.labels[i]!)
  const stack = fitStack(takeParts(rows.parts, kept), labels)
  const scores = stackScores(stack, rows.parts)
  return { stack, scores, calibration: calibrationOf(rows, scores, kept, seed) }
}

/** Log-odds and probabilities of each part by a stack and calibration that did not see it. */
const heldOut = (rows: HeldRows, seed: number) => {
  const all = allOf(rows)
  const logOdds = new Float64Array(all.length)
  const probabilities = new Float64Array(all.length)
  for (let part = 0; part < modelFolds; part++) {
    const own = all.filter((i) => rows.folds[i] === part)
    if (own.length === 0) continue
    const others = all.filter((i) => rows.folds[i] !== part)
    const chosen = hasBoth(Uint8Array.from(others, (i) => rows.labels[i]!)) ? others : all
    const { scores, calibration } = fitTop(rows, chosen, seed)
    for (const i of own) {
      logOdds[i] = scores[i]!
      probabilities[i] = calibrate(calibration, scores[i]!, rows.markets[i]!).probability
    }
  }
  return { logOdds, probabilities }
}

const rankingOf = ({ labels, folds }: HeldRows, scores: Float64Array): readonly Measured[] => {
  const held: Held = { scores, labels, parts: folds }
  return rankingMeasures(
    held,
    Array.from({ length: modelFolds }, (_, part) => partOf(held, (p) => p === part)),
  )
}

const finishKind = (
  inputs: TrainInputs,
  own: LabelledKind,
  names: readonly string[],
  ensembles: readonly Ensemble[],
  parts: readonly StackPart[],
): KindModel => {
  const { snapshot, label, fold, piece, seed } = inputs
  const { kind, from, rows } = own
  const markets = marketsOf(snapshot, rangeOf(snapshot, kind))
  const held: HeldRows = {
    labels: Uint8Array.from(rows, (row) => label[from + row]!),
    folds: Uint8Array.from(rows, (row) => fold[from + row]!),
    pieces: Int32Array.from(rows, (row) => piece[from + row]!),
    markets: Array.from(rows, (row) => snapshot.markets[markets[row]!]!),
    parts,
  }
  const { logOdds, probabilities } = heldOut(held, seed)
  const { stack, calibration } = fitTop(held, allOf(held), seed)
  return {
    kind,
    featureList: featureListDigest(kind),
    names,
    ensembles,
    stack,
    calibration,
    bad: countOf(held.labels, 1),
    good: countOf(held.labels, 0),
    measured: [
      ...rankingOf(held, logOdds),
      ...calibrationMeasures({ scores: probabilities, labels: held.labels }, [...held.pieces]),
    ],
    parts: parts.map(({ name, scores }) => ({ name, measured: rankingOf(held, scores) })),
  }
}

/** Kinds with labels enough in pieces enough. */
const labelledKinds = ({ snapshot, label, fold }: TrainInputs) => {
  const skipped: { kind: ScoredKind; why: string }[] = []
  const kinds = scoredKinds.flatMap((kind): readonly LabelledKind[] => {
    const { from, to } = rangeOf(snapshot, kind)
    const rows = Int32Array.from({ length: to - from }, (_, row) => row).filter((row) => label[from + row]! >= 0)
    const own = Uint8Array.from(rows, (row) => label[from + row]!)
    const partsWith = (y: number) => new Set([...rows].filter((r) => label[from + r] === y).map((r) => fold[from + r]))
    const [bad, good] = [countOf(own, 1), countOf(own, 0)]
    if (bad < fewestOfClass || good < fewestOfClass) {
      skipped.push({ kind, why: `${bad} bad and ${good} good are fewer than ${fewestOfClass} of each` })
      return []
    }
    if (partsWith(1).size <= fewestPieces || partsWith(0).size <= fewestPieces) {
      skipped.push({ kind, why: 'its labels hang together in too few pieces to hold some out' })
      return []
    }
    return [{ kind, from, rows }]
  })
  return { kinds, skipped }
}

/** Throws `model.few-labels` where no kind has labels enough, `model.later-run`, and what `check` throws. */
export const trainModel = (given: TrainInputs): TrainedModel => {
  const { snapshot, label, fold } = given
  const { kinds, skipped } = labelledKinds(given)
  if (kinds.length === 0)
    throw new RingfenceError('model.few-labels', skipped.map(({ kind, why }) => `${kind}: ${why}`).join('; '))
  // Steps tell how far they are; where each begins and ends on the whole's bar is set here.
  let [begin, end] = [0, 0]
  const progress = (step: string, done: number) => given.progress?.(step, begin + (end - begin) * done)
  const inputs = { ...given, check: given.check ?? (() => {}), progress }
  const source = new FeatureSource(inputs)
  const trees = kinds.map((own) => ({
    own,
    scores: new Float64Array(own.rows.length),
    ensembles: [] as Ensemble[],
    tables: [] as FeatureMatrix[],
  }))
  for (let part = 0; part < modelFolds; part++) {
    const labels = { label: label.map((y, v) => (fold[v] === part ? -1 : y)), fold }
    for (const [k, { own, scores, ensembles, tables }] of trees.entries()) {
      const at = part * trees.length + k
      begin = (treesShare * at) / (modelFolds * trees.length)
      end = begin
      const table = source.table(own.kind, labels)
      end = (treesShare * (at + 1)) / (modelFolds * trees.length)
      const ensemble = trainPartTrees(inputs, own, part, table)
      const held = [...own.rows.keys()].filter((i) => fold[own.from + own.rows[i]!] === part)
      const matrix = takeRows(
        table.matrix,
        Int32Array.from(held, (i) => own.rows[i]!),
      )
      const predicted = predictLogOdds(ensemble, matrix, inputs.check)
      held.forEach((i, at) => {
        scores[i] = predicted[at]!
      })
      ensembles.push(ensemble)
      tables.push(matrix)
    }
  }
  begin = treesShare
  end = treesShare
  const graph = productGraph(snapshot, source, inputs.check)
  end = 1
  const networks: PartNetworks = trainPartNetworks(inputs, kinds, graph)
  const models = trees.map(({ own, scores, ensembles, tables }) =>
    finishKind(
      given,
      own,
      ensembles[0]!.names,
      ensembles,
      stackParts(joinHeld(own, fold, tables), networks.held.get(own.kind)!, scores),
    ),
  )
  return { models, networks: networks.models, skipped }
}

/** Rows of each part, as its own table has them, in the order of the labelled rows. */
const joinHeld = ({ from, rows }: LabelledKind, fold: Uint8Array, tables: readonly FeatureMatrix[]): FeatureMatrix => {
  const next = new Int32Array(tables.length)
  const place = Int32Array.from(rows, (row) => next[fold[from + row]!]!++)
  return {
    rows: rows.length,
    names: tables[0]!.names,
    columns: tables[0]!.columns.map((_, j) =>
      Float32Array.from(rows, (row, i) => tables[fold[from + row]!]!.columns[j]![place[i]!]!),
    ),
  }
}
