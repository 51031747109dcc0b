/**
 * Members who appeared together: the shortest stretch of time in which half of them were first seen, against all accounts of
 * the same relations. Evidence beside a group that was found by its structure; it adds nothing to the nats.
 */
import { hypergeometricSurprise } from '../../kernels/hypergeometric.js'
import { argsortFloat64 } from '../../kernels/sort.js'
import type { EdgeSet, Fact } from '../detector.js'
import type { RelationPairs } from './pairs.js'
import { rounded } from './words.js'

/** First time of each node (entity minus `base`), and the interaction that shows it; NaN where none is known. */
export interface FirstSeen {
  readonly base: number
  readonly at: Float64Array
  /** Position in `parts`, and in the outgoing arrays of its relation. */
  readonly part: Uint8Array
  readonly edge: Int32Array
  readonly parts: readonly RelationPairs[]
  /** All known first times, ascending. */
  readonly sorted: Float64Array
}

/** `ends`: whether the target is an account too. */
export const firstSeen = (
  parts: readonly RelationPairs[],
  base: number,
  nodeCount: number,
  ends: 'actor' | 'both',
): FirstSeen => {
  const at = new Float64Array(nodeCount).fill(Number.NaN)
  const part = new Uint8Array(nodeCount)
  const edge = new Int32Array(nodeCount)
  const see = (node: number, time: number, p: number, e: number) => {
    if (Number.isNaN(time) || at[node]! <= time) return
    at[node] = time
    part[node] = p
    edge[node] = e
  }
  parts.forEach(({ actor, target, first, end, relation }, p) => {
    for (let i = 0; i < actor.length; i++)
      for (let e = first[i]!; e < end[i]!; e++) {
        see(actor[i]! - base, relation.at[e]!, p, e)
        if (ends === 'both') see(target[i]! - base, relation.at[e]!, p, e)
      }
  })
  const known = at.filter((time) => !Number.isNaN(time))
  const sorted = Float64Array.from(argsortFloat64(known), (i) => known[i]!)
  return { base, at, part, edge, parts, sorted }
}

/** How many of `sorted` are below `value`, or up to it. */
const countBelow = (sorted: Float64Array, value: number, upTo: boolean): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value || (upTo && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

/** Beyond the choice of the stretch, a cohort must be this surprising (one in 20,000) to be worth a reader's time. */
const worthSaying = 10

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

const duration = (milliseconds: number): string => {
  for (const [name, size] of units)
    if (milliseconds >= size) {
      const count = Math.ceil(milliseconds / size)
      return `${count} ${name}${count === 1 ? '' : 's'}`
    }
  return 'one second'
}

/** Null where fewer than five members have times, or the stretch is nothing special. `members` are entities. */
export const cohortFact = (
  { base, at, part, edge, parts, sorted }: FirstSeen,
  members: readonly number[],
): Fact | null => {
  const nodes = members.map((entity) => entity - base).filter((node) => !Number.isNaN(at[node]!))
  if (nodes.length < 5) return null
  nodes.sort((a, b) => at[a]! - at[b]! || a - b)
  const half = Math.ceil(nodes.length / 2)
  let best = 0
  for (let i = 1; i + half <= nodes.length; i++)
    if (at[nodes[i + half - 1]!]! - at[nodes[i]!]! < at[nodes[best + half - 1]!]! - at[nodes[best]!]!) best = i
  const from = at[nodes[best]!]!
  const to = at[nodes[best + half - 1]!]!
  const inside = nodes.filter((node) => at[node]! >= from && at[node]! <= to)
  const all = countBelow(sorted, to, true) - countBelow(sorted, from, false)
  const surprise = hypergeometricSurprise(sorted.length, all, nodes.length, inside.length) - Math.log(nodes.length)
  if (surprise < worthSaying) return null
  const expected = (nodes.length * all) / sorted.length
  const shows = parts.flatMap(({ relation }, p): EdgeSet[] => {
    const edges = [...new Set(inside.filter((node) => part[node] === p).map((node) => edge[node]!))]
    return edges.length > 0 ? [{ type: relation.type, edges: Int32Array.from(edges).sort() }] : []
  })
  return {
    code: 'sybil.cohort',
    sentence: `${inside.length} of ${nodes.length} members were first seen within ${duration(to - from)} of each other, where ${rounded(expected)} would be by chance.`,
    observed: inside.length,
    expected,
    unit: 'accounts',
    count: { of: 'named', entities: inside.map((node) => base + node) },
    shows,
  }
}
