/**
 * Training of the heterogeneous network: full batch or samples as the estimate says, class-balanced logistic loss, Adam with a
 * cosine schedule, and the average over recent steps that is best on the validation rows (see train.ts, which does the same for tables).
 */
import { totalmem } from 'node:os'
import { RingfenceError } from '../../errors.js'
import type { Check } from '../../kernels/check.js'
import { Random } from '../../kernels/random.js'
import type { SparseDense } from '../../kernels/sparse-dense.js'
import type { Backend } from '../backend.js'
import { averagePrecision } from '../metrics.js'
import { type AdamState, adamStep, startAdam } from './adam.js'
import { openMultiply } from './batches.js'
import { type KindGraph, type KindPiece, KindPieces, type RowsByKind } from './kinds-graph.js'
import { type KindInput, pieceTensors } from './kinds-inputs.js'
import { type KindNetworkShape, kindLayout } from './kinds-network.js'
import { kindGradientStep, kindLogits, type OpenPiece, type SeedTargets } from './kinds-step.js'
import type { SageOptions } from './options.js'
import { decayMask, initialValues } from './parameters.js'

export type KindNetworkOptions = Pick<
  SageOptions,
  'hidden' | 'dropout' | 'learningRate' | 'weightDecay' | 'epochs' | 'patience' | 'balance' | 'seed'
>

export const standardKindOptions: Omit<KindNetworkOptions, 'seed'> = {
  hidden: 32,
  dropout: 0.5,
  learningRate: 0.01,
  weightDecay: 0.1,
  epochs: 60,
  patience: 16,
  balance: 0.5,
}

export interface KindNetwork {
  readonly parameters: Float32Array
  /** Epoch of the parameters, and the average precision there on the validation rows, the mean over kinds; null without validation. */
  readonly epoch: number
  readonly validation: number | null
}

export interface KindTask {
  /** A row reads at most so many neighbours of each relation, in training and in scoring alike: a maximum over all is another number. */
  readonly neighbours: number
  readonly graph: KindGraph
  readonly inputs: readonly KindInput[]
  readonly shape: KindNetworkShape
  /** One list a kind: 1, 0, or anything where the row is in neither of the next. */
  readonly labels: readonly Int8Array[]
  readonly train: RowsByKind
  /** May have one class, or nothing: then all epochs are done. */
  readonly validation: RowsByKind
}

/** All that training needs to go on from, to the same bytes. */
export interface KindState {
  readonly epoch: number
  readonly parameters: Float32Array
  readonly averaged: Float32Array
  readonly adam: AdamState
  readonly best: KindNetwork | null
}

export interface KindContext {
  readonly backend: Backend
  readonly check: Check
  readonly progress?: (epoch: number, epochs: number, validation: number | null) => void
  readonly resume?: KindState | null
  readonly checkpoint?: (state: KindState) => void
}

const checkpointEvery = 10
const evaluateEvery = 2
/** Seeds of epochs lie so far apart. */
const seedStep = 7919
const averageRate = 0.1
/** Of each relation. A whole piece is one batch; where it does not fit, batches read a few neighbours, drawn anew in each epoch. */
const wholeNeighbours = 1000
const sampledNeighbours = 12
const batchSeeds = 512
/** Numbers of the hidden width alive at once for each row of a piece, and for each seed and relation. */
const hiddenCopies = 14
const relationCopies = 6
/** The WebAssembly backend addresses 4 GiB, and fragments. */
const wasmLimit = 2 * 2 ** 30

/** Bytes of a step on a piece. */
export const kindPieceBytes = (
  { kinds, relations, hidden }: KindNetworkShape,
  { seeds, rows, graphs }: KindPiece,
): number => {
  const inputs = kinds.reduce((sum, { width }, k) => sum + rows[k]!.length * (3 * width + hiddenCopies * hidden), 0)
  const gathered = relations.reduce((sum, { of }, r) => sum + (graphs[r] ? seeds[of]! * relationCopies * hidden : 0), 0)
  const sparse = graphs.reduce(
    (sum, csr) => sum + (csr ? 3 * csr.columns.length + 4 * csr.rowCount + csr.columnCount : 0),
    0,
  )
  return 4 * (inputs + gathered + sparse)
}

const hasBoth = (rows: Int32Array, labels: Int8Array): boolean =>
  rows.some((row) => labels[row] === 1) && rows.some((row) => labels[row] === 0)

/**
 * How many neighbours rows read: many where all labelled rows fit as one batch, else few. `memoryLimit` in bytes; by default a quarter of
 * the machine's memory, not of what is free, so that the same machine chooses the same.
 */
export const neighboursOfKinds = (
  { graph, shape }: Pick<KindTask, 'graph' | 'shape'>,
  labelled: RowsByKind,
  {
    backend,
    check,
    memoryLimit = totalmem() / 4,
  }: Pick<KindContext, 'backend' | 'check'> & { readonly memoryLimit?: number },
): number => {
  const limit = backend.name === 'wasm' ? Math.min(memoryLimit, wasmLimit) : memoryLimit
  const whole = new KindPieces(graph).around(labelled, wholeNeighbours, 0, check)
  return kindPieceBytes(shape, whole) <= limit ? wholeNeighbours : sampledNeighbours
}

/** Opens a piece; `dispose` frees its tensors. */
export const openPiece = (
  { backend: { tf }, check }: Pick<KindContext, 'backend' | 'check'>,
  { graph, inputs }: Pick<KindTask, 'graph' | 'inputs'>,
  piece: KindPiece,
): OpenPiece & { readonly dispose: () => void } => {
  const present = piece.graphs.flatMap((csr) => csr ?? [])
  const loaded = openMultiply(check)(present)
  let next = 0
  const products = piece.graphs.map((csr): SparseDense | null => (csr ? loaded[next++]! : null))
  const tensors = pieceTensors(tf, inputs, graph, piece)
  return {
    piece,
    products,
    inputs: tensors,
    dispose: () => {
      for (const tensor of tensors) tensor?.dispose()
    },
  }
}

/** What kinds weigh: each row one, positives more, all together one. */
const targetsOf = ({ labels, train }: KindTask, seeds: RowsByKind, balance: number): SeedTargets => {
  const positive = train.map((rows, k) => {
    const bad = rows.reduce((sum, row) => sum + labels[k]![row]!, 0)
    return bad > 0 && bad < rows.length ? ((rows.length - bad) / bad) ** balance : 1
  })
  const targets = seeds.map((rows, k) => Float32Array.from(rows, (row) => labels[k]![row]!))
  const weights = targets.map((own, k) => own.map((label) => (label === 1 ? positive[k]! : 1)))
  const total = weights.reduce((sum, own) => own.reduce((a, w) => a + w, sum), 0)
  return { targets, weights: weights.map((own) => own.map((w) => w / Math.max(total, 1e-12))) }
}

/** Seeds of all kinds mixed into batches. */
const inBatches = (rows: RowsByKind, random: Random): readonly RowsByKind[] => {
  const all = Int32Array.from(rows.flatMap((own, k) => [...own].map((_, i) => i * rows.length + k)))
  random.shuffle(all)
  const batches: RowsByKind[] = []
  for (let from = 0; from < all.length; from += batchSeeds) {
    const batch: number[][] = rows.map(() => [])
    for (const code of all.subarray(from, from + batchSeeds)) {
      const k = code % rows.length
      batch[k]!.push(rows[k]![Math.floor(code / rows.length)]!)
    }
    batches.push(batch.map((own) => Int32Array.from(own)))
  }
  return batches
}

/** Trains one network. Throws `model.one-class` where no kind has both classes to learn from, and what `check` throws. */
export const trainKinds = (task: KindTask, options: KindNetworkOptions, context: KindContext): KindNetwork => {
  const { graph, labels, train, validation, shape } = task
  const { tf } = context.backend
  const { check } = context
  if (!train.some((rows, k) => hasBoth(rows, labels[k]!)))
    throw new RingfenceError('model.one-class', 'No kind has both classes among the rows that GraphSAGE learns from.')
  const layout = kindLayout(shape)
  const pieces = new KindPieces(graph)
  const decay = decayMask(layout)
  const { neighbours } = task
  const judged = validation.map((rows, k) => (hasBoth(rows, labels[k]!) ? rows : new Int32Array(0)))
  const isWhole = neighbours === wholeNeighbours
  const fixed = isWhole ? openPiece(context, task, pieces.around(train, neighbours, options.seed, check)) : null
  const looked = judged.some(({ length }) => length > 0)
    ? openPiece(context, task, pieces.around(judged, neighbours, options.seed, check))
    : null
  const targets = isWhole ? targetsOf(task, train, options.balance) : null

  const validate = (parameters: Float32Array): number | null => {
    if (looked === null) return null
    const logits = kindLogits(tf, looked, { shape, layout, parameters })
    let sum = 0
    let weight = 0
    judged.forEach((rows, k) => {
      if (rows.length === 0) return
      const own = Uint8Array.from(rows, (row) => labels[k]![row]!)
      const bad = own.reduce((s, y) => s + y, 0)
      sum += bad * averagePrecision({ scores: logits[k]!, labels: own })
      weight += bad
    })
    return sum / weight
  }

  const begin = (): KindState => {
    const parameters = initialValues(layout, options.seed)
    return { epoch: 0, parameters, averaged: parameters.slice(), adam: startAdam(parameters.length), best: null }
  }
  let state = context.resume ?? begin()
  try {
    while (
      state.epoch < options.epochs &&
      (looked === null || state.epoch - (state.best?.epoch ?? 0) < options.patience)
    ) {
      const epoch = state.epoch + 1
      const random = new Random(options.seed, 1000 + epoch)
      const rate = (options.learningRate * (1 + Math.cos((Math.PI * (epoch - 1)) / options.epochs))) / 2
      let { adam } = state
      const step = (open: OpenPiece, wanted: SeedTargets): void => {
        check()
        const { loss, gradient } = kindGradientStep(tf, open, wanted, {
          shape,
          layout,
          parameters: state.parameters,
          dropout: options.dropout,
          random,
        })
        if (!Number.isFinite(loss)) throw new RingfenceError('internal', `The loss of epoch ${epoch} is ${loss}.`)
        adam = adamStep(adam, state.parameters, gradient, rate, options.weightDecay, decay)
        for (let i = 0; i < state.averaged.length; i++)
          state.averaged[i]! += averageRate * (state.parameters[i]! - state.averaged[i]!)
      }
      if (fixed && targets) step(fixed, targets)
      else
        for (const seeds of inBatches(train, random)) {
          const open = openPiece(
            context,
            task,
            pieces.around(seeds, neighbours, options.seed + seedStep * epoch, check),
          )
          try {
            step(open, targetsOf(task, seeds, options.balance))
          } finally {
            open.dispose()
          }
        }
      const looks = epoch % evaluateEvery === 0 || epoch === options.epochs
      const seen = looks ? validate(state.averaged) : null
      let { best } = state
      if (looks && (seen === null || seen > (best?.validation ?? -1)))
        best = { parameters: state.averaged.slice(), epoch, validation: seen }
      state = { ...state, epoch, adam, best }
      context.progress?.(epoch, options.epochs, seen)
      if (epoch % checkpointEvery === 0) context.checkpoint?.(state)
    }
    return state.best ?? { parameters: state.averaged, epoch: state.epoch, validation: null }
  } finally {
    fixed?.dispose()
    looked?.dispose()
  }
}
