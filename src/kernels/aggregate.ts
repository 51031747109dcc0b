/**
 * The aggregate graph: one node a group, the weight between two groups the sum over their nodes. The arrays are made as long as
 * the finer graph's and cut where they end ("holey" CSR, as in GVE-Leiden, arXiv 2312.13936), which saves a counting pass;
 * pages that are never written cost no memory. They are used again by later passes, as fresh pages cost as much as the work.
 */
import { type Check, checkInterval } from './check.js'
import type { MassGraph, Scratch } from './local-moving.js'

/** Arrays for the rows of one level, grown when too short. */
export interface RowBuffers {
  columns: Int32Array
  weights: Float64Array | Int32Array
}

/**
 * `group` holds numbers 0 .. groupCount - 1. Weight inside a group is dropped from the rows, as it no longer depends on the
 * partition; the mass carries it.
 */
export const emptyBuffers = (): RowBuffers => ({ columns: new Int32Array(0), weights: new Float64Array(0) })

export const aggregate = (
  graph: MassGraph,
  group: Int32Array,
  groupCount: number,
  scratch: Scratch,
  buffers: RowBuffers,
  check: Check,
): MassGraph => {
  const { nodeCount, offsets, columns, weights, mass } = graph
  const { tally, touched, queue, size } = scratch
  // Nodes by group: counting sort into `queue`, positions in `size`.
  size.fill(0, 0, groupCount)
  for (let v = 0; v < nodeCount; v++) size[group[v]!]!++
  let start = 0
  for (let g = 0; g < groupCount; g++) {
    const count = size[g]!
    size[g] = start
    start += count
  }
  for (let v = 0; v < nodeCount; v++) queue[size[group[v]!]!++] = v
  tally.fill(0, 0, 2 * groupCount)

  const newOffsets = new Int32Array(groupCount + 1)
  if (buffers.columns.length < columns.length) {
    buffers.columns = new Int32Array(columns.length)
    const whole = weights === null || weights instanceof Int32Array
    buffers.weights = whole ? new Int32Array(columns.length) : new Float64Array(columns.length)
  }
  const { columns: newColumns, weights: newWeights } = buffers
  const newMass = new Float64Array(groupCount)
  let end = 0
  let i = 0
  let entriesSeen = 0
  for (let g = 0; g < groupCount; g++) {
    let found = 0
    let m = 0
    for (const last = size[g]!; i < last; i++) {
      const v = queue[i]!
      m += mass[v]!
      const from = offsets[v]!
      const to = offsets[v + 1]!
      for (let k = from; k < to; k++) {
        const h = group[columns[k]!]!
        const seen = tally[h]!
        touched[found] = h
        found += Number(seen === 0)
        tally[h] = seen + (weights === null ? 1 : weights[k]!)
      }
      entriesSeen += to - from + 1
    }
    for (let j = 0; j < found; j++) {
      const h = touched[j]!
      if (h !== g) {
        newColumns[end] = h
        newWeights[end++] = tally[h]!
      }
      tally[h] = 0
    }
    newMass[g] = m
    newOffsets[g + 1] = end
    if (entriesSeen >= checkInterval) {
      entriesSeen = 0
      check()
    }
  }
  return {
    nodeCount: groupCount,
    offsets: newOffsets,
    columns: newColumns.subarray(0, end),
    weights: newWeights.subarray(0, end),
    mass: newMass,
  }
}
