/**
 * Training: full batches or samples, class-balanced logistic loss, Adam with a cosine schedule, and the average over recent steps that is best on the
 * validation rows by average precision.
 *
 * Averaged weights: Pavel Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018,
 * arXiv:1803.05407 (here an exponential average). Cosine schedule: Ilya Loshchilov, Frank Hutter, "SGDR: Stochastic Gradient
 * Descent with Warm Restarts", ICLR 2017, arXiv:1608.03983, without restarts.
 */
import { RingfenceError } from '../../errors.js'
import { type Check, neverCancelled } from '../../kernels/check.js'
import { Random } from '../../kernels/random.js'
import type { Backend, TensorFlow } from '../backend.js'
import { averagePrecision } from '../metrics.js'
import { type AdamState, adamStep, startAdam } from './adam.js'
import { type Batches, openBatches } from './batches.js'
import { type Encoders, fitEncoders } from './encoder.js'
import { neighboursThatFit } from './estimate.js'
import type { SageGraph, SageTask } from './graph.js'
import { firstInputWidth, labelInputWidth, type Standard } from './inputs.js'
import { type NetworkShape, networkLayout } from './network.js'
import type { SageOptions } from './options.js'
import { decayMask, initialValues, type Layout } from './parameters.js'
import { gradientStep, type Piece } from './step.js'

export interface SageModel {
  readonly encoders: Encoders
  readonly standard: Standard
  readonly relations: readonly string[]
  readonly shape: NetworkShape
  readonly options: SageOptions
  /** Each node reads at most so many neighbours of each relation; null reads all. */
  readonly neighbours: number | null
  /** Share of positives among the training labels. */
  readonly share: number
  readonly members: readonly {
    readonly parameters: Float32Array
    readonly epoch: number
    /** Average precision on the validation rows, 0 to 1; null without any. */
    readonly validation: number | null
  }[]
}

/** All that a member needs to go on from: the same end, byte for byte, as without a stop. */
export interface MemberState {
  readonly member: number
  readonly epoch: number
  readonly parameters: Float32Array
  readonly averaged: Float32Array
  readonly adam: AdamState
  readonly best: SageModel['members'][number]
}

export interface Checkpoint {
  readonly done: SageModel['members']
  readonly current: MemberState | null
}

export interface TrainContext {
  readonly backend: Backend
  readonly check?: Check
  /** Bytes that training may take; by default half of what the machine has free. */
  readonly memoryLimit?: number
  /** Overrides what the estimate chooses: null trains on the whole graph, a number on samples of so many neighbours. */
  readonly neighbours?: number | null
  /** After each epoch. */
  readonly progress?: (member: number, epoch: number, loss: number, validation: number | null) => void
  readonly resume?: Checkpoint | null
  /** Called every `checkpointEvery` epochs; copies what it keeps. */
  readonly checkpoint?: (state: Checkpoint) => void
}

const checkpointEvery = 10
/** Share of the running average that a step replaces. */
const averageRate = 0.1
/** Epochs between two looks at the validation rows: a look costs a forward pass. */
const evaluateEvery = 2

/** Members' seeds lie so far apart. */
const seedStep = 7919

/** Streams of one seed. */
const stream = (member: number, epoch: number): number => 1000 + member * 100_000 + epoch

/** Labels of training rows, -1 elsewhere. */
export const knownLabels = (rows: number, labels: Int8Array, train: Int32Array): Int8Array => {
  const known = new Int8Array(rows).fill(-1)
  for (const row of train) known[row] = labels[row]!
  return known
}

class Member {
  readonly #tf: TensorFlow
  readonly #layout: Layout
  readonly #batches: Batches
  readonly #task: SageTask
  readonly #options: SageOptions
  readonly #share: number
  readonly #known: Int8Array
  readonly #decay: Uint8Array

  constructor(tf: TensorFlow, layout: Layout, batches: Batches, task: SageTask, options: SageOptions, share: number) {
    this.#tf = tf
    this.#layout = layout
    this.#batches = batches
    this.#task = task
    this.#options = options
    this.#share = share
    const rows = task.graph.features.rows
    this.#known = options.labelInputs ? knownLabels(rows, task.labels, task.train) : new Int8Array(rows).fill(-1)
    this.#decay = decayMask(layout)
  }

  start(member: number): MemberState {
    const parameters = initialValues(this.#layout, this.#options.seed + seedStep * member)
    return {
      member,
      epoch: 0,
      parameters,
      averaged: parameters.slice(),
      adam: startAdam(parameters.length),
      best: { parameters: parameters.slice(), epoch: 0, validation: null },
    }
  }

  /** Does one epoch; the arrays of `state` change in place. */
  epoch(state: MemberState): {
    readonly state: MemberState
    readonly loss: number
    readonly validation: number | null
  } {
    const options = this.#options
    const epoch = state.epoch + 1
    const random = new Random(options.seed, stream(state.member, epoch))
    const { labels, train } = this.#task
    const shown = new Int8Array(labels.length).fill(-1)
    const learned: number[] = []
    for (const row of train) {
      if (options.labelInputs && random.float() < options.shown) shown[row] = labels[row]!
      else learned.push(row)
    }
    const rate = (options.learningRate * (1 + Math.cos((Math.PI * (epoch - 1)) / options.epochs))) / 2
    let { adam } = state
    let loss = 0
    let steps = 0
    this.#batches.each(Int32Array.from(learned), random, (piece, nodes, rows) => {
      const step = this.#step(state.parameters, piece, nodes, rows, shown, random)
      adam = adamStep(adam, state.parameters, step.gradient, rate, options.weightDecay, this.#decay)
      for (let i = 0; i < state.averaged.length; i++)
        state.averaged[i]! += averageRate * (state.parameters[i]! - state.averaged[i]!)
      loss += step.loss
      steps++
    })
    let best = state.best
    let validation: number | null = null
    if (this.#task.validation.length === 0) {
      if (epoch === options.epochs) best = { parameters: state.averaged.slice(), epoch, validation }
    } else if (epoch % evaluateEvery === 0 || epoch === options.epochs) {
      validation = this.#validate(state.averaged)
      if (best.validation === null || validation > best.validation)
        best = { parameters: state.averaged.slice(), epoch, validation }
    }
    return { state: { ...state, epoch, adam, best }, loss: loss / Math.max(1, steps), validation }
  }

  /** `nodes`: of each row of the piece; `rows`: those that are learned from. */
  #step(
    parameters: Float32Array,
    piece: Piece,
    nodes: Int32Array | null,
    rows: Int32Array,
    shown: Int8Array,
    random: Random,
  ): { readonly loss: number; readonly gradient: Float32Array } {
    const targets = new Float32Array(piece.rows)
    const weights = new Float32Array(piece.rows)
    const positiveWeight = ((1 - this.#share) / this.#share) ** this.#options.balance
    for (const row of rows) {
      const label = this.#task.labels[nodes ? nodes[row]! : row]!
      targets[row] = label
      weights[row] = label === 1 ? positiveWeight : 1
    }
    return gradientStep(this.#tf, this.#layout, parameters, this.#options.hidden, {
      piece,
      shown: nodes ? Int8Array.from(nodes, (node) => shown[node]!) : shown,
      share: this.#share,
      targets,
      weights,
      dropout: this.#options.dropout,
      random,
    })
  }

  #validate(parameters: Float32Array): number {
    const { validation, labels } = this.#task
    const scores = this.#batches.logits(this.#layout, parameters, this.#known, this.#share, validation)
    return averagePrecision({ scores, labels: Uint8Array.from(validation, (row) => labels[row]!) })
  }
}

const checkTask = ({ graph, labels, train, validation }: SageTask): void => {
  for (const [name, rows] of [
    ['training', train],
    ['validation', validation],
  ] as const) {
    let positives = 0
    for (const row of rows) {
      if (labels[row] !== 0 && labels[row] !== 1) throw new RangeError(`row ${row} is for ${name} and has no label`)
      positives += labels[row]!
    }
    if (name === 'validation' && rows.length === 0) continue
    if (positives === 0 || positives === rows.length)
      throw new RingfenceError('model.one-class', `${positives} of ${rows.length} ${name} rows are positive.`)
  }
  for (const { name, csr } of graph.relations)
    if (csr.rowCount !== graph.features.rows || csr.columnCount !== graph.features.rows)
      throw new RangeError(
        `the relation ${name} has ${csr.rowCount} x ${csr.columnCount} nodes, the features ${graph.features.rows}`,
      )
  if (graph.relations.length === 0 && graph.features.columns.length === 0)
    throw new RingfenceError('model.table', 'There is neither a feature nor an edge to learn from.')
}

export const shapeOf = (graph: SageGraph, encoders: Encoders, hidden: number): NetworkShape => ({
  inputWidth: firstInputWidth(encoders, graph.relations.length),
  labelWidth: labelInputWidth(graph.relations.length),
  hidden,
  relations: graph.relations.length,
})

/**
 * Trains `options.members` networks. Throws `model.one-class` and `model.table` for what cannot be learned from, RangeError for shapes that do
 * not fit, and what `check` throws.
 */
export const trainSage = (task: SageTask, options: SageOptions, context: TrainContext): SageModel => {
  const { tf } = context.backend
  const check = context.check ?? neverCancelled
  checkTask(task)
  const { graph, labels, train } = task
  const relations = graph.relations.map(({ name }) => name)
  const encoders = fitEncoders(graph, train)
  const shape = shapeOf(graph, encoders, options.hidden)
  const layout = networkLayout(shape)
  const share = train.reduce((sum, row) => sum + labels[row]!, 0) / train.length
  const neighbours = context.neighbours === undefined ? neighboursThatFit(graph, shape, context) : context.neighbours
  const batches = openBatches({ tf, encoders, graph, check, neighbours, fitted: train, seed: options.seed })
  try {
    const runner = new Member(tf, layout, batches, task, options, share)
    const done = [...(context.resume?.done ?? [])]
    let state = context.resume?.current ?? null
    while (done.length < options.members) {
      state ??= runner.start(done.length)
      const patience = task.validation.length === 0 ? Infinity : options.patience
      while (state.epoch < options.epochs && state.epoch - state.best.epoch < patience) {
        check()
        const result: ReturnType<Member['epoch']> = runner.epoch(state)
        state = result.state
        if (!Number.isFinite(result.loss))
          throw new RingfenceError('internal', `The loss of epoch ${state.epoch} is ${result.loss}.`)
        context.progress?.(state.member, state.epoch, result.loss, result.validation)
        if (state.epoch % checkpointEvery === 0) context.checkpoint?.({ done, current: state })
      }
      done.push(state.best)
      state = null
      context.checkpoint?.({ done, current: null })
    }
    return { encoders, standard: batches.standard, relations, shape, neighbours, options, share, members: done }
  } finally {
    batches.close()
  }
}
