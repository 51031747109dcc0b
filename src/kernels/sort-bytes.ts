/**
 * Stable order of byte strings, compared as unsigned bytes, a prefix before what continues it.
 *
 * Radix sort from the most significant side, short ranges by insertion, as in Peter M. McIlroy, Keith Bostic and M. Douglas McIlroy,
 * "Engineering Radix Sort", Computing Systems 6(1), 1993. A step takes as many positions after the shared prefix as fit in one
 * 32-bit key: ids use few different bytes at a position (ten digits, sixteen hexadecimal ones), so each position has digits of its
 * own in a mixed radix (Donald E. Knuth, The Art of Computer Programming, volume 2, section 4.1), and six decimal digits are sorted
 * in two passes. Linear in the bytes that tell the strings apart.
 */
import { type Check, neverCancelled } from './check.js'

/** All strings, one after the other: string i is bytes[offsets[i]] .. bytes[offsets[i + 1] - 1]. */
export interface ByteStrings {
  readonly bytes: Uint8Array
  readonly offsets: Float64Array | Int32Array
}

/** Below this, insertion sort on the bytes beats looking for the bytes in use. */
const shortRange = 24
/** Strings that one call of a loop takes: many short calls are compiled sooner than one long one, and `check` comes in between. */
const blockSize = 1 << 13
/** Positions looked at in one step; nine decimal digits fit in a key. */
const maxPositions = 10
/** At each position: ended, or one of 256 bytes. */
const symbols = 257
const keyLimit = 2 ** 32
/** Digits of a pass. Counters of the wide ones fit in the first-level cache; clearing them would dominate on few keys. */
const wideDigit = 11
const narrowDigit = 8
const wideDigitFrom = 1 << 13

/** Negative, 0 or positive as string a stands before, with or after string b; the first `depth` bytes are known to be equal. */
export const compareByteStrings = ({ bytes, offsets }: ByteStrings, a: number, b: number, depth = 0): number => {
  let i = offsets[a]! + depth
  let j = offsets[b]! + depth
  const endA = offsets[a + 1]!
  const endB = offsets[b + 1]!
  while (i < endA && j < endB) {
    const difference = bytes[i++]! - bytes[j++]!
    if (difference !== 0) return difference
  }
  return endA - i - (endB - j)
}

const insertionSort = (strings: ByteStrings, order: Int32Array, from: number, to: number, depth: number): void => {
  for (let k = from + 1; k < to; k++) {
    const moved = order[k]!
    let j = k - 1
    while (j >= from && compareByteStrings(strings, order[j]!, moved, depth) > 0) {
      order[j + 1] = order[j]!
      j--
    }
    order[j + 1] = moved
  }
}

/** The strings order[from .. to - 1], which agree in their first `depth` bytes. */
interface Range {
  readonly strings: ByteStrings
  readonly order: Int32Array
  readonly depth: number
}

/** How many bytes from `depth` on the strings share with the first one, at most `limit`. */
const sharedWith = (
  { strings: { bytes, offsets }, order, depth }: Range,
  first: number,
  from: number,
  to: number,
  limit: number,
): number => {
  let shared = limit
  const start = offsets[first]! + depth
  for (let k = from; k < to && shared > 0; k++) {
    const at = offsets[order[k]!]! + depth
    const left = offsets[order[k]! + 1]! - at
    if (left < shared) shared = left
    let same = 0
    while (same < shared && bytes[start + same] === bytes[at + same]) same++
    shared = same
  }
  return shared
}

/** Marks seen[symbols * p + 1 + byte] for the byte at position p, and seen[symbols * p] for the first position after the end. */
const markSymbols = (
  { strings: { bytes, offsets }, order, depth }: Range,
  from: number,
  to: number,
  seen: Uint8Array,
): void => {
  for (let k = from; k < to; k++) {
    const at = offsets[order[k]!]! + depth
    const left = offsets[order[k]! + 1]! - at
    const length = left < maxPositions ? left : maxPositions
    let slot = 0
    for (let p = 0; p < length; p++, slot += symbols) seen[slot + 1 + bytes[at + p]!] = 1
    if (left < maxPositions) seen[slot] = 1
  }
}

interface KeyPlan {
  readonly positions: number
  /** Keys are below it. */
  readonly limit: number
}

/** Fills values[symbols * p + symbol] with what the symbol at position p adds to a key, for as many positions as a key holds. */
const planKeys = (seen: Uint8Array, values: Uint32Array): KeyPlan => {
  const sizes: number[] = []
  let limit = 1
  let hasEnded = false
  for (let p = 0; p < maxPositions; p++) {
    // A string that has ended is at its end at all later positions.
    if (hasEnded) seen[p * symbols] = 1
    hasEnded = seen[p * symbols] === 1
    let size = 0
    for (let s = 0; s < symbols; s++) size += seen[p * symbols + s]!
    if (limit * size > keyLimit) break
    limit *= size
    sizes.push(size)
  }
  let unit = limit
  for (let p = 0; p < sizes.length; p++) {
    unit /= sizes[p]!
    let value = 0
    for (let s = 0; s < symbols; s++) {
      if (seen[p * symbols + s] === 0) continue
      values[p * symbols + s] = value
      value += unit
    }
  }
  return { positions: sizes.length, limit }
}

const fillKeys = (
  { strings: { bytes, offsets }, order, depth }: Range,
  from: number,
  to: number,
  { values, positions }: { readonly values: Uint32Array; readonly positions: number },
  keys: Uint32Array,
  keyAt: number,
): void => {
  for (let k = from; k < to; k++) {
    const at = offsets[order[k]!]! + depth
    const left = offsets[order[k]! + 1]! - at
    const length = left < positions ? left : positions
    let key = 0
    let slot = 0
    // The end adds nothing: it is the first symbol wherever it is one.
    for (let p = 0; p < length; p++, slot += symbols) key = (key + values[slot + 1 + bytes[at + p]!]!) | 0
    keys[keyAt + k - from] = key
  }
}

const countDigits = (keys: Uint32Array, from: number, to: number, shift: number, counts: Int32Array): void => {
  const mask = counts.length - 1
  for (let k = from; k < to; k++) counts[(keys[k]! >>> shift) & mask]!++
}

interface Keyed {
  readonly keys: Uint32Array
  readonly strings: Int32Array
}

const moveByDigit = (
  { keys, strings }: Keyed,
  from: number,
  to: number,
  shift: number,
  next: Int32Array,
  into: Keyed,
): void => {
  const mask = next.length - 1
  const { keys: intoKeys, strings: intoStrings } = into
  for (let k = from; k < to; k++) {
    const key = keys[k]!
    const place = next[(key >>> shift) & mask]!++
    intoKeys[place] = key
    intoStrings[place] = strings[k]!
  }
}

/** Least-significant-digit radix sort of the first n; the result is in one of both. */
const sortKeyed = (given: Keyed, free: Keyed, n: number, limit: number, counters: Int32Array, check: Check): Keyed => {
  const bits = 32 - Math.clz32(limit - 1)
  const digit = n >= wideDigitFrom ? wideDigit : narrowDigit
  const passes = Math.ceil(bits / digit)
  const counts = counters.subarray(0, 1 << Math.ceil(bits / passes))
  let sorted = given
  let other = free
  for (let pass = 0; pass < passes; pass++) {
    const shift = pass * Math.ceil(bits / passes)
    counts.fill(0)
    for (let k = 0; k < n; k += blockSize) countDigits(sorted.keys, k, Math.min(n, k + blockSize), shift, counts)
    let sum = 0
    for (let d = 0; d < counts.length; d++) {
      const count = counts[d]!
      counts[d] = sum
      sum += count
    }
    for (let k = 0; k < n; k += blockSize) {
      check()
      moveByDigit(sorted, k, Math.min(n, k + blockSize), shift, counts, other)
    }
    const held = sorted
    sorted = other
    other = held
  }
  return sorted
}

/** Sorts order[from .. to - 1], positions of strings, in place. Scratch is 16 bytes for each of the range. */
export const sortByteStrings = (
  strings: ByteStrings,
  order: Int32Array,
  from = 0,
  to = order.length,
  check: Check = neverCancelled,
): void => {
  const size = to - from <= shortRange ? 0 : to - from
  const first: Keyed = { keys: new Uint32Array(size), strings: new Int32Array(size) }
  const second: Keyed = { keys: new Uint32Array(size), strings: new Int32Array(size) }
  const counters = new Int32Array(1 << wideDigit)
  const seen = new Uint8Array(maxPositions * symbols)
  const values = new Uint32Array(maxPositions * symbols)
  const pending = [from, to, 0]

  while (pending.length > 0) {
    check()
    const depthBefore = pending.pop()!
    const end = pending.pop()!
    const start = pending.pop()!
    const n = end - start
    if (n <= shortRange) {
      insertionSort(strings, order, start, end, depthBefore)
      continue
    }
    const eachBlock = (work: (from: number, to: number) => void): void => {
      for (let k = start; k < end; k += blockSize) work(k, Math.min(end, k + blockSize))
    }
    const one = order[start]!
    let depth = strings.offsets[one + 1]! - strings.offsets[one]!
    const before: Range = { strings, order, depth: depthBefore }
    depth -= depthBefore
    eachBlock((k, blockEnd) => {
      depth = sharedWith(before, one, k, blockEnd, depth)
    })
    depth += depthBefore

    const range: Range = { strings, order, depth }
    seen.fill(0)
    eachBlock((k, blockEnd) => markSymbols(range, k, blockEnd, seen))
    const { positions, limit } = planKeys(seen, values)
    eachBlock((k, blockEnd) => fillKeys(range, k, blockEnd, { values, positions }, first.keys, k - start))
    first.strings.set(order.subarray(start, end))
    const { keys, strings: sorted } = sortKeyed(first, second, n, limit, counters, check)
    order.set(sorted.subarray(0, n), start)

    let runStart = 0
    for (let k = 1; k <= n; k++) {
      if (k < n && keys[k] === keys[runStart]) continue
      if (k - runStart > 1) {
        // Equal strings that ended within the step are equal: only longer ones need another step.
        const string = sorted[runStart]!
        const left = strings.offsets[string + 1]! - strings.offsets[string]! - depth
        if (left >= positions) pending.push(start + runStart, start + k, depth + positions)
      }
      runStart = k
    }
  }
}
