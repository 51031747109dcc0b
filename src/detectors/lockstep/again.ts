/**
 * A warm run of lockstep: pairs with new meetings are measured again, the other surprising pairs are taken over. What the null model learned from all
 * pairs is taken over too; a little more data moves it less than its own error.
 */
import type { InteractionType } from '../../../graph-schema/schema.js'
import { type ColumnPairs, pairsOfNew } from '../../kernels/near-changes.js'
import type { NearNull, NearPairs } from '../../kernels/near-pairs.js'
import type { TimedMatrix } from '../../kernels/timed-matrix.js'
import type { Focus } from '../detector.js'
import { newEdges } from '../focus.js'

/** Surprising pairs of one matrix; columns as entities. */
export interface PairMemory {
  readonly type: InteractionType
  readonly columnIs: 'account' | 'target'
  readonly pairs: NearPairs
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

export interface Again {
  readonly kept: NearPairs
  readonly again: { readonly pairs: ColumnPairs; readonly learned: NearNull }
}

/** What is to be kept of a side. */
export const remembered = ({ type, columnIs, from }: Side, pairs: NearPairs): PairMemory => ({
  type,
  columnIs,
  pairs: { ...pairs, a: pairs.a.map((column) => column + from), b: pairs.b.map((column) => column + from) },
})

/** `pairs` where `keeps`, in their order. */
const among = (pairs: NearPairs, keeps: (pair: number) => boolean): NearPairs => {
  const kept = Int32Array.from({ length: pairs.count }, (_, pair) => pair).filter(keeps)
  return {
    ...pairs,
    count: kept.length,
    a: kept.map((pair) => pairs.a[pair]!),
    b: kept.map((pair) => pairs.b[pair]!),
    level: Uint8Array.from(kept, (pair) => pairs.level[pair]!),
    met: kept.map((pair) => pairs.met[pair]!),
    expected: Float64Array.from(kept, (pair) => pairs.expected[pair]!),
    nats: Float64Array.from(kept, (pair) => pairs.nats[pair]!),
  }
}

/** Null where the earlier run did not look at this matrix. */
export const startAgain = (side: Side, focus: Focus, widest: number, reach: number): Again | null => {
  const { type, columnIs, matrix, edge, entry: original, from } = side
  const memories = focus.memory as readonly PairMemory[] | undefined
  const before = memories?.find((each) => each.type === type && each.columnIs === columnIs)
  if (!before) return null
  const isNewEdge = newEdges(focus, type)
  const isNew = new Uint8Array(matrix.column.length)
  const touched = new Uint8Array(matrix.columnCount)
  for (let entry = 0; entry < isNew.length; entry++)
    if (isNewEdge[edge[original ? original[entry]! : entry]!] === 1) {
      isNew[entry] = 1
      touched[matrix.column[entry]!] = 1
    }
  const now = (entity: number): number => focus.change.entityNow[entity]! - from
  const pairs = { ...before.pairs, a: before.pairs.a.map(now), b: before.pairs.b.map(now) }
  const isTouched = (pair: number): boolean => touched[pairs.a[pair]!] === 1 || touched[pairs.b[pair]!] === 1
  const changed = among(pairs, isTouched)
  const met = pairsOfNew(matrix, isNew, widest, reach)
  const joined = (one: Int32Array, other: Int32Array): Int32Array => {
    const both = new Int32Array(one.length + other.length)
    both.set(one)
    both.set(other, one.length)
    return both
  }
  return {
    kept: among(pairs, (pair) => !isTouched(pair)),
    again: {
      pairs: { a: joined(changed.a, met.a), b: joined(changed.b, met.b) },
      learned: pairs.learned,
    },
  }
}

/** The pairs of both, which share none. */
export const together = (kept: NearPairs, found: NearPairs): NearPairs => {
  const joined = <T extends Int32Array | Float64Array | Uint8Array>(one: T, other: T, both: T): T => {
    both.set(one)
    both.set(other, one.length)
    return both
  }
  const count = kept.count + found.count
  return {
    ...found,
    count,
    a: joined(kept.a, found.a, new Int32Array(count)),
    b: joined(kept.b, found.b, new Int32Array(count)),
    level: joined(kept.level, found.level, new Uint8Array(count)),
    met: joined(kept.met, found.met, new Int32Array(count)),
    expected: joined(kept.expected, found.expected, new Float64Array(count)),
    nats: joined(kept.nats, found.nats, new Float64Array(count)),
  }
}
