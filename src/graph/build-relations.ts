/**
 * All interactions as CSR in both directions, one relation a type, in canonical order: by actor, target, time (unknown first),
 * market, scenario, weight.
 *
 * Radix clustering (Stefan Manegold, Peter Boncz and Martin Kersten, "Optimizing Main-Memory Join on Modern Hardware", IEEE TKDE
 * 14(4), 2002): interactions are written as records of six words to clusters, one for each range of actors of a type, each filled
 * from its start to its end. A cluster then fits in the processor's cache, where it is counted, ordered and written out to the
 * columns. The transpose is made in the same way. Moving each record straight to its place would miss the cache at every record.
 */
import { entityKindByCode, interactionTypeByCode } from '../../graph-schema/schema.js'
import type { Check } from '../kernels/check.js'
import { blockSize, eachBlock } from './blocks.js'
import type { RawGraph } from './raw-graph.js'
import { actorLane, domainLane, orderRow, type Records, recordsOf, stride, targetLane, weightLane } from './records.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from './shared-arrays.js'
import type { Relation } from './snapshot.js'
import type { Survey } from './survey.js'

export interface RelationsInput {
  readonly raw: RawGraph
  readonly survey: Survey
  /** Entity index of each raw position. */
  readonly rank: Int32Array
  /** Place in the snapshot's markets of each raw market. */
  readonly place: Uint16Array
  readonly kindOffsets: Int32Array
}

const types = interactionTypeByCode.length
const kinds = entityKindByCode.length

/** About 24 KiB of records: they fit in the first-level cache, beside the columns that are written. */
const clusterRecords = 1024
/** Clusters of all types together: their write positions fit in the second-level cache and in the page tables' cache. */
const maxClusters = 2048

/** For each type: its keys from[t] .. from[t] + width[t] - 1, in clusters of 2^shift[t] keys, numbered from first[t]. */
interface Clusters {
  readonly from: Int32Array
  readonly width: Int32Array
  readonly shift: Int32Array
  readonly first: Int32Array
  /** Length of all clusters + 1: counts while counting, then where each one's next record goes. */
  readonly next: Int32Array
}

/** The keys of a type are the entities of all kinds that it has, so that a detector also sees those without an interaction. */
const planClusters = (
  endKinds: Uint8Array,
  { countOfType }: Survey,
  kindOffsets: Int32Array,
  total: number,
): Clusters => {
  const from = new Int32Array(types)
  const width = new Int32Array(types)
  const shift = new Int32Array(types)
  const first = new Int32Array(types + 1)
  for (let t = 0; t < types; t++) {
    const count = countOfType[t]!
    first[t + 1] = first[t]!
    if (count === 0) continue
    const row = endKinds.subarray(t * kinds, (t + 1) * kinds)
    from[t] = kindOffsets[row.indexOf(1)]!
    width[t] = kindOffsets[row.lastIndexOf(1) + 1]! - from[t]!
    const wanted = Math.max(1, Math.ceil(Math.min(count / clusterRecords, (maxClusters * count) / total)))
    while (((width[t]! - 1) >>> shift[t]!) + 1 > wanted) shift[t]!++
    first[t + 1]! += ((width[t]! - 1) >>> shift[t]!) + 1
  }
  return { from, width, shift, first, next: new Int32Array(first[types]! + 1) }
}

const startsOf = (counts: Int32Array): void => {
  let sum = 0
  for (let c = 0; c < counts.length; c++) {
    const count = counts[c]!
    counts[c] = sum
    sum += count
  }
}

/**
 * Ends of a block's interactions by their entity index. A loop of its own: look-ups that nothing waits for miss the cache side by
 * side, while in the loop that writes records each miss held up the next write (three times slower).
 */
const lookUp = (ends: Int32Array, rank: Int32Array, from: number, to: number, into: Int32Array): void => {
  for (let i = from; i < to; i++) into[i - from] = rank[ends[i]!]!
}

const countKeys = (
  type: Uint8Array,
  keys: Int32Array,
  from: number,
  to: number,
  { from: keyFrom, shift, first, next }: Clusters,
): void => {
  for (let i = from; i < to; i++) {
    const t = type[i]!
    next[first[t]! + ((keys[i - from]! - keyFrom[t]!) >>> shift[t]!)]!++
  }
}

const writeRecords = (
  { raw, place }: RelationsInput,
  from: number,
  to: number,
  { actorKeys, targetKeys }: { readonly actorKeys: Int32Array; readonly targetKeys: Int32Array },
  { from: keyFrom, shift, first, next }: Clusters,
  { words, times, weights }: Records,
): void => {
  const { type, at, weight, market, scenario } = raw
  for (let i = from; i < to; i++) {
    const t = type[i]!
    const a = actorKeys[i - from]!
    const r = next[first[t]! + ((a - keyFrom[t]!) >>> shift[t]!)]!++
    const w = r * stride
    words[w + actorLane] = a
    words[w + targetLane] = targetKeys[i - from]!
    // One bit pattern for unknown and for zero: NaN has many, and -0 equals 0.
    const time = at[i]!
    times[r * 3 + 1] = Number.isNaN(time) ? Number.NaN : time + 0
    weights[w + weightLane] = weight[i]! + 0
    words[w + domainLane] = (place[market[i]!]! << 8) | scenario[i]!
  }
}

type Columns = Omit<Relation, 'type' | 'count'>

const columnsFor = (t: number, n: number, actors: Clusters, targets: Clusters): Columns => ({
  actorFrom: actors.from[t]!,
  outOffsets: sharedInt32(actors.width[t]! + 1),
  target: sharedInt32(n),
  at: sharedFloat64(n),
  weight: sharedFloat32(n),
  market: sharedUint16(n),
  scenario: sharedUint8(n),
  targetFrom: targets.from[t]!,
  inOffsets: sharedInt32(targets.width[t]! + 1),
  source: sharedInt32(n),
  inEdge: sharedInt32(n),
})

interface Cluster {
  /** Its records, counted over all types. */
  readonly start: number
  readonly end: number
  /** Its keys, counted from the type's first. */
  readonly key: number
  readonly keyEnd: number
}

const clusterOf = ({ width, shift, first, next }: Clusters, t: number, c: number): Cluster => {
  const key = c << shift[t]!
  return {
    start: c + first[t]! === 0 ? 0 : next[c + first[t]! - 1]!,
    end: next[c + first[t]!]!,
    key,
    keyEnd: Math.min(width[t]!, key + (1 << shift[t]!)),
  }
}

const clusterCount = ({ first }: Clusters, t: number): number => first[t + 1]! - first[t]!

/** Puts record numbers start .. end - 1 into `order` by actor, and says in `outOffsets` where each actor's begin. */
const orderByActor = (
  words: Int32Array,
  { start, end, key, keyEnd }: Cluster,
  typeStart: number,
  { outOffsets, actorFrom }: Columns,
  order: Int32Array,
): void => {
  // outOffsets[key + 1 ..] counts, then says where the next of each actor goes, and ends as where its last one ended.
  const from = actorFrom - 1
  for (let r = start, w = start * stride + actorLane; r < end; r++, w += stride) outOffsets[words[w]! - from]!++
  let sum = start - typeStart
  for (let k = key + 1; k <= keyEnd; k++) {
    const count = outOffsets[k]!
    outOffsets[k] = sum
    sum += count
  }
  const orderFrom = start - typeStart
  for (let r = start, w = start * stride + actorLane; r < end; r++, w += stride)
    order[outOffsets[words[w]! - from]!++ - orderFrom] = r
}

/** Orders each actor's records. */
const orderRows = (
  records: Records,
  { start, key, keyEnd }: Cluster,
  typeStart: number,
  outOffsets: Int32Array,
  order: Int32Array,
): void => {
  const orderFrom = start - typeStart
  let from = 0
  for (let k = key + 1; k <= keyEnd; k++) {
    const to = outOffsets[k]! - orderFrom
    if (to - from > 1) orderRow(records, order, from, to)
    from = to
  }
}

/** Words of a record on its way to the transpose: target, actor, position in the columns. */
const backStride = 3

const writeColumns = (
  { words, times, weights }: Records,
  { start, end }: Cluster,
  typeStart: number,
  columns: Columns,
  order: Int32Array,
): void => {
  const { target, at, weight, market, scenario } = columns
  for (let p = 0, k = start - typeStart; p < end - start; p++, k++) {
    const r = order[p]!
    const w = r * stride
    target[k] = words[w + targetLane]!
    at[k] = times[r * 3 + 1]!
    weight[k] = weights[w + weightLane]!
    market[k] = words[w + domainLane]! >>> 8
    scenario[k] = words[w + domainLane]! & 0xff
  }
}

const writeBack = (
  words: Int32Array,
  { start, end }: Cluster,
  { t, typeStart }: { readonly t: number; readonly typeStart: number },
  order: Int32Array,
  targets: Clusters,
  back: Int32Array,
): void => {
  const { next } = targets
  const from = targets.from[t]!
  const shift = targets.shift[t]!
  const first = targets.first[t]!
  for (let p = 0, k = start - typeStart; p < end - start; p++, k++) {
    const w = order[p]! * stride
    const b = words[w + targetLane]!
    const place = (next[first + ((b - from) >>> shift)]!++ - typeStart) * backStride
    back[place] = b
    back[place + 1] = words[w + actorLane]!
    back[place + 2] = k
  }
}

/** Read in the order of the columns, the transpose has its rows ascending (Gustavson 1978, see kernels/csr.ts). */
const transposeCluster = (
  back: Int32Array,
  { start, end, key, keyEnd }: Cluster,
  typeStart: number,
  { inOffsets, targetFrom, source, inEdge }: Columns,
): void => {
  const from = targetFrom - 1
  const b0 = (start - typeStart) * backStride
  const b1 = (end - typeStart) * backStride
  for (let b = b0; b < b1; b += backStride) inOffsets[back[b]! - from]!++
  let sum = start - typeStart
  for (let k = key + 1; k <= keyEnd; k++) {
    const count = inOffsets[k]!
    inOffsets[k] = sum
    sum += count
  }
  for (let b = b0; b < b1; b += backStride) {
    const place = inOffsets[back[b]! - from]!++
    source[place] = back[b + 1]!
    inEdge[place] = back[b + 2]!
  }
}

/** Memory: 27 bytes an interaction for the result, and while it runs 24 for each, 12 for each of the largest type. */
export const buildRelations = (input: RelationsInput, check: Check): readonly Relation[] => {
  const { raw, survey, rank, kindOffsets } = input
  const { countOfType } = survey
  const actors = planClusters(survey.actorKinds, survey, kindOffsets, raw.count)
  const targets = planClusters(survey.targetKinds, survey, kindOffsets, raw.count)
  const actorKeys = new Int32Array(blockSize)
  const targetKeys = new Int32Array(blockSize)
  eachBlock(raw.count, check, (from, to) => {
    lookUp(raw.actor, rank, from, to, actorKeys)
    lookUp(raw.target, rank, from, to, targetKeys)
    countKeys(raw.type, actorKeys, from, to, actors)
    countKeys(raw.type, targetKeys, from, to, targets)
  })
  let largest = 0
  for (const count of actors.next) largest = Math.max(largest, count)
  startsOf(actors.next)
  startsOf(targets.next)
  const records = recordsOf(raw.count)
  eachBlock(raw.count, check, (from, to) => {
    lookUp(raw.actor, rank, from, to, actorKeys)
    lookUp(raw.target, rank, from, to, targetKeys)
    writeRecords(input, from, to, { actorKeys, targetKeys }, actors, records)
  })

  const order = new Int32Array(largest)
  const back = new Int32Array(countOfType.reduce((most, count) => Math.max(most, count), 0) * backStride)
  const relations: Relation[] = []
  let typeStart = 0
  for (let t = 0; t < types; t++) {
    const count = countOfType[t]!
    if (count === 0) continue
    const columns = columnsFor(t, count, actors, targets)
    for (let c = 0; c < clusterCount(actors, t); c++) {
      check()
      const cluster = clusterOf(actors, t, c)
      orderByActor(records.words, cluster, typeStart, columns, order)
      orderRows(records, cluster, typeStart, columns.outOffsets, order)
      writeColumns(records, cluster, typeStart, columns, order)
      writeBack(records.words, cluster, { t, typeStart }, order, targets, back)
    }
    for (let c = 0; c < clusterCount(targets, t); c++) {
      check()
      transposeCluster(back, clusterOf(targets, t, c), typeStart, columns)
    }
    relations.push({ type: interactionTypeByCode[t]!, count, ...columns })
    typeStart += count
  }
  return relations
}
