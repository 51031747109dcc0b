/**
 * Which ring of a run is which ring of the run before: a one-to-one assignment of greatest total overlap.
 *
 * Overlap is the weighted Jaccard index over accounts, sum min(w, w') / sum max(w, w'), where an account weighs by its role: a
 * ring is its core, while mules are hired and dropped. Targets do not count: a ring that serves another video is the same ring.
 * After Greene, D., Doyle, D. and Cunningham, P. (2010): Tracking the evolution of communities in dynamic social networks. ASONAM 2010, 176-183;
 * there the best match is taken ring by ring, here over all rings at once, so that the result does not depend on their order.
 */
import { assignRows } from '../kernels/assignment.js'
import type { MemberRecord } from '../store/store.js'

/** Weight of an account by its role; a broker ties a ring together as its core does. */
export const ROLE_WEIGHTS: Readonly<Record<string, number>> = {
  core: 1,
  broker: 1,
  amplifier: 0.5,
  mule: 0.25,
  beneficiary: 0,
}

/**
 * Two rings can be the same when one of them holds at least this part of the other's weight: less than half, and most of what either was
 * is elsewhere.
 */
export const CONTAINED = 0.5

export interface RingMembers {
  readonly members: readonly MemberRecord[]
}

export interface Overlap {
  /** Positions in the lists that were compared. */
  readonly before: number
  readonly after: number
  /** Weighted Jaccard index, above 0 to 1. */
  readonly jaccard: number
  /** Part of the weight of the ring before that is in the ring after, and the other way round. */
  readonly ofBefore: number
  readonly ofAfter: number
}

export interface Matching {
  /** All pairs that share accounts, by `before`, then `after`. */
  readonly overlaps: readonly Overlap[]
  /** The ring after of each ring before, and the other way round; undefined where there is none. */
  readonly afterOf: ReadonlyMap<number, Overlap>
  readonly beforeOf: ReadonlyMap<number, Overlap>
}

const weightOf = (member: MemberRecord): number => ROLE_WEIGHTS[member.role] ?? 0

const totalWeight = ({ members }: RingMembers): number => members.reduce((sum, member) => sum + weightOf(member), 0)

const overlapsOf = (before: readonly RingMembers[], after: readonly RingMembers[]): Overlap[] => {
  const ringsOf = new Map<string, { readonly ring: number; readonly weight: number }[]>()
  for (const [ring, { members }] of after.entries())
    for (const member of members) {
      if (weightOf(member) === 0) continue
      const name = `${member.kind}:${member.id}`
      const known = ringsOf.get(name)
      if (known) known.push({ ring, weight: weightOf(member) })
      else ringsOf.set(name, [{ ring, weight: weightOf(member) }])
    }
  const totals = after.map(totalWeight)
  return before.flatMap((ring, index) => {
    const common = new Map<number, { least: number; before: number; after: number }>()
    for (const member of ring.members) {
      const weight = weightOf(member)
      if (weight === 0) continue
      for (const other of ringsOf.get(`${member.kind}:${member.id}`) ?? []) {
        const sums = common.get(other.ring) ?? { least: 0, before: 0, after: 0 }
        sums.least += Math.min(weight, other.weight)
        sums.before += weight
        sums.after += other.weight
        common.set(other.ring, sums)
      }
    }
    const total = totalWeight(ring)
    return [...common]
      .sort(([a], [b]) => a - b)
      .map(([other, sums]) => ({
        before: index,
        after: other,
        jaccard: sums.least / (total + totals[other]! - sums.least),
        ofBefore: sums.before / total,
        ofAfter: sums.after / totals[other]!,
      }))
  })
}

/** The order of both lists decides between equally good matchings, and nothing else; give them by id. */
export const matchRings = (before: readonly RingMembers[], after: readonly RingMembers[]): Matching => {
  const overlaps = overlapsOf(before, after)
  const possible = overlaps.filter(({ ofBefore, ofAfter }) => ofBefore >= CONTAINED || ofAfter >= CONTAINED)
  const offsets = new Int32Array(before.length + 1)
  for (const overlap of possible) offsets[overlap.before + 1]!++
  for (let ring = 0; ring < before.length; ring++) offsets[ring + 1]! += offsets[ring]!
  const assigned = assignRows({
    rowCount: before.length,
    columnCount: after.length,
    offsets,
    columns: Int32Array.from(possible, (overlap) => overlap.after),
    weights: Float64Array.from(possible, ({ jaccard }) => jaccard),
  })
  const chosen = possible.filter((overlap) => assigned[overlap.before] === overlap.after)
  return {
    overlaps,
    afterOf: new Map(chosen.map((overlap) => [overlap.before, overlap])),
    beforeOf: new Map(chosen.map((overlap) => [overlap.after, overlap])),
  }
}
