import { describe, expect, test } from '@jest/globals'
import { findHandovers } from '#src/detectors/account-trading/handovers.js'
import { learnPopulation } from '#src/detectors/account-trading/population.js'
import { accountTrading } from '#src/detectors/account-trading.js'
import type { Candidate, DetectorContext } from '#src/detectors/detector.js'
import { detectorParameters } from '#src/detectors/registry.js'
import { entityName, relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import {
  type Change,
  DAY,
  HOUR,
  life,
  onCarriers,
  ordinaryPeople,
  ring,
  START,
  transfer,
  uses,
} from './account-trading-worlds.js'

type Options = Parameters<typeof accountTrading.run>[1]

const context = (snapshot: Snapshot, seed = 1): DetectorContext => ({
  snapshot,
  seed,
  progress: () => {},
  checkCancelled: () => {},
})

const run = (lines: readonly InteractionLine[], given: Partial<Options> = {}) => {
  const snapshot = snapshotFrom(lines)
  const found = accountTrading.run(context(snapshot), detectorParameters(accountTrading, given) as Options)
  return { snapshot, ...found, rings: found.candidates.filter(({ nats }) => nats > 3) }
}

const byRole = (snapshot: Snapshot, { members }: Candidate, role: string): string[] =>
  members.filter((m) => m.role === role).map(({ entity }) => entityName(snapshot, entity))

const people = ordinaryPeople(400, new Random(5))

/** What each account uses, when it is first seen and never again; other lines as they are. */
const firstSeen = (lines: readonly InteractionLine[]): InteractionLine[] => {
  const seen = new Set<string>()
  return [...lines]
    .sort((a, b) => Number(a.at) - Number(b.at))
    .filter(
      ({ type, actor, target }) =>
        type !== 'uses' || (!seen.has(`${actor} ${target}`) && seen.add(`${actor} ${target}`)),
    )
}

describe('a sale', () => {
  test('of a farm through a broker to two buyers is found, with everybody in his role', () => {
    const { snapshot, rings, notes } = run([...people, ...ring(new Random(1), { accounts: 10, buyers: 2 })])
    expect(notes).toEqual([])
    expect(rings).toHaveLength(1)
    const [found] = rings
    expect(byRole(snapshot, found!, 'core')).toEqual(['user:farmer'])
    expect(byRole(snapshot, found!, 'mule')).toEqual(Array.from({ length: 10 }, (_, i) => `user:sold${i}`))
    expect(byRole(snapshot, found!, 'broker')).toEqual(['user:broker'])
    expect(byRole(snapshot, found!, 'beneficiary')).toEqual(['user:buyer0', 'user:buyer1'])
    for (const { membership } of found!.members) {
      expect(membership).toBeGreaterThan(0)
      expect(membership).toBeLessThanOrEqual(1)
    }
  })

  test('is shown by facts whose numbers and edges are those of the accounts', () => {
    const { snapshot, rings } = run([...people, ...ring(new Random(1), { accounts: 10, buyers: 2 })])
    const relation = relationOf(snapshot, 'uses')!
    const { facts, window, members } = rings[0]!
    const codes = facts.map(({ code }) => code)
    expect(codes).toEqual(
      expect.arrayContaining([
        'account-trading.handovers',
        'account-trading.left-for-good',
        'account-trading.device-changed',
        'account-trading.payment-changed',
        'account-trading.shared-before',
        'account-trading.shared-after',
        'account-trading.broker',
      ]),
    )
    const inRing = new Set(members.map(({ entity }) => entity))
    for (const { sentence, observed, expected, shows } of facts) {
      expect(Number.isFinite(observed) && Number.isFinite(expected)).toBe(true)
      expect(sentence).not.toMatch(/NaN|undefined|Infinity/)
      expect(observed).toBeGreaterThan(expected)
      expect(shows.every(({ edges }) => edges.length > 0)).toBe(true)
      for (const { type, edges } of shows)
        if (type === 'uses')
          for (const edge of edges) {
            let row = 0
            while (relation.outOffsets[row + 1]! <= edge) row++
            expect(inRing.has(relation.actorFrom + row)).toBe(true)
          }
    }
    expect(facts[0]!.observed).toBe(10)
    expect(window!.from).toBeLessThan(window!.to)
  })

  test('of creators, seen through devices and payouts alone, is found', () => {
    const lines = ring(new Random(2), {
      accounts: 8,
      buyers: 1,
      kinds: ['device', 'payment'],
      kind: 'creator',
      deals: false,
    })
    const { snapshot, rings } = run([...people, ...lines])
    expect(rings).toHaveLength(1)
    expect(byRole(snapshot, rings[0]!, 'mule').filter((name) => name.startsWith('creator:'))).toHaveLength(8)
  })

  test('is found where each identifier is recorded once, when it is first seen', () => {
    const { rings } = run(firstSeen([...people, ...ring(new Random(3), { accounts: 10, buyers: 2 })]))
    expect(rings).toHaveLength(1)
  })

  test('is found in a world of hours and in one of years', () => {
    for (const scale of [1 / 200, 20]) {
      const lines = [...people, ...ring(new Random(4), { accounts: 10, buyers: 2 })]
      const scaled = lines.map((line) => ({ ...line, at: START + (Number(line.at) - START) * scale }))
      expect(run(scaled).rings).toHaveLength(1)
    }
  })

  test('is found by the device of a broker, seen only while the accounts change hands', () => {
    const accounts = Array.from(
      { length: 9 },
      (_, i): Change => ({
        account: `user:sold${i}`,
        at: START + (20 + 2 * i) * DAY,
        before: { device: `own${i}`, payment: `ownpay${i}`, contact: `owncontact${i}` },
        after: { device: `new${i}`, payment: `newpay${i}`, contact: `newcontact${i}` },
      }),
    )
    const random = new Random(6)
    const lines = accounts.flatMap((change) => [
      ...life(random, change),
      uses(change.account, 'device', 'workbench', change.at + HOUR),
    ])
    const holder = life(random, {
      account: 'user:middle',
      at: START,
      before: {},
      after: { device: 'workbench', payment: 'middlepay' },
    })
    const { snapshot, rings } = run([...people, ...lines, ...holder])
    expect(rings).toHaveLength(1)
    expect(byRole(snapshot, rings[0]!, 'broker')).toEqual(['user:middle'])
  })

  const paidOnce = (random: Random, prefix: string, buyers: number): InteractionLine[] => {
    const withoutDeals = ring(random, { accounts: 12, buyers, prefix, deals: false })
    const handedOver = (i: number): number =>
      Math.min(
        ...withoutDeals
          .filter((l) => l.actor === `user:${prefix}sold${i}` && l.target.includes('buyerphone'))
          .map((l) => Number(l.at)),
      )
    return [
      ...withoutDeals,
      ...Array.from({ length: 12 }, (_, i) =>
        transfer(`${prefix}buyer${i % buyers}`, `${prefix}broker`, handedOver(i) - 3 * HOUR),
      ),
    ]
  }

  test('whose broker is only paid, hours before each of them, names him; and not the broker of those who trade in the same weeks', () => {
    const { snapshot, rings } = run([
      ...people,
      ...paidOnce(new Random(41), '', 2),
      ...paidOnce(new Random(42), 'other-', 3),
    ])
    expect(rings).toHaveLength(2)
    expect(rings.map((found) => byRole(snapshot, found, 'broker')).sort()).toEqual([
      ['user:broker'],
      ['user:other-broker'],
    ])
    const fact = rings[0]!.facts.find(({ code }) => code === 'account-trading.paid-promptly')!
    expect(fact.observed).toBe(12)
    expect(fact.expected).toBeLessThan(6)
    expect(fact.shows[0]!.edges).toHaveLength(12)
  })

  test('to a buyer whose family uses the phone too names the buyer, not the family', () => {
    const lines = ring(new Random(43), { accounts: 10, buyers: 1, deals: false })
    const family = ['wife', 'son'].flatMap((name) =>
      life(new Random(44), {
        account: `user:${name}`,
        at: START,
        before: {},
        after: { device: 'buyerphone0', payment: `${name}pay` },
      }),
    )
    const { snapshot, rings } = run([...people, ...lines, ...family])
    expect(rings).toHaveLength(1)
    expect(byRole(snapshot, rings[0]!, 'beneficiary')).toEqual(['user:buyer0'])
  })

  test('in which the new holder takes what the accounts still held does not make him a broker', () => {
    const lines = ring(new Random(45), { accounts: 10, buyers: 1 })
    const sweeps = lines
      .filter(({ target }) => target === 'user:broker')
      .map(({ at }, i) => transfer(`sold${i}`, 'sweeper', Number(at) + 20 * HOUR))
    const pays = lines
      .filter(({ target }) => target === 'user:broker')
      .map(({ at }) => transfer('sweeper', 'broker', Number(at)))
    const { snapshot, rings } = run([...people, ...lines, ...sweeps, ...pays])
    expect(byRole(snapshot, rings[0]!, 'broker')).toEqual(['user:broker'])
    expect(byRole(snapshot, rings[0]!, 'beneficiary')).toContain('user:sweeper')
  })

  test('counts for less when it was so late that nobody knows who comes back', () => {
    const lines = [...people, ...ring(new Random(7), { accounts: 10, buyers: 2 })]
    const late = lines.filter((line) => Number(line.at) <= START + 46 * DAY)
    const whole = run(lines).rings[0]!
    const cut = run(late).candidates[0]
    const sure = (candidate: Candidate | undefined) =>
      (candidate?.members ?? []).filter((m) => m.role === 'mule').reduce((sum, m) => sum + m.membership, 0)
    expect(sure(cut)).toBeLessThan(sure(whole))
  })

  test('of three farms in one country, all of whose people use the same few mobile carriers, is three rings', () => {
    const random = new Random(21)
    const lines = ['', 'second-', 'third-'].flatMap((prefix, i) =>
      ring(new Random(22 + i), { accounts: 12, buyers: 2, prefix, deals: false }),
    )
    const all = [...people, ...lines]
    const there = all.filter(({ actor }) => !/^user:p\d{2}[1-9]/.test(actor))
    const { snapshot, rings } = run([...all, ...onCarriers(random, there, 12, 5)])
    expect(rings).toHaveLength(3)
    for (const found of rings) {
      const names = found.members.map(({ entity }) => entityName(snapshot, entity))
      expect(names.filter((name) => name.includes('sold'))).toHaveLength(12)
      expect(names.filter((name) => name.startsWith('user:p'))).toEqual([])
    }
  })

  test('of two groups by two brokers is two rings', () => {
    const { rings } = run([
      ...people,
      ...ring(new Random(8), { accounts: 8, buyers: 2 }),
      ...ring(new Random(9), { accounts: 8, buyers: 2, prefix: 'other-' }),
    ])
    expect(rings).toHaveLength(2)
  })
})

describe('what looks like a sale', () => {
  const random = new Random(11)
  const group = (
    size: number,
    change: (i: number) => Pick<Change, 'before' | 'after'>,
    at = (i: number) => START + (25 + i) * DAY,
  ): Change[] => Array.from({ length: size }, (_, i) => ({ account: `creator:c${i}`, at: at(i), ...change(i) }))

  const stories: Readonly<Record<string, readonly InteractionLine[]>> = {
    'new phones for a whole team': group(10, (i) => ({
      before: { device: 'old-shelf', payment: `p${i}x`, contact: `k${i}x` },
      after: { device: 'new-shelf', payment: `p${i}x`, contact: `k${i}x` },
    })).flatMap((c) => life(random, c)),
    'a change of staff': group(10, (i) => ({
      before: { device: 'staff-a', network: 'desk-a', contact: 'mail-a', payment: `payout${i}` },
      after: { device: 'staff-b', network: 'desk-b', contact: 'mail-b', payment: `payout${i}` },
    })).flatMap((c) => life(random, c)),
    'an agency that is joined': group(12, (i) => ({
      before: { device: `cam${i}`, contact: `mail${i}x`, payment: `payout${i}` },
      after: { device: `cam${i}`, contact: 'agency-mail', payment: 'agency-payout', network: 'agency-desk' },
    })).flatMap((c) => [
      ...life(random, c),
      ...life(random, { account: c.account, at: c.at, before: {}, after: { device: 'agency-tablet' } }),
    ]),
    'one agency after another, each thing recorded when first seen, and payouts that stay': firstSeen(
      group(
        8,
        (i) => ({
          before: { device: `phone${i % 4}a`, contact: 'agency-a', network: 'desk-a', payment: `payout${i}` },
          after: { device: `phone${i % 4}b`, contact: 'agency-b', network: 'desk-b', payment: `payout${i}` },
        }),
        (i) => START + (28 + i / 4) * DAY,
      ).flatMap((c) => life(random, c)),
    ),
    'an office that moves': group(10, (i) => ({
      before: { device: `cam${i}`, network: 'old-office', address: 'old-street', payment: `payout${i}` },
      after: { device: `cam${i}`, network: 'new-office', address: 'new-street', payment: `payout${i}` },
    })).flatMap((c) => life(random, c)),
    'a family that moves abroad with new phones': group(
      4,
      (i) => ({
        before: { device: 'tablet', network: 'home', payment: 'card', contact: `mobile${i}` },
        after: { device: 'tablet2', network: 'home2', payment: 'card2', contact: `mobile2${i}` },
      }),
      () => START + 30 * DAY,
    ).flatMap((c) => life(random, c)),
    'a takeover of many, whose owners come back': group(10, (i) => ({
      before: { device: `own${i}`, payment: `pay${i}x`, contact: `mail${i}x` },
      after: { device: 'thief', payment: 'thief-pay', contact: `thief-mail${i}` },
    })).flatMap((c, i) => [
      ...life(random, c),
      ...(i % 2 === 0
        ? [uses(c.account, 'device', `own${i}`, c.at + 3 * DAY), uses(c.account, 'device', `own${i}`, c.at + 9 * DAY)]
        : []),
    ]),
    'a takeover by the credential first': group(10, (i) => ({
      before: { device: `own${i}`, payment: `pay${i}x`, contact: `mail${i}x` },
      after: { device: 'thief', payment: 'thief-pay', contact: 'thief-mail' },
    })).flatMap((c) => [...life(random, c), uses(c.account, 'contact', 'thief-mail', c.at + 1)]),
    'an office that moves and hands out phones and numbers': group(
      20,
      (i) => ({
        before: { device: `cam${i}`, network: 'old-office', contact: `mail${i}x` },
        after: { device: `newcam${i}`, network: 'new-office', contact: `newmail${i}x` },
      }),
      () => START + 30 * DAY,
    ).flatMap((c) => life(random, c)),
    'students who come to one dormitory from abroad, with everything new': group(20, (i) => ({
      before: { device: `a${i}`, network: `home-a${i}`, contact: `d${i}`, payment: `b${i}` },
      after: { device: `e${i}`, network: 'dormitory', contact: `g${i}`, payment: `f${i}` },
    })).flatMap((c) => life(random, c)),
    'a large family that gets new phones and another card': group(
      7,
      (i) => ({
        before: { device: `tablet${i}`, network: 'home', payment: 'card', contact: `mobile${i}` },
        after: { device: `newtablet${i}`, network: 'home', payment: 'card2', contact: `mobile${i}` },
      }),
      () => START + 30 * DAY,
    ).flatMap((c) => life(random, c)),
    'a depot whose pool of phones, network and numbers are renewed, the payouts seen for most': group(
      18,
      (i) => ({
        before: { device: `pool${i % 3}`, network: 'depot', contact: `mail${i}x`, payment: `payout${i}` },
        after: { device: `newpool${i % 3}`, network: 'depot2', contact: `newmail${i}x`, payment: `payout${i}` },
      }),
      () => START + 30 * DAY,
    )
      .flatMap((c) => life(random, c))
      .filter(({ target }) => !/^payment:payout1?[0-4]$/.test(target)),
    'a takeover of many, few of whose owners are seen back': group(15, (i) => ({
      before: { device: `own${i}`, payment: `pay${i}x`, contact: `mail${i}x` },
      after: { device: 'thief', payment: 'thief-pay', contact: `thief-mail${i}` },
    })).flatMap((c, i) => [
      ...life(random, c),
      ...(i % 5 === 0
        ? [uses(c.account, 'device', `own${i}`, c.at + 3 * DAY), uses(c.account, 'device', `own${i}`, c.at + 9 * DAY)]
        : []),
    ]),
    'one account sold alone': ring(new Random(12), { accounts: 1, buyers: 1 }),
    'handovers that have nothing in common': Array.from(
      { length: 12 },
      (_, i): Change => ({
        account: `user:single${i}`,
        at: START + (15 + 2 * i) * DAY,
        before: { device: `a${i}`, payment: `b${i}`, contact: `d${i}` },
        after: { device: `e${i}`, payment: `f${i}`, contact: `g${i}` },
      }),
    ).flatMap((c) => life(random, c)),
  }

  test.each(Object.entries(stories))('%s is no ring', (_, lines) => {
    expect(run([...people, ...lines]).rings).toEqual([])
  })

  test('ordinary people are no ring', () => {
    expect(run(people).rings).toEqual([])
  })

  test('a takeover is told in a note', () => {
    const { notes } = run([...people, ...stories['a takeover by the credential first']!])
    expect(notes.map(({ code }) => code)).toEqual(['account-trading.takeover'])
  })
})

describe('chance', () => {
  test('names a ring in few of twenty worlds in which identifiers are dealt anew', () => {
    const lines = [...people, ...ring(new Random(1), { accounts: 12, buyers: 2 })]
    const kinds = [...new Set(lines.map(({ target }) => target.split(':')[0]!))]
    let named = 0
    for (let world = 0; world < 20; world++) {
      const random = new Random(99, world)
      const dealt = [...lines]
      for (const kind of kinds) {
        const places = lines.flatMap((line, i) =>
          line.type === 'uses' && line.target.startsWith(`${kind}:`) ? [i] : [],
        )
        const order = Int32Array.from(places)
        random.shuffle(order)
        places.forEach((place, i) => {
          dealt[place] = { ...lines[place]!, target: lines[order[i]!]!.target }
        })
      }
      if (run(dealt).rings.length > 0) named++
    }
    expect(named).toBeLessThanOrEqual(3)
  })

  test('takes no change for a handover where most accounts leave what they use', () => {
    const random = new Random(97)
    const lines = Array.from({ length: 600 }, (_, account) => {
      const visits = account % 8 === 0 ? 12 : 3
      return Array.from({ length: visits }, () => {
        const at = START + Math.floor(random.float() * 60 * DAY)
        return [
          uses(`user:u${account}`, 'device', `d${random.below(150)}`, at),
          uses(`user:u${account}`, 'payment', `p${random.below(150)}`, at + HOUR),
        ]
      }).flat()
    }).flat()
    const snapshot = snapshotFrom(lines)
    const population = learnPopulation(snapshot, relationOf(snapshot, 'uses')!, () => {})!
    expect(population.switchRate[0]).toBeGreaterThan(0.5)
    expect(findHandovers(snapshot, population, 3 * DAY, () => {})).toEqual([])
    expect(run(lines).rings).toEqual([])
  })

  test('names a ring in few of forty worlds in which each kind is dealt to another account with its history', () => {
    const lines = [...people, ...ring(new Random(1), { accounts: 12, buyers: 2 })]
    const accounts = [...new Set(lines.filter(({ type }) => type === 'uses').map(({ actor }) => actor))]
    let named = 0
    for (let world = 0; world < 40; world++) {
      const random = new Random(98, world)
      const moved = new Map<string, Map<string, string>>()
      for (const kind of ['device', 'network', 'payment', 'contact']) {
        const order = Int32Array.from(accounts, (_, i) => i)
        random.shuffle(order)
        moved.set(kind, new Map(accounts.map((account, i) => [account, accounts[order[i]!]!])))
      }
      const dealt = lines.map((line) =>
        line.type === 'uses' ? { ...line, actor: moved.get(line.target.split(':')[0]!)!.get(line.actor)! } : line,
      )
      if (run(dealt).rings.length > 0) named++
    }
    expect(named).toBeLessThanOrEqual(4)
  })
})

describe('whatever the input', () => {
  const at = START + DAY
  const graphs: Readonly<Record<string, readonly InteractionLine[]>> = {
    'no uses': [transfer('a', 'b', at), transfer('b', 'a', at)],
    'one use': [uses('user:a', 'device', 'd', at)],
    'all at one moment': Array.from({ length: 30 }, (_, i) =>
      uses(`user:a${i % 3}`, i % 2 ? 'device' : 'payment', `x${i}`, at),
    ),
    'one hub': Array.from({ length: 200 }, (_, i) => uses(`user:a${i}`, 'network', 'n', at + i)),
    'a new identifier each time': Array.from({ length: 900 }, (_, i) =>
      uses(`user:a${i % 10}`, (['device', 'payment', 'network'] as const)[i % 3]!, `x${i}`, at + i * HOUR),
    ),
    'many of one interaction': Array.from({ length: 5000 }, () => uses('user:a', 'device', 'd', at)),
    'loops and times to come': [
      transfer('a', 'a', at),
      uses('user:a', 'device', 'd', Date.UTC(2099, 0, 1)),
      uses('user:a', 'device', 'e', 0),
      uses('user:a', 'payment', 'd', Date.UTC(2099, 0, 1)),
      uses('user:a', 'payment', 'e', 0),
    ],
  }
  test.each(Object.entries(graphs))('%s is no ring and no error', (_, lines) => {
    expect(run(lines).candidates).toEqual([])
  })

  test('the same rings come out of the same data, in any order of records', () => {
    const lines = [...people, ...ring(new Random(1), { accounts: 10, buyers: 2 })]
    const order = Int32Array.from(lines, (_, i) => i)
    new Random(3).shuffle(order)
    expect(run(Array.from(order, (i) => lines[i]!)).candidates).toEqual(run(lines).candidates)
  })

  test('uses without times are a note and no run', () => {
    const untimed = ring(new Random(1), { accounts: 10, buyers: 2 }).map(({ at: _, ...line }) => line)
    const { candidates, notes } = run(untimed)
    expect(candidates).toEqual([])
    expect(notes.map(({ code }) => code)).toEqual(['account-trading.no-times'])
  })

  test('some uses without times are left out, and told', () => {
    const lines = [...people, ...ring(new Random(1), { accounts: 10, buyers: 2 })]
    const { rings, notes } = run([...lines, { type: 'uses', actor: 'user:sold1', target: 'device:rack0' }])
    expect(rings).toHaveLength(1)
    expect(notes[0]!.message).toMatch(/^1 of \d+ uses have no time/)
  })

  test('transfers alone are a note', () => {
    expect(run(graphs['no uses']!).notes.map(({ code }) => code)).toEqual(['account-trading.no-uses'])
  })

  test('devices alone are a note: a sale looks like a new phone there', () => {
    const { notes } = run(ring(new Random(1), { accounts: 10, buyers: 1, kinds: ['device', 'network'] }))
    expect(notes.map(({ code }) => code)).toEqual(['account-trading.one-sided'])
  })
})
