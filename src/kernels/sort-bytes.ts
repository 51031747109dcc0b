/**
 * Stable order of byte strings, compared as unsigned bytes, a prefix before what continues it.
 *
 * Radix sort from the most significant side in steps of eight bytes, each step one least-significant-digit radix sort over the
 * two big-endian words after the prefix that the range shares, as in Peter M. McIlroy, Keith Bostic and M. Douglas McIlroy,
 * "Engineering Radix Sort", Computing Systems 6(1), 1993. Short ranges are sorted by insertion, as there. Linear in the bytes that
 * tell the strings apart.
 */
import { type Check, neverCancelled } from './check.js'

/** All strings, one after the other: string i is bytes[offsets[i]] .. bytes[offsets[i + 1] - 1]. */
export interface ByteStrings {
  readonly bytes: Uint8Array
  readonly offsets: Float64Array | Int32Array
}

/** Below this, insertion sort on the bytes beats filling and clearing radix counters. */
const shortRange = 24
/** From here on two 16-bit digits a word beat four 8-bit ones, as clearing 65,536 counters no longer dominates. */
const wideDigitFrom = 1 << 15

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

/** How many bytes from `depth` on all strings of the range share. */
const sharedPrefix = ({ bytes, offsets }: ByteStrings, order: Int32Array, from: number, to: number, depth: number) => {
  const first = offsets[order[from]!]! + depth
  let shared = offsets[order[from]! + 1]! - first
  for (let k = from + 1; k < to && shared > 0; k++) {
    const start = offsets[order[k]!]! + depth
    const length = Math.min(shared, offsets[order[k]! + 1]! - start)
    let same = 0
    while (same < length && bytes[first + same] === bytes[start + same]) same++
    shared = same
  }
  return shared
}

/** Sorts order[from .. to - 1], positions of strings, in place. Scratch is 20 bytes for each of the range. */
export const sortByteStrings = (
  strings: ByteStrings,
  order: Int32Array,
  from = 0,
  to = order.length,
  check: Check = neverCancelled,
): void => {
  const { bytes, offsets } = strings
  // Places, not strings, are moved by the digit passes: place p of a range holds string held[p] with words high[p], low[p].
  const high = new Uint32Array(to - from)
  const low = new Uint32Array(to - from)
  const held = new Int32Array(to - from)
  let places = new Int32Array(to - from)
  let spare = new Int32Array(to - from)
  const counts = new Int32Array(1 << 16)
  const pending = [from, to, 0]

  while (pending.length > 0) {
    check()
    const depthBefore = pending.pop()!
    const end = pending.pop()!
    const start = pending.pop()!
    const n = end - start
    if (n <= shortRange) {
      for (let k = start + 1; k < end; k++) {
        const moved = order[k]!
        let j = k - 1
        while (j >= start && compareByteStrings(strings, order[j]!, moved, depthBefore) > 0) {
          order[j + 1] = order[j]!
          j--
        }
        order[j + 1] = moved
      }
      continue
    }
    const depth = depthBefore + sharedPrefix(strings, order, start, end, depthBefore)
    // A string that ends counts as bytes 0, then as shorter: the last pass by how many bytes it has in this step.
    const lengths = new Int32Array(10)
    for (let p = 0; p < n; p++) {
      const string = order[start + p]!
      const at = offsets[string]! + depth
      const left = Math.max(0, offsets[string + 1]! - at)
      held[p] = string
      high[p] =
        ((left > 0 ? bytes[at]! : 0) << 24) |
        ((left > 1 ? bytes[at + 1]! : 0) << 16) |
        ((left > 2 ? bytes[at + 2]! : 0) << 8) |
        (left > 3 ? bytes[at + 3]! : 0)
      low[p] =
        ((left > 4 ? bytes[at + 4]! : 0) << 24) |
        ((left > 5 ? bytes[at + 5]! : 0) << 16) |
        ((left > 6 ? bytes[at + 6]! : 0) << 8) |
        (left > 7 ? bytes[at + 7]! : 0)
      lengths[Math.min(left, 8) + 1]!++
    }
    for (let l = 1; l < lengths.length; l++) lengths[l]! += lengths[l - 1]!
    const stepLength = (string: number) => Math.min(8, Math.max(0, offsets[string + 1]! - offsets[string]! - depth))
    for (let p = 0; p < n; p++) places[lengths[stepLength(held[p]!)]!++] = p

    const bits = n >= wideDigitFrom ? 16 : 8
    const mask = (1 << bits) - 1
    for (const words of [low, high]) {
      for (let shift = 0; shift < 32; shift += bits) {
        counts.fill(0, 0, mask + 1)
        for (let p = 0; p < n; p++) counts[(words[p]! >>> shift) & mask]!++
        if (counts[(words[0]! >>> shift) & mask] === n) continue
        let sum = 0
        for (let d = 0; d <= mask; d++) {
          const count = counts[d]!
          counts[d] = sum
          sum += count
        }
        for (let k = 0; k < n; k++) {
          const p = places[k]!
          spare[counts[(words[p]! >>> shift) & mask]!++] = p
        }
        const swapped = places
        places = spare
        spare = swapped
      }
    }

    for (let k = 0; k < n; k++) order[start + k] = held[places[k]!]!
    let runStart = 0
    for (let k = 1; k <= n; k++) {
      const p = places[runStart]!
      const q = k < n ? places[k]! : -1
      if (q >= 0 && high[p] === high[q] && low[p] === low[q] && stepLength(held[p]!) === stepLength(held[q]!)) continue
      // Strings that ended within this step and are equal so far are equal: only longer ones need another step.
      if (k - runStart > 1 && stepLength(held[p]!) === 8) pending.push(start + runStart, start + k, depth + 8)
      runStart = k
    }
  }
}
