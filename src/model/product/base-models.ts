/**
 * The parts of the stack, each learned once for every held-out part: boosted trees of each kind, and one GraphSAGE over all kinds. What a
 * finished step gives is kept under its name, so that training that was stopped goes on where it was, to the same bytes.
 */
import type { Snapshot } from '../../graph/snapshot.js'
import type { Backend } from '../backend.js'
import { takeRows } from '../feature-matrix.js'
import type { KindFeatures } from '../features/product/product-features.js'
import type { ScoredKind } from '../features/product/sides.js'
import type { KindGraph } from '../graphsage/kinds-graph.js'
import { fitKindInputs, type KindInput } from '../graphsage/kinds-inputs.js'
import type { KindNetworkShape } from '../graphsage/kinds-network.js'
import { type KindModels, scoreKinds } from '../graphsage/kinds-score.js'
import { neighboursOfKinds, standardKindOptions, trainKinds } from '../graphsage/kinds-train.js'
import { type Ensemble, ensembleFromJson, ensembleToJson } from '../trees/ensemble.js'
import { standardTrees, type TreesParameters, trainTrees } from '../trees/train.js'
import { readNetworkState, writeNetworkState } from './kept-state.js'
import { hasBoth } from './measures.js'

export const modelFolds = 5

export const productTrees: TreesParameters = { ...standardTrees, maxBins: 63, featureShare: 0.15, rowShare: 0.6 }
/** Trees where the part that should choose has labels of one class only. */
const unchosenTrees = 150

/** Where finished steps are kept. Absent: nowhere, and nothing is resumed. */
export interface Keep {
  get(step: string): Uint8Array | undefined
  put(step: string, bytes: Uint8Array): void
}

export interface BaseInputs {
  readonly snapshot: Snapshot
  /** 1 bad, 0 good, -1 none; one entry an entity. */
  readonly label: Int8Array
  /** Part of each labelled entity, 0 .. modelFolds - 1; parts share no ring. */
  readonly fold: Uint8Array
  readonly seed: number
  readonly backend: Backend
  readonly keep?: Keep
  /** Of each GraphSAGE at most. */
  readonly epochs?: number
  readonly check: () => void
  readonly progress: (step: string, done: number) => void
}

/** Labelled rows of a kind; row 0 is entity `from`. */
export interface LabelledKind {
  readonly kind: ScoredKind
  readonly from: number
  readonly rows: Int32Array
}

/** The part whose labels choose how long the others are learned. */
const chooserOf = (part: number): number => (part + 1) % modelFolds

const rolesOf = ({ fold }: BaseInputs, { from, rows }: LabelledKind, part: number) => {
  const chooser = chooserOf(part)
  return {
    train: rows.filter((row) => fold[from + row] !== part && fold[from + row] !== chooser),
    validation: rows.filter((row) => fold[from + row] === chooser),
    held: rows.filter((row) => fold[from + row] === part),
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Trees that never saw a label of the part. */
export const trainPartTrees = (
  inputs: BaseInputs,
  own: LabelledKind,
  part: number,
  { matrix }: KindFeatures,
): Ensemble => {
  const { label, seed, keep, check, progress } = inputs
  const step = `trees-${own.kind}-${part}`
  const known = keep?.get(step)
  if (known) return ensembleFromJson(decoder.decode(known))
  const { train, validation } = rolesOf(inputs, own, part)
  const labelled = (rows: Int32Array) => ({
    matrix: takeRows(matrix, rows),
    labels: Uint8Array.from(rows, (row) => label[own.from + row]!),
  })
  const chosen = labelled(validation)
  const chooses = hasBoth(chosen.labels)
  const parameters = { ...productTrees, seed: seed * modelFolds + part, ...(chooses ? {} : { trees: unchosenTrees }) }
  const { ensemble } = trainTrees(labelled(train), chooses ? chosen : null, parameters, {
    check,
    progress: (trees, most) => progress(`${own.kind}: trees ${trees}, part ${part + 1} of ${modelFolds}`, trees / most),
  })
  keep?.put(step, encoder.encode(ensembleToJson(ensemble)))
  return ensemble
}

/** The networks, and of each labelled row of each kind (in the order of `rows`) the logit by the one that never saw its part. */
export interface PartNetworks {
  readonly models: KindModels
  readonly held: ReadonlyMap<ScoredKind, Float64Array>
}

const shapeOf = (graph: KindGraph, inputs: readonly KindInput[], scored: ReadonlySet<string>): KindNetworkShape => ({
  hidden: standardKindOptions.hidden,
  kinds: graph.kinds.map(({ name }, k) => ({ name, width: inputs[k]!.encoder.width, isScored: scored.has(name) })),
  relations: graph.relations.map(({ name, of, to }) => ({ name, of, to })),
})

export const trainPartNetworks = (
  inputs: BaseInputs,
  kinds: readonly LabelledKind[],
  graph: KindGraph,
): PartNetworks => {
  const { label, seed, keep, epochs, check, progress, backend } = inputs
  const kindInputs = fitKindInputs(graph)
  const shape = shapeOf(graph, kindInputs, new Set(kinds.map(({ kind }) => kind)))
  const ownOf = graph.kinds.map(({ name }) => kinds.find(({ kind }) => kind === name))
  const none = new Int32Array(0)
  const labels = graph.kinds.map(({ features }, k) => {
    const own = ownOf[k]
    return own ? label.subarray(own.from, own.from + features.rows) : new Int8Array(0)
  })
  const neighbours = neighboursOfKinds(
    { graph, shape },
    ownOf.map((own) => own?.rows ?? none),
    { backend, check },
  )
  const networks: Float32Array[] = []
  const held = new Map(kinds.map(({ kind, rows }) => [kind, new Float64Array(rows.length)]))
  for (let part = 0; part < modelFolds; part++) {
    const roles = ownOf.map((own) => own && rolesOf(inputs, own, part))
    const step = `network-${part}-${backend.name}`
    const known = keep?.get(step)
    const state = known ? readNetworkState(known) : null
    const options = { ...standardKindOptions, ...(epochs ? { epochs } : {}), seed: seed * modelFolds + part }
    const network =
      state?.done ??
      trainKinds(
        {
          graph,
          inputs: kindInputs,
          shape,
          neighbours,
          labels,
          train: roles.map((own) => own?.train ?? none),
          validation: roles.map((own) => own?.validation ?? none),
        },
        options,
        {
          backend,
          check,
          resume: state?.current ?? null,
          progress: (epoch, epochs) =>
            progress(
              `GraphSAGE: epoch ${epoch}, part ${part + 1} of ${modelFolds}`,
              (part + epoch / epochs) / modelFolds,
            ),
          ...(keep ? { checkpoint: (current) => keep.put(step, writeNetworkState({ done: null, current })) } : {}),
        },
      )
    if (!state?.done) keep?.put(step, writeNetworkState({ done: network, current: null }))
    networks.push(network.parameters)
    const models: KindModels = { shape, inputs: kindInputs, neighbours, networks: [network.parameters], seed }
    const [logits] = scoreKinds(
      models,
      graph,
      roles.map((own) => own?.held ?? none),
      { backend, check },
    )
    ownOf.forEach((own, k) => {
      if (!own) return
      const place = new Map(Array.from(own.rows, (row, i) => [row, i]))
      roles[k]!.held.forEach((row, i) => {
        held.get(own.kind)![place.get(row)!] = logits![k]![i]!
      })
    })
  }
  return { models: { shape, inputs: kindInputs, neighbours, networks, seed }, held }
}
