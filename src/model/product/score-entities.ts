/** Scores of all entities of the kinds that a model knows. */
import { RingfenceError } from '../../errors.js'
import type { Snapshot } from '../../graph/snapshot.js'
import type { RunWithRings } from '../../store/store.js'
import type { Backend } from '../backend.js'
import { calibrate, type Probability } from '../calibration/calibrate.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { KnownLabels } from '../features/known-labels.js'
import { featureDefinitions } from '../features/product/blocks.js'
import { FeatureSource, featureListDigest } from '../features/product/product-features.js'
import { rangeOf, type ScoredKind } from '../features/product/sides.js'
import { type KindModels, scoreKinds } from '../graphsage/kinds-score.js'
import { type StackPart, stackScores } from '../stack/stack.js'
import { predictLogOdds } from '../trees/ensemble.js'
import { marketsOf } from './market.js'
import { alignGraph, productGraph } from './product-graph.js'
import { type KindModel, stackParts } from './train-model.js'

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
  readonly networks: KindModels
  readonly seed: number
  readonly backend: Backend
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
  /** Sees each kind's table before it is scored. */
  readonly inspect?: (kind: ScoredKind, matrix: FeatureMatrix) => void
}

/** The mean over the parts' models; of a labelled entity by the one that never saw its part, as in measuring and calibration. */
const heldLogOdds = (scores: readonly Float64Array[], from: number, { label, fold }: KnownLabels): Float64Array =>
  Float64Array.from(scores[0]!, (_, row) => {
    if (fold !== null && label[from + row]! >= 0) return scores[fold[from + row]!]![row]!
    let sum = 0
    for (const each of scores) sum += each[row]!
    return sum / scores.length
  })

/** What the parts of a kind's stack say of each of its entities. */
export interface KindParts {
  readonly model: KindModel
  /** Entity of row 0. */
  readonly from: number
  readonly matrix: FeatureMatrix
  readonly parts: readonly StackPart[]
}

/** Throws `model.features` where the model reads other features than this version computes. */
export const entityParts = (inputs: ScoreInputs): readonly KindParts[] => {
  for (const model of inputs.models) checkFeatureList(model)
  const { snapshot, networks, labels, check = () => {}, progress } = inputs
  const source = new FeatureSource(inputs)
  const graph = alignGraph(productGraph(snapshot, source, check), networks)
  return inputs.models.map((model): KindParts => {
    const { from, matrix } = source.table(model.kind, labels)
    inputs.inspect?.(model.kind, matrix)
    const trees = model.ensembles.map((ensemble) => predictLogOdds(ensemble, matrix, check))
    progress?.(`${model.kind}: GraphSAGE`, 0)
    const rows = graph.kinds.map(({ name }) =>
      Int32Array.from({ length: name === model.kind ? matrix.rows : 0 }, (_, row) => row),
    )
    const place = graph.kinds.findIndex(({ name }) => name === model.kind)
    const logits = scoreKinds(networks, graph, rows, { backend: inputs.backend, check }).map((own) => own[place]!)
    return {
      model,
      from,
      matrix,
      parts: stackParts(matrix, heldLogOdds(logits, from, labels), heldLogOdds(trees, from, labels)),
    }
  })
}

/** Of each row of the kind. */
export const stackProbabilities = ({ model, parts }: KindParts, snapshot: Snapshot): readonly Probability[] => {
  const logOdds = stackScores(model.stack, parts)
  const markets = marketsOf(snapshot, rangeOf(snapshot, model.kind))
  return Array.from(logOdds, (score, row) => calibrate(model.calibration, score, snapshot.markets[markets[row]!]))
}

export const scoreEntities = (inputs: ScoreInputs): readonly EntityScores[] =>
  entityParts(inputs).map((own) => {
    const said = stackProbabilities(own, inputs.snapshot)
    return {
      kind: own.model.kind,
      from: own.from,
      score: Float64Array.from(said, ({ probability }) => probability),
      interval: {
        low: Float64Array.from(said, ({ low }) => low),
        high: Float64Array.from(said, ({ high }) => high),
        labels: Int32Array.from(said, ({ labels }) => labels),
      },
    }
  })
