import { describe, expect, test } from '@jest/globals'
import { Value } from 'typebox/value'
import { type CoattailParameters, coattail } from '#src/detectors/coattail.js'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { entityName, relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { mergeCandidates } from '#src/rings/merge.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 0, 5)
const DAYS = 42
const PRODUCTS = 500
const TOPICS = 10

class Shop {
  readonly lines: InteractionLine[] = []
  readonly random: Random
  constructor(seed: number) {
    this.random = new Random(seed)
  }

  click(user: string, product: string, at: number): void {
    this.lines.push({ type: 'click', actor: `user:${user}`, target: `product:${product}`, at })
  }

  moment(): number {
    const { random } = this
    return START + random.below(DAYS) * DAY + (8 + 12 * Math.sqrt(random.float())) * HOUR
  }

  /** Low numbers are wanted by all; most of what a person opens is of a topic. */
  product(topic: number): string {
    const number = Math.floor(PRODUCTS * this.random.float() ** 2)
    const own = this.random.float() < 0.6
    return `p${own ? number - (number % TOPICS) + topic : number}`
  }

  /** Sittings in which some products are opened one after the other; now and then one that was opened before. */
  honest(user: string, sittings: number): void {
    const { random } = this
    const topic = random.below(TOPICS)
    const opened: string[] = []
    for (let s = 0; s < sittings; s++) {
      let at = this.moment()
      for (let k = 1 + random.below(6); k > 0; k--) {
        const again = opened.length > 0 && random.float() < 0.1
        const product = again ? opened[random.below(opened.length)]! : this.product(topic)
        opened.push(product)
        this.click(user, product, at)
        at += (0.3 + 2 * random.float()) * MINUTE
      }
    }
  }
}

const shop = (seed: number, users = 700): Shop => {
  const made = new Shop(seed)
  for (let u = 0; u < users; u++) made.honest(`o${u}`, 1 + made.random.below(10))
  return made
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => prefix + i)

/** Accounts that open a hot product and, right after it, some of a few weak ones. */
const plant = (made: Shop, accounts: number, rounds: number, camouflage = 3): string[] => {
  const ring = names('r', accounts)
  for (const account of ring) {
    made.honest(account, camouflage)
    for (let round = 0; round < rounds; round++) {
      let at = made.moment()
      made.click(account, ['p0', 'p1'][made.random.below(2)]!, at)
      for (const weak of ['w0', 'w1', 'w2'])
        if (made.random.float() < 0.7) {
          at += (0.2 + made.random.float()) * MINUTE
          made.click(account, weak, at)
        }
    }
  }
  return ring.map((account) => `user:${account}`)
}

/** Accounts that open a hot product and, minutes to an hour later, one and the same weak one, which a few others open once. */
const plantOne = (made: Shop, accounts: number, rounds: number, camouflage = 3): string[] => {
  const ring = names('r', accounts)
  for (const account of ring) {
    made.honest(account, camouflage)
    for (let round = 0; round < rounds; round++) {
      const at = made.moment()
      made.click(account, 'p0', at)
      if (made.random.float() < 0.8) made.click(account, 'w0', at + made.random.float() * HOUR)
    }
  }
  for (const user of names('o', 10)) made.click(user, 'w0', made.moment())
  return ring.map((account) => `user:${account}`)
}

const parametersWith = (given: Partial<CoattailParameters> = {}): CoattailParameters => ({
  ...(Value.Create(coattail.parameters) as CoattailParameters),
  ...given,
})

const runOn = (snapshot: Snapshot, given: Partial<CoattailParameters> = {}) =>
  coattail.run({ snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} }, parametersWith(given))

const ringsIn = (lines: readonly InteractionLine[]) => {
  const snapshot = snapshotFrom(lines)
  const { candidates } = runOn(snapshot)
  return mergeCandidates(candidates, candidates.length > 0 ? 0 : 1)
    .filter(({ fdr }) => fdr <= 0.05)
    .map(({ members }) => {
      const of = (role: string) =>
        members.filter((member) => member.role === role).map(({ entity }) => entityName(snapshot, entity))
      return { accounts: of('amplifier'), gains: of('beneficiary') }
    })
}

describe('coattails', () => {
  test.each([
    ['with little else', 25, 5, 1],
    ['beside ordinary shopping', 25, 6, 6],
    ['of twelve accounts', 12, 7, 3],
  ] as const)('%s', (_, accounts, rounds, camouflage) => {
    const made = shop(3)
    const planted = plant(made, accounts, rounds, camouflage)
    const rings = ringsIn(made.lines)
    expect(rings.length).toBe(1)
    expect(rings[0]!.gains).toEqual(['product:w0', 'product:w1', 'product:w2'])
    for (const account of rings[0]!.accounts) expect(planted).toContain(account)
    expect(rings[0]!.accounts.length).toBeGreaterThanOrEqual(0.8 * planted.length)
  })

  test.each([
    ['with little else', 25, 5, 1],
    ['beside ordinary shopping', 25, 6, 6],
    ['of twelve accounts', 12, 7, 3],
  ] as const)('with a single weak target, %s', (_, accounts, rounds, camouflage) => {
    const made = shop(3)
    const planted = plantOne(made, accounts, rounds, camouflage)
    const rings = ringsIn(made.lines)
    expect(rings.length).toBe(1)
    expect(rings[0]!.gains).toEqual(['product:w0'])
    for (const account of rings[0]!.accounts) expect(planted).toContain(account)
    expect(rings[0]!.accounts.length).toBeGreaterThanOrEqual(0.8 * planted.length)
  })

  test('without times, by how often: and it is said that times are missing', () => {
    const made = shop(4)
    const planted = plant(made, 20, 6, 0)
    const lines = made.lines.map((line) => ({ ...line, at: null }))
    const { notes } = runOn(snapshotFrom(lines))
    expect(notes.map(({ code }) => code)).toEqual(['coattail.no-times'])
    for (const { accounts } of ringsIn(lines)) for (const account of accounts) expect(planted).toContain(account)
  })

  test.each([
    ['a list', plant, ['rides', 'returns', 'hot-target', 'hot-target']],
    ['a single weak target', plantOne, ['comes-back', 'hot-target']],
  ] as const)(
    'of %s, every fact counts from its interactions, and names accounts of the ring',
    (_, planting, codes) => {
      const made = shop(5)
      planting(made, 25, 6)
      const snapshot = snapshotFrom(made.lines)
      const [found] = runOn(snapshot).candidates
      expect(found!.facts.map(({ code }) => code)).toEqual(codes.map((code) => `coattail.${code}`))
      const members = new Set(found!.members.map(({ entity }) => entity))
      for (const fact of found!.facts) {
        const shown = fact.shows.flatMap(({ type, edges }) => interactionsAt(relationOf(snapshot, type)!, edges))
        expect(recount(fact.count, shown)).toBe(fact.observed)
        expect(fact.observed).toBeGreaterThan(fact.expected)
        for (const { actor } of shown) expect(members).toContain(actor)
      }
      for (const { membership } of found!.members) {
        expect(membership).toBeGreaterThan(0)
        expect(membership).toBeLessThanOrEqual(1)
      }
    },
  )
})

describe('looks alike and is left alone', () => {
  const stories: Readonly<Record<string, (made: Shop) => void>> = {
    'a phone and its cases: many come once, some look twice': (made) => {
      for (const user of names('o', 250))
        for (let visit = made.random.float() < 0.25 ? 2 : 1; visit > 0; visit--) {
          const at = made.moment()
          made.click(user, 'p0', at)
          made.click(user, `case${made.random.below(4)}`, at + MINUTE)
          if (made.random.float() < 0.4) made.click(user, `case${made.random.below(4)}`, at + 2 * MINUTE)
        }
    },
    'a collection that people go through from first to last': (made) => {
      for (const user of names('o', 120)) {
        let at = made.moment()
        for (const item of ['p0', 'c0', 'c1', 'c2', 'c3', 'p1', 'c4', 'c5']) {
          made.click(user, item, at)
          at += MINUTE / 2
        }
      }
    },
    'what the seller recommends beside its bestseller': (made) => {
      for (const user of names('o', 300)) {
        const at = made.moment()
        made.click(user, 'p2', at)
        for (const more of ['s0', 's1', 's2']) if (made.random.float() < 0.3) made.click(user, more, at + MINUTE)
      }
    },
    'a flash sale of weak products beside a hot one': (made) => {
      const from = made.moment()
      for (const user of names('o', 150)) {
        const at = from + made.random.float() * HOUR
        made.click(user, 'p1', at)
        for (const sale of ['f0', 'f1', 'f2']) made.click(user, sale, at + made.random.float() * 10 * MINUTE)
      }
    },
    'a phone and its one case: everybody who looks at the case looks at the phone, once to three times': (made) => {
      for (const user of names('o', 80))
        for (let visit = [1, 1, 1, 2, 2, 3][made.random.below(6)]!; visit > 0; visit--) {
          const at = made.moment()
          made.click(user, 'p0', at)
          made.click(user, 'case', at + MINUTE)
        }
    },
    'people who watch a price, by itself or while they shop': (made) => {
      for (const user of names('o', 15)) {
        for (let visit = 4 + made.random.below(5); visit > 0; visit--) {
          const at = made.moment()
          if (made.random.float() < 0.5) made.click(user, made.product(2), at)
          made.click(user, 'watched', at + MINUTE)
          if (made.random.float() < 0.5) made.click(user, made.product(2), at + 2 * MINUTE)
        }
      }
    },
    'a few who compare one thing with the bestseller again and again': (made) => {
      for (const user of names('o', 7))
        for (let visit = 5; visit > 0; visit--) {
          const at = made.moment()
          made.click(user, 'p0', at)
          made.click(user, 'compared', at + MINUTE)
        }
      for (const user of names('o', 40).slice(10)) {
        const at = made.moment()
        made.click(user, 'p0', at)
        made.click(user, 'compared', at + MINUTE)
      }
    },
    'things that are used up, each bought again by those who use it beside what everybody buys': (made) => {
      for (let refill = 0; refill < 80; refill++)
        for (let buyer = 0; buyer < 15; buyer++) {
          const user = `o${made.random.below(700)}`
          for (let visit = 2 + made.random.below(5); visit > 0; visit--) {
            const at = made.moment()
            if (made.random.float() < 0.6) made.click(user, `p${made.random.below(3)}`, at)
            made.click(user, `refill${refill}`, at + MINUTE)
          }
        }
    },
    'a weekly show whose host has one thing of its own beside the others': (made) => {
      for (const user of names('o', 50))
        for (let week = 0; week < 6; week++)
          if (made.random.float() < 0.6) {
            const at = START + (7 * week + 2) * DAY + (20 + made.random.float()) * HOUR
            for (const shown of ['p4', 'own', 'p30', 'p60', 'p90'])
              if (made.random.float() < 0.5) made.click(user, shown, at + made.random.float() * HOUR)
          }
    },
    'a small shop of regulars with one bestseller': (made) => {
      for (const user of names('regular', 50))
        for (let sitting = 8; sitting > 0; sitting--) {
          let at = made.moment()
          for (let k = 3; k > 0; k--) {
            made.click(user, `small${Math.floor(12 * made.random.float() ** 3)}`, at)
            at += MINUTE
          }
        }
    },
    'lovers of a niche who come back to what they love': (made) => {
      for (const user of names('niche', 40)) {
        made.honest(user, 4)
        const loved = names('n', 25).filter(() => made.random.float() < 0.2)
        for (const product of loved)
          for (let visit = 1 + made.random.below(3); visit > 0; visit--) {
            const at = made.moment()
            made.click(user, product, at)
            if (made.random.float() < 0.3) made.click(user, made.product(3), at + MINUTE)
          }
      }
    },
  }
  test.each(Object.entries(stories))('%s', (_, story) => {
    const made = shop(11)
    story(made)
    expect(ringsIn(made.lines)).toEqual([])
  })

  test('where the targets are dealt anew nothing is said, in 20 shops', () => {
    let named = 0
    for (let seed = 0; seed < 20; seed++) {
      const made = shop(40 + seed, 250)
      if (seed % 2 === 0) plant(made, 20, 6)
      else plantOne(made, 20, 6)
      const order = Int32Array.from(made.lines, (_, i) => i)
      new Random(seed).shuffle(order)
      if (ringsIn(made.lines.map((line, i) => ({ ...line, target: made.lines[order[i]!]!.target }))).length > 0) named++
    }
    expect(named).toBeLessThanOrEqual(2)
  })
})

describe('bad input', () => {
  test('nothing, one line, a hub, all at once, and parallel lines are no ring', () => {
    const line = (u: number, p: number, at: number | null): InteractionLine => ({
      type: 'click',
      actor: `user:u${u}`,
      target: `product:p${p}`,
      at,
    })
    const many = (count: number, make: (i: number) => InteractionLine) =>
      Array.from({ length: count }, (_, i) => make(i))
    for (const lines of [
      [],
      [line(0, 0, 1)],
      many(3000, (i) => line(i, 0, i)),
      many(3000, (i) => line(0, i, i)),
      many(3000, (i) => line(i % 50, i % 60, 0)),
      many(3000, (i) => line(i % 50, i % 60, null)),
      many(30_000, (i) => line(0, 0, i)),
    ])
      expect(runOn(snapshotFrom(lines)).candidates).toEqual([])
  })

  test('it stops when told to, and the order of the records does not matter', () => {
    const made = shop(6)
    plant(made, 20, 6)
    const snapshot = snapshotFrom(made.lines)
    const stop = () => {
      throw new Error('stop')
    }
    const context = { snapshot, seed: 1, progress: () => {}, checkCancelled: stop }
    expect(() => coattail.run(context, parametersWith())).toThrow('stop')
    expect(runOn(snapshotFrom([...made.lines].reverse()))).toEqual(runOn(snapshot))
  })
})
