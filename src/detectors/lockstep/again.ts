/**
 * A warm run of lockstep: pairs that surprised before and pairs with new meetings are measured, and no other. How unevenly meetings spread (`sitting`) is
 * taken over from when all pairs were; a little more data moves it less than its own error.
 */
import type { InteractionType } from '../../../graph-schema/schema.js'
import { type ColumnPairs, pairsOfNew } from '../../kernels/near-changes.js'
import type { NearPairs } from '../../kernels/near-pairs.js'
import type { TimedMatrix } from '../../kernels/timed-matrix.js'
import type { Focus } from '../detector.js'
import { newEdges } from '../focus.js'

/** Surprising pairs of one matrix; columns as entities. */
export interface PairMemory {
  readonly type: InteractionType
  readonly columnIs: 'account' | 'target'
  readonly a: Int32Array
  readonly b: Int32Array
  readonly sitting: Float64Array
}

export interface Side {
  readonly type: InteractionType
  readonly columnIs: 'account' | 'target'
  readonly matrix: TimedMatrix
  /** Position in the relation of each entry of the matrix of accounts as rows, and which of these each entry of `matrix` is; null for itself. */
  readonly edge: Int32Array
  readonly entry: Int32Array | null
  /** Entity of column 0. */
  readonly from: number
}

/** What is to be kept of a side. */
export const remembered = ({ type, columnIs, from }: Side, { a, b, sitting }: NearPairs): PairMemory => ({
  type,
  columnIs,
  a: a.map((column) => column + from),
  b: b.map((column) => column + from),
  sitting,
})

const joined = (one: Int32Array, other: Int32Array): Int32Array => {
  const both = new Int32Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** Which pairs to measure, as `NearPairOptions.again`; null where the earlier run did not look at this matrix. */
export const startAgain = (
  { type, columnIs, matrix, edge, entry: original, from }: Side,
  focus: Focus,
  widest: number,
  reach: number,
): { readonly pairs: ColumnPairs; readonly sitting: Float64Array } | null => {
  const memories = focus.memory as readonly PairMemory[] | undefined
  const before = memories?.find((each) => each.type === type && each.columnIs === columnIs)
  if (!before) return null
  const isNewEdge = newEdges(focus, type)
  const isNew = new Uint8Array(matrix.column.length)
  if (isNewEdge.length > 0)
    for (let entry = 0; entry < isNew.length; entry++)
      isNew[entry] = isNewEdge[edge[original ? original[entry]! : entry]!]!
  const now = (entity: number): number => focus.change.entityNow[entity]! - from
  const met = pairsOfNew(matrix, isNew, widest, reach)
  return {
    pairs: { a: joined(before.a.map(now), met.a), b: joined(before.b.map(now), met.b) },
    sitting: before.sitting,
  }
}
