/**
 * Which columns that one column meets can surprise at all, for near-pairs.ts: most are met a few times, which never does, and need not be
 * looked up one by one.
 *
 * A pair of sizes d(a) and d(b) needs some number k(l) of near meetings to surprise at level l, however few its far ones. A meeting
 * whose narrowest level is l weighs 1 / k(l), so that the weights of a pair that has enough at any level add up to 1. They are added in a small table
 * in which columns may share a place, so that no sum is too low, and only meetings with columns whose sum reaches 1 are handed on. The
 * table is a count-min sketch of one row: Graham Cormode and S. Muthukrishnan, "An Improved Data Stream Summary: the Count-Min Sketch and its
 * Applications", Journal of Algorithms 55(1), 2005.
 */
import type { TimedMatrix } from './timed-matrix.js'

/** What decides how many meetings a pair needs: see near-pairs.ts for the symbols. */
export interface MeetingNeeds {
  /** For each number of meetings, the largest q at which they can surprise; the last is 1. */
  readonly shares: Float64Array
  readonly near: Float64Array
  readonly all: number
  readonly telling: Uint8Array
  readonly likeness: number
  readonly entryCount: number
}

/** Products of two sizes are told apart by their binary logarithm. */
const MAGNITUDES = 64
/** The weight 1, as a whole number. */
const ONE = 2 ** 12
/** Where two sums differ by less than this share, rounding decides the difference, and nothing is ruled out. */
const ROUNDING = 1e-6

/**
 * Weight of a meeting for each magnitude of d(a) d(b) and each narrowest level, the levels + 1 of a magnitude side by side and 0 for none:
 * mu <= q (A + mu_far + mu), solved for d(a) d(b), says from which product on a number of meetings is too few.
 */
export const meetingWeights = ({ shares, near, all, telling, likeness, entryCount }: MeetingNeeds): Int32Array => {
  const levels = near.length
  const scale = 2 / (entryCount * entryCount)
  const weights = new Int32Array(MAGNITUDES * (levels + 1))
  for (let magnitude = 0; magnitude < MAGNITUDES; magnitude++)
    for (let level = levels - 1; level >= 0; level--) {
      const at = magnitude * (levels + 1) + level
      weights[at] = weights[at + 1]!
      if (telling[level] === 0) continue
      for (let n = 2; n < shares.length; n++) {
        const excess = near[level]! - shares[n]! * all
        const largest = (shares[n]! * likeness * (1 + ROUNDING)) / (scale * excess)
        if (excess > ROUNDING * near[level]! && largest < 2 ** magnitude) continue
        weights[at] = Math.max(weights[at]!, Math.ceil(ONE / n))
        break
      }
    }
  return weights
}

/** Places of the small table: with four bytes each it stays in the caches near the processor. */
const PLACES = 2 ** 14
/** Meetings of one column up to which few columns share a place; with more, each has its own. */
const FEW = 2 ** 13
/** Meetings gathered at a time. */
const CHUNK = 2 ** 16

export interface Near {
  readonly matrix: TimedMatrix
  /** Rank of the column of each entry. */
  readonly rankOf: Int32Array
  /** Size of the column of each rank. */
  readonly sizeOfRank: (rank: number) => number
  /** For each entry those of its row that are near it, as positions. */
  readonly first: Int32Array
  readonly end: Int32Array
  readonly tolerances: Float64Array
  /** Two entries marked do not meet from level `levels` on. */
  readonly fresh: { readonly entries: Uint8Array; readonly levels: number } | null
}

export class NearPartners {
  readonly #near: Near
  readonly #weights: Int32Array
  /** Binary logarithm of the size of each rank's column, rounded down. */
  readonly #magnitude: Uint8Array
  readonly #fresh: Uint8Array
  readonly #freshLevels: number
  readonly #sketch = new Int32Array(PLACES)
  readonly #exact: Int32Array
  readonly #gatheredOwn: Int32Array
  readonly #gatheredOther: Int32Array
  readonly #gatheredRank: Int32Array
  readonly #gatheredLevel: Uint8Array
  /** Meetings handed on, in order: position of the column's own entry among `entries`, the other entry, and the rank of its column. */
  own = new Int32Array(1024)
  other = new Int32Array(1024)
  rank = new Int32Array(1024)
  /** Meetings looked at for the last column. */
  looked = 0

  constructor(near: Near, weights: Int32Array) {
    const { matrix, end, first } = near
    this.#near = near
    this.#weights = weights
    this.#magnitude = new Uint8Array(matrix.columnCount)
    for (let rank = 0; rank < matrix.columnCount; rank++)
      this.#magnitude[rank] = 31 - Math.clz32(Math.max(1, near.sizeOfRank(rank)))
    this.#fresh = near.fresh?.entries ?? new Uint8Array(matrix.time.length)
    this.#freshLevels = near.fresh?.levels ?? 0
    this.#exact = new Int32Array(matrix.columnCount)
    // A chunk ends with an entry's last meeting.
    let most = 0
    for (let entry = 0; entry < end.length; entry++) most = Math.max(most, end[entry]! - first[entry]!)
    this.#gatheredOwn = new Int32Array(CHUNK + most + 1)
    this.#gatheredOther = new Int32Array(CHUNK + most + 1)
    this.#gatheredRank = new Int32Array(CHUNK + most + 1)
    this.#gatheredLevel = new Uint8Array(CHUNK + most + 1)
  }

  /** How many meetings of the column with entries `from` .. `to - 1` and rank `own` with columns of rank `least` .. own - 1 are handed on. */
  of(from: number, to: number, least: number, own: number): number {
    const { first, end, matrix } = this.#near
    let looked = 0
    for (let i = from; i < to; i++) {
      const entry = matrix.entries[i]!
      looked += end[entry]! - first[entry]!
    }
    this.looked = looked
    const magnitude = 31 - Math.clz32(to - from)
    const table = looked <= FEW ? this.#sketch : this.#exact
    const mask = looked <= FEW ? PLACES - 1 : -1
    let kept = 0
    if (looked <= CHUNK) {
      const met = this.#gather(from, to, least, own)
      this.#weigh(met, magnitude, table, mask)
      kept = this.#handOn(met, 0, table, mask)
      this.#clear(met, table, mask)
      return kept
    }
    for (let i = from; i < to; i = this.#next) this.#weigh(this.#gather(i, to, least, own), magnitude, table, mask)
    for (let i = from; i < to; i = this.#next) kept = this.#handOn(this.#gather(i, to, least, own), kept, table, mask)
    for (let i = from; i < to; i = this.#next) this.#clear(this.#gather(i, to, least, own), table, mask)
    return kept
  }

  /** Where the next chunk begins. */
  #next = 0

  /** Meetings from position `from` on, until a chunk is full, with the narrowest level of each. */
  #gather(from: number, to: number, least: number, own: number): number {
    const { matrix, rankOf, first, end, tolerances } = this.#near
    const { entries, time } = matrix
    const owns = this.#gatheredOwn
    const others = this.#gatheredOther
    const ranks = this.#gatheredRank
    const levelOf = this.#gatheredLevel
    const fresh = this.#fresh
    const freshLevels = this.#freshLevels
    const none = tolerances.length
    const span = own - least
    let met = 0
    let i = from
    for (; i < to && met < CHUNK; i++) {
      const entry = entries[i]!
      const at = time[entry]!
      const stop = end[entry]!
      const levelsHere = fresh[entry] === 1 ? freshLevels : none
      let level = none - 1
      for (let other = first[entry]!; other < stop; other++) {
        const b = rankOf[other]!
        const gap = time[other]! - at
        // The row rises in time, so levels narrow up to the entry itself and widen after it.
        if (gap <= 0) while (level > 0 && -gap <= tolerances[level - 1]!) level--
        else while (gap > tolerances[level]!) level++
        owns[met] = i
        others[met] = other
        ranks[met] = b
        levelOf[met] = fresh[other] === 1 && level >= levelsHere ? none : level
        // Without a branch: whether a column ranks below cannot be predicted.
        met += Number((b - least) >>> 0 < span)
      }
    }
    this.#next = i
    return met
  }

  #weigh(met: number, magnitude: number, table: Int32Array, mask: number): void {
    const ranks = this.#gatheredRank
    const levelOf = this.#gatheredLevel
    const magnitudes = this.#magnitude
    const weights = this.#weights
    const width = this.#near.tolerances.length + 1
    for (let k = 0; k < met; k++) {
      const b = ranks[k]!
      const place = b & mask
      table[place] = table[place]! + weights[(magnitude + magnitudes[b]!) * width + levelOf[k]!]!
    }
  }

  #handOn(met: number, from: number, table: Int32Array, mask: number): number {
    const ranks = this.#gatheredRank
    let kept = from
    for (let k = 0; k < met; k++) {
      const b = ranks[k]!
      if (table[b & mask]! < ONE) continue
      if (kept === this.own.length) this.#grow()
      this.own[kept] = this.#gatheredOwn[k]!
      this.other[kept] = this.#gatheredOther[k]!
      this.rank[kept++] = b
    }
    return kept
  }

  #clear(met: number, table: Int32Array, mask: number): void {
    const ranks = this.#gatheredRank
    for (let k = 0; k < met; k++) table[ranks[k]! & mask] = 0
  }

  #grow(): void {
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(old.length * 2)
      next.set(old)
      return next
    }
    this.own = wider(this.own)
    this.other = wider(this.other)
    this.rank = wider(this.rank)
  }
}
