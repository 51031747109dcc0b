/**
 * One type's interactions as CSR in both directions, in canonical order: by actor, target, time (unknown first), market, scenario,
 * weight. They move as records of six words through stable sorts by target and then by actor, so that memory is read and written in
 * long runs (see kernels/sort-records.ts).
 */
import { interactionTypeByCode } from '../../graph-schema/schema.js'
import { type Records, sortRecords } from '../kernels/sort-records.js'
import type { RawGraph } from './raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from './shared-arrays.js'
import type { Relation } from './snapshot.js'

export interface RelationInput {
  readonly raw: RawGraph
  /** Entity index of each raw position. */
  readonly rank: Int32Array
  /** Place in the snapshot's markets of each raw market. */
  readonly place: Uint16Array
  readonly kindOffsets: Int32Array
  /** Raw positions of the interactions of this type; at least one. */
  readonly edges: Int32Array
}

/** Words of a record: time takes two and begins at an even one, so that it can be read as a double. */
const actorLane = 0
const targetLane = 1
const timeLane = 2
const weightLane = 4
const domainLane = 5
const stride = 6

interface RecordViews {
  readonly words: Int32Array
  /** Time of record r is times[3 r + 1]. */
  readonly times: Float64Array
  /** Weight of record r is weights[6 r + 4]. */
  readonly weights: Float32Array
}

const viewsOf = (words: Int32Array): RecordViews => ({
  words,
  times: new Float64Array(words.buffer, words.byteOffset, words.length / 2),
  weights: new Float32Array(words.buffer, words.byteOffset, words.length),
})

const timeOf = (record: number): number => (record * stride + timeLane) / 2

const fillRecords = ({ raw, rank, place, edges }: RelationInput): Int32Array => {
  const { actor, target, at, weight, market, scenario } = raw
  const { words, times, weights } = viewsOf(new Int32Array(edges.length * stride))
  for (let k = 0, w = 0; k < edges.length; k++, w += stride) {
    const i = edges[k]!
    words[w + actorLane] = rank[actor[i]!]!
    words[w + targetLane] = rank[target[i]!]!
    // One bit pattern for unknown and for zero: NaN has many, and -0 equals 0.
    times[(w + timeLane) >> 1] = Number.isNaN(at[i]!) ? Number.NaN : at[i]! + 0
    weights[w + weightLane] = weight[i]! + 0
    words[w + domainLane] = (place[market[i]!]! << 8) | scenario[i]!
  }
  return words
}

interface KeyRange {
  readonly keyFrom: number
  readonly keyCount: number
}

/** The entities of all kinds that the lane has, so that a detector sees all accounts of a kind, also those without an edge. */
const kindRange = ({ words, count }: Records, lane: number, kindOffsets: Int32Array): KeyRange => {
  let least = words[lane]!
  let most = least
  for (let r = 1, w = stride + lane; r < count; r++, w += stride) {
    const entity = words[w]!
    if (entity < least) least = entity
    if (entity > most) most = entity
  }
  let from = 0
  let to = kindOffsets.length - 1
  while (kindOffsets[from + 1]! <= least) from++
  while (kindOffsets[to - 1]! > most) to--
  return { keyFrom: kindOffsets[from]!, keyCount: kindOffsets[to]! - kindOffsets[from]! }
}

const compareParallel = ({ words, times, weights }: RecordViews, i: number, j: number): number => {
  const a = times[timeOf(i)]!
  const b = times[timeOf(j)]!
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

/** Sorts records from .. to - 1, all of one actor and one target; `free` has room for them. */
const sortParallel = (views: RecordViews, from: number, to: number, free: Int32Array): void => {
  let k = from + 1
  while (k < to && compareParallel(views, k - 1, k) <= 0) k++
  if (k === to) return
  const order = new Int32Array(to - from)
  for (let i = 0; i < order.length; i++) order[i] = from + i
  order.sort((i, j) => compareParallel(views, i, j))
  const { words } = views
  for (let i = 0; i < order.length; i++)
    for (let l = 0; l < stride; l++) free[i * stride + l] = words[order[i]! * stride + l]!
  words.set(free.subarray(0, order.length * stride), from * stride)
}

const offsetsOf = (words: Int32Array, step: number, lane: number, { keyFrom, keyCount }: KeyRange): Int32Array => {
  const offsets = sharedInt32(keyCount + 1)
  for (let w = lane; w < words.length; w += step) offsets[words[w]! - keyFrom + 1]!++
  for (let k = 0; k < keyCount; k++) offsets[k + 1]! += offsets[k]!
  return offsets
}

/** Memory: 27 bytes an interaction for the result, 48 more while it runs. */
export const buildRelation = (code: number, input: RelationInput): Relation => {
  const type = interactionTypeByCode[code]
  if (type === undefined) throw new RangeError(`the schema has no interaction type with code ${code}`)
  const n = input.edges.length
  const filled: Records = { words: fillRecords(input), stride, count: n }
  const actors = kindRange(filled, actorLane, input.kindOffsets)
  const targets = kindRange(filled, targetLane, input.kindOffsets)
  const byTarget = sortRecords(filled, targetLane, targets, new Int32Array(n * stride))
  const { sorted, free } = sortRecords(byTarget.sorted, actorLane, actors, byTarget.free)
  const views = viewsOf(sorted.words)
  const { words, times, weights } = views

  for (let k = 0; k < n; ) {
    let to = k + 1
    while (
      to < n &&
      words[to * stride + targetLane] === words[k * stride + targetLane] &&
      words[to * stride + actorLane] === words[k * stride + actorLane]
    )
      to++
    if (to - k > 1) sortParallel(views, k, to, free)
    k = to
  }

  const target = sharedInt32(n)
  const at = sharedFloat64(n)
  const weight = sharedFloat32(n)
  const market = sharedUint16(n)
  const scenario = sharedUint8(n)
  for (let k = 0, w = 0; k < n; k++, w += stride) {
    target[k] = words[w + targetLane]!
    at[k] = times[(w + timeLane) >> 1]!
    weight[k] = weights[w + weightLane]!
    market[k] = words[w + domainLane]! >>> 8
    scenario[k] = words[w + domainLane]! & 0xff
  }
  const outOffsets = offsetsOf(words, stride, actorLane, actors)
  const inOffsets = offsetsOf(words, stride, targetLane, targets)

  // Read row by row, the transpose has its rows ascending (Gustavson 1978, see kernels/csr.ts).
  const backStride = 3
  const back = free.subarray(0, n * backStride)
  for (let k = 0, w = 0, b = 0; k < n; k++, w += stride, b += backStride) {
    back[b] = words[w + targetLane]!
    back[b + 1] = words[w + actorLane]!
    back[b + 2] = k
  }
  const { sorted: incoming } = sortRecords(
    { words: back, stride: backStride, count: n },
    0,
    targets,
    words.subarray(0, n * backStride),
  )
  const source = sharedInt32(n)
  const inEdge = sharedInt32(n)
  for (let k = 0, b = 0; k < n; k++, b += backStride) {
    source[k] = incoming.words[b + 1]!
    inEdge[k] = incoming.words[b + 2]!
  }
  return {
    type,
    count: n,
    actorFrom: actors.keyFrom,
    outOffsets,
    target,
    at,
    weight,
    market,
    scenario,
    targetFrom: targets.keyFrom,
    inOffsets,
    source,
    inEdge,
  }
}
