/** A group that acts at the same moments into a candidate: who, on which targets, and the facts that show it. */
import { type MomentCount, recount } from '../../graph/fact-count.js'
import { interactionsAt } from '../../graph/interactions-at.js'
import { entityName, type Relation, type Snapshot } from '../../graph/snapshot.js'
import { WINDOW } from '../../kernels/coincidence.js'
import type { Candidate, Fact, Member } from '../detector.js'
import { durationText, round, windowOf } from './candidates.js'
import type { MomentGroup, Tie } from './moments.js'
import type { Occasions } from './occasions.js'

/** Code of the first fact of such a candidate. */
export const MOMENTS = 'lockstep.moments'

/** A reader checks a few pairs; the summary counts the rest. */
const TIES_SHOWN = 8

/** Edges of two accounts that are on one target within the tolerance. */
const sharedEdges = ({ outOffsets, target, at }: Relation, a: number, b: number, tolerance: number): number[] => {
  const ofTarget = new Map<number, number[]>()
  for (let edge = outOffsets[a]!; edge < outOffsets[a + 1]!; edge++) {
    const list = ofTarget.get(target[edge]!)
    if (list) list.push(edge)
    else ofTarget.set(target[edge]!, [edge])
  }
  const edges = new Set<number>()
  for (let edge = outOffsets[b]!; edge < outOffsets[b + 1]!; edge++)
    for (const own of ofTarget.get(target[edge]!) ?? [])
      if (Math.abs(at[own]! - at[edge]!) <= tolerance) edges.add(own).add(edge)
  return [...edges]
}

const sorted = (edges: Iterable<number>): Int32Array => Int32Array.from(edges).sort()

/** Null where the habits of an audience explain when the accounts came, on targets whose publication is known. */
export const momentCandidate = (
  snapshot: Snapshot,
  relation: Relation,
  occasions: () => Occasions,
  group: MomentGroup,
): Candidate | null => {
  const { tolerance } = group
  const { type, actorFrom, targetFrom } = relation
  const session = WINDOW * tolerance
  const used = new Set<number>()
  const shown: { readonly tie: Tie; readonly edges: Int32Array }[] = []
  const best = new Map<number, number>()
  for (const tie of group.ties) {
    const edges = sharedEdges(relation, tie.a, tie.b, tolerance)
    for (const edge of edges) used.add(edge)
    for (const account of [tie.a, tie.b]) best.set(account, Math.max(best.get(account) ?? 0, tie.nats))
    if (shown.length < TIES_SHOWN) shown.push({ tie, edges: sorted(edges) })
  }
  const all = sorted(used)
  const hitsOn = new Map<number, number>()
  for (const edge of all) hitsOn.set(relation.target[edge]!, (hitsOn.get(relation.target[edge]!) ?? 0) + 1)
  const targets = [...hitsOn.keys()].map((target) => target - targetFrom)
  const timing = occasions().published(targets)
    ? occasions().timing(group.accounts, targets, Float64Array.of(tolerance), session).nats
    : Number.POSITIVE_INFINITY
  const nats = Math.min(group.nats, timing)
  if (nats <= 0) return null

  const hits = group.ties.reduce((sum, tie) => sum + tie.hits, 0)
  const expected = group.ties.reduce((sum, tie) => sum + tie.expected, 0)
  const doubt = Math.log(Math.min(1, expected / hits))
  const members: Member[] = [
    ...group.accounts.map(
      (account): Member => ({
        entity: account + actorFrom,
        role: 'core',
        membership: round(1 - Math.exp(-best.get(account)!)),
      }),
    ),
    ...[...hitsOn].map(
      ([entity, count]): Member => ({
        entity,
        role: 'beneficiary',
        membership: round(1 - Math.exp((doubt * count) / 2)),
      }),
    ),
  ].sort((x, y) => x.entity - y.entity)

  const counted = ({ a, b }: Tie) => ({ first: a + actorFrom, second: b + actorFrom, within: tolerance })
  const countOf = (ties: readonly Tie[]): MomentCount<number> => ({ of: 'moments', pairs: ties.map(counted), session })
  const observed = recount(countOf(group.ties), interactionsAt(relation, all))
  const within = durationText(tolerance)
  const facts: Fact[] = [
    {
      code: MOMENTS,
      sentence:
        `${group.accounts.length} accounts, each tied to another: ${observed} times two of them did "${type}" on the same one of ${targets.length} targets within ` +
        `${within} of each other, where the ${durationText(session)} around and the targets' own crowds would give ${round(expected)}.`,
      observed,
      expected: round(expected),
      unit: 'moments',
      count: countOf(group.ties),
      shows: [{ type, edges: all }],
    },
    ...shown.map(({ tie, edges }): Fact => {
      const count = countOf([tie])
      const moments = recount(count, interactionsAt(relation, edges))
      return {
        code: 'lockstep.moments-pair',
        sentence:
          `${entityName(snapshot, tie.a + actorFrom)} and ${entityName(snapshot, tie.b + actorFrom)} did "${type}" on the same targets ` +
          `within ${within} of each other at ${moments} moments; ${round(tie.expected)} would be expected.`,
        observed: moments,
        expected: round(tie.expected),
        unit: 'moments',
        count,
        shows: [{ type, edges }],
      }
    }),
  ]
  return { detector: 'lockstep', behaviour: 'lockstep', members, window: windowOf(relation, all), nats, facts }
}
