/**
 * Which entries of a row are near each entry, for near-partners.ts, among all columns and among the smaller ones alone.
 *
 * A column is compared with smaller ones only, so for a small column most of what lies beside its entries is passed over. A tier holds the entries of
 * the smallest columns, each tier half of those before it; a column is looked up in the last tier that holds it. With every entry near to as many others,
 * three tiers look at 2/3 of what one does, of which half is needed at least.
 */
import type { TimedMatrix } from './timed-matrix.js'

export interface Tier {
  /** Position in the matrix of each entry of the tier, ascending. */
  readonly entryOf: Int32Array
  /** Rank of the column of each. */
  readonly rankOf: Int32Array
  /**
   * For each, 2 levels + 1 places beside its own, ascending: those before it that are near at the widest level alone begin at the first, those of the next
   * narrower one at the second, and so on down to the narrowest, which it is among itself; after it the other way round, ended by the last.
   */
  readonly edges: Int8Array | Int16Array
}

export interface Tiers {
  readonly tiers: readonly Tier[]
  /** Last tier that holds each rank's column. */
  readonly tierOf: Uint8Array
  /** For each of `matrix.entries`, in their order, its place in the tier of its column. */
  readonly place: Int32Array
}

/** More would each save less than making them costs. */
const TIERS = 3

const INT8_MOST = 127

/** The smallest columns, by rank, that hold so many entries together at most. */
const ranksWithin = (sizeOfRank: (rank: number) => number, columnCount: number, most: number): number => {
  let sum = 0
  for (let rank = 0; rank < columnCount; rank++) {
    sum += sizeOfRank(rank)
    if (sum > most) return rank
  }
  return columnCount
}

/** Entries of the columns below rank `end`. */
const tierBelow = (
  { rowCount, rowOffsets, time }: TimedMatrix,
  rankOf: Int32Array,
  end: number,
  tolerances: Float64Array,
  reach: number,
): Tier => {
  const levels = tolerances.length
  let count = 0
  let longest = 0
  for (let row = 0; row < rowCount; row++) {
    const before = count
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) if (rankOf[e]! < end) count++
    longest = Math.max(longest, count - before)
  }
  const entryOf = new Int32Array(count)
  const ranks = new Int32Array(count)
  const width = 2 * levels + 1
  const edges = reach < INT8_MOST ? new Int8Array(count * width) : new Int16Array(count * width)
  const times = new Float64Array(longest)
  let from = 0
  for (let row = 0; row < rowCount; row++) {
    let to = from
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
      if (rankOf[e]! >= end) continue
      times[to - from] = time[e]!
      ranks[to] = rankOf[e]!
      entryOf[to++] = e
    }
    for (let level = 0; level < levels; level++) {
      const tolerance = tolerances[level]!
      const before = levels - 1 - level
      const after = levels + 1 + level
      let tail = from
      let head = from
      for (let p = from; p < to; p++) {
        const at = times[p - from]!
        while (at - times[tail - from]! > tolerance || entryOf[p]! - entryOf[tail]! > reach) tail++
        while (head < to && times[head - from]! - at <= tolerance && entryOf[head]! - entryOf[p]! <= reach) head++
        edges[p * width + before] = tail - p
        edges[p * width + after] = head - p
      }
    }
    // What is near at the narrowest level goes from its first before to its last after.
    for (let p = from; p < to; p++) edges[p * width + levels] = edges[p * width + levels + 1]!
    from = to
  }
  return { entryOf, rankOf: ranks, edges }
}

/** `rankOf`: rank of each entry's column. `tolerances`: rising, one at least. `reach`: entries to either side in a row that are near at most. */
export const nearTiers = (
  matrix: TimedMatrix,
  rankOf: Int32Array,
  sizeOfRank: (rank: number) => number,
  tolerances: Float64Array,
  reach: number,
): Tiers => {
  const { entries, columnCount, time } = matrix
  const tierOf = new Uint8Array(columnCount)
  const place = entries.slice()
  const tiers: Tier[] = []
  const placeOf = new Int32Array(time.length)
  for (let t = 0; t < TIERS; t++) {
    const end = t === 0 ? columnCount : ranksWithin(sizeOfRank, columnCount, time.length / 2 ** t)
    if (end === 0) break
    const tier = tierBelow(matrix, rankOf, end, tolerances, reach)
    tierOf.fill(t, 0, end)
    tiers.push(tier)
    if (t === 0) continue
    for (let p = 0; p < tier.entryOf.length; p++) placeOf[tier.entryOf[p]!] = p
    for (let i = 0; i < entries.length; i++) if (rankOf[entries[i]!]! < end) place[i] = placeOf[entries[i]!]!
  }
  return { tiers, tierOf, place }
}
