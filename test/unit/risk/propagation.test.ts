import { describe, expect, test } from '@jest/globals'
import type { Snapshot } from '#src/graph/snapshot.js'
import { findEntity } from '#src/graph/snapshot.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { learnCouplings, PRIOR_COUPLING, PRIOR_HISTORY } from '#src/risk/propagation/couplings.js'
import { domainName } from '#src/risk/propagation/domains.js'
import { LiveRisk } from '#src/risk/propagation/live-risk.js'
import { type PropagateParameters, propagateRisk, type RiskField, roleOf } from '#src/risk/propagation/propagate.js'
import { type InteractionLine, snapshotFrom, splitName } from '../../support/raw-graph.js'
import { ringRecord, runRecord } from '../../support/runs.js'

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()

const label = (name: string, bad: 0 | 1): LabelRecord => ({ ...splitName(name), label: bad, at: null, group: '' })

const spread = (
  lines: readonly InteractionLine[],
  labels: readonly LabelRecord[],
  more: Partial<PropagateParameters> = {},
): { readonly snapshot: Snapshot; readonly field: RiskField } => {
  const snapshot = snapshotFrom(lines)
  return { snapshot, field: propagateRisk(snapshot, { rings: null, labels, scores: [] }, more) }
}

const entityOf = (snapshot: Snapshot, name: string): number => {
  const { kind, id } = splitName(name)
  return findEntity(snapshot, kind, id)
}

const nodeAt = (snapshot: Snapshot, { layers }: RiskField, name: string, domain: string): number => {
  const entity = entityOf(snapshot, name)
  for (let node = layers.nodeOffsets[entity]!; node < layers.nodeOffsets[entity + 1]!; node++)
    if (domainName(layers.domains[layers.nodeDomain[node]!]!) === domain) return node
  throw new Error(`${name} does not act in ${domain}`)
}

const codes = ({ notes }: RiskField): string[] => notes.map(({ code }) => code)

const shop: readonly InteractionLine[] = [
  { type: 'uses', actor: 'creator:seller', target: 'device:phone', market: 'US' },
  { type: 'uses', actor: 'user:helper', target: 'device:phone', market: 'US' },
  { type: 'sell', actor: 'creator:seller', target: 'product:thing', market: 'US' },
  { type: 'order', actor: 'user:buyer', target: 'product:thing', market: 'US' },
  { type: 'follow', actor: 'user:fan', target: 'creator:seller', market: 'US' },
]

describe('roles', () => {
  const { snapshot, field } = spread(shop, [label('creator:seller', 1)])
  const at = (name: string, domain: string): number => nodeAt(snapshot, field, name, domain)

  test('who shares a device is a helper, who follows is exposed, who buys is a victim and no culprit', () => {
    expect(roleOf(field, at('creator:seller', 'shelf/US'))).toBe('source')
    expect(roleOf(field, at('user:helper', 'account/US'))).toBe('helper')
    expect(roleOf(field, at('user:fan', 'content/US'))).toBe('exposed')
    const buyer = at('user:buyer', 'shelf/US')
    expect(field.risk[buyer]).toBe(0)
    expect(field.harm[buyer]).toBeGreaterThan(0.1)
    expect(field.harm[at('user:helper', 'account/US')]).toBe(0)
    const declared = spread(shop, [label('creator:seller', 1)], { form: 'declared' }).field
    expect(declared.risk[at('user:helper', 'account/US')]).toBeGreaterThan(declared.risk[at('user:fan', 'content/US')]!)
  })

  test('older evidence carries less', () => {
    const aged = (days: number): number => {
      const lines = [
        { type: 'uses', actor: 'user:a', target: 'device:d', at: day(0) },
        { type: 'uses', actor: 'user:b', target: 'device:d', at: day(0) },
        { type: 'view', actor: 'user:z', target: 'video:v', at: day(days) },
      ] as const
      const world = spread(lines, [label('user:a', 1)])
      return world.field.risk[nodeAt(world.snapshot, world.field, 'user:b', 'account/')]!
    }
    expect(aged(0)).toBeGreaterThan(aged(90))
    expect(aged(90)).toBeGreaterThan(aged(900))
    expect(aged(900)).toBeGreaterThan(0)
  })

  test('a device of thousands tells each less than a device of two', () => {
    const shared = (users: number): number => {
      const lines = Array.from({ length: users }, (_, i) => ({
        type: 'uses' as const,
        actor: `user:${i}`,
        target: 'device:d',
      }))
      const world = spread(lines, [label('user:0', 1)])
      return world.field.risk[nodeAt(world.snapshot, world.field, 'user:1', 'account/')]!
    }
    expect(shared(2)).toBeGreaterThan(0.3)
    expect(shared(2000)).toBeLessThan(shared(2) / 900)
  })
})

describe('sources and ends', () => {
  const chain: readonly InteractionLine[] = [
    { type: 'associate', actor: 'user:a', target: 'user:b' },
    { type: 'associate', actor: 'user:b', target: 'user:c' },
  ]

  test('an entity on the allow list gives nothing and lets nothing through, a ring or a ban notwithstanding', () => {
    const ban = { type: 'ban', actor: 'user:b', target: 'user:b' } as const
    const { snapshot, field } = spread([...chain, ban], [label('user:a', 1), label('user:b', 0)])
    expect(codes(field)).toContain('risk.seed-allowed')
    for (const name of ['user:b', 'user:c']) expect(field.risk[nodeAt(snapshot, field, name, 'account/')]).toBe(0)
  })

  test('a banned entity is a source, and what reaches it ends there', () => {
    const ban = { type: 'ban', actor: 'user:b', target: 'user:b' } as const
    const without = spread([...chain, ban], [])
    const beside = spread([...chain, ban], [label('user:a', 1)])
    const risk = ({ snapshot, field }: typeof without, name: string): number =>
      field.risk[nodeAt(snapshot, field, name, 'account/')]!
    expect(risk(without, 'user:b')).toBe(1)
    expect(risk(without, 'user:c')).toBeGreaterThan(0.1)
    expect(risk(beside, 'user:c')).toBeCloseTo(risk(without, 'user:c'), 6)
  })

  test('a source in no domain is told, and gives nothing', () => {
    const ban = { type: 'ban', actor: 'user:alone', target: 'user:alone' } as const
    const { snapshot, field } = spread([...chain, ban], [])
    expect(codes(field)).toContain('risk.no-domain')
    expect(field.risk.every((risk) => risk === 0)).toBe(true)
    const entity = entityOf(snapshot, 'user:alone')
    expect(field.layers.nodeOffsets[entity + 1]).toBe(field.layers.nodeOffsets[entity])
  })

  test('where all sources are in one component, that is told', () => {
    const apart = { type: 'associate', actor: 'user:x', target: 'user:y' } as const
    const { field } = spread([...chain, apart], [label('user:a', 1), label('user:c', 1)])
    expect(codes(field)).toContain('risk.one-component')
    expect(codes(spread(chain, [label('user:a', 1), label('user:c', 1)]).field)).not.toContain('risk.one-component')
  })

  test('without any source there is no risk, and that is told', () => {
    expect(codes(spread(chain, []).field)).toEqual(['risk.no-source'])
  })

  test('a share that would not converge is scaled down and told, or refused', () => {
    const ring = Array.from({ length: 6 }, (_, i) => ({
      type: 'operates' as const,
      actor: `user:${i >> 1}`,
      target: `creator:${((i + 1) >> 1) % 3}`,
      weight: 20,
    }))
    const { field } = spread(ring, [label('user:0', 1)], { share: 3 })
    expect(codes(field)).toContain('risk.scaled')
    expect(field.bound).toBeLessThanOrEqual(1e-6)
    expect(() => spread(ring, [label('user:0', 1)], { share: 3, strict: true })).toThrow('would not converge')
  })
})

describe('domains', () => {
  const lines = ['US', 'ID'].flatMap((market): InteractionLine[] => [
    { type: 'follow', actor: 'user:a', target: 'creator:c', market },
    { type: 'order', actor: 'user:a', target: 'product:p', market },
  ])

  test('a copy for each domain, and risk of one reaches the others', () => {
    const ban = { type: 'ban', actor: 'user:a', target: 'user:a', market: 'US' } as const
    const { snapshot, field } = spread([...lines, ban], [])
    expect(field.layers.domains.map(domainName)).toEqual(['content/ID', 'content/US', 'shelf/ID', 'shelf/US'])
    const risk = (domain: string): number => field.risk[nodeAt(snapshot, field, 'user:a', domain)]!
    expect(risk('content/US')).toBe(1)
    expect(risk('content/ID')).toBeGreaterThan(0.2)
    expect(risk('content/ID')).toBeLessThan(1)
  })

  test('a pair with little history is close to the pooled coupling, one with much to its own', () => {
    const copies = 4000
    const layers = {
      domains: ['US', 'ID', 'BR'].map((market) => ({ scenario: 'content' as const, market })),
      nodeOffsets: Int32Array.from({ length: copies + 1 }, (_, i) => 2 * i),
      nodeEntity: Int32Array.from({ length: 2 * copies }, (_, node) => node >> 1),
      // All but the last two are in the first and second domain.
      nodeDomain: Uint16Array.from({ length: 2 * copies }, (_, node) => (node >= 2 * copies - 4 ? 2 : 1) * (node & 1)),
      domainAt: new Int32Array(0),
      markets: 0,
    }
    const explicit = new Float64Array(2 * copies)
    const own = new Uint8Array(2 * copies)
    const source = (node: number): void => {
      explicit[node] = 1
      own[node] = 1
    }
    // Half of 1,000 sources in the first are sources in the second too; the one in the third is none.
    for (let entity = 0; entity < 1000; entity++) {
      source(2 * entity)
      if (entity % 2 === 0) source(2 * entity + 1)
    }
    source(2 * copies - 4)
    const at = new Float64Array(2 * copies).fill(Number.NaN)
    const { strength, pooled, pairs } = learnCouplings(layers, { explicit, own, at }, () => {})
    expect(strength[0 * 3 + 1]).toBeCloseTo((1000 * 0.5 + PRIOR_HISTORY * pooled) / (1000 + PRIOR_HISTORY), 9)
    expect(strength[0 * 3 + 2]).toBeCloseTo((PRIOR_HISTORY * pooled) / (1 + PRIOR_HISTORY), 9)
    expect(strength[1 * 3 + 2]).toBe(pooled)
    expect(pairs.find(({ from, to }) => from === 0 && to === 1)).toMatchObject({ history: 1000, own: 0.5 })
    // Seen in the second before the first, it does not follow.
    for (let entity = 0; entity < 1000; entity++) {
      at[2 * entity] = 2
      at[2 * entity + 1] = 1
    }
    expect(learnCouplings(layers, { explicit, own, at }, () => {}).strength[1]).toBeLessThan(0.1)
    const none = learnCouplings(layers, { explicit, own: new Uint8Array(2 * copies), at }, () => {})
    expect(none.pooled).toBe(PRIOR_COUPLING)
  })

  test('a member of a ring is a source where the ring acts', () => {
    const snapshot = snapshotFrom(lines)
    const ring = ringRecord('r', {
      fdr: 0.01,
      markets: ['US'],
      scenarios: ['content'],
      members: [{ kind: 'user', id: 'a', role: 'core', score: 0.8 }],
    })
    const rings = { run: runRecord('run'), rings: [ring] }
    const field = propagateRisk(snapshot, { rings, labels: [], scores: [] })
    const given = (domain: string): number => field.seeds.explicit[nodeAt(snapshot, field, 'user:a', domain)]!
    expect(given('content/US')).toBeCloseTo(0.8 * 0.99, 9)
    expect(given('shelf/US')).toBe(0)
  })
})

describe('repair and what-if', () => {
  const world = (): InteractionLine[] =>
    Array.from({ length: 400 }, (_, i) => ({
      type: (['uses', 'like', 'order', 'transfer'] as const)[i % 4]!,
      actor: `user:${(i * 7) % 60}`,
      target: [`device:${(i >> 2) % 40}`, `video:${(i * 11) % 50}`, `product:${i % 9}`, `user:${(i * 13 + 1) % 60}`][
        i % 4
      ]!,
      market: ['US', 'ID'][(i >> 3) % 2]!,
      at: day(i % 30),
    }))
  const labels = [label('user:7', 1), label('user:14', 1), label('user:21', 0)]
  const asOf = Date.parse(day(31))
  const run = (lines: readonly InteractionLine[], by: readonly LabelRecord[] = labels) => {
    const snapshot = snapshotFrom(lines, { asOf })
    return { snapshot, field: propagateRisk(snapshot, { rings: null, labels: by, scores: [] }) }
  }

  test('interactions that arrive give what a full run gives', () => {
    const more: InteractionLine[] = Array.from({ length: 80 }, (_, i) => ({
      type: 'uses',
      actor: `user:${i % 3 === 0 ? 7 : i % 60}`,
      target: `device:${(i * 3) % 40}`,
      market: i % 2 === 0 ? 'US' : 'ID',
      at: day(30),
    }))
    const { snapshot, field } = run(world())
    const live = new LiveRisk(snapshot, field, 1e-6)
    live.add(
      more.map(({ type, actor, target, market, at }) => ({
        type,
        actor: entityOf(snapshot, actor),
        target: entityOf(snapshot, target),
        scenario: 'account',
        market: snapshot.markets.indexOf(market!),
        at: Date.parse(String(at)),
        weight: 1,
      })),
    )
    const full = run([...world(), ...more])
    let compared = 0
    for (let entity = 0; entity < snapshot.entities.count; entity++)
      for (const { node, domain } of live.copiesOf(entity)) {
        let there = full.field.layers.nodeOffsets[entity]!
        while (full.field.layers.nodeDomain[there] !== domain) there++
        expect(Math.abs(live.riskOf(node) - full.field.risk[there]!)).toBeLessThanOrEqual(live.bound + full.field.bound)
        compared++
      }
    expect(compared).toBe(full.field.risk.length)
  })

  test('banned is what a label would give, cleared what an allow list would, unlinked what nobody told', () => {
    const entity = 'user:11'
    const riskOf = (by: readonly LabelRecord[]) => run(world(), by)
    const suppose = (whatIf: 'banned' | 'cleared' | 'unlinked') => {
      const { snapshot, field } = run(world())
      const live = new LiveRisk(snapshot, field, 1e-7)
      live.suppose(entityOf(snapshot, entity), whatIf)
      return Float64Array.from(field.risk, (_, node) => live.riskOf(node))
    }
    const cleared = riskOf([...labels, label(entity, 0)]).field.risk
    suppose('cleared').forEach((risk, node) => {
      expect(risk).toBeCloseTo(cleared[node]!, 5)
    })
    const ban = { type: 'ban', actor: entity, target: entity, at: day(0) } as const
    const banned = run([...world(), ban]).field.risk
    suppose('banned').forEach((risk, node) => {
      expect(risk).toBeCloseTo(banned[node]!, 5)
    })
    const { snapshot, field } = run(world())
    const unlinked = suppose('unlinked')
    for (let node = 0; node < unlinked.length; node++)
      if (field.layers.nodeEntity[node] === entityOf(snapshot, entity))
        expect(Math.abs(unlinked[node]!)).toBeLessThan(1e-9)
  })
})
