import { expect, test } from '@jest/globals'
import { bitCount, hashFamilies } from '#src/kernels/near-hashes.js'
import { Random } from '#src/kernels/random.js'

/** Components over all pairs. */
const bruteForce = (high: Uint32Array, low: Uint32Array, distance: number): number[] => {
  const family = Array.from(high, () => -1)
  const bits = (x: number): number => [...(x >>> 0).toString(2)].filter((digit) => digit === '1').length
  let count = 0
  for (let seed = 0; seed < high.length; seed++) {
    if (family[seed] !== -1) continue
    const queue = [seed]
    family[seed] = count
    for (let i = queue.pop(); i !== undefined; i = queue.pop())
      for (let j = 0; j < high.length; j++)
        if (family[j] === -1 && bits(high[i]! ^ high[j]!) + bits(low[i]! ^ low[j]!) <= distance) {
          family[j] = count
          queue.push(j)
        }
    count++
  }
  return family
}

/** Some originals, each with copies that differ in up to `edits` bits anywhere. */
const copies = (seed: number, originals: number, each: number, edits: number) => {
  const random = new Random(seed)
  const high = new Uint32Array(originals * each)
  const low = new Uint32Array(originals * each)
  for (let o = 0; o < originals; o++) {
    const original = [random.uint32(), random.uint32()] as const
    for (let k = 0; k < each; k++) {
      const words = Uint32Array.from(original)
      for (let e = random.below(edits + 1); e > 0; e--) words[random.below(2)]! ^= 1 << random.below(32)
      high[o + k * originals] = words[0]!
      low[o + k * originals] = words[1]!
    }
  }
  return { high, low }
}

const NO_LIMIT = Number.POSITIVE_INFINITY

test('equals brute force at every distance', () => {
  for (const distance of [0, 1, 3, 4, 7, 8, 11, 12, 15]) {
    const { high, low } = copies(distance, 20, 4, 12)
    const found = hashFamilies(high, low, { distance, limit: NO_LIMIT })
    expect([...found.family]).toEqual(bruteForce(high, low, distance))
    expect(found.count).toBe(Math.max(...found.family) + 1)
    expect(found.distance).toBe(distance)
  }
})

test('differences that all fall into one band or spread over all four are found', () => {
  const none = [0, 0] as const
  const near: readonly (readonly [number, number])[] = [
    [0x7f, 0],
    [0x07000000, 0x00000f00],
    [0x00030001, 0x00030003],
  ]
  for (const [a, b] of near) {
    const found = hashFamilies(Uint32Array.of(none[0], a), Uint32Array.of(none[1], b), { distance: 7, limit: NO_LIMIT })
    expect(found.count).toBe(1)
    expect(hashFamilies(Uint32Array.of(0, a), Uint32Array.of(0, b), { distance: 6, limit: NO_LIMIT }).count).toBe(2)
  }
})

test('a chain of near hashes is one family, equal hashes are one, none is none', () => {
  const chain = hashFamilies(Uint32Array.of(0, 0x7, 0x3f), Uint32Array.of(0, 0, 0), { distance: 3, limit: NO_LIMIT })
  expect(chain.count).toBe(1)
  expect(hashFamilies(new Uint32Array(1000), new Uint32Array(1000), { distance: 10, limit: 0 }).count).toBe(1)
  expect(hashFamilies(new Uint32Array(0), new Uint32Array(0), { distance: 10, limit: 1 }).count).toBe(0)
})

test('too much work lowers the distance, and the result says so', () => {
  const { high, low } = copies(3, 400, 3, 2)
  const whole = hashFamilies(high, low, { distance: 10, limit: NO_LIMIT })
  expect(whole.distance).toBe(10)
  const less = hashFamilies(high, low, { distance: 10, limit: 3000 })
  expect(less.distance).toBe(3)
  expect([...less.family]).toEqual(bruteForce(high, low, 3))
  expect(hashFamilies(high, low, { distance: 10, limit: 0 }).distance).toBe(0)
  // All hashes share three bands: what would be half a million comparisons is not begun.
  const skewed = Uint32Array.from({ length: 1000 }, (_, i) => i)
  expect(hashFamilies(new Uint32Array(1000), skewed, { distance: 4, limit: 100_000 })).toMatchObject({
    distance: 0,
    count: 1000,
  })
})

test('wrong arguments are refused, and it can be stopped', () => {
  const two = new Uint32Array(2)
  expect(() => hashFamilies(two, new Uint32Array(1), { distance: 1, limit: 1 })).toThrow(RangeError)
  for (const distance of [-1, 16, 1.5, Number.NaN])
    expect(() => hashFamilies(two, two, { distance, limit: 1 })).toThrow(RangeError)
  const { high, low } = copies(5, 4000, 5, 3)
  const check = () => {
    throw new Error('stop')
  }
  expect(() => hashFamilies(high, low, { distance: 10, limit: NO_LIMIT, check })).toThrow('stop')
})

test('bits are counted', () => {
  expect([0, 1, 0x80000000, 0xffffffff, -1, 0x0f0f].map(bitCount)).toEqual([0, 1, 1, 32, 32, 8])
})
