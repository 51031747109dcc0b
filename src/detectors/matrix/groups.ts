/**
 * Sets of creators that hold things in common, as places to look: what they are worth is judged afterwards, with every set that could
 * have been named paid for. So this may be rough, and leaves nothing out but what could not stand.
 *
 * A thing that m of N creators hold ties two of them by ln(N / m); x things in common out of the d of the poorer one are less of
 * a surprise by ln C(d, x). Sets are the connected components of the tied creators, parted where they hang together by little
 * (kernels/loose-parts.ts); large ones are looked at by communities (Leiden) too.
 */
import { type Check, checkInterval } from '../../kernels/check.js'
import { connectedComponents } from '../../kernels/components.js'
import { undirectedCsr } from '../../kernels/csr.js'
import { logChoose } from '../../kernels/hypergeometric.js'
import { leiden } from '../../kernels/leiden.js'
import { looseParts } from '../../kernels/loose-parts.js'
import type { Holdings } from './holdings.js'

/** Things that more creators hold tie nobody by themselves (they still count in the judgement): bounds the work to so many pairs a holding. */
const MOST_HOLDERS = 100
/** Parts of a component that have less than this share of their ties with the rest are sets of their own. */
const LOOSE = 0.1
/** Larger sets are looked at by communities too. */
const LARGE = 60
/** Of a pair of N creators: -ln of the chance that one given other creator is as near. Lenient; the set pays for the search. */
const tieNats = (creators: number): number => Math.log(Math.max(2, creators))

interface Ties {
  readonly source: number[]
  readonly target: number[]
  readonly weight: number[]
}

const degree = (offsets: Int32Array, row: number): number => offsets[row + 1]! - offsets[row]!

/** Pairs of creators tied strongly enough by the given kinds together. */
const tiesOf = (kinds: readonly Holdings[], creators: number, check: Check): Ties => {
  const ties: Ties = { source: [], target: [], weight: [] }
  const least = tieNats(creators)
  const nats = new Float64Array(creators)
  const shared = new Int32Array(creators)
  const sum = new Float64Array(creators)
  const touched = new Int32Array(creators)
  const near = new Int32Array(creators)
  const isNear = new Uint8Array(creators)
  let steps = 0
  for (let a = 0; a < creators; a++) {
    let nearCount = 0
    for (const { graph, holders } of kinds) {
      const { rows, columns } = graph
      const own = degree(rows.offsets, a)
      let touchedCount = 0
      for (let k = rows.offsets[a]!; k < rows.offsets[a + 1]!; k++) {
        const thing = rows.columns[k]!
        const size = degree(columns.offsets, thing)
        if (size < 2 || size > MOST_HOLDERS) continue
        const tie = Math.max(0, Math.log(creators / holders[thing]!))
        for (let j = columns.offsets[thing]!; j < columns.offsets[thing + 1]!; j++) {
          const b = columns.columns[j]!
          if (b <= a) continue
          if (shared[b]! === 0) touched[touchedCount++] = b
          shared[b]!++
          nats[b]! += tie
        }
        steps += size
        if (steps > checkInterval) {
          check()
          steps = 0
        }
      }
      for (let t = 0; t < touchedCount; t++) {
        const b = touched[t]!
        const chances = Math.min(own, degree(rows.offsets, b))
        sum[b]! += Math.max(0, nats[b]! - logChoose(chances, shared[b]!))
        if (isNear[b] === 0) {
          isNear[b] = 1
          near[nearCount++] = b
        }
        shared[b] = 0
        nats[b] = 0
      }
    }
    for (let t = 0; t < nearCount; t++) {
      const b = near[t]!
      if (sum[b]! >= least) {
        ties.source.push(a)
        ties.target.push(b)
        ties.weight.push(sum[b]!)
      }
      sum[b] = 0
      isNear[b] = 0
    }
  }
  return ties
}

const membersOf = (label: Int32Array, count: number): number[][] => {
  const members: number[][] = Array.from({ length: count }, () => [])
  label.forEach((own, creator) => {
    members[own]!.push(creator)
  })
  return members
}

/** Sets of at least `minMembers` creators, each ascending. */
export const tiedSets = (
  kinds: readonly Holdings[],
  creators: number,
  minMembers: number,
  seed: number,
  check: Check,
): readonly (readonly number[])[] => {
  const ties = tiesOf(kinds, creators, check)
  const source = Int32Array.from(ties.source)
  const target = Int32Array.from(ties.target)
  const { component, count } = connectedComponents(creators, source, target, check)
  const graph = undirectedCsr(creators, { source, target, weight: Float64Array.from(ties.weight) }, 'sum', check)
  const options = { most: LOOSE, least: 2 * minMembers }
  const parts = looseParts(graph, { label: component, count }, options, check)
  const sets = membersOf(parts.label, parts.count).filter((members) => members.length >= minMembers)
  const large = new Set(sets.filter((members) => members.length > LARGE).flat())
  if (large.size === 0) return sets
  const communities = leiden(graph, { seed, check })
  const smaller = membersOf(communities.community, communities.count).filter(
    (members) => members.length >= minMembers && large.has(members[0]!),
  )
  return [...sets, ...smaller]
}
