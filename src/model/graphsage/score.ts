/** Scores of nodes, those of another graph included: the network reads features and neighbours, never who a node is. */
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { Backend } from '../backend.js'
import type { SageGraph } from './graph.js'
import { networkLayout } from './network.js'
import { pieceLogits } from './step.js'
import { openPiece, type SageModel } from './train.js'

/**
 * Logits of all nodes of `graph`, whose relations must be the model's. `shown` has the labels that may be seen (1, 0, -1 = none):
 * a node with its own label shown gets a score that has read it.
 */
export const scoreSage = (
  model: SageModel,
  graph: SageGraph,
  shown: Int8Array | null,
  backend: Backend,
  check: Check = neverCancelled,
): Float64Array => {
  const { tf } = backend
  const layout = networkLayout(model.shape)
  const { piece } = openPiece(tf, model.encoder, model.standard, graph, check)
  const visible = shown && model.options.labelInputs ? shown : new Int8Array(piece.rows).fill(-1)
  const scores = new Float64Array(piece.rows)
  try {
    for (const { parameters } of model.members) {
      check()
      const logits = pieceLogits(tf, layout, parameters, piece, visible, model.share)
      for (let r = 0; r < scores.length; r++) scores[r]! += logits[r]! / model.members.length
    }
  } finally {
    piece.constant.dispose()
  }
  return scores
}
