/**
 * MurmurHash3_x86_128: a stable 128-bit fingerprint of a record's content.
 * Austin Appleby, MurmurHash3, 2011, SMHasher project (public domain); checked against SMHasher's verification value
 * 0xB3ECE62A. The 32-bit variant is used because JavaScript has 32-bit integer multiplication but no fast 64-bit one.
 * Not a cryptographic hash: two records made on purpose can collide, so callers must stay right when they do.
 */
const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0

const mix = (value: number): number => {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Hashes data[start, end) and leaves the four 32-bit words in `out`, in the reference implementation's order. */
export const murmurHash3 = (data: Uint8Array, start: number, end: number, seed: number, out: Int32Array): void => {
  let h1 = seed | 0
  let h2 = h1
  let h3 = h1
  let h4 = h1
  const length = end - start
  const blocksEnd = start + (length & ~15)
  let i = start
  for (; i < blocksEnd; i += 16) {
    let k1 = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    let k2 = data[i + 4]! | (data[i + 5]! << 8) | (data[i + 6]! << 16) | (data[i + 7]! << 24)
    let k3 = data[i + 8]! | (data[i + 9]! << 8) | (data[i + 10]! << 16) | (data[i + 11]! << 24)
    let k4 = data[i + 12]! | (data[i + 13]! << 8) | (data[i + 14]! << 16) | (data[i + 15]! << 24)
    k1 = Math.imul(k1, C1)
    k1 = Math.imul((k1 << 15) | (k1 >>> 17), C2)
    h1 ^= k1
    h1 = ((h1 << 19) | (h1 >>> 13)) + h2
    h1 = (Math.imul(h1, 5) + 0x561ccd1b) | 0
    k2 = Math.imul(k2, C2)
    k2 = Math.imul((k2 << 16) | (k2 >>> 16), C3)
    h2 ^= k2
    h2 = ((h2 << 17) | (h2 >>> 15)) + h3
    h2 = (Math.imul(h2, 5) + 0x0bcaa747) | 0
    k3 = Math.imul(k3, C3)
    k3 = Math.imul((k3 << 17) | (k3 >>> 15), C4)
    h3 ^= k3
    h3 = ((h3 << 15) | (h3 >>> 17)) + h4
    h3 = (Math.imul(h3, 5) + 0x96cd1c35) | 0
    k4 = Math.imul(k4, C4)
    k4 = Math.imul((k4 << 18) | (k4 >>> 14), C1)
    h4 ^= k4
    h4 = ((h4 << 13) | (h4 >>> 19)) + h1
    h4 = (Math.imul(h4, 5) + 0x32ac3b17) | 0
  }
  const tail = length & 15
  if (tail > 0) {
    let k1 = 0
    let k2 = 0
    let k3 = 0
    let k4 = 0
    for (let j = tail - 1; j >= 0; j--) {
      const byte = data[i + j]!
      if (j >= 12) k4 = (k4 << 8) | byte
      else if (j >= 8) k3 = (k3 << 8) | byte
      else if (j >= 4) k2 = (k2 << 8) | byte
      else k1 = (k1 << 8) | byte
    }
    if (tail > 12) {
      k4 = Math.imul(k4, C4)
      h4 ^= Math.imul((k4 << 18) | (k4 >>> 14), C1)
    }
    if (tail > 8) {
      k3 = Math.imul(k3, C3)
      h3 ^= Math.imul((k3 << 17) | (k3 >>> 15), C4)
    }
    if (tail > 4) {
      k2 = Math.imul(k2, C2)
      h2 ^= Math.imul((k2 << 16) | (k2 >>> 16), C3)
    }
    k1 = Math.imul(k1, C1)
    h1 ^= Math.imul((k1 << 15) | (k1 >>> 17), C2)
  }
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = mix(h1)
  h2 = mix(h2)
  h3 = mix(h3)
  h4 = mix(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = (h2 + h1) | 0
  out[2] = (h3 + h1) | 0
  out[3] = (h4 + h1) | 0
}
