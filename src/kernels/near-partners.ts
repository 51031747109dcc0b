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
import { nearTiers, type Tier } from './near-tiers.js'
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
/** The weight 1, as a whole number: so that a sum of 16 bits holds many, and rounding up lets few more through. */
const ONE = 2 ** 10
/** A sum stays here: more than enough, and no sum comes round to nothing. */
const MOST_WEIGHT = 2 ** 16 - 1
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

/** Places of the small table: with two bytes each it stays in the cache next to the core. */
const PLACES = 2 ** 14
/** Fewer for columns of few meetings, as all are cleared after each column. */
const LEAST_PLACES = 2 ** 8
/** At least so many for each meeting. */
const PLACES_A_MEETING = 4
/** Meetings of one column up to which few columns share a place; with more, each has its own. */
const FEW = 2 ** 13
/** Meetings gathered at a time. */
const CHUNK = 2 ** 16
/** Bit of an entry's kind where it is fresh; the bits below are the magnitude of its column. */
const IS_FRESH = 2 ** 6
const KINDS = 2 ** 7
/** Of a level in a place of weights by kind and level. */
const LEVEL_BITS = 4

export interface Near {
  readonly matrix: TimedMatrix
  /** Rank of the column of each entry. */
  readonly rankOf: Int32Array
  /** Size of the column of each rank. */
  readonly sizeOfRank: (rank: number) => number
  /** Rising; the levels above the last that is told apart are of no interest. */
  readonly tolerances: Float64Array
  readonly reach: number
  /** Two entries marked do not meet from level `levels` on. */
  readonly fresh: { readonly entries: Uint8Array; readonly levels: number } | null
}

/** Binary logarithm of a size, rounded down. */
const magnitudeOf = (size: number): number => 31 - Math.clz32(Math.max(1, size))

/** The kind of each entry of a tier. */
const kindsOf = (tier: Tier, sizeOfRank: (rank: number) => number, fresh: Uint8Array | null): Uint8Array => {
  const kinds = new Uint8Array(tier.entryOf.length)
  for (let p = 0; p < kinds.length; p++)
    kinds[p] = magnitudeOf(sizeOfRank(tier.rankOf[p]!)) | (fresh?.[tier.entryOf[p]!] === 1 ? IS_FRESH : 0)
  return kinds
}

export class NearPartners {
  readonly #levels: number
  readonly #freshLevels: number
  readonly #weights: Int32Array
  /** Levels that the weights know. */
  readonly #weightLevels: number
  readonly #tiers: readonly Tier[]
  readonly #tierOf: Uint8Array
  readonly #place: Int32Array
  /** For each tier. */
  readonly #kinds: readonly Uint8Array[]
  /** For the magnitude of the column of the moment, the weight of a meeting with each kind of entry at each level: of entries that are not fresh, and that are. */
  readonly #worth = [new Uint16Array(KINDS << LEVEL_BITS), new Uint16Array(KINDS << LEVEL_BITS)] as const
  readonly #worthNothing = [new Uint16Array(KINDS << LEVEL_BITS), new Uint16Array(KINDS << LEVEL_BITS)] as const
  #worthMagnitude = -1
  readonly #sketch = new Uint16Array(PLACES)
  readonly #exact: Uint16Array
  /** Places of the other entries of the gathered meetings, and where those of each own entry end. */
  readonly #gathered: Int32Array
  readonly #gatheredEnds = new Int32Array(CHUNK + 1)
  /** The greatest sum that gathering has made. */
  #most = 0
  /** Where the next chunk begins. */
  #next = 0
  /** Meetings handed on, in order: position of the column's own entry among `entries`, the other entry, and the rank of its column. */
  own = new Int32Array(1024)
  other = new Int32Array(1024)
  rank = new Int32Array(1024)
  /** Meetings looked at for the last column. */
  looked = 0

  /** `weights`: of meetingWeights, for all tolerances or more. */
  constructor({ matrix, rankOf, sizeOfRank, tolerances, reach, fresh }: Near, weights: Int32Array) {
    this.#levels = tolerances.length
    this.#freshLevels = fresh?.levels ?? tolerances.length
    this.#weights = weights
    this.#weightLevels = weights.length / MAGNITUDES - 1
    const { tiers, tierOf, place } = nearTiers(matrix, rankOf, sizeOfRank, tolerances, reach)
    this.#tiers = tiers
    this.#tierOf = tierOf
    this.#place = place
    this.#kinds = tiers.map((tier) => kindsOf(tier, sizeOfRank, fresh?.entries ?? null))
    this.#exact = new Uint16Array(matrix.columnCount)
    // A chunk ends with an entry's last meeting.
    this.#gathered = new Int32Array(CHUNK + 2 * reach + 2)
  }

  /** How many meetings of the column with entries `from` .. `to - 1` and rank `own` with columns of rank `least` .. own - 1 are handed on. */
  of(from: number, to: number, least: number, own: number): number {
    const tier = this.#tierOf[own]!
    const looked = this.#count(from, to, this.#tiers[tier]!)
    this.looked = looked
    this.#weighFor(magnitudeOf(to - from))
    let places = LEAST_PLACES
    while (places < PLACES && places < looked * PLACES_A_MEETING) places *= 2
    const table = looked <= FEW ? this.#sketch : this.#exact
    const mask = looked <= FEW ? places - 1 : -1
    this.#most = 0
    let kept = 0
    if (looked <= CHUNK) {
      const met = this.#gather(from, to, tier, least, own, table, mask, this.#worth)
      if (this.#most >= ONE) kept = this.#handOn(from, to, tier, 0, table, mask)
      if (looked <= FEW) table.fill(0, 0, places)
      else this.#clear(met, tier, table)
      return kept
    }
    for (let i = from; i < to; i = this.#next) this.#gather(i, to, tier, least, own, table, mask, this.#worth)
    if (this.#most >= ONE)
      for (let i = from; i < to; i = this.#next) {
        this.#gather(i, to, tier, least, own, table, mask, this.#worthNothing)
        kept = this.#handOn(i, this.#next, tier, kept, table, mask)
      }
    table.fill(0, least, own)
    return kept
  }

  #count(from: number, to: number, { edges }: Tier): number {
    const place = this.#place
    const last = 2 * this.#levels
    let looked = 0
    for (let i = from; i < to; i++) {
      const at = place[i]! * (last + 1)
      looked += edges[at + last]! - edges[at]!
    }
    return looked
  }

  #weighFor(magnitude: number): void {
    if (magnitude === this.#worthMagnitude) return
    this.#worthMagnitude = magnitude
    const [usual, ofFresh] = this.#worth
    for (let kind = 0; kind < KINDS; kind++)
      for (let level = 0; level < this.#levels; level++) {
        const both = Math.min(MAGNITUDES - 1, magnitude + (kind & (IS_FRESH - 1)))
        const weight = this.#weights[both * (this.#weightLevels + 1) + level]!
        const at = (kind << LEVEL_BITS) + level
        usual[at] = weight
        ofFresh[at] = kind >= IS_FRESH && level >= this.#freshLevels ? 0 : weight
      }
  }

  /** How many meetings there are from position `from` on, until a chunk is full; each adds to the sum of the other column. */
  #gather(
    from: number,
    to: number,
    tier: number,
    least: number,
    own: number,
    table: Uint16Array,
    mask: number,
    worths: readonly [Uint16Array, Uint16Array],
  ): number {
    const { rankOf, edges } = this.#tiers[tier]!
    const kinds = this.#kinds[tier]!
    const place = this.#place
    const others = this.#gathered
    const ends = this.#gatheredEnds
    const levels = this.#levels
    const segments = 2 * levels
    const span = own - least
    let met = 0
    let most = this.#most
    let i = from
    for (; i < to && met < CHUNK; i++) {
      const p = place[i]!
      const worth = worths[kinds[p]! >= IS_FRESH ? 1 : 0]!
      const edge = p * (segments + 1)
      let other = p + edges[edge]!
      // Levels narrow up to the entry itself and widen after it.
      for (let segment = 0; segment < segments; segment++) {
        const level = segment < levels ? levels - 1 - segment : segment - levels
        for (const stop = p + edges[edge + segment + 1]!; other < stop; other++) {
          const b = rankOf[other]!
          // Without a branch: whether a column ranks below cannot be predicted.
          const isMet = Number((b - least) >>> 0 < span)
          const sum = Math.min(MOST_WEIGHT, table[b & mask]! + (-isMet & worth[(kinds[other]! << LEVEL_BITS) + level]!))
          table[b & mask] = sum
          if (sum > most) most = sum
          others[met] = other
          met += isMet
        }
      }
      ends[i - from] = met
    }
    this.#most = most
    this.#next = i
    return met
  }

  /** Of the meetings gathered for positions `from` .. `to - 1`, those with columns that have enough. */
  #handOn(from: number, to: number, tier: number, already: number, table: Uint16Array, mask: number): number {
    const { rankOf, entryOf } = this.#tiers[tier]!
    const others = this.#gathered
    const ends = this.#gatheredEnds
    let kept = already
    let k = 0
    for (let i = from; i < to; i++)
      for (const stop = ends[i - from]!; k < stop; k++) {
        const b = rankOf[others[k]!]!
        if (table[b & mask]! < ONE) continue
        if (kept === this.own.length) this.#grow()
        this.own[kept] = i
        this.other[kept] = entryOf[others[k]!]!
        this.rank[kept++] = b
      }
    return kept
  }

  #clear(met: number, tier: number, table: Uint16Array): void {
    const { rankOf } = this.#tiers[tier]!
    const others = this.#gathered
    for (let k = 0; k < met; k++) table[rankOf[others[k]!]!] = 0
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
