import { expect, test } from '@jest/globals'
import { camouflageWeights, peel } from '#src/kernels/peel.js'
import { Random } from '#src/kernels/random.js'
import { shuffleTargets, swapEdges } from '#src/kernels/shuffle.js'
import { countMatches, timeJoin } from '#src/kernels/time-join.js'

const none = new Int32Array(0)
const stop = () => {
  throw new Error('cancelled')
}

/** Random edges, a block of 40 x 20 that is half full, and camouflage of its accounts on popular targets. */
const planted = (seed: number) => {
  const random = new Random(seed)
  const account: number[] = []
  const target: number[] = []
  const add = (a: number, t: number) => {
    account.push(a)
    target.push(t)
  }
  for (let i = 0; i < 20_000; i++) add(random.below(5000), Math.floor(random.float() ** 2 * 2000))
  for (let a = 0; a < 40; a++) {
    for (let t = 0; t < 20; t++) if (random.float() < 0.5) add(a, 1980 + t)
    for (let i = 0; i < 20; i++) add(a, Math.floor(random.float() ** 2 * 2000))
  }
  return { account: Int32Array.from(account), target: Int32Array.from(target) }
}

test('a planted block is found through camouflage', () => {
  const { account, target } = planted(1)
  const [block] = peel({
    sizes: [5000, 2000],
    coordinates: [account, target],
    weights: camouflageWeights(target, 2000),
  })
  const accounts = block!.nodes[0]!
  expect(accounts.filter((a) => a < 40).length).toBeGreaterThanOrEqual(38)
  expect(accounts.length).toBeLessThan(60)
  expect(block!.nodes[1]!.filter((t) => t >= 1980).length).toBe(20)
})

test('a third mode finds a burst that two modes do not', () => {
  // Accounts 0..29 act on targets 0..9 on day 5; the same pairs of popular targets are hit by others on any day.
  const random = new Random(2)
  const coordinates: number[][] = [[], [], []]
  const add = (...at: number[]) => {
    for (const [m, x] of at.entries()) coordinates[m]!.push(x)
  }
  for (let i = 0; i < 30_000; i++) add(30 + random.below(970), random.below(50), random.below(100))
  for (let a = 0; a < 30; a++) for (let t = 0; t < 10; t++) add(a, t, 5)
  const tensor = { sizes: [1000, 50, 100], coordinates: coordinates.map((c) => Int32Array.from(c)), weights: null }
  const flat = { sizes: [1000, 50], coordinates: tensor.coordinates.slice(0, 2), weights: null }
  const blocks = peel(tensor, { maxBlocks: 5 })
  const burst = blocks.find((block) => block.nodes[2]!.length === 1)
  expect([...burst!.nodes[2]!]).toEqual([5])
  expect(burst!.nodes[0]!.filter((a) => a < 30).length).toBe(30)
  expect(burst!.nodes[0]!.length).toBeLessThan(45)
  expect(peel(flat)[0]!.nodes[0]!.length).toBeGreaterThan(200)
})

test('priors pull suspicious nodes in', () => {
  const coordinates = [Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3), Int32Array.of(0, 1, 0, 1, 2, 3, 2, 3)]
  const priors = [Float64Array.of(0, 0, 3, 3), null]
  const [block] = peel({ sizes: [4, 4], coordinates, weights: null, priors })
  expect([...block!.nodes[0]!]).toEqual([2, 3])
  expect(block!.density).toBeCloseTo((2 + 6) / 3, 12)
})

test('peeling answers on nothing, on equal weights and on a million parallel entries', () => {
  expect(peel({ sizes: [0, 0], coordinates: [none, none], weights: null })).toEqual([])
  expect(peel({ sizes: [3, 3], coordinates: [none, none], weights: null })).toEqual([])
  expect(
    peel({ sizes: [1, 1], coordinates: [Int32Array.of(0), Int32Array.of(0)], weights: Float64Array.of(0) }),
  ).toEqual([])
  const many = 1_000_000
  const parallel = peel({ sizes: [1, 1], coordinates: [new Int32Array(many), new Int32Array(many)], weights: null })
  expect(parallel[0]!.mass).toBe(many)
  const hub = peel({
    sizes: [1, many],
    coordinates: [new Int32Array(many), Int32Array.from({ length: many }, (_, i) => i)],
    weights: null,
  })
  expect(hub[0]!.density).toBeCloseTo(many / (many + 1), 12)
  expect(() => peel({ sizes: [1], coordinates: [none], weights: null })).toThrow(/two modes/)
  expect(() => peel({ sizes: [1, 1], coordinates: [Int32Array.of(1), Int32Array.of(0)], weights: null })).toThrow(
    /coordinate 1 of entry 0/,
  )
  const weights = Float64Array.of(Number.NaN)
  expect(() => peel({ sizes: [1, 1], coordinates: [Int32Array.of(0), Int32Array.of(0)], weights })).toThrow(
    /weight NaN/,
  )
  expect(() =>
    peel({ sizes: [1, 1], coordinates: [new Int32Array(many), new Int32Array(many)], weights: null }, { check: stop }),
  ).toThrow('cancelled')
})

test('swaps reach each graph with the same degrees equally often', () => {
  // Three sources with one edge each to three targets: six graphs.
  const seen = new Map<string, number>()
  const random = new Random(5)
  const runs = 6000
  for (let run = 0; run < runs; run++) {
    const key = swapEdges(Int32Array.of(0, 1, 2), Int32Array.of(0, 1, 2), random).join()
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  let chiSquare = 0
  for (const times of seen.values()) chiSquare += (times - runs / 6) ** 2 / (runs / 6)
  expect(chiSquare).toBeLessThan(20.5) // .999 quantile at 5 degrees of freedom
})

test('shuffles mix, repeat with their seed, and refuse repeated pairs', () => {
  const { account, target } = planted(3)
  const dealt = shuffleTargets(target, new Random(1))
  expect(shuffleTargets(target, new Random(1))).toEqual(dealt)
  expect(dealt.filter((t, e) => t === target[e]).length / target.length).toBeLessThan(0.02)
  expect(() => swapEdges(account, target, new Random(1))).toThrow(/occurs twice/)
  expect(swapEdges(none, none, new Random(1))).toHaveLength(0)
  const star = Int32Array.from({ length: 100 }, (_, i) => i)
  expect(swapEdges(new Int32Array(100), star, new Random(1))).toEqual(star)
  expect(() => shuffleTargets(target, new Random(1), { stratum: new Uint8Array(2), count: 1 })).toThrow(/2 strata/)
})

test('a join with unknown times, one actor, or too many matches', () => {
  const events = {
    actorCount: 3,
    targetCount: 1,
    actor: Int32Array.of(0, 1, 2),
    target: Int32Array.of(0, 0, 0),
    time: Float64Array.of(Number.NaN, Number.NaN, 5),
  }
  expect(timeJoin(events, { tolerance: 100, minShared: 1 }).count).toBe(0)
  expect(timeJoin(events, { tolerance: Infinity, minShared: 1 }).count).toBe(3)
  const alone = { ...events, actor: new Int32Array(3), time: Float64Array.of(1, 1, 1) }
  expect(timeJoin(alone, { tolerance: 0, minShared: 1 }).count).toBe(0)
  const many = 100_000
  const crowd = {
    actorCount: many,
    targetCount: 1,
    actor: Int32Array.from({ length: many }, (_, i) => i),
    target: new Int32Array(many),
    time: new Float64Array(many),
  }
  expect(countMatches(crowd, 0, 1)).toBe((many * (many - 1)) / 2)
  // One target is not two: such a crowd is no work for a join that asks for two.
  expect(timeJoin(crowd, { tolerance: 0, minShared: 2 }).count).toBe(0)
  expect(() => timeJoin(crowd, { tolerance: 0, minShared: 1, maxMatches: 1e6 })).toThrow(/4999950000 pairs of events/)
  expect(() => timeJoin(crowd, { tolerance: 0, minShared: 1, check: stop })).toThrow('cancelled')
  expect(() => timeJoin(events, { tolerance: -1, minShared: 1 })).toThrow(/tolerance/)
  expect(() => timeJoin(events, { tolerance: 1, minShared: 0 })).toThrow(/minShared/)
})
