/** What the first layer reads of the nodes of each kind: its own features, encoded and standardized. No label is looked at. */
import type { TensorFlow } from '../backend.js'
import { type FeatureMatrix, takeRows } from '../feature-matrix.js'
import { type Encoder, encode, fitEncoder } from './encoder.js'
import { fitStandard, type Standard, standardize } from './inputs.js'
import type { KindGraph, KindPiece } from './kinds-graph.js'
import type { KindTensors } from './kinds-network.js'

export interface KindInput {
  readonly encoder: Encoder
  readonly standard: Standard
}

/** Rows of a kind that borders and deviations are taken of: more tell the same. */
const mostRows = 20_000
/** Numbers of an encoding: hundreds of features get two pieces each. */
const widthBudget = 480

const evenly = (rows: number): Int32Array => {
  const step = Math.max(1, rows / mostRows)
  return Int32Array.from({ length: Math.min(rows, mostRows) }, (_, i) => Math.floor(i * step))
}

const fitInput = (features: FeatureMatrix): KindInput => {
  const rows = evenly(features.rows)
  const encoder = fitEncoder(features, rows, widthBudget)
  const values = encode(encoder, takeRows(features, rows))
  const places = Int32Array.from(rows.keys())
  return { encoder, standard: fitStandard({ values, rows: rows.length, width: encoder.width }, places) }
}

export const fitKindInputs = ({ kinds }: KindGraph): readonly KindInput[] =>
  kinds.map(({ features }) => fitInput(features))

/** Row-major, rows x the encoder's width. */
export const kindRows = ({ encoder, standard }: KindInput, features: FeatureMatrix, rows: Int32Array): Float32Array => {
  const values = encode(encoder, takeRows(features, rows))
  standardize({ values, rows: rows.length, width: encoder.width }, standard)
  return values
}

/** One tensor a kind for a piece; null where the piece has no node of it. The caller disposes of them. */
export const pieceTensors = (
  tf: TensorFlow,
  inputs: readonly KindInput[],
  { kinds }: KindGraph,
  { rows }: KindPiece,
): KindTensors =>
  inputs.map((input, k) => {
    const own = rows[k]!
    if (own.length === 0) return null
    return tf.tensor2d(kindRows(input, kinds[k]!.features, own), [own.length, input.encoder.width])
  })
