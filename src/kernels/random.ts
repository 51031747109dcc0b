/**
 * Seeded random numbers: xoshiro128**, four 32-bit words of state, period 2^128 - 1.
 *
 * David Blackman and Sebastiano Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM Transactions on Mathematical
 * Software 47(4), 2021, doi:10.1145/3460772; public-domain reference code at https://prng.di.unimi.it/xoshiro128starstar.c.
 * The state is filled by SplitMix32-style mixing of seed and stream, so that neighbouring seeds give unrelated sequences
 * (mixer: MurmurHash3's 32-bit finalizer, Austin Appleby, public domain).
 */
const goldenRatio = 0x9e3779b9

const mix = (value: number): number => {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const twoTo32 = 4294967296

export class Random {
  #s0: number
  #s1: number
  #s2: number
  #s3: number

  /** `seed` is any safe integer; `stream` separates independent users of one seed (a level, a worker's share, a round). */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be a whole number within 2^53, not ${seed}`)
    let x = mix(mix(seed >>> 0) + Math.imul(mix(Math.floor(seed / twoTo32) >>> 0), 31) + Math.imul(stream, goldenRatio))
    const next = () => {
      x = (x + goldenRatio) >>> 0
      return mix(x)
    }
    this.#s0 = next()
    this.#s1 = next()
    this.#s2 = next()
    this.#s3 = next() | 1 // The all-zero state is the one that never leaves itself.
  }

  /** From the four words of the reference code, not all 0. */
  static fromState(s0: number, s1: number, s2: number, s3: number): Random {
    if ((s0 | s1 | s2 | s3 | 0) === 0) throw new RangeError('a state of zeros never changes')
    const random = new Random(0)
    random.#s0 = s0
    random.#s1 = s1
    random.#s2 = s2
    random.#s3 = s3
    return random
  }

  /** A whole number, uniform in 0 .. 2^32 - 1. */
  uint32(): number {
    const s1 = this.#s1
    const m = Math.imul(s1, 5)
    const result = Math.imul((m << 7) | (m >>> 25), 9)
    const s2 = this.#s2 ^ this.#s0
    const s3 = this.#s3 ^ s1
    this.#s1 = s1 ^ s2
    this.#s0 ^= s3
    this.#s2 = s2 ^ (s1 << 9)
    this.#s3 = (s3 << 11) | (s3 >>> 21)
    return result >>> 0
  }

  /** Uniform in [0, 1), in steps of 2^-53. */
  float(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  /** A whole number, uniform in 0 .. bound - 1 without bias (rejection), for bound in 1 .. 2^32. */
  below(bound: number): number {
    if (!(bound >= 1 && bound <= twoTo32)) throw new RangeError(`the bound must be in 1 .. 2^32, not ${bound}`)
    const limit = twoTo32 - (twoTo32 % bound)
    let x = this.uint32()
    while (x >= limit) x = this.uint32()
    return x % bound
  }

  /** Puts the entries in uniformly random order, in place (Fisher-Yates). */
  shuffle(values: Int32Array | Uint32Array | Float64Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const held = values[i]!
      values[i] = values[j]!
      values[j] = held
    }
  }
}
