/** Logits of any rows by some networks: the first layer of every row that is read is computed once a piece. Inductive: no row has a name. */
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { Backend } from '../backend.js'
import { type KindGraph, KindPieces, type RowsByKind } from './kinds-graph.js'
import type { KindInput } from './kinds-inputs.js'
import { type KindNetworkShape, kindLayout } from './kinds-network.js'
import { kindLogits } from './kinds-step.js'
import { kindPieceBytes, openPiece } from './kinds-train.js'

/** A trained GraphSAGE over kinds: one network a held-out part, with inputs that all share. */
export interface KindModels {
  readonly shape: KindNetworkShape
  readonly inputs: readonly KindInput[]
  /** Neighbours that a row reads of each relation, as in training. */
  readonly neighbours: number
  readonly networks: readonly Float32Array[]
  readonly seed: number
}

const chunkBytes = 256 * 2 ** 20
const chunkRows = 4096

const checkShape = ({ shape }: KindModels, graph: KindGraph): void => {
  const wanted = shape.relations.map(({ name }) => name).join(', ')
  const given = graph.relations.map(({ name }) => name).join(', ')
  if (wanted !== given) throw new RangeError(`the networks read the relations ${wanted}, not ${given}`)
}

/** One list a network, and in it one a kind: logits of `rows`, in their order. */
export const scoreKinds = (
  models: KindModels,
  graph: KindGraph,
  rows: RowsByKind,
  { backend, check = neverCancelled }: { readonly backend: Backend; readonly check?: Check },
): readonly (readonly Float64Array[])[] => {
  checkShape(models, graph)
  const { shape, networks, neighbours, seed } = models
  const layout = kindLayout(shape)
  const pieces = new KindPieces(graph)
  const found = networks.map(() => rows.map(({ length }) => new Float64Array(length)))
  rows.forEach((own, k) => {
    for (let from = 0, size = chunkRows; from < own.length; ) {
      check()
      const seeds = rows.map((_, other) => (other === k ? own.subarray(from, from + size) : new Int32Array(0)))
      const piece = pieces.around(seeds, neighbours, seed, check)
      if (size > 1 && kindPieceBytes(shape, piece) > chunkBytes) {
        size = Math.ceil(size / 2)
        continue
      }
      const open = openPiece({ backend, check }, { graph, inputs: models.inputs }, piece)
      try {
        networks.forEach((parameters, n) => {
          check()
          found[n]![k]!.set(kindLogits(backend.tf, open, { shape, layout, parameters })[k]!, from)
        })
      } finally {
        open.dispose()
      }
      from += size
    }
  })
  return found
}
