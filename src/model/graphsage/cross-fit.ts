/**
 * GraphSAGE on a table, cross-fitted: a network for each part of the labelled rows, learned from the others. A part with labels enough
 * chooses how long its network learns, and chooses nothing else.
 */
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { Backend } from '../backend.js'
import { PartScores } from '../part-scores.js'
import { canChoose, type LabelledParts, learnAndHold } from '../splits.js'
import { fitEncoders } from './encoder.js'
import { effortOf } from './estimate.js'
import type { SageGraph } from './graph.js'
import type { SageOptions } from './options.js'
import { scoreSage } from './score.js'
import { knownLabels, shapeOf, trainSage } from './train.js'

export interface CrossFitContext {
  readonly backend: Backend
  readonly check?: Check
  /** After each epoch: the network, its epoch, and of how many of both at most. */
  readonly progress?: (network: number, epoch: number, networks: number, epochs: number) => void
}

/** Epochs at most where a part is too small to choose how many. */
const unchosenEpochs = 80

/** Log-odds of every node; of a labelled row by the network that did not learn from its part. Throws what `trainSage` throws. */
export const crossFitSage = (
  graph: SageGraph,
  labels: Int8Array,
  parts: LabelledParts,
  options: SageOptions,
  { backend, check = neverCancelled, progress }: CrossFitContext,
): Float64Array => {
  const { rows } = graph.features
  const shape = shapeOf(graph, fitEncoders(graph, parts.rows), options.hidden)
  const found = new PartScores(rows, parts)
  for (let part = 0; part < parts.count; part++) {
    const { learned, held } = learnAndHold(parts, part)
    const chooses = canChoose(held, labels)
    const wanted = {
      networks: parts.count * options.members,
      epochs: chooses ? options.epochs : Math.min(unchosenEpochs, options.epochs),
      learned: learned.length,
    }
    const { neighbours, epochs } = effortOf(graph, shape, wanted, { backend })
    const own = { ...options, epochs, seed: options.seed * parts.count + part }
    const model = trainSage({ graph, labels, train: learned, validation: chooses ? held : new Int32Array(0) }, own, {
      backend,
      check,
      neighbours,
      ...(progress ? { progress: (_, epoch) => progress(part, epoch, parts.count, epochs) } : {}),
    })
    found.add(part, scoreSage(model, graph, knownLabels(rows, labels, learned), { backend, check }))
  }
  return found.scores
}
