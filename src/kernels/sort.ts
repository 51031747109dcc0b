/**
 * Stable sorting of positions by numeric keys (argsort): counting sort for small whole numbers, least-significant-digit radix
 * sort for others. Linear time, and the same order on every engine.
 *
 * Donald E. Knuth, The Art of Computer Programming, volume 3, section 5.2.5. The order-preserving map of IEEE doubles to
 * unsigned words is Michael Herf's "Radix Tricks" (stereopsis.com/radix.html, 2001): flip the sign bit of positive numbers,
 * all bits of negative ones.
 */

const identity = (count: number): Int32Array => {
  const order = new Int32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  return order
}

/** 16-bit digits have 65,536 counters; below this many keys 8-bit digits are cheaper, as clearing the counters dominates. */
const wideDigitFrom = 1 << 15

/** One stable pass by the digit at `shift` of `words`, from `order` into `into`. False where all digits are equal (nothing moved). */
const radixPass = (
  words: Uint32Array,
  stride: number,
  lane: number,
  shift: number,
  counts: Int32Array,
  order: Int32Array,
  into: Int32Array,
): boolean => {
  const mask = counts.length - 1
  const n = order.length
  counts.fill(0)
  for (let i = 0; i < n; i++) counts[(words[i * stride + lane]! >>> shift) & mask]!++
  if (counts[(words[lane]! >>> shift) & mask] === n) return false
  let at = 0
  for (let d = 0; d <= mask; d++) {
    const count = counts[d]!
    counts[d] = at
    at += count
  }
  for (let k = 0; k < n; k++) {
    const i = order[k]!
    into[counts[(words[i * stride + lane]! >>> shift) & mask]!++] = i
  }
  return true
}

const radixOrder = (words: Uint32Array, stride: number, lanes: readonly number[], count: number): Int32Array => {
  let order: Int32Array = identity(count)
  if (count < 2) return order
  let spare: Int32Array = new Int32Array(count)
  const bits = count >= wideDigitFrom ? 16 : 8
  const counts = new Int32Array(1 << bits)
  for (const lane of lanes) {
    for (let shift = 0; shift < 32; shift += bits) {
      if (!radixPass(words, stride, lane, shift, counts, order, spare)) continue
      const held = order
      order = spare
      spare = held
    }
  }
  return order
}

/** Positions of `keys` in ascending order, equal keys in their given order. Keys must be in 0 .. keyCount - 1. */
export const countingArgsort = (keys: Int32Array | Uint8Array | Uint16Array, keyCount: number): Int32Array => {
  const at = new Int32Array(keyCount + 1)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    if (!(key >= 0 && key < keyCount)) throw new RangeError(`key ${key} at ${i} is outside 0 .. ${keyCount - 1}`)
    at[key + 1]!++
  }
  for (let k = 0; k < keyCount; k++) at[k + 1]! += at[k]!
  const order = new Int32Array(keys.length)
  for (let i = 0; i < keys.length; i++) order[at[keys[i]!]!++] = i
  return order
}

/** Positions of `keys` in ascending order, equal keys in their given order. */
export const argsortInt32 = (keys: Int32Array): Int32Array => {
  const words = new Uint32Array(keys.length)
  for (let i = 0; i < keys.length; i++) words[i] = keys[i]! ^ 0x80000000
  return radixOrder(words, 1, [0], keys.length)
}

/** Positions of `keys` in ascending order, equal keys in their given order; -0 equals 0, and NaN comes last. */
export const argsortFloat64 = (keys: Float64Array): Int32Array => {
  const n = keys.length
  const copy = new Float64Array(n)
  for (let i = 0; i < n; i++) copy[i] = keys[i]! + 0 // -0 + 0 is 0
  const words = new Uint32Array(copy.buffer)
  const [low, high] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0]
  for (let i = 0; i < n; i++) {
    const sign = words[2 * i + high]!
    if (Number.isNaN(copy[i]!)) {
      words[2 * i + low] = 0xffffffff
      words[2 * i + high] = 0xffffffff
    } else if (sign >>> 31) {
      words[2 * i + low] = ~words[2 * i + low]!
      words[2 * i + high] = ~sign
    } else words[2 * i + high] = sign ^ 0x80000000
  }
  return radixOrder(words, 2, [low, high], n)
}
