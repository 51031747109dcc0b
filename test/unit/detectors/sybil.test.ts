import { expect, test } from '@jest/globals'
import type { Static, TObject } from 'typebox'
import { Value } from 'typebox/value'
import type { Candidate, DetectorContext } from '#src/detectors/detector.js'
import { sybil } from '#src/detectors/sybil.js'
import { entityName, relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

type Options = Parameters<typeof sybil.run>[1]
const options = (given: Partial<Options> = {}): Options =>
  ({ ...(Value.Create(sybil.parameters) as Static<TObject>), ...given }) as Options

const context = (snapshot: Snapshot, seed = 1): DetectorContext => ({
  snapshot,
  seed,
  progress: () => {},
  checkCancelled: () => {},
})

const run = (snapshot: Snapshot, given?: Partial<Options>) => sybil.run(context(snapshot), options(given)).candidates

const names = (snapshot: Snapshot, candidate: Candidate): string[] =>
  candidate.members.map(({ entity }) => entityName(snapshot, entity)).sort()

const significant = (candidates: readonly Candidate[]) => candidates.filter(({ nats }) => nats > 3)

const uses = (user: string, kind: string, id: string): InteractionLine => ({
  type: 'uses',
  actor: `user:${user}`,
  target: `${kind}:${id}`,
})
const transfer = (from: string, to: string, at?: number): InteractionLine => ({
  type: 'transfer',
  actor: `user:${from}`,
  target: `user:${to}`,
  ...(at === undefined ? {} : { at }),
})

/** People with a phone, a number and a card of their own; a home network and address that one to four of them share. */
const households = (count: number, random: Random): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let h = 0, p = 0; h < count; h++) {
    const size = 1 + random.below(4)
    for (let k = 0; k < size; k++, p++) {
      lines.push(uses(`p${p}`, 'device', `phone${p}`), uses(`p${p}`, 'contact', `number${p}`))
      lines.push(uses(`p${p}`, 'network', `home${h}`), uses(`p${p}`, 'address', `street${h}`))
      lines.push(uses(`p${p}`, 'payment', size > 2 ? `familycard${h}` : `card${p}`))
      if (size > 1) lines.push(uses(`p${p}`, 'device', `tablet${h}`))
    }
  }
  return lines
}

/** 24 accounts on six devices (two each), two networks and four cards, each with a number of its own. */
const farm = (): InteractionLine[] =>
  Array.from({ length: 24 }, (_, f) => [
    uses(`farm${f}`, 'device', `rack${f % 6}`),
    uses(`farm${f}`, 'device', `rack${(f + 1 + (f % 3)) % 6}`),
    uses(`farm${f}`, 'network', `proxy${f % 2}`),
    uses(`farm${f}`, 'payment', `wallet${f % 4}`),
    uses(`farm${f}`, 'contact', `burner${f}`),
  ]).flat()

/** Strangers who meet at one identifier, or two. */
const meeting = (people: number, from: number, lines: (person: string) => InteractionLine[]): InteractionLine[] =>
  Array.from({ length: people }, (_, k) => lines(`p${from + k}`)).flat()

test('a device farm is found whole, and no household, campus, office, phone shop or agency is', () => {
  const random = new Random(5)
  const snapshot = snapshotFrom([
    ...households(700, random),
    ...farm(),
    ...meeting(300, 0, (p) => [uses(p, 'network', 'campus')]),
    ...meeting(40, 350, (p) => [uses(p, 'network', 'office'), uses(p, 'address', 'office')]),
    ...meeting(80, 450, (p) => [uses(p, 'device', 'shopdemo'), uses(p, 'network', 'shopwifi')]),
    // An agency's staff log in for their creators, who keep their own phones.
    ...meeting(20, 600, (p) => [
      uses(p, 'device', 'staff1'),
      uses(p, 'device', 'staff2'),
      uses(p, 'network', 'agency'),
    ]),
  ])
  const candidates = significant(run(snapshot))
  expect(candidates).toHaveLength(1)
  const found = candidates[0]!
  expect(names(snapshot, found)).toEqual(Array.from({ length: 24 }, (_, f) => `user:farm${f}`).sort())
  expect(found.nats).toBeGreaterThan(50)
  expect(found.members.every(({ role, membership }) => role === 'core' && membership > 0.5 && membership < 1)).toBe(
    true,
  )
  expect(found.facts.map(({ code }) => code)).toEqual([
    'sybil.shared-device',
    'sybil.shared-network',
    'sybil.shared-payment',
  ])
  const devices = found.facts[0]!
  expect(devices.sentence).toContain('share 6 devices (device:rack')
  expect([devices.observed, devices.shows[0]!.edges.length]).toEqual([48, 48])
  expect(devices.expected).toBeLessThan(5)
  const relation = relationOf(snapshot, 'uses')!
  for (const edge of devices.shows[0]!.edges)
    expect(entityName(snapshot, relation.target[edge]!)).toMatch(/^device:rack/)
})

test('buyers with a phone each who pay with the same few cards are found; an office that sends to one address is not', () => {
  const random = new Random(6)
  const buyers = Array.from({ length: 20 }, (_, b) => [
    uses(`b${b}`, 'device', `new${b}`),
    uses(`b${b}`, 'network', `line${b}`),
    uses(`b${b}`, 'payment', `card-${b % 3}`),
    uses(`b${b}`, 'address', `drop${b % 2}`),
  ]).flat()
  const office = meeting(40, 350, (p) => [uses(p, 'network', 'office'), uses(p, 'address', 'office')])
  const snapshot = snapshotFrom([...households(700, random), ...office, ...buyers])
  const candidates = significant(run(snapshot))
  expect(candidates.map((each) => names(snapshot, each))).toEqual([
    Array.from({ length: 20 }, (_, b) => `user:b${b}`).sort(),
  ])
})

test('creators that an agency films with its cameras are no group while each is paid into an account of its own', () => {
  const of = (creator: number, kind: string, id: string): InteractionLine => ({
    type: 'uses',
    actor: `creator:a${creator}`,
    target: `${kind}:${id}`,
  })
  const agency = (payout: (creator: number) => string): InteractionLine[] =>
    Array.from({ length: 12 }, (_, c) => [
      of(c, 'device', `camera${c % 2}`),
      of(c, 'network', 'studio'),
      of(c, 'payment', payout(c)),
    ]).flat()
  const among = (lines: readonly InteractionLine[]) => {
    const snapshot = snapshotFrom([...households(700, new Random(7)), ...lines])
    return significant(run(snapshot)).map((each) => names(snapshot, each).length)
  }
  expect(among(agency((c) => `own${c}`))).toEqual([])
  expect(among(agency(() => 'one'))).toEqual([12])
})

test('accounts with a phone of their own are in the group where they use what but for them the group alone uses', () => {
  const random = new Random(8)
  const shown = Array.from({ length: 4 }, (_, g) => [
    uses(`guest${g}`, 'device', `private${g}`),
    uses(`guest${g}`, 'network', 'proxy0'),
  ]).flat()
  const snapshot = snapshotFrom([...households(700, random), ...farm(), ...shown])
  const [found] = significant(run(snapshot))
  expect(names(snapshot, found!).filter((name) => name.startsWith('user:guest'))).toHaveLength(4)
  const fact = found!.facts.find(({ code }) => code === 'sybil.also-there')!
  expect([fact.observed, fact.shows[0]!.edges.length]).toEqual([4, 4])
  expect(fact.expected).toBeLessThan(1)
})

/** Everyday transfers: partners by chance, a few popular accounts. */
const traffic = (people: number, count: number, random: Random): InteractionLine[] =>
  Array.from({ length: count }, () => {
    const popular = random.below(4) === 0
    return transfer(`p${random.below(people)}`, `p${popular ? random.below(5) : random.below(people)}`)
  })

/** A distributor pays 40 accounts of its own, which pass on to each other in a chain. */
const starAndChain = (): InteractionLine[] =>
  Array.from({ length: 40 }, (_, s) => [
    transfer('boss', `s${s}`, 1000 + s),
    transfer(`s${s}`, `s${(s + 1) % 40}`, 2000 + s),
  ]).flat()

test('a distributor with accounts of its own is found with its role, window and facts; an exchange is not', () => {
  const random = new Random(3)
  const snapshot = snapshotFrom([
    ...traffic(3000, 6000, random),
    ...starAndChain(),
    transfer('p0', 'boss', 500),
    // An exchange: many customers, who also deal with each other and with others.
    ...Array.from({ length: 600 }, (_, e) => transfer('exchange', `p${e * 5}`)),
  ])
  const candidates = significant(run(snapshot))
  expect(candidates).toHaveLength(1)
  const found = candidates[0]!
  expect(names(snapshot, found)).toEqual(['user:boss', ...Array.from({ length: 40 }, (_, s) => `user:s${s}`)].sort())
  const boss = found.members.find(({ entity }) => entityName(snapshot, entity) === 'user:boss')!
  expect(boss.role).toBe('broker')
  expect(boss.membership).toBeCloseTo(40 / 41, 12)
  expect(found.members.filter(({ role }) => role === 'core')).toHaveLength(40)
  expect(found.window).toEqual({ from: 1000, to: 2039 })
  const [inside, doors, broker] = found.facts
  expect([inside!.code, inside!.observed]).toEqual(['sybil.inside-dealings', 80])
  expect(inside!.expected).toBeLessThan(2)
  expect([doors!.code, doors!.observed, doors!.shows[0]!.edges.length]).toEqual(['sybil.few-doors', 1, 1])
  expect(doors!.sentence).toContain('outside the group is one account')
  expect([broker!.code, broker!.shows[0]!.edges.length]).toEqual(['sybil.broker', 40])
})

test('a star of leaves that deal with nobody else is found', () => {
  const random = new Random(4)
  const snapshot = snapshotFrom([
    ...traffic(2000, 5000, random),
    ...Array.from({ length: 60 }, (_, s) => transfer('boss', `s${s}`)),
  ])
  const [found, ...others] = significant(run(snapshot))
  expect(others).toEqual([])
  expect(found!.members).toHaveLength(61)
  expect(found!.members.filter(({ role }) => role === 'mule')).toHaveLength(60)
  expect(found!.facts.map(({ code, observed }) => [code, observed])).toEqual([
    ['sybil.inside-dealings', 60],
    ['sybil.few-doors', 0],
    ['sybil.broker', 60],
  ])
})

const shuffledUses = (lines: readonly InteractionLine[], random: Random): InteractionLine[] => {
  const kindOf = ({ target }: InteractionLine) => target.slice(0, target.indexOf(':'))
  const kinds = [...new Set(lines.map(kindOf))]
  return kinds.flatMap((kind) => {
    const some = lines.filter((line) => kindOf(line) === kind)
    const order = Int32Array.from(some, (_, i) => i)
    random.shuffle(order)
    return some.map((line, i) => ({ ...line, target: some[order[i]!]!.target }))
  })
}

test('the staff of an agency, who share a drawer of phones and mostly use their own, are no group', () => {
  const random = new Random(3)
  const lines = households(400, random)
  for (let creator = 0; creator < 9; creator++) {
    for (let shared = 0; shared < 6; shared++) lines.push(uses(`staff${creator}`, 'device', `drawer${shared}`))
    for (let times = 0; times < 8; times++) lines.push(uses(`staff${creator}`, 'device', `own${creator}`))
    lines.push(uses(`staff${creator}`, 'network', 'agency'), uses(`staff${creator}`, 'contact', 'switchboard'))
  }
  expect(significant(run(snapshotFrom(lines)))).toEqual([])
})

test('two farms that share a passer-by are two groups', () => {
  const lines = households(400, new Random(4))
  for (const farmName of ['a', 'b'])
    for (let f = 0; f < 20; f++) {
      lines.push(uses(`${farmName}${f}`, 'device', `${farmName}-rack${f % 5}`))
      lines.push(uses(`${farmName}${f}`, 'payment', `${farmName}-card${(f >> 1) % 4}`))
      lines.push(uses(`${farmName}${f}`, 'network', `${farmName}-proxy${f % 3}`))
    }
  lines.push(uses('a7', 'address', 'shared-flat'), uses('b7', 'address', 'shared-flat'))
  const snapshot = snapshotFrom(lines)
  const found = significant(run(snapshot)).map((candidate) => names(snapshot, candidate))
  expect(found.map((group) => group.length)).toEqual([20, 20])
  for (const group of found) expect(new Set(group.map((name) => name[5])).size).toBe(1)
})

test('on shuffles that keep degrees it is silent', () => {
  const random = new Random(9)
  const flow = [...traffic(1500, 2500, random), ...starAndChain()]
  const identifiers = [...households(150, random), ...farm()]
  let named = 0
  for (let round = 0; round < 40; round++) {
    const order = Int32Array.from(flow, (_, i) => i)
    random.shuffle(order)
    const lines = [
      ...flow.map((line, i) => ({ ...line, target: flow[order[i]!]!.target })),
      ...shuffledUses(identifiers, random),
    ]
    if (significant(run(snapshotFrom(lines))).length > 0) named++
  }
  // At 5 % for each of the two searches, more than 10 of 40 has a chance below one in a thousand.
  expect(named).toBeLessThanOrEqual(10)
})

test('the same bytes from run to run, and whatever the order of the records', () => {
  const random = new Random(6)
  const lines = [...traffic(500, 1200, random), ...starAndChain(), ...households(100, random), ...farm()]
  const first = JSON.stringify(run(snapshotFrom(lines)))
  expect(JSON.stringify(run(snapshotFrom(lines)))).toBe(first)
  expect(JSON.stringify(run(snapshotFrom([...lines].reverse())))).toBe(first)
})

test('a market nobody knows changes nothing, and parallel transfers count once', () => {
  const random = new Random(7)
  const lines = [...traffic(500, 1200, random), ...starAndChain()]
  const plain = significant(run(snapshotFrom(lines)))
  const strange = significant(run(snapshotFrom(lines.map((line) => ({ ...line, market: 'XX' })))))
  expect(strange).toEqual(plain)
  const again = significant(run(snapshotFrom([...lines, ...lines, ...lines])))
  expect(again.map(({ nats, members }) => [nats, members])).toEqual(plain.map(({ nats, members }) => [nats, members]))
  expect(again[0]!.facts[0]!.shows[0]!.edges).toHaveLength(240)
})

test('inputs with nothing in them give nothing, with a note where there is nothing to read', () => {
  const nothing = sybil.run(context(snapshotFrom([])), options())
  expect(nothing.candidates).toEqual([])
  expect(nothing.notes.map(({ code }) => code)).toEqual(['sybil.nothing-to-read'])
  const cases: InteractionLine[][] = [
    [transfer('a', 'b')],
    [transfer('a', 'a'), transfer('b', 'b')],
    Array.from({ length: 5000 }, (_, i) => transfer('hub', `x${i}`)),
    Array.from({ length: 5000 }, (_, i) => transfer(`x${i % 2}`, `y${i % 2}`)),
    Array.from({ length: 900 }, (_, i) => transfer(`x${i % 30}`, `x${Math.floor(i / 30)}`)),
    Array.from({ length: 300 }, (_, i) => uses(`x${i}`, 'device', 'one')),
    Array.from({ length: 400 }, (_, i) => uses(`x${i % 20}`, 'device', `d${Math.floor(i / 20)}`)),
    [uses('a', 'device', 'd'), uses('a', 'device', 'd')],
  ]
  for (const lines of cases) {
    const { candidates, notes } = sybil.run(context(snapshotFrom(lines)), options())
    expect(notes).toEqual([])
    expect(significant(candidates)).toEqual([])
    for (const { nats, members, facts } of candidates) {
      expect(nats).toBeLessThan(Infinity)
      expect(members.every(({ membership }) => membership > 0 && membership <= 1)).toBe(true)
      expect(facts.every(({ expected }) => Number.isFinite(expected))).toBe(true)
    }
  }
})

test('accounts first seen together are said to be, those seen over the year are not', () => {
  const random = new Random(11)
  const year = 365 * 86_400_000
  const some = traffic(2000, 6000, random).map((line) => ({ ...line, at: Math.floor(random.float() * year) }))
  const hour = 100 * 86_400_000
  const at = (time: () => number) => starAndChain().map((line) => ({ ...line, at: time() }))
  const together = snapshotFrom([...some, ...at(() => hour + random.below(3_600_000))])
  const cohort = significant(run(together))[0]!.facts.find(({ code }) => code === 'sybil.cohort')!
  expect(cohort.observed).toBeGreaterThanOrEqual(21)
  expect(cohort.expected).toBeLessThan(1)
  expect(cohort.sentence).toMatch(/^\d+ of 41 members were first seen within \d+ minutes of each other/)
  const relation = relationOf(together, 'transfer')!
  for (const { edges } of cohort.shows)
    for (const edge of edges) expect(relation.at[edge]).toBeLessThan(hour + 3_600_000)
  const apart = snapshotFrom([...some, ...at(() => Math.floor(random.float() * year))])
  expect(significant(run(apart))[0]!.facts.map(({ code }) => code)).not.toContain('sybil.cohort')
})

test('associations count like transfers, and a cancelled run stops', () => {
  const random = new Random(8)
  const lines = [...traffic(500, 1500, random), ...starAndChain()].map((line) => ({
    ...line,
    type: 'associate' as const,
  }))
  const snapshot = snapshotFrom(lines)
  const found = significant(run(snapshot))
  expect(found).toHaveLength(1)
  expect(found[0]!.members).toHaveLength(41)
  expect(found[0]!.facts[0]!.shows.map(({ type }) => type)).toEqual(['associate'])
  const stop = () => {
    throw new Error('stop')
  }
  expect(() => sybil.run({ ...context(snapshot), checkCancelled: stop }, options())).toThrow('stop')
})
