/** A judged set as a candidate: the accounts that ride, the targets that gain, and facts with the interactions that show them. */
import { entityName, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, Fact, Member } from '../detector.js'
import type { ComeBack, Judged } from './judge.js'
import { eachRide, orderOf, type RideOptions, type Rides } from './rides.js'

const HOT_NAMED = 3

const round = (value: number): number => Number(value.toPrecision(3))

const ascending = (edges: ReadonlySet<number>): Int32Array => Int32Array.from(edges).sort()

export const candidateOf = (snapshot: Snapshot, rides: Rides, judged: Judged, options: RideOptions): Candidate => {
  const { relation, audience } = rides
  const { type, target, targetFrom, actorFrom, at } = relation
  const list = new Set(judged.weak)
  const hotTargets = judged.hot.slice(0, HOT_NAMED)
  const ridden = new Set<number>()
  const beside = new Map(hotTargets.map((hot) => [hot.target, new Set<number>()]))
  const listed = new Map<number, Set<number>>()
  const came = new Map<number, number>()
  const sessionEdges = new Set<number>()
  const riding = new Map<number, Set<number>>()
  for (const account of judged.accounts) {
    const own = new Set<number>()
    const last = new Map<number, number>()
    eachRide(relation, orderOf(relation, account), audience, options, (weak, hot) => {
      const thing = target[weak]! - targetFrom
      if (!list.has(thing)) return
      if (!ridden.has(weak)) {
        ridden.add(weak)
        own.add(thing)
        riding.set(thing, (riding.get(thing) ?? new Set()).add(account))
        const before = last.get(thing)
        if (before === undefined || !(at[weak]! - before <= options.session)) {
          sessionEdges.add(weak)
          came.set(account, (came.get(account) ?? 0) + 1)
          last.set(thing, at[weak]!)
        }
      }
      beside.get(target[hot]! - targetFrom)?.add(hot)
    })
    listed.set(account, own)
  }
  const pairs = [...listed.values()].reduce((sum, own) => sum + own.size, 0)
  const name = (thing: number): string => entityName(snapshot, thing + targetFrom)
  const actorsOf = (edges: ReadonlySet<number>): number => {
    const actors = new Set<number>()
    for (const account of judged.accounts)
      for (let edge = relation.outOffsets[account]!; edge < relation.outOffsets[account + 1]!; edge++)
        if (edges.has(edge)) actors.add(account)
    return actors.size
  }
  const ofList = (list: NonNullable<Judged['list']>): Fact[] => [
    {
      code: 'coattail.rides',
      sentence: `${judged.accounts.length} accounts did "${type}" on ${judged.weak.length} little-known targets right beside far more wanted ones: ${pairs} pairs of account and target, where chance would give ${round(list.expectedPairs)}.`,
      observed: pairs,
      expected: round(list.expectedPairs),
      unit: 'pairs',
      count: { of: 'pairs' },
      shows: [{ type, edges: ascending(ridden) }],
    },
    {
      code: 'coattail.returns',
      sentence: `They came back to them: ${sessionEdges.size} separate visits, where accounts that come back as these do elsewhere would make ${round(list.expectedSessions)}.`,
      observed: sessionEdges.size,
      expected: round(list.expectedSessions),
      unit: 'visits',
      count: { of: 'interactions' },
      shows: [{ type, edges: ascending(sessionEdges) }],
    },
  ]
  const ofOne = ({ target: thing, visits, accounts, expected }: ComeBack): Fact => {
    const edges: number[] = []
    for (const account of accounts)
      for (let edge = relation.outOffsets[account]!; edge < relation.outOffsets[account + 1]!; edge++)
        if (target[edge]! - targetFrom === thing) edges.push(edge)
    return {
      code: 'coattail.comes-back',
      sentence: `${accounts.length} accounts did "${type}" on ${name(thing)} on ${visits} occasions or more each, where of all who look at it ${round(expected)} would by what people here come back to.`,
      observed: accounts.length,
      expected: round(expected),
      unit: 'accounts',
      count: { of: 'actors' },
      shows: [{ type, edges: Int32Array.from(edges).sort() }],
    }
  }
  const facts: Fact[] = [
    ...(judged.list ? ofList(judged.list) : []),
    ...(judged.back ?? []).map(ofOne),
    ...hotTargets.flatMap((hot): Fact[] => {
      const edges = beside.get(hot.target)!
      const accounts = actorsOf(edges)
      if (accounts === 0) return []
      return [
        {
          code: 'coattail.hot-target',
          sentence: `${accounts} of them did so beside ${name(hot.target)}, where their taste would give ${round(hot.expected)}.`,
          observed: accounts,
          expected: round(hot.expected),
          unit: 'accounts',
          count: { of: 'actors' },
          shows: [{ type, edges: ascending(edges) }],
        },
      ]
    }),
  ]
  const members: Member[] = [
    ...judged.accounts.map(
      (account): Member => ({
        entity: account + actorFrom,
        role: 'amplifier',
        membership: round(1 - 0.5 ** (judged.list ? listed.get(account)!.size : (came.get(account) ?? 1))),
      }),
    ),
    ...judged.weak.map(
      (thing): Member => ({
        entity: thing + targetFrom,
        role: 'beneficiary',
        membership: round((riding.get(thing)?.size ?? 0) / judged.accounts.length),
      }),
    ),
  ].sort((a, b) => a.entity - b.entity)
  let from = Infinity
  let to = -Infinity
  for (const edge of ridden) {
    if (at[edge]! < from) from = at[edge]!
    if (at[edge]! > to) to = at[edge]!
  }
  return {
    detector: 'coattail',
    behaviour: 'coattail',
    members,
    window: from <= to ? { from, to } : null,
    nats: judged.nats,
    facts,
  }
}
