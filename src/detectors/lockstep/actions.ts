/** Interactions of one type by target and time, every one of them: engagements.ts keeps the first of an account on a target only. */
import type { Relation } from '../../graph/snapshot.js'
import type { TargetEvents } from '../../kernels/co-actions.js'
import { RunSorter } from '../../kernels/sort-runs.js'

export interface Actions extends TargetEvents {
  /** Position in the relation's arrays of each event. */
  readonly edge: Int32Array
}

/** Interactions with known times, by target and time; actors and targets as in the relation. `market`: only its interactions. */
export const actionsOf = (relation: Relation, market: number | null): Actions => {
  const { inOffsets, source, inEdge, at, actorFrom, targetFrom, outOffsets } = relation
  const targets = inOffsets.length - 1
  const targetOffsets = new Int32Array(targets + 1)
  const actor = new Int32Array(relation.count)
  const time = new Float64Array(relation.count)
  const edge = new Int32Array(relation.count)
  const sorter = new RunSorter()
  let count = 0
  for (let t = 0; t < targets; t++) {
    const begin = count
    for (let k = inOffsets[t]!; k < inOffsets[t + 1]!; k++) {
      const e = inEdge[k]!
      if (Number.isNaN(at[e]!) || source[k]! === targetFrom + t) continue
      if (market !== null && relation.market[e] !== market) continue
      time[count] = at[e]!
      edge[count++] = k
    }
    targetOffsets[t + 1] = count
    sorter.sort(time, edge, begin, count)
    for (let i = begin; i < count; i++) {
      const k = edge[i]!
      actor[i] = source[k]! - actorFrom
      edge[i] = inEdge[k]!
    }
  }
  return {
    actorCount: outOffsets.length - 1,
    targetOffsets,
    actor: actor.subarray(0, count),
    time: time.subarray(0, count),
    edge: edge.subarray(0, count),
  }
}
