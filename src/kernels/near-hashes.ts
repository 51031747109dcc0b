/**
 * Families of 64-bit hashes: connected components of "within a Hamming distance of each other".
 *
 * Banded multi-index search: a hash is cut into four bands of 16 bits; two hashes at a distance of at most d are at a distance of at
 * most floor(d / 4) in one band at least, so only hashes whose bands are so near are compared. Mohammad Norouzi, Ali Punjani and
 * David J. Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing", IEEE Transactions on Pattern Analysis and Machine
 * Intelligence 36(6), 2014, doi:10.1109/TPAMI.2013.231. Buckets are compared in pairs, each pair once, and equal hashes are one.
 *
 * The work is counted before it is done, and grows where many hashes have a band in common. Where it is over the limit, the distance
 * is lowered to the greatest that fits, and said in the result.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { connectedComponents } from './components.js'
import { argsortInt32 } from './sort.js'

export interface HashFamilies {
  readonly count: number
  /** Family of each hash, numbered by their first hashes. */
  readonly family: Int32Array
  /** Within which members were joined: as asked for, or less where that would have been too much work. */
  readonly distance: number
}

export interface HashOptions {
  /** Bits in which two neighbours differ at most, 0 to 15. */
  readonly distance: number
  /** Most comparisons of two hashes. */
  readonly limit: number
  readonly check?: Check
}

const bands = 4
const bandBits = 16
const buckets = 1 << bandBits

/** Set bits of a 32-bit word: Henry S. Warren, Hacker's Delight, 2nd ed., 2012, figure 5-2. */
export const bitCount = (word: number): number => {
  let x = word - ((word >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** All words of a band with at most `most` bits, by number of bits. */
const masksUpTo = (most: number): Int32Array => {
  const masks: number[] = []
  for (let bits = 0; bits <= most; bits++)
    for (let mask = 0; mask < buckets; mask++) if (bitCount(mask) === bits) masks.push(mask)
  return Int32Array.from(masks)
}

interface Distinct {
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Which of them each given hash is. */
  readonly of: Int32Array
}

const distinct = (high: Uint32Array, low: Uint32Array): Distinct => {
  const n = high.length
  const byLow = argsortInt32(Int32Array.from(low))
  const byHigh = argsortInt32(Int32Array.from(byLow, (i) => high[i]!))
  const of = new Int32Array(n)
  const first: number[] = []
  for (let k = 0; k < n; k++) {
    const i = byLow[byHigh[k]!]!
    const last = first.at(-1)
    if (last === undefined || high[last] !== high[i] || low[last] !== low[i]) first.push(i)
    of[i] = first.length - 1
  }
  return { high: Uint32Array.from(first, (i) => high[i]!), low: Uint32Array.from(first, (i) => low[i]!), of }
}

interface Band {
  /** Hashes by the band's value, ascending: those of value v are items[offsets[v]] .. items[offsets[v + 1] - 1]. */
  readonly items: Int32Array
  readonly offsets: Int32Array
  /** The halves in the order of `items`: comparing a bucket then reads memory in one run. */
  readonly high: Uint32Array
  readonly low: Uint32Array
}

const gather = (words: Uint32Array, items: Int32Array): Uint32Array => {
  const gathered = new Uint32Array(items.length)
  for (let k = 0; k < items.length; k++) gathered[k] = words[items[k]!]!
  return gathered
}

const bandOf = ({ high, low }: Distinct, band: number): Band => {
  const words = band < 2 ? low : high
  const shift = (band % 2) * bandBits
  const offsets = new Int32Array(buckets + 1)
  for (let i = 0; i < words.length; i++) offsets[((words[i]! >>> shift) & (buckets - 1)) + 1]!++
  for (let v = 0; v < buckets; v++) offsets[v + 1]! += offsets[v]!
  const next = offsets.slice()
  const items = new Int32Array(words.length)
  for (let i = 0; i < words.length; i++) items[next[(words[i]! >>> shift) & (buckets - 1)]!++] = i
  return { items, offsets, high: gather(high, items), low: gather(low, items) }
}

const comparisons = ({ offsets }: Band, masks: Int32Array): number => {
  let sum = 0
  for (let v = 0; v < buckets; v++) {
    const size = offsets[v + 1]! - offsets[v]!
    if (size === 0) continue
    sum += (size * (size - 1)) / 2
    for (let m = 1; m < masks.length; m++) {
      const other = v ^ masks[m]!
      if (other > v) sum += size * (offsets[other + 1]! - offsets[other]!)
    }
  }
  return sum
}

/** Adds the pairs within the distance whose values of this band differ by one of the masks; a pair may come from several bands. */
const joinNear = (
  { items, offsets, high, low }: Band,
  masks: Int32Array,
  distance: number,
  check: Check,
  source: number[],
  target: number[],
): void => {
  let steps = 0
  for (let v = 0; v < buckets; v++) {
    const from = offsets[v]!
    const end = offsets[v + 1]!
    if (from === end) continue
    for (let m = 0; m < masks.length; m++) {
      const other = v ^ masks[m]!
      if (other < v) continue
      const otherFrom = offsets[other]!
      const otherEnd = offsets[other + 1]!
      if (otherFrom === otherEnd) continue
      for (let p = from; p < end; p++) {
        const ownHigh = high[p]!
        const ownLow = low[p]!
        for (let q = m === 0 ? p + 1 : otherFrom; q < otherEnd; q++) {
          const differing = bitCount(ownHigh ^ high[q]!)
          if (differing > distance || differing + bitCount(ownLow ^ low[q]!) > distance) continue
          source.push(items[p]!)
          target.push(items[q]!)
        }
        steps += otherEnd - otherFrom
        if (steps > checkInterval) {
          check()
          steps = 0
        }
      }
    }
  }
}

/** Throws RangeError where the halves differ in length or the distance is outside 0 .. 15. */
export const hashFamilies = (high: Uint32Array, low: Uint32Array, options: HashOptions): HashFamilies => {
  const { limit, check = neverCancelled } = options
  if (high.length !== low.length) throw new RangeError(`${high.length} upper and ${low.length} lower halves`)
  if (!(Number.isInteger(options.distance) && options.distance >= 0 && options.distance < bandBits))
    throw new RangeError(`the distance must be a whole number from 0 to 15, not ${options.distance}`)
  const hashes = distinct(high, low)
  const n = hashes.high.length
  let { distance } = options
  let masks = masksUpTo(Math.floor(distance / bands))
  const all = Array.from({ length: distance > 0 ? bands : 0 }, (_, band) => bandOf(hashes, band))
  while (distance > 0 && all.reduce((sum, band) => sum + comparisons(band, masks), 0) > limit) {
    check()
    // With the same reach in a band a smaller distance is the same work.
    distance = distance < bands ? 0 : Math.floor(distance / bands) * bands - 1
    masks = masksUpTo(Math.floor(distance / bands))
  }
  const source: number[] = []
  const target: number[] = []
  for (const band of distance > 0 ? all : []) joinNear(band, masks, distance, check, source, target)
  const { component } = connectedComponents(n, Int32Array.from(source), Int32Array.from(target), check)
  const family = new Int32Array(high.length)
  const number = new Int32Array(n).fill(-1)
  let count = 0
  for (let i = 0; i < high.length; i++) {
    const own = component[hashes.of[i]!]!
    if (number[own] === -1) number[own] = count++
    family[i] = number[own]!
  }
  return { count, family, distance }
}
