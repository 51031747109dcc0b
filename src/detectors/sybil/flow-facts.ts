/** What a group of the flow shows: its members' roles, and the facts behind them. */
import { entityName, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, EdgeSet, Fact, Member, Role } from '../detector.js'
import { cohortFact, type FirstSeen, firstSeen } from './cohort.js'
import type { Flow, FlowGroups } from './flow.js'
import { edgesOfPairs, type RelationPairs, windowOf } from './pairs.js'
import { plural, rounded } from './words.js'

/** A broker deals with at least this many members, and with a quarter of them. */
const brokerPartners = 4
const brokerShare = 0.25

export interface FlowData {
  readonly flow: Flow
  /** Entity of the account that was given as 0. */
  readonly base: number
  /** Pairs of each relation, one after the other in the flow; `starts` has one entry more. */
  readonly parts: readonly RelationPairs[]
  readonly starts: readonly number[]
}

const edgeSets = ({ parts, starts }: FlowData, positions: Iterable<number>): EdgeSet[] => {
  const ofPart: number[][] = parts.map(() => [])
  for (const p of positions) {
    let part = 0
    while (p >= starts[part + 1]!) part++
    ofPart[part]!.push(p - starts[part]!)
  }
  return parts.flatMap((part, index) =>
    ofPart[index]!.length > 0 ? [{ type: part.relation.type, edges: edgesOfPairs(part, ofPart[index]!) }] : [],
  )
}

const windowOfPairs = ({ parts, starts }: FlowData, positions: Int32Array) =>
  windowOf(
    parts.map((pairs, index) => ({
      pairs,
      positions: Array.from(positions.filter((p) => p >= starts[index]! && p < starts[index + 1]!)).map(
        (p) => p - starts[index]!,
      ),
    })),
  )

interface DegreeHistogram {
  readonly degrees: Float64Array
  readonly nodes: Float64Array
  /** Ends of all edges. */
  readonly ends: number
}

const histogramOf = ({ offsets, rowCount }: FlowGroups['graph']): DegreeHistogram => {
  const counts = new Map<number, number>()
  for (let v = 0; v < rowCount; v++) {
    const degree = offsets[v + 1]! - offsets[v]!
    if (degree > 0) counts.set(degree, (counts.get(degree) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([a], [b]) => a - b)
  return {
    degrees: Float64Array.from(sorted, ([degree]) => degree),
    nodes: Float64Array.from(sorted, ([, nodes]) => nodes),
    ends: offsets[rowCount]!,
  }
}

/** Distinct nodes that `stubs` ends reach when each goes to a node by its degree: sum over nodes of 1 - exp(-stubs d / ends). */
const expectedReach = ({ degrees, nodes, ends }: DegreeHistogram, stubs: number): number => {
  let sum = 0
  for (let i = 0; i < degrees.length; i++) sum -= nodes[i]! * Math.expm1((-stubs * degrees[i]!) / ends)
  return sum
}

export interface FlowGroup {
  readonly set: number
  readonly nodes: Int32Array
  readonly insidePairs: Int32Array
  readonly borderPairs: Int32Array
}

export class FlowDescriber {
  readonly #snapshot: Snapshot
  readonly #data: FlowData
  readonly #groups: FlowGroups
  readonly #histogram: DegreeHistogram
  readonly #firstSeen: FirstSeen

  constructor(snapshot: Snapshot, data: FlowData, groups: FlowGroups) {
    this.#snapshot = snapshot
    this.#data = data
    this.#groups = groups
    this.#histogram = histogramOf(groups.graph)
    this.#firstSeen = firstSeen(data.parts, data.base, data.flow.nodeCount, 'both')
  }

  #entity(node: number): number {
    return this.#data.base + this.#data.flow.given[node]!
  }

  #partners(node: number): { readonly all: number; readonly inside: number; readonly exclusive: number } {
    const { graph, sets } = this.#groups
    const { offsets, columns } = graph
    let inside = 0
    let exclusive = 0
    for (let k = offsets[node]!; k < offsets[node + 1]!; k++) {
      const other = columns[k]!
      if (sets.label[other] !== sets.label[node]) continue
      inside++
      if (offsets[other + 1]! - offsets[other]! === 1) exclusive++
    }
    return { all: offsets[node + 1]! - offsets[node]!, inside, exclusive }
  }

  candidate(group: FlowGroup, nats: number): Candidate {
    const { nodes } = group
    const members: Member[] = []
    let broker = -1
    let brokerInside = 0
    for (const node of nodes) {
      const { all, inside } = this.#partners(node)
      const isBroker = inside >= brokerPartners && inside >= brokerShare * (nodes.length - 1)
      const role: Role = all === 1 ? 'mule' : isBroker ? 'broker' : 'core'
      if (isBroker && inside > brokerInside) {
        broker = node
        brokerInside = inside
      }
      members.push({ entity: this.#entity(node), role, membership: inside / all })
    }
    members.sort((a, b) => a.entity - b.entity)
    const facts = [this.#insideFact(group), this.#doorsFact(group)]
    if (broker !== -1) facts.push(this.#brokerFact(group, broker))
    const cohort = cohortFact(
      this.#firstSeen,
      members.map(({ entity }) => entity),
    )
    if (cohort) facts.push(cohort)
    return {
      detector: 'sybil',
      behaviour: 'sybil',
      members,
      window: windowOfPairs(this.#data, group.insidePairs),
      nats,
      facts,
    }
  }

  #insideFact({ set, nodes, insidePairs }: FlowGroup): Fact {
    const { inside, leaving, reaching } = this.#groups
    const expected = (leaving[set]! * reaching[set]!) / this.#data.flow.source.length
    return {
      code: 'sybil.inside-dealings',
      sentence: `The ${nodes.length} accounts deal with each other: ${plural(inside[set]!, 'pair')} of sender and receiver are both in the group, where accounts as active as these would have ${rounded(expected)} by chance.`,
      observed: inside[set]!,
      expected,
      unit: 'pairs',
      count: { of: 'pairs' },
      shows: edgeSets(this.#data, insidePairs),
    }
  }

  #doorsFact({ set, nodes, borderPairs }: FlowGroup): Fact {
    const { sets, graph, leaving, reaching } = this.#groups
    const doors = sets.doors[set]!
    const border = sets.border[set]!
    const stubs = leaving[set]! + reaching[set]!
    let expectedBorder = 0
    const stays = Math.min(1, stubs / this.#histogram.ends)
    for (const node of nodes) expectedBorder += 1 - stays ** (graph.offsets[node + 1]! - graph.offsets[node]!)
    const byDoors = doors <= border
    const observed = byDoors ? doors : border
    const expected = byDoors ? expectedReach(this.#histogram, stubs) : expectedBorder
    const what =
      observed === 0
        ? 'None of them deals with anybody outside the group'
        : byDoors
          ? `All that they deal with outside the group ${doors === 1 ? 'is one account' : `are ${doors} accounts`}`
          : `Only ${plural(border, 'member')} of ${nodes.length} ${border === 1 ? 'deals' : 'deal'} with anybody outside the group`
    return {
      code: 'sybil.few-doors',
      sentence: `${what}; for accounts as active as these, chance would give ${rounded(expected)}.`,
      observed,
      expected,
      unit: byDoors ? 'outside accounts' : 'members',
      count: { of: 'named', entities: this.#borderEnds(set, borderPairs, byDoors ? 'outside' : 'inside') },
      shows: edgeSets(this.#data, borderPairs),
    }
  }

  /** Entities on one side of the border pairs, ascending. */
  #borderEnds(set: number, borderPairs: Int32Array, side: 'inside' | 'outside'): number[] {
    const { source, target } = this.#data.flow
    const { label } = this.#groups.sets
    const ends = new Set<number>()
    for (const p of borderPairs)
      for (const node of [source[p]!, target[p]!])
        if ((label[node] === set) === (side === 'inside')) ends.add(this.#entity(node))
    return [...ends].sort((a, b) => a - b)
  }

  #brokerFact({ set, nodes, insidePairs }: FlowGroup, broker: number): Fact {
    const { leaving, reaching } = this.#groups
    const { all, inside, exclusive } = this.#partners(broker)
    const { source, target } = this.#data.flow
    const expected = (all * (leaving[set]! + reaching[set]!)) / this.#histogram.ends
    const name = entityName(this.#snapshot, this.#entity(broker))
    const only = exclusive > 0 ? ` ${exclusive} of them ${exclusive === 1 ? 'deals' : 'deal'} with nobody else.` : ''
    return {
      code: 'sybil.broker',
      sentence: `${name} deals with ${inside} of the ${nodes.length - 1} other members, where ${rounded(expected)} of its ${plural(all, 'partner')} would be in the group by chance.${only}`,
      observed: inside,
      expected,
      unit: 'accounts',
      count: { of: 'partners', entity: this.#entity(broker) },
      shows: edgeSets(
        this.#data,
        insidePairs.filter((p) => source[p] === broker || target[p] === broker),
      ),
    }
  }
}
