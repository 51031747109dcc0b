import { describe, expect, test } from '@jest/globals'
import { matrix } from '#src/detectors/matrix.js'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { DAY, DAYS, HOUR, MINUTE, names, type Platform, ringsIn, runOn, START, world } from './matrix-worlds.js'

interface Plan {
  readonly creators: number
  readonly clips: number
  /** Chance that a creator takes part in a clip. */
  readonly share?: number
  readonly edits?: number
  /** Milliseconds after the first, at most. */
  readonly within?: number
  readonly products?: number
  readonly device?: boolean
  readonly fingerprints?: boolean
  readonly own?: number
}

/** One hand: the same clips from all creators, for a few products, at about the same times. */
const plant = (platform: Platform, plan: Plan): string[] => {
  const { random } = platform
  const creators = names('r', plan.creators)
  for (const creator of creators) {
    platform.honest(creator, plan.own ?? 5, plan.fingerprints ?? true)
    if (plan.device) platform.uses(creator, 'device:farm')
  }
  for (let clip = 0; clip < plan.clips; clip++) {
    const hash = platform.hash()
    const at = platform.moment()
    const product = plan.products ? `w${random.below(plan.products)}` : null
    for (const creator of creators)
      if (random.float() < (plan.share ?? 1))
        platform.post(
          creator,
          plan.within === undefined ? platform.moment() : at + random.float() * plan.within,
          plan.fingerprints === false ? null : platform.edited(hash, plan.edits ?? 0),
          product,
        )
  }
  return creators.map((creator) => `creator:${creator}`)
}

const withoutTimes = (lines: readonly InteractionLine[]): InteractionLine[] =>
  lines.map((line) => ({ ...line, at: null }))

describe('one hand', () => {
  const stories: Readonly<Record<string, Plan>> = {
    'edited clips for the same products within half an hour': {
      creators: 6,
      clips: 10,
      edits: 4,
      within: 30 * MINUTE,
      products: 3,
    },
    'half of them take part in each clip, hours apart': {
      creators: 10,
      clips: 14,
      share: 0.5,
      edits: 5,
      within: 4 * HOUR,
      products: 4,
    },
    'copies at any time, from one device': { creators: 5, clips: 8, edits: 2, device: true },
    'no fingerprints: the same products at the same times': {
      creators: 6,
      clips: 14,
      within: 10 * MINUTE,
      products: 4,
      fingerprints: false,
    },
    'no products: the same clips within minutes': { creators: 5, clips: 12, edits: 3, within: 5 * MINUTE },
    'three creators only': { creators: 3, clips: 12, edits: 3, within: 20 * MINUTE, products: 3, device: true },
  }
  test.each(Object.entries(stories))('%s', (_, plan) => {
    const platform = world(7)
    const planted = plant(platform, plan)
    const rings = ringsIn(platform.lines)
    expect(rings.length).toBe(1)
    // Nobody else; and of products alone, where each has many of its own, one may be missed.
    for (const account of rings[0]!) expect(planted).toContain(account)
    expect(rings[0]!.length).toBeGreaterThanOrEqual(plan.fingerprints === false ? planted.length - 1 : planted.length)
  })

  test('without times, copies for the same products are found, and it is said that times are missing', () => {
    const platform = world(8)
    const planted = plant(platform, { creators: 6, clips: 10, edits: 3, products: 3 })
    const lines = withoutTimes(platform.lines)
    expect(ringsIn(lines)).toEqual([planted])
    expect(runOn(snapshotFrom(lines)).notes.map(({ code }) => code)).toEqual(['matrix.no-times'])
  })

  test('an agency looks after it beside honest creators: only its own creators are named', () => {
    const platform = world(9)
    const planted = plant(platform, {
      creators: 6,
      clips: 12,
      edits: 3,
      within: 20 * MINUTE,
      products: 3,
      device: true,
    })
    for (const client of names('client', 8)) {
      platform.honest(client, 12)
      platform.uses(client, 'device:farm')
    }
    expect(ringsIn(platform.lines)).toEqual([planted])
  })

  test('who acts for them and what they push belongs to it; every fact carries its edges and counts', () => {
    const platform = world(10)
    const planted = plant(platform, {
      creators: 6,
      clips: 12,
      edits: 3,
      within: 20 * MINUTE,
      products: 2,
      device: true,
    })
    for (const creator of planted) platform.lines.push({ type: 'operates', actor: 'user:boss', target: creator })
    const snapshot = snapshotFrom(platform.lines)
    const [found] = runOn(snapshot).candidates
    const byRole = (role: string) =>
      found!.members.filter((member) => member.role === role).map(({ entity }) => entityName(snapshot, entity))
    expect(byRole('core')).toEqual([...planted, 'user:boss'])
    expect(byRole('beneficiary')).toEqual(['product:w0', 'product:w1'])
    expect(found!.facts.map(({ code }) => code).sort()).toEqual([
      'matrix.content',
      'matrix.copies-together',
      'matrix.identifiers',
      'matrix.products',
    ])
    for (const fact of found!.facts) {
      expect(fact.observed).toBeGreaterThan(fact.expected)
      const shown = fact.shows.flatMap(({ type, edges }) => interactionsAt(relationOf(snapshot, type)!, edges))
      expect(recount(fact.count, shown)).toBe(fact.observed)
    }
    const content = found!.facts.find(({ code }) => code === 'matrix.content')!
    expect(content.shows[0]!.edges.length).toBe(72)
    expect(content.observed).toBe(72)
    expect(found!.window!.to).toBeGreaterThan(found!.window!.from)
    for (const { membership } of found!.members) {
      expect(membership).toBeGreaterThan(0)
      expect(membership).toBeLessThanOrEqual(1)
    }
  })
})

describe('looks alike and is left alone', () => {
  const stories: Readonly<Record<string, (platform: Platform) => void>> = {
    'an agency: one device, one network, two clients, own content and times': (platform) => {
      for (const creator of names('a', 12)) {
        platform.honest(creator, 15)
        platform.uses(creator, 'device:agency')
        platform.uses(creator, 'network:agency')
        platform.uses(creator, 'contact:agency')
        for (const client of ['c1', 'c2']) platform.post(creator, platform.moment(), platform.hash(), client)
      }
    },
    'an agency whose planner posts for all at six': (platform) => {
      for (const creator of names('a', 12)) {
        platform.honest(creator, 2)
        platform.uses(creator, 'device:agency')
        for (let day = 0; day < DAYS; day++)
          if (platform.random.float() < 0.5) platform.post(creator, START + day * DAY + 18 * HOUR, platform.hash())
      }
    },
    'a franchise: one catalogue, the clips of the brand, each shop in its own time': (platform) => {
      const clips = Array.from({ length: 12 }, () => platform.hash())
      for (const shop of names('f', 9)) {
        platform.honest(shop, 6)
        for (const product of names('brand', 15)) platform.sell(shop, product)
        for (const clip of clips)
          if (platform.random.float() < 0.7) platform.post(shop, platform.moment(), platform.edited(clip, 2), 'brand1')
      }
    },
    'the clip that the seller gives to all who show a bestseller': (platform) => {
      const clips = Array.from({ length: 6 }, () => platform.hash())
      for (const creator of names('o', 120))
        for (const clip of clips)
          if (platform.random.float() < 0.6) platform.post(creator, platform.moment(), clip, 'bestseller')
    },
    'fan channels of one star, each when it comes to it': (platform) => {
      const fans = names('fan', 12)
      for (const fan of fans) platform.honest(fan, 4)
      for (let clip = 0; clip < 40; clip++) {
        const hash = platform.hash()
        const at = platform.moment()
        for (const fan of fans)
          if (platform.random.float() < 0.4)
            platform.post(fan, at - Math.log(1 - platform.random.float()) * 40 * HOUR, platform.edited(hash, 4))
      }
    },
    "news desks with the day's footage": (platform) => {
      const desks = names('news', 14)
      for (const desk of desks) platform.honest(desk, 4)
      for (let event = 0; event < 50; event++) {
        const hash = platform.hash()
        const at = platform.moment()
        for (const desk of desks)
          if (platform.random.float() < 0.4)
            platform.post(desk, at + platform.random.float() * 6 * HOUR, platform.edited(hash, 3))
      }
    },
    'a viral clip, posted again by everybody within a day': (platform) => {
      const hash = platform.hash()
      const at = platform.moment()
      for (const creator of names('o', 150))
        platform.post(creator, at + platform.random.float() * DAY, platform.edited(hash, 4))
    },
    'trends: a few templates that a third of all use': (platform) => {
      const templates = Array.from({ length: 8 }, () => platform.hash())
      for (const creator of names('o', 300))
        for (const template of templates)
          if (platform.random.float() < 0.3) platform.post(creator, platform.moment(), platform.edited(template, 2))
    },
    'a flash sale: forty show one product in the same hour': (platform) => {
      const at = platform.moment()
      for (const creator of names('o', 40))
        platform.post(creator, at + platform.random.float() * HOUR, platform.hash(), 'sale')
    },
    'a household: one phone, own content': (platform) => {
      for (const creator of names('home', 4)) {
        platform.honest(creator, 15)
        platform.uses(creator, 'device:tablet')
        platform.uses(creator, 'payment:card')
      }
    },
  }
  test.each(Object.entries(stories))('%s', (_, story) => {
    const platform = world(21)
    story(platform)
    expect(ringsIn(platform.lines)).toEqual([])
  })

  test('a small market with few products and carriers is no ring, and a ring in it comes out alone', () => {
    const platform = world(22)
    const elsewhere = platform.lines.length
    const { random } = platform
    const locals = names('local', 40)
    for (const creator of locals) {
      for (let post = 0; post < 12; post++)
        platform.post(creator, platform.moment(), platform.hash(), random.float() < 0.5 ? `q${random.below(15)}` : null)
      platform.uses(creator, `device:d-${creator}`)
      platform.uses(creator, `network:carrier${random.below(2)}`)
    }
    const inMarkets = (): InteractionLine[] =>
      platform.lines.map((line, i) => ({ ...line, market: i < elsewhere ? 'A' : 'B' }))
    expect(ringsIn(inMarkets())).toEqual([])
    const ring = plant(platform, { creators: 5, clips: 10, edits: 3, within: 20 * MINUTE, device: true })
    expect(ringsIn(inMarkets())).toEqual([ring])
  })

  test('where everything is dealt anew nothing is said, in 20 worlds', () => {
    let named = 0
    for (let seed = 0; seed < 20; seed++) {
      const platform = world(100 + seed, 80)
      plant(platform, { creators: 6, clips: 10, edits: 3, within: 20 * MINUTE, products: 3, device: true })
      const random = new Random(seed)
      const dealt = (type: string): InteractionLine[] => {
        const lines = platform.lines.filter((line) => line.type === type)
        const order = Int32Array.from(lines, (_, i) => i)
        random.shuffle(order)
        // Actors keep their times; what they act on is another's.
        return lines.map((line, i) => {
          const { attributes: _, ...rest } = line
          const from = lines[order[i]!]!
          return { ...rest, target: from.target, ...(from.attributes ? { attributes: from.attributes } : {}) }
        })
      }
      const lines = ['publish', 'promote', 'sell', 'uses'].flatMap(dealt)
      if (ringsIn(lines).length > 0) named++
    }
    expect(named).toBeLessThanOrEqual(2)
  })
})

describe('bad input', () => {
  const silent = (lines: readonly InteractionLine[]) => {
    const { candidates } = runOn(snapshotFrom(lines))
    expect(candidates).toEqual([])
  }
  test('nothing, one creator, one hub, loops of nothing', () => {
    silent([])
    silent([{ type: 'publish', actor: 'creator:a', target: 'video:v' }])
    silent(names('c', 500).map((c) => ({ type: 'uses', actor: `creator:${c}`, target: 'network:hub' })))
    silent(names('c', 500).map((c) => ({ type: 'sell', actor: `creator:${c}`, target: 'product:hub' })))
  })

  test('all times equal and all fingerprints equal is no ring of everything', () => {
    const lines = names('c', 200).flatMap((c): InteractionLine[] =>
      names('v', 5).map((v) => ({
        type: 'publish',
        actor: `creator:${c}`,
        target: `video:${c}${v}`,
        at: 0,
        attributes: { fingerprint: '0000000000000000' },
      })),
    )
    silent(lines)
  })

  test('a hundred thousand parallel interactions of one pair are one', () => {
    silent(Array.from({ length: 100_000 }, (_, at) => ({ type: 'publish', actor: 'creator:a', target: 'video:v', at })))
    const platform = world(30)
    const planted = plant(platform, { creators: 6, clips: 10, within: 20 * MINUTE, products: 3 })
    const repeated = Array.from({ length: 20_000 }, () => platform.lines.at(-1)!)
    expect(ringsIn([...platform.lines, ...repeated])).toEqual([planted])
  })

  test('it stops when told to', () => {
    const platform = world(31)
    const stop = () => {
      throw new Error('stop')
    }
    const context = { snapshot: snapshotFrom(platform.lines), seed: 1, progress: () => {}, checkCancelled: stop }
    expect(() => matrix.run(context, { distance: 10, tolerances: [600], minMembers: 3 })).toThrow('stop')
  })

  test('the same data and seed give the same candidates, whatever the order of the records', () => {
    const platform = world(32)
    plant(platform, { creators: 6, clips: 10, edits: 3, within: 20 * MINUTE, products: 3 })
    const once = runOn(snapshotFrom(platform.lines))
    expect(runOn(snapshotFrom([...platform.lines].reverse()))).toEqual(once)
  })
})
