import { expect, test } from '@jest/globals'
import { entityName } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import {
  caught,
  DAY,
  HOUR,
  MINUTE,
  organic,
  planted,
  ringsIn,
  runOn,
  SECOND,
  START,
  shuffled,
} from './lockstep-worlds.js'

const world = (seed: number): { random: Random; lines: InteractionLine[] } => {
  const random = new Random(seed)
  return { random, lines: organic(random) }
}

/** Moments at which the service fills its orders: one for each target, spread over the weeks. */
const orders = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => START + 2 * DAY + random.float() * 50 * DAY)

for (const [name, spread] of [
  ['seconds', 20 * SECOND],
  ['minutes', 10 * MINUTE],
  ['hours', 3 * HOUR],
  ['days', 2 * DAY],
] as const)
  test(`accounts that hit the same targets within ${name} of each other are one ring`, () => {
    const { random, lines } = world(1)
    const moments = orders(random, 8)
    const ring = planted(random, {
      accounts: 20,
      targets: 8,
      at: (_, target) => (random.float() < 0.9 ? moments[target]! + random.float() * spread : null),
    })
    const rings = ringsIn([...lines, ...ring])
    expect(rings).toHaveLength(1)
    expect(caught(rings)).toEqual({ planted: 20, others: 0 })
    expect(rings[0]!.targets.filter((target) => target.startsWith('video:bought'))).toHaveLength(8)
  })

test('a campaign that drips over weeks, an account a day, is found by what each account does in one go', () => {
  const { random, lines } = world(2)
  const ring = planted(random, {
    accounts: 24,
    targets: 3,
    at: (account, target) => START + 3 * DAY + account * 2 * DAY + target * 40 * SECOND + random.float() * 5 * MINUTE,
  })
  const rings = ringsIn([...lines, ...ring])
  expect(caught(rings)).toEqual({ planted: 24, others: 0 })
})

test('accounts that each take part in less than half of the orders are found by what their ties are worth together', () => {
  const { random, lines } = world(12)
  const moments = orders(random, 12)
  const ring = planted(random, {
    accounts: 44,
    targets: 12,
    at: (_, target) => (random.float() < 0.4 ? moments[target]! - 3 * HOUR * Math.log(1 - random.float()) : null),
  })
  const { planted: found, others } = caught(ringsIn([...lines, ...ring]))
  expect(found).toBeGreaterThanOrEqual(35)
  expect(others).toBeLessThanOrEqual(1)
})

test('two services stay two rings', () => {
  const { random, lines } = world(3)
  const moments = orders(random, 12)
  const ring = planted(random, {
    accounts: 30,
    targets: 12,
    at: (account, target) => (account < 15 === target < 6 ? moments[target]! + random.float() * 5 * MINUTE : null),
  })
  const rings = ringsIn([...lines, ...ring])
  expect(rings.map(({ accounts }) => accounts.length)).toEqual([15, 15])
})

test('organic accounts alone are no ring, nor are they with their targets dealt anew', () => {
  const { random, lines } = world(4)
  expect(ringsIn(lines)).toEqual([])
  // As crowded as the whole, for a third of the time.
  const fewer = organic(random, 750, 1000)
  let named = 0
  for (let run = 0; run < 10; run++) if (ringsIn(shuffled(fewer, random)).length > 0) named++
  expect(named).toBeLessThanOrEqual(1)
})

test('one burst on one target is no ring', () => {
  const { random, lines } = world(5)
  const from = START + 20 * DAY
  for (let account = 0; account < 400; account++)
    lines.push({
      type: 'like',
      actor: `user:o${account}`,
      target: 'video:live',
      at: from + random.float() * 10 * MINUTE,
    })
  expect(ringsIn(lines)).toEqual([])
})

test('fans who are there for every episode of a creator, each when the evening allows, are no ring', () => {
  const { random, lines } = world(6)
  for (let episode = 0; episode < 10; episode++) {
    const published = START + 5 * DAY + episode * 5 * DAY
    lines.push({ type: 'publish', actor: 'creator:c', target: `video:episode${episode}`, at: published })
    for (let fan = 0; fan < 40; fan++)
      if (random.float() < 0.55)
        lines.push({
          type: 'like',
          actor: `user:o${fan}`,
          target: `video:episode${episode}`,
          at: published - Math.log(1 - random.float()) * 12 * HOUR,
        })
    for (let k = 0; k < 40; k++)
      lines.push({
        type: 'like',
        actor: `user:o${40 + random.below(1400)}`,
        target: `video:episode${episode}`,
        at: published - Math.log(1 - random.float()) * 12 * HOUR,
      })
  }
  expect(ringsIn(lines)).toEqual([])
})

/** A channel whose audience of forty comes to every one of its `videos`, each person as long after publication as `delay` says. */
const audience = (
  random: Random,
  channel: string,
  videos: number,
  delay: () => number,
  first = 0,
): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let video = 0; video < videos; video++) {
    const published = START + (2 + (video * 50) / videos + random.float()) * DAY
    lines.push({ type: 'publish', actor: `creator:${channel}`, target: `video:${channel}-${video}`, at: published })
    for (let person = 0; person < 40; person++)
      if (random.float() < 0.6)
        lines.push({
          type: 'like',
          actor: `user:o${first + person}`,
          target: `video:${channel}-${video}`,
          at: published + delay(),
        })
  }
  return lines
}

test('a channel that only its fans watch, within hours of publication, is no ring', () => {
  const { random, lines } = world(8)
  lines.push(...audience(random, 'c', 14, () => -Math.log(1 - random.float()) * 5 * HOUR))
  expect(ringsIn(lines)).toEqual([])
})

test('the guests of a weekly live room are no ring, whoever else watches the host at other times', () => {
  const { random, lines } = world(9)
  lines.push(...audience(random, 'host', 8, () => random.float() * HOUR))
  for (let video = 0; video < 12; video++) {
    const published = START + random.float() * 50 * DAY
    lines.push({ type: 'publish', actor: 'creator:host', target: `video:clip${video}`, at: published })
    for (let k = 0; k < 60; k++)
      lines.push({
        type: 'like',
        actor: `user:o${100 + random.below(1300)}`,
        target: `video:clip${video}`,
        at: published - Math.log(1 - random.float()) * 4 * DAY,
      })
  }
  expect(ringsIn(lines)).toEqual([])
})

test('accounts hired by two channels are a ring, though both channels have fans', () => {
  const { random, lines } = world(10)
  for (const [channel, first] of [
    ['a', 0],
    ['b', 40],
  ] as const)
    lines.push(...audience(random, channel, 6, () => -Math.log(1 - random.float()) * 12 * HOUR, first))
  const ring = Array.from({ length: 12 }, (_, order) => {
    const target = `video:${order % 2 === 0 ? 'a' : 'b'}-${order >> 1}`
    const published = lines.find((line) => line.type === 'publish' && line.target === target)!.at as number
    const from = published + random.float() * 20 * HOUR
    return Array.from({ length: 20 }, (__, account) => ({
      type: 'like' as const,
      actor: `user:r${account}`,
      target,
      at: from + random.float() * 5 * MINUTE,
    })).filter(() => random.float() < 0.8)
  }).flat()
  const { planted: found, others } = caught(ringsIn([...lines, ...ring]))
  expect(found).toBe(20)
  expect(others).toBeLessThanOrEqual(2)
})

test('people who compare like products in one sitting are no ring', () => {
  const random = new Random(11)
  const lines: InteractionLine[] = []
  for (let account = 0; account < 3000; account++)
    for (let sitting = 1 + random.below(4); sitting > 0; sitting--) {
      const favourite = random.below(20)
      const from = START + random.float() * 60 * DAY
      for (let look = 1 + random.below(5); look > 0; look--) {
        const shelf = random.float() < 0.5 ? favourite : random.below(20)
        lines.push({
          type: 'click',
          actor: `user:o${account}`,
          target: `product:${shelf}-${Math.floor(15 * random.float() ** 3)}`,
          at: from + random.float() * 20 * MINUTE,
        })
      }
    }
  expect(ringsIn(lines)).toEqual([])
})

test('two videos that go viral in the same days are no ring', () => {
  const { random, lines } = world(7)
  for (let account = 0; account < 500; account++)
    for (const video of ['video:viral-1', 'video:viral-2'])
      if (random.float() < 0.5)
        lines.push({
          type: 'like',
          actor: `user:o${account}`,
          target: video,
          at: START + 20 * DAY - Math.log(1 - random.float()) * DAY,
        })
  expect(ringsIn(lines)).toEqual([])
})

test('facts name the interactions that show them, and recount', () => {
  const { random, lines } = world(8)
  const moments = orders(random, 6)
  const ring = planted(random, {
    accounts: 12,
    targets: 6,
    at: (_, target) => moments[target]! + random.float() * MINUTE,
  })
  const snapshot = snapshotFrom([...lines, ...ring])
  const { candidates } = runOn(snapshot)
  expect(candidates.length).toBeGreaterThan(0)
  const relation = snapshot.relations[0]!
  const actorOf = (edge: number): number => {
    let row = 0
    while (relation.outOffsets[row + 1]! <= edge) row++
    return row + relation.actorFrom
  }
  for (const { facts, members, window } of candidates) {
    const inRing = new Set(members.map(({ entity }) => entity))
    for (const { membership } of members) {
      expect(membership).toBeGreaterThan(0)
      expect(membership).toBeLessThanOrEqual(1)
    }
    for (const { observed, expected, shows, sentence } of facts) {
      expect(observed).toBeGreaterThan(expected)
      expect(sentence).not.toMatch(/NaN|undefined|fraud/)
      expect(shows[0]!.edges.length).toBeGreaterThan(0)
      for (const edge of shows[0]!.edges) {
        expect(inRing.has(actorOf(edge))).toBe(true)
        expect(inRing.has(relation.target[edge]!)).toBe(true)
        expect(relation.at[edge]).toBeGreaterThanOrEqual(window!.from)
        expect(relation.at[edge]).toBeLessThanOrEqual(window!.to)
      }
    }
  }
  const names = candidates.flatMap(({ members }) => members.map(({ entity }) => entityName(snapshot, entity)))
  expect(names).toContain('user:r0')
})

test('the order of records changes nothing', () => {
  const { random, lines } = world(9)
  const moments = orders(random, 5)
  const all = [
    ...lines,
    ...planted(random, { accounts: 10, targets: 5, at: (_, target) => moments[target]! + random.float() * HOUR }),
  ]
  const order = Int32Array.from(all, (_, i) => i)
  random.shuffle(order)
  const once = runOn(snapshotFrom(all))
  const again = runOn(snapshotFrom([...order].map((i) => all[i]!)))
  expect(again).toEqual(once)
})

test('one market is looked at alone, and an unknown one is said', () => {
  const { random, lines } = world(12)
  const moments = orders(random, 6)
  const ring = planted(random, {
    accounts: 12,
    targets: 6,
    at: (_, target) => moments[target]! + random.float() * MINUTE,
  })
  const all = [...lines, ...ring].map((line, i) => ({
    ...line,
    market: line.target.startsWith('video:bought') ? 'US' : (['US', 'ID'][i % 2] as string),
  }))
  expect(caught(ringsIn(all, { market: 'US' }))).toEqual({ planted: 12, others: 0 })
  expect(ringsIn(all, { market: 'ID' })).toEqual([])
  const { candidates, notes } = runOn(snapshotFrom(all), { market: 'XX' })
  expect(candidates).toEqual([])
  expect(notes.map(({ code }) => code)).toEqual(['lockstep.unknown-market'])
})

test('absent times are said, and no ring is made of them', () => {
  const { random, lines } = world(10)
  const ring = planted(random, { accounts: 12, targets: 6, at: () => START })
  const { candidates, notes } = runOn(snapshotFrom([...lines, ...ring].map((line) => ({ ...line, at: null }))))
  expect(candidates).toEqual([])
  expect(notes.map(({ code }) => code)).toContain('lockstep.no-times')
})

test('times that are all the same tell nothing, and that is said', () => {
  const { random, lines } = world(11)
  const ring = planted(random, { accounts: 12, targets: 6, at: () => START })
  const { candidates, notes } = runOn(snapshotFrom([...lines, ...ring].map((line) => ({ ...line, at: START }))))
  expect(candidates).toEqual([])
  expect(notes.map(({ code }) => code)).toContain('lockstep.same-times')
})

test('graphs with next to nothing in them give nothing', () => {
  expect(runOn(snapshotFrom([])).candidates).toEqual([])
  expect(runOn(snapshotFrom([], { declared: ['user:one'] })).candidates).toEqual([])
  const one: InteractionLine = { type: 'like', actor: 'user:a', target: 'video:b', at: START }
  expect(runOn(snapshotFrom([one])).candidates).toEqual([])
  expect(runOn(snapshotFrom(Array.from({ length: 5000 }, () => one))).candidates).toEqual([])
  const hub = Array.from({ length: 3000 }, (_, i): InteractionLine => ({ ...one, actor: `user:${i}`, at: START + i }))
  expect(runOn(snapshotFrom(hub)).candidates).toEqual([])
})
