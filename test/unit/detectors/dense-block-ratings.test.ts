import { expect, test } from '@jest/globals'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { relationOf } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { anyTime, ringsIn, runOn } from './dense-block-worlds.js'
import { caught } from './lockstep-worlds.js'

interface Review {
  readonly user: string
  readonly product: string
  readonly rating: number
  readonly market?: string
}

const REVIEWS = { types: ['review' as const] }

/** Five with chance `fives`, else one to four. */
const ratingWith = (random: Random, fives: number): number => (random.float() < fives ? 5 : 1 + random.below(4))

/** People and products differ in how often they give and get a five. */
const platform = (random: Random, fives = 0.45): Review[] => {
  const generous = Float64Array.from({ length: 1500 }, () => random.float() - 0.5)
  const good = Float64Array.from({ length: 400 }, () => random.float() - 0.5)
  return Array.from({ length: 5000 }, () => {
    const user = random.below(1500)
    const product = Math.floor(400 * random.float() ** 1.5)
    const chance = Math.min(0.98, Math.max(0.02, fives + 0.4 * generous[user]! + 0.4 * good[product]!))
    return { user: `o${user}`, product: `p${product}`, rating: ratingWith(random, chance) }
  })
}

interface Group {
  readonly who: string
  readonly accounts: number
  readonly what: string
  readonly products: number
  readonly full: number
  readonly rating: (account: number, product: number) => number
  readonly market?: string
}

const group = (random: Random, { who, accounts, what, products, full, rating, market }: Group): Review[] => {
  const reviews: Review[] = []
  for (let a = 0; a < accounts; a++)
    for (let p = 0; p < products; p++)
      if (random.float() < full)
        reviews.push({
          user: `${who}${a}`,
          product: `${what}${p}`,
          rating: rating(a, p),
          ...(market ? { market } : {}),
        })
  return reviews
}

const linesOf = (random: Random, reviews: readonly Review[]): InteractionLine[] =>
  reviews.map(({ user, product, rating, market }) => ({
    type: 'review',
    actor: `user:${user}`,
    target: `product:${product}`,
    at: anyTime(random),
    attributes: { rating },
    ...(market ? { market } : {}),
  }))

/** `r`: the ring's accounts, as `caught` counts them. */
const half = (random: Random, rating: number): Review[] =>
  group(random, { who: 'r', accounts: 24, what: 'b', products: 14, full: 0.55, rating: () => rating })

for (const rating of [5, 1])
  test(`a list that is half full and rated ${rating} throughout is a ring, and not so where the ratings differ`, () => {
    const random = new Random(1)
    const others = platform(random)
    const ring = half(random, rating)
    const found = ringsIn(linesOf(random, [...others, ...ring]), REVIEWS)
    expect(caught(found).others).toBe(0)
    expect(caught(found).planted).toBeGreaterThanOrEqual(20)
    const mixed = ring.map((review) => ({ ...review, rating: ratingWith(random, 0.45) }))
    expect(ringsIn(linesOf(random, [...others, ...mixed]), REVIEWS)).toEqual([])
    const silent = linesOf(random, [...others, ...ring]).map(({ attributes: _, ...line }) => line)
    expect(ringsIn(silent, REVIEWS)).toEqual([])
  })

test('several such rings do not excuse each other', () => {
  const random = new Random(2)
  const rings = [0, 1, 2, 3].flatMap((k) =>
    group(random, { who: `r${k}-`, accounts: 24, what: `b${k}-`, products: 14, full: 0.55, rating: () => 5 }),
  )
  const found = ringsIn(linesOf(random, [...platform(random), ...rings]), REVIEWS)
  expect(found).toHaveLength(4)
  expect(caught(found).others).toBe(0)
})

const innocents: Readonly<Record<string, (random: Random) => readonly Review[]>> = {
  'clubs of reviewers of mixed minds': (random) => [
    ...platform(random),
    ...[0, 1, 2].flatMap((k) =>
      group(random, {
        who: `c${k}-`,
        accounts: 25,
        what: `q${k}-`,
        products: 40,
        full: 0.3,
        rating: () => ratingWith(random, 0.4),
      }),
    ),
  ],
  'a club that reviews what everybody loves': (random) => [
    ...platform(random),
    ...group(random, { who: 'c', accounts: 25, what: 'q', products: 15, full: 0.4, rating: () => 5 }),
    ...group(random, {
      who: 'o',
      accounts: 400,
      what: 'q',
      products: 15,
      full: 0.03,
      rating: () => ratingWith(random, 0.97),
    }),
  ],
  'a club of people who always give five': (random) => [
    ...platform(random),
    ...group(random, { who: 'c', accounts: 25, what: 'q', products: 15, full: 0.4, rating: () => 5 }),
    ...group(random, {
      who: 'c',
      accounts: 25,
      what: 'p',
      products: 400,
      full: 0.03,
      rating: () => ratingWith(random, 0.97),
    }),
  ],
  'a platform where five is usual': (random) => [
    ...platform(random, 0.9),
    ...group(random, {
      who: 'c',
      accounts: 25,
      what: 'q',
      products: 15,
      full: 0.4,
      rating: () => ratingWith(random, 0.92),
    }),
  ],
  'a market where five is usual': (random) => [
    ...platform(random).map((review) => ({ ...review, market: 'A' })),
    ...platform(random, 0.95).map((review) => ({
      ...review,
      user: `m${review.user}`,
      product: `m${review.product}`,
      market: 'B',
    })),
    ...group(random, {
      who: 'c',
      accounts: 25,
      what: 'q',
      products: 15,
      full: 0.4,
      rating: () => ratingWith(random, 0.95),
      market: 'B',
    }),
  ],
}

for (const [name, build] of Object.entries(innocents))
  test(`${name}: no ring`, () => {
    for (const seed of [1, 2]) {
      const random = new Random(seed)
      expect(ringsIn(linesOf(random, build(random)), REVIEWS)).toEqual([])
    }
  })

test('fans who give five to all that one seller makes are no ring', () => {
  const random = new Random(4)
  const brand = Array.from(
    { length: 15 },
    (_, p): InteractionLine => ({ type: 'sell', actor: 'creator:brand', target: `product:q${p}`, at: anyTime(random) }),
  )
  const fans = group(random, { who: 'c', accounts: 25, what: 'q', products: 15, full: 0.45, rating: () => 5 })
  expect(ringsIn([...brand, ...linesOf(random, [...platform(random), ...fans])], REVIEWS)).toEqual([])
})

test('ratings dealt anew, and targets dealt anew, are silent', () => {
  const random = new Random(5)
  for (let run = 0; run < 2; run++) {
    const all = [...platform(random), ...half(random, 5)]
    for (const key of ['rating', 'product'] as const) {
      const order = Int32Array.from(all, (_, i) => i)
      random.shuffle(order)
      const dealt = all.map((review, i) => ({ ...review, [key]: all[order[i]!]![key] }))
      const lines = linesOf(random, dealt)
      // A list may come out full enough by itself; ratings that are dealt anew must add nothing.
      const unrated = ringsIn(
        lines.map(({ attributes: _, ...line }) => line),
        REVIEWS,
      )
      const rated = ringsIn(lines, REVIEWS)
      expect(rated.length).toBeLessThanOrEqual(unrated.length)
      if (key === 'product') expect(rated).toEqual([])
      for (const { nats } of rated) expect(nats).toBeLessThan(Math.max(...unrated.map((ring) => ring.nats)))
    }
  }
})

test('the fact on ratings recounts, and changes with the ratings alone', () => {
  const random = new Random(6)
  const snapshot = snapshotFrom(linesOf(random, [...platform(random), ...half(random, 5)]))
  const facts = runOn(snapshot, REVIEWS).candidates.flatMap((candidate) => candidate.facts)
  const fact = facts.find(({ code }) => code === 'dense-block.ratings')!
  const shown = interactionsAt(relationOf(snapshot, 'review')!, fact.shows[0]!.edges)
  expect(recount(fact.count, shown)).toBe(fact.observed)
  expect(fact.observed).toBeGreaterThan(fact.expected)
  expect(fact.sentence).toMatch(/are 5 of 5/)
  const lower = shown.map((each, i) => (i === 0 ? { ...each, rating: 4 } : each))
  expect(recount(fact.count, lower)).toBe(fact.observed - 1)
})
