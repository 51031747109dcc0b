import { expect, test } from '@jest/globals'
import { coActions, type TargetEvents } from '#src/kernels/co-actions.js'
import { Coincidences, EventIndex, type Partners, tiedByChance } from '#src/kernels/coincidence.js'
import { binomialSurprise } from '#src/kernels/gamma-poisson.js'
import { Random } from '#src/kernels/random.js'

interface Act {
  readonly actor: number
  readonly target: number
  readonly time: number
}

const eventsOf = (acts: readonly Act[], actorCount: number, targets: number): TargetEvents => {
  const sorted = [...acts].sort((x, y) => x.target - y.target || x.time - y.time)
  const targetOffsets = new Int32Array(targets + 1)
  for (const { target } of sorted) targetOffsets[target + 1]!++
  for (let t = 0; t < targets; t++) targetOffsets[t + 1]! += targetOffsets[t]!
  return {
    actorCount,
    targetOffsets,
    actor: Int32Array.from(sorted, ({ actor }) => actor),
    time: Float64Array.from(sorted, ({ time }) => time),
  }
}

const never = () => {}

test('ties are those of all pairs of events compared', () => {
  const random = new Random(5)
  const acts = Array.from({ length: 600 }, () => ({
    actor: random.below(30),
    target: random.below(12),
    time: random.below(2000),
  }))
  const tolerances = Float64Array.of(3, 20)
  const counts = new Map<string, [number, number]>()
  acts.forEach((x, i) => {
    for (const y of acts.slice(i + 1)) {
      if (x.target !== y.target || x.actor === y.actor) continue
      const key = `${Math.min(x.actor, y.actor)} ${Math.max(x.actor, y.actor)}`
      const [near, far] = counts.get(key) ?? [0, 0]
      const gap = Math.abs(x.time - y.time)
      if (gap <= 20) counts.set(key, [near + (gap <= 3 ? 1 : 0), far + 1])
    }
  })
  const ties = coActions(eventsOf(acts, 30, 12), { tolerances, least: 2, reach: 1000, check: never })
  const found = Array.from(ties.a, (a, i) => [`${a} ${ties.b[i]}`, [ties.times[2 * i], ties.times[2 * i + 1]]])
  const expected = [...counts].filter(([, [, far]]) => far >= 2)
  expect(ties.crowded).toBe(0)
  expect(found.length).toBeGreaterThan(20)
  expect(new Map(found as [string, number[]][])).toEqual(new Map(expected))
})

test('a crowd ties nobody, and is counted', () => {
  const crowd = (target: number) =>
    Array.from({ length: 50 }, (_, actor): Act => ({ actor, target, time: 1000 * target + actor }))
  const events = eventsOf([...crowd(0), ...crowd(1)], 50, 2)
  const options = { tolerances: Float64Array.of(100), least: 2, check: never }
  expect(coActions(events, { ...options, reach: 49 }).count).toBe((50 * 49) / 2)
  // All but the last five of each crowd have five later ones.
  expect(coActions(events, { ...options, reach: 4 })).toMatchObject({ count: 10, crowded: 2 * 45 })
})

test('the tail of a binomial, as summed', () => {
  // P(X >= 3), n = 5, q = .2: 10 .008 .64 + 5 .0016 .8 + .00032
  expect(binomialSurprise(3, 5, 0.2)).toBeCloseTo(-Math.log(0.05792), 10)
  expect(binomialSurprise(1, 4, 0.5)).toBeCloseTo(-Math.log(15 / 16), 10)
  expect(binomialSurprise(0, 4, 0.5)).toBe(0)
  expect(binomialSurprise(5, 4, 0.5)).toBe(Number.POSITIVE_INFINITY)
  expect(binomialSurprise(200, 200, 0.01)).toBeCloseTo(-200 * Math.log(0.01), 6)
})

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Accounts that act on targets at even times: two meet within a minute of an hour around by chance in one of sixty. */
const even = (random: Random, actors: number, targets: number, each: number): Act[] =>
  Array.from({ length: actors * each }, (_, i) => ({
    actor: i % actors,
    target: random.below(targets),
    time: random.float() * 60 * HOUR,
  }))

test('by chance as many are tied as it is said they would be', () => {
  const acts = even(new Random(3), 60, 40, 60)
  const coincidences = new Coincidences(new EventIndex(eventsOf(acts, 60, 40)), MINUTE, never)
  expect(coincidences.rate).toBeGreaterThan(0.015)
  expect(coincidences.rate).toBeLessThan(0.02)
  const own = new Uint8Array(60)
  let expected = 0
  let tied = 0
  for (let u = 0; u < 60; u++) {
    const partners = coincidences.inWindow(u, own)!
    expected += tiedByChance(partners, 2)
    tied += partners.hits.filter((hits) => hits >= 2).length
  }
  expect(expected).toBeGreaterThan(tied)
  expect(expected).toBeLessThan(3 * tied + 20)
})

const only = (partners: Partners, actor: number): Partners => {
  const i = partners.actor.indexOf(actor)
  return {
    actor: [actor],
    occasions: [partners.occasions[i]!],
    hits: [partners.hits[i]!],
    chance: [partners.chance[i]!],
  }
}

test('who keeps the same moments is told from who keeps the same hours', () => {
  const random = new Random(4)
  const acts = even(random, 60, 400, 30)
  for (let k = 0; k < 12; k++) {
    const target = random.below(400)
    const time = random.float() * 60 * HOUR
    acts.push({ actor: 60, target, time }, { actor: 61, target, time: time + random.float() * MINUTE })
    acts.push({ actor: 62, target, time: time + (random.float() - 0.5) * 2 * HOUR })
  }
  const coincidences = new Coincidences(new EventIndex(eventsOf(acts, 63, 400)), MINUTE, never)
  const own = new Uint8Array(63).fill(1, 60)
  const partners = coincidences.inWindow(60, own)!
  expect(coincidences.pair(60, 61, own)).toEqual(only(partners, 61))
  expect(coincidences.pair(61, 60, own)).toEqual(only(coincidences.inWindow(61, own)!, 60))
  const of = (actor: number) => partners.hits[partners.actor.indexOf(actor)]!
  expect(of(61)).toBeGreaterThanOrEqual(8)
  expect(of(62)).toBeLessThanOrEqual(2)
  expect(tiedByChance(partners, of(61))).toBeLessThan(1e-10)
  // Neither explains it by what the two do at once.
  expect(tiedByChance(coincidences.atTimes(60, own), of(61))).toBeLessThan(1e-9)
})

test('a crowd that comes at one moment explains those who come in it', () => {
  const random = new Random(6)
  const acts: Act[] = even(random, 60, 400, 20)
  for (let k = 0; k < 12; k++) {
    const opening = (k + 1) * 4 * HOUR
    for (let actor = 0; actor < 40; actor++)
      if (random.float() < 0.7) acts.push({ actor, target: k, time: opening + random.float() * MINUTE })
  }
  const coincidences = new Coincidences(new EventIndex(eventsOf(acts, 60, 400)), MINUTE, never)
  const own = new Uint8Array(60)
  own[0] = 1
  own[1] = 1
  own[2] = 1
  const partners = coincidences.inWindow(0, own)!
  const hits = partners.hits[partners.actor.indexOf(1)]!
  expect(hits).toBeGreaterThanOrEqual(4)
  expect(tiedByChance(partners, hits)).toBeGreaterThan(1)
})
