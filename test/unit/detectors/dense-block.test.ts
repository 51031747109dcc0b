import { expect, test } from '@jest/globals'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { anyTime, block, ringsIn, runOn } from './dense-block-worlds.js'
import { caught, DAY, HOUR, MINUTE, organic, START, shuffled } from './lockstep-worlds.js'

/** Small, where what is among it matters more than its size. */
const small = (seed: number): { random: Random; lines: InteractionLine[] } => {
  const random = new Random(seed)
  return { random, lines: organic(random, 600) }
}

const world = (seed: number): { random: Random; lines: InteractionLine[] } => {
  const random = new Random(seed)
  return { random, lines: organic(random) }
}

for (const [density, camouflage] of [
  [0.95, 0],
  [0.7, 10],
  [0.7, 30],
] as const)
  test(`accounts that do ${100 * density} % of one list at any time, with ${camouflage} popular videos beside it, are one ring`, () => {
    const { random, lines } = world(1)
    const rings = ringsIn([...lines, ...block(random, { accounts: 30, targets: 12, density, camouflage })])
    expect(rings).toHaveLength(1)
    expect(caught(rings).others).toBe(0)
    expect(caught(rings).planted).toBeGreaterThanOrEqual(25)
    expect(rings[0]!.targets.every((target) => target.startsWith('video:bought'))).toBe(true)
    expect(rings[0]!.targets.length).toBeGreaterThanOrEqual(11)
  })

test('without times the blocks in time are left out with a note, and the list is found all the same', () => {
  const { random, lines } = world(2)
  const all = [...lines, ...block(random, { accounts: 25, targets: 10, density: 0.8, camouflage: 5 })]
  const untimed = all.map(({ type, actor, target }) => ({ type, actor, target }))
  expect(caught(ringsIn(untimed)).others).toBe(0)
  expect(caught(ringsIn(untimed)).planted).toBeGreaterThanOrEqual(22)
  expect(runOn(snapshotFrom(untimed)).notes.map(({ code }) => code)).toEqual(['dense-block.no-times'])
})

test('a burst on twenty targets in one hour is found, and time alone suffices', () => {
  const { random, lines } = small(3)
  const from = START + 20 * DAY + 10 * HOUR
  for (let a = 0; a < 15; a++)
    for (let t = 0; t < 20; t++)
      lines.push({
        type: 'like',
        actor: `user:r${a}`,
        target: `video:v${500 + 3 * t}`,
        at: from + random.float() * HOUR,
      })
  expect(caught(ringsIn(lines))).toEqual({ planted: 15, others: 0 })
  expect(caught(ringsIn(lines, { searches: [['time']] }))).toEqual({ planted: 15, others: 0 })
})

test('accounts on a few devices that act on the same targets are found with the device as a mode', () => {
  const { random, lines } = world(4)
  const all = [...lines, ...block(random, { accounts: 24, targets: 12, density: 0.75, camouflage: 4 })]
  for (let a = 0; a < 24; a++)
    all.push({ type: 'uses', actor: `user:r${a}`, target: `device:d${a % 2}`, at: anyTime(random) })
  for (let a = 0; a < 200; a++)
    all.push({ type: 'uses', actor: `user:o${a}`, target: `device:o${a}`, at: anyTime(random) })
  const { candidates } = runOn(snapshotFrom(all), { searches: [['device']] })
  expect(candidates).toHaveLength(2)
  const codes = runOn(snapshotFrom(all)).candidates.flatMap(({ facts }) => facts.map(({ code }) => code))
  expect(codes).toContain('dense-block.shared-identifiers')
})

test('organic accounts are no ring, nor are they with their targets dealt anew', () => {
  const { random, lines } = small(5)
  expect(ringsIn(lines)).toEqual([])
  let named = 0
  for (let run = 0; run < 5; run++) if (ringsIn(shuffled(lines, random)).length > 0) named++
  expect(named).toBe(0)
})

test('a ring dealt anew is silent too: only who acts on what tells', () => {
  const { random, lines } = small(6)
  const all = [...lines, ...block(random, { accounts: 30, targets: 12, density: 0.9, camouflage: 5 })]
  for (let run = 0; run < 3; run++) expect(ringsIn(shuffled(all, random))).toEqual([])
})

test('one viral video, and one flash sale, are no ring', () => {
  const { random, lines } = small(7)
  for (let a = 0; a < 600; a++) {
    lines.push({
      type: 'like',
      actor: `user:o${a}`,
      target: 'video:viral',
      at: START + 20 * DAY - Math.log(1 - random.float()) * 3 * HOUR,
    })
    if (a % 3 === 0)
      lines.push({
        type: 'order',
        actor: `user:o${a}`,
        target: 'product:sale',
        at: START + 30 * DAY + random.float() * 15 * MINUTE,
      })
  }
  expect(ringsIn(lines)).toEqual([])
})

test('a fan club that sees most of what one creator makes is no ring', () => {
  const { random, lines } = small(8)
  for (let episode = 0; episode < 14; episode++) {
    const published = START + (3 + 4 * episode) * DAY
    lines.push({ type: 'publish', actor: 'creator:c', target: `video:episode${episode}`, at: published })
    for (let fan = 0; fan < 40; fan++)
      if (random.float() < 0.55)
        lines.push({
          type: 'like',
          actor: `user:o${fan}`,
          target: `video:episode${episode}`,
          at: published - Math.log(1 - random.float()) * 9 * HOUR,
        })
  }
  expect(ringsIn(lines)).toEqual([])
})

test('the regulars of a weekly live room are no ring', () => {
  const { random, lines } = small(9)
  for (let week = 0; week < 8; week++) {
    const at = START + (7 * week + 2) * DAY + 20 * HOUR
    lines.push({ type: 'publish', actor: 'creator:host', target: `video:room${week}`, at })
    for (let a = 0; a < 50; a++) {
      if (random.float() > 0.45) continue
      lines.push({
        type: 'like',
        actor: `user:o${a}`,
        target: `video:room${week}`,
        at: at + random.float() * 30 * MINUTE,
      })
      if (random.float() < 0.3)
        lines.push({
          type: 'order',
          actor: `user:o${a}`,
          target: `product:shown${week}`,
          at: at + random.float() * HOUR,
        })
    }
  }
  expect(ringsIn(lines)).toEqual([])
})

test('a club of reviewers with a wide programme is no ring', () => {
  const { random, lines } = small(10)
  const programme = Int32Array.from({ length: 30 }, (_, p) => p)
  for (let a = 0; a < 28; a++) {
    random.shuffle(programme)
    for (const p of programme.slice(0, 5 + random.below(4)))
      lines.push({ type: 'review', actor: `user:o${a}`, target: `product:p${p}`, at: anyTime(random) })
  }
  for (let k = 0; k < 2000; k++)
    lines.push({
      type: 'review',
      actor: `user:o${random.below(600)}`,
      target: `product:p${Math.floor(300 * random.float())}`,
      at: anyTime(random),
    })
  expect(ringsIn(lines)).toEqual([])
})

test('heavy users of a niche, who meet on its hits, are no ring', () => {
  const { random, lines } = small(11)
  for (let a = 0; a < 300; a++) {
    // Activity and popularity both differ by a factor of ten.
    const many = 4 + Math.floor(36 * random.float() ** 3)
    for (let k = 0; k < many; k++)
      lines.push({
        type: 'like',
        actor: `user:niche${a}`,
        target: `video:niche${Math.floor(80 * random.float() ** 2)}`,
        at: anyTime(random),
      })
  }
  expect(ringsIn(lines)).toEqual([])
})

test('families and offices that share devices and networks are no ring', () => {
  const { random, lines } = small(12)
  for (let a = 0; a < 400; a++) {
    lines.push({ type: 'uses', actor: `user:o${a}`, target: `device:home${Math.floor(a / 4)}`, at: anyTime(random) })
    lines.push({
      type: 'uses',
      actor: `user:o${a}`,
      target: `network:office${Math.floor(a / 30)}`,
      at: anyTime(random),
    })
    for (let k = 0; k < 6; k++)
      lines.push({
        type: 'like',
        actor: `user:o${a}`,
        target: `video:office${Math.floor(a / 30)}-${random.below(25)}`,
        at: START + random.below(20) * DAY + 12 * HOUR + random.float() * HOUR,
      })
  }
  expect(ringsIn(lines)).toEqual([])
})

test('a link, its site and its picture, shared together by many, are no list', () => {
  const { random, lines } = small(16)
  for (let a = 0; a < 200; a++)
    for (const part of ['link', 'site', 'picture'])
      lines.push({ type: 'share', actor: `user:o${a}`, target: `video:${part}`, at: START + 3 * DAY + (a % 40) * HOUR })
  for (let k = 0; k < 3000; k++)
    lines.push({
      type: 'share',
      actor: `user:o${random.below(600)}`,
      target: `video:other${random.below(900)}`,
      at: anyTime(random),
    })
  expect(ringsIn(lines)).toEqual([])
})

test('facts name the interactions that show them, and recount', () => {
  const { random, lines } = world(13)
  const snapshot = snapshotFrom([
    ...lines,
    ...block(random, { accounts: 20, targets: 12, density: 0.85, camouflage: 6 }),
  ])
  const { candidates } = runOn(snapshot)
  expect(candidates.length).toBeGreaterThan(0)
  const relation = snapshot.relations[0]!
  for (const { facts, members, window } of candidates) {
    const inRing = new Map(members.map((member) => [member.entity, member]))
    expect([...inRing.keys()]).toEqual([...inRing.keys()].sort((a, b) => a - b))
    for (const { membership } of members) {
      expect(membership).toBeGreaterThan(0)
      expect(membership).toBeLessThanOrEqual(1)
    }
    expect(new Set(members.map(({ role }) => role)).has('core')).toBe(true)
    for (const { observed, expected, shows, sentence, count } of facts) {
      const shown = shows.flatMap(({ type, edges }) => interactionsAt(relationOf(snapshot, type)!, edges))
      expect(recount(count, shown)).toBe(observed)
      expect(observed).toBeGreaterThan(expected)
      expect(sentence).not.toMatch(/NaN|undefined|fraud/)
      for (const edge of shows[0]!.edges) {
        let row = 0
        while (relation.outOffsets[row + 1]! <= edge) row++
        expect(inRing.has(row + relation.actorFrom)).toBe(true)
        expect(inRing.get(relation.target[edge]!)!.role).toBe('beneficiary')
        expect(relation.at[edge]).toBeGreaterThanOrEqual(window!.from)
        expect(relation.at[edge]).toBeLessThanOrEqual(window!.to)
      }
    }
    const full = facts.find(({ code }) => code === 'dense-block.full')!
    expect(full.shows[0]!.edges.length).toBeGreaterThanOrEqual(full.observed)
    expect(entityName(snapshot, members[0]!.entity)).toMatch(/^user:r/)
  }
})

test('the order of records changes nothing', () => {
  const { random, lines } = small(14)
  const all = [...lines, ...block(random, { accounts: 20, targets: 10, density: 0.8, camouflage: 5 })]
  const order = Int32Array.from(all, (_, i) => i)
  random.shuffle(order)
  const once = runOn(snapshotFrom(all))
  expect(once.candidates.length).toBeGreaterThan(0)
  expect(runOn(snapshotFrom([...order].map((i) => all[i]!)))).toEqual(once)
})

test('one market or scenario is looked at alone, and an unknown market is said', () => {
  const { random, lines } = small(15)
  const all = [...lines, ...block(random, { accounts: 20, targets: 10, density: 0.8, camouflage: 5 })].map(
    (line, i) => ({
      ...line,
      market: line.target.startsWith('video:bought') ? 'US' : ['US', 'ID'][i % 2]!,
    }),
  )
  for (const given of [{ market: 'US' }, { scenario: 'content' }] as const) {
    const found = caught(ringsIn(all, given))
    expect(found.others).toBe(0)
    expect(found.planted).toBeGreaterThanOrEqual(18)
  }
  expect(ringsIn(all, { market: 'ID' })).toEqual([])
  expect(ringsIn(all, { scenario: 'shelf' })).toEqual([])
  const { candidates, notes } = runOn(snapshotFrom(all), { market: 'XX' })
  expect(candidates).toEqual([])
  expect(notes.map(({ code }) => code)).toEqual(['dense-block.unknown-market'])
})

test('no graph breaks it, and none is a ring of everything', () => {
  const like = (actor: string, target: string, at: number | null = START): InteractionLine => ({
    type: 'like',
    actor,
    target,
    at,
  })
  const graphs: Readonly<Record<string, readonly InteractionLine[]>> = {
    nothing: [],
    'one interaction': [like('user:a', 'video:v')],
    'a loop': [{ type: 'transfer', actor: 'user:a', target: 'user:a', at: START }],
    'one hub': Array.from({ length: 20_000 }, (_, i) => like(`user:u${i}`, 'video:hub')),
    'one account that does everything': Array.from({ length: 20_000 }, (_, i) => like('user:a', `video:v${i}`)),
    'everyone likes everything': Array.from({ length: 10_000 }, (_, i) =>
      like(`user:u${i % 100}`, `video:v${Math.floor(i / 100)}`),
    ),
    'parallel interactions': Array.from({ length: 100_000 }, () => like('user:a', 'video:v')),
    'times before 1970 and far ahead': [
      like('user:a', 'video:v', -1e12),
      like('user:b', 'video:v', 4e14),
      like('user:b', 'video:w', null),
    ],
  }
  for (const lines of Object.values(graphs)) expect(ringsIn(lines)).toEqual([])
})
