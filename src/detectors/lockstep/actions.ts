/** Interactions of one type by target and time, every one of them: engagements.ts keeps the first of an account on a target only. */
import type { Relation } from '../../graph/snapshot.js'
import type { TargetEvents } from '../../kernels/co-actions.js'
import { argsortFloat64 } from '../../kernels/sort.js'

export interface Actions extends TargetEvents {
  /** Position in the relation's arrays of each event. */
  readonly edge: Int32Array
}

/** Up to this many events, inserting each where it belongs is quickest; to the second number, comparing; above, sorting by digits. */
const INSERTED = 24
const COMPARED = 4096

/** Sorts places begin .. end - 1 of all three by time; of equal times the first stays first. */
const sortByTime = (actor: Int32Array, time: Float64Array, edge: Int32Array, begin: number, end: number): void => {
  const size = end - begin
  if (size <= INSERTED) {
    for (let i = begin + 1; i < end; i++) {
      const at = time[i]!
      const who = actor[i]!
      const where = edge[i]!
      let j = i - 1
      for (; j >= begin && time[j]! > at; j--) {
        time[j + 1] = time[j]!
        actor[j + 1] = actor[j]!
        edge[j + 1] = edge[j]!
      }
      time[j + 1] = at
      actor[j + 1] = who
      edge[j + 1] = where
    }
    return
  }
  const times = time.slice(begin, end)
  const order =
    size <= COMPARED
      ? Int32Array.from({ length: size }, (_, i) => i).sort((x, y) => times[x]! - times[y]! || x - y)
      : argsortFloat64(times)
  const put = <T extends Int32Array | Float64Array>(values: T): void => {
    const before = values.slice(begin, end)
    for (let k = 0; k < size; k++) values[begin + k] = before[order[k]!]!
  }
  put(actor)
  put(time)
  put(edge)
}

/** Interactions with known times, by target and time; actors and targets as in the relation. `market`: only its interactions. */
export const actionsOf = (relation: Relation, market: number | null): Actions => {
  const { inOffsets, source, inEdge, at, actorFrom, targetFrom, outOffsets } = relation
  const targets = inOffsets.length - 1
  const targetOffsets = new Int32Array(targets + 1)
  const actor = new Int32Array(relation.count)
  const time = new Float64Array(relation.count)
  const edge = new Int32Array(relation.count)
  let count = 0
  for (let t = 0; t < targets; t++) {
    const begin = count
    for (let k = inOffsets[t]!; k < inOffsets[t + 1]!; k++) {
      const e = inEdge[k]!
      if (Number.isNaN(at[e]!) || source[k]! === targetFrom + t) continue
      if (market !== null && relation.market[e] !== market) continue
      actor[count] = source[k]! - actorFrom
      time[count] = at[e]!
      edge[count++] = e
    }
    targetOffsets[t + 1] = count
    sortByTime(actor, time, edge, begin, count)
  }
  return {
    actorCount: outOffsets.length - 1,
    targetOffsets,
    actor: actor.subarray(0, count),
    time: time.subarray(0, count),
    edge: edge.subarray(0, count),
  }
}
