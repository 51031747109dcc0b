/** Interactions on their way into a relation: records of six words, and the order of those of one actor. */
import { argsortInt32 } from '../kernels/sort.js'

/** Words of a record: time takes two and begins at an even one, so that it can be read as a double. */
export const actorLane = 0
export const targetLane = 1
export const weightLane = 4
/** Market, then eight bits of scenario. */
export const domainLane = 5
export const stride = 6

export interface Records {
  readonly words: Int32Array
  /** Time of record r is times[3 r + 1]. */
  readonly times: Float64Array
  /** Weight of record r is weights[6 r + 4]. */
  readonly weights: Float32Array
}

export const recordsOf = (count: number): Records => {
  const words = new Int32Array(count * stride)
  return { words, times: new Float64Array(words.buffer), weights: new Float32Array(words.buffer) }
}

/** Negative, 0 or positive as record i stands before, with or after record j of the same actor and target. */
const compareParallel = ({ words, times, weights }: Records, i: number, j: number): number => {
  const a = times[i * 3 + 1]!
  const b = times[j * 3 + 1]!
  if (a !== b) {
    const unknownA = Number.isNaN(a)
    const unknownB = Number.isNaN(b)
    if (unknownA !== unknownB) return unknownA ? -1 : 1
    if (!unknownA) return a < b ? -1 : 1
  }
  return (
    words[i * stride + domainLane]! - words[j * stride + domainLane]! ||
    weights[i * stride + weightLane]! - weights[j * stride + weightLane]!
  )
}

/** Up to here insertion beats an array of keys and its sort. */
const shortRow = 32

const orderShortRow = (records: Records, order: Int32Array, from: number, to: number): void => {
  const { words } = records
  for (let k = from + 1; k < to; k++) {
    const moved = order[k]!
    const target = words[moved * stride + targetLane]!
    let j = k - 1
    while (j >= from) {
      const other = words[order[j]! * stride + targetLane]!
      if (other < target || (other === target && compareParallel(records, order[j]!, moved) <= 0)) break
      order[j + 1] = order[j]!
      j--
    }
    order[j + 1] = moved
  }
}

const orderLongRow = (records: Records, order: Int32Array, from: number, to: number): void => {
  const { words } = records
  const row = order.slice(from, to)
  const targets = row.map((r) => words[r * stride + targetLane]!)
  const places = argsortInt32(targets)
  for (let k = 0; k < places.length; k++) order[from + k] = row[places[k]!]!
  let runStart = from
  for (let k = from + 1; k <= to; k++) {
    if (k < to && words[order[k]! * stride + targetLane] === words[order[runStart]! * stride + targetLane]) continue
    if (k - runStart > 1) order.subarray(runStart, k).sort((i, j) => compareParallel(records, i, j))
    runStart = k
  }
}

/** Orders order[from .. to - 1], numbers of records of one actor, by target, time (unknown first), market, scenario, weight. */
export const orderRow = (records: Records, order: Int32Array, from: number, to: number): void =>
  to - from <= shortRow ? orderShortRow(records, order, from, to) : orderLongRow(records, order, from, to)
