/** Groups in the flow of transfers, as candidates with roles and facts. */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, DetectorContext } from '../detector.js'
import { Buckets } from './buckets.js'
import { type Calibrated, calibrate, leastNats, shufflesFor, usable } from './calibrate.js'
import { type FlowOptions, findFlowGroups, prepareFlow, strongestShuffledFlow } from './flow.js'
import { type FlowData, FlowDescriber } from './flow-facts.js'
import { distinctPairs } from './pairs.js'

const readFlow = (snapshot: Snapshot, relations: readonly Relation[], check: () => void): FlowData => {
  const parts = relations.map((relation) => distinctPairs(relation, check))
  let base = Infinity
  let end = 0
  for (const { relation } of parts) {
    base = Math.min(base, relation.actorFrom, relation.targetFrom)
    end = Math.max(end, relation.actorFrom + relation.outOffsets.length - 1)
    end = Math.max(end, relation.targetFrom + relation.inOffsets.length - 1)
  }
  end = Math.min(end, snapshot.entities.count)
  const starts = [0]
  for (const { actor } of parts) starts.push(starts.at(-1)! + actor.length)
  const source = new Int32Array(starts.at(-1)!)
  const target = new Int32Array(starts.at(-1)!)
  parts.forEach((part, index) => {
    let p = starts[index]!
    for (let i = 0; i < part.actor.length; i++, p++) {
      const a = part.actor[i]! - base
      const b = part.target[i]! - base
      // An `associate` has no direction: half of them are turned, so that neither end is drawn by its place in the list.
      const turned = part.relation.type === 'associate' && ((a ^ b) & 1) === 1
      source[p] = turned ? b : a
      target[p] = turned ? a : b
    }
  })
  return { flow: prepareFlow(Math.max(0, end - base), source, target), base, parts, starts }
}

/** Candidates of the flow; none where there are no transfers and no associations. `learned`: what shuffles gave in an earlier run, null to shuffle. */
export const flowCandidates = (
  { snapshot, seed, progress, checkCancelled }: DetectorContext,
  options: FlowOptions & { readonly shuffles: number; readonly searches: number },
  learned: Float64Array | null,
): Calibrated => {
  const relations = (['transfer', 'associate'] as const).flatMap((type) => relationOf(snapshot, type) ?? [])
  if (relations.length === 0) return { candidates: [], strongest: null }
  const data = readFlow(snapshot, relations, checkCancelled)
  const groups = findFlowGroups(data.flow, options, checkCancelled)
  const { sets, surprise } = groups
  const shuffles = shufflesFor(data.flow.source.length, options.shuffles)
  const rounds = shuffles + 1
  progress('transfers', 1 / rounds)
  const step = (done: number) => progress('transfers', (1 + done) / rounds)
  const judges = surprise.some((s) => s > -Infinity)
  const strongest =
    usable(learned, surprise) ??
    (judges ? strongestShuffledFlow(data.flow, options, shuffles, seed, checkCancelled, step) : new Float64Array(0))
  const nats = surprise.map((s) =>
    s === -Infinity ? 0 : Math.max(0, calibrate(s, strongest) - Math.log(options.searches)),
  )
  const { source, target, nodeCount } = data.flow
  const { label, count } = sets
  const named = (set: number) => set !== -1 && nats[set]! >= leastNats
  const members = new Buckets(
    count,
    nodeCount,
    (node, put) => {
      if (named(label[node]!)) put(label[node]!)
    },
    checkCancelled,
  )
  const inside = new Buckets(
    count,
    source.length,
    (p, put) => {
      const set = label[source[p]!]!
      if (named(set) && set === label[target[p]!]!) put(set)
    },
    checkCancelled,
  )
  const border = new Buckets(
    count,
    source.length,
    (p, put) => {
      const a = label[source[p]!]!
      const b = label[target[p]!]!
      if (a === b) return
      if (named(a)) put(a)
      if (named(b)) put(b)
    },
    checkCancelled,
  )
  const describer = new FlowDescriber(snapshot, data, groups)
  const candidates: Candidate[] = []
  for (let set = 0; set < count; set++) {
    if (!named(set)) continue
    checkCancelled()
    candidates.push(
      describer.candidate(
        { set, nodes: members.of(set), insidePairs: inside.of(set), borderPairs: border.of(set) },
        nats[set]!,
      ),
    )
  }
  progress('transfers', 1)
  return { candidates, strongest: learned === null && !judges ? null : strongest }
}
