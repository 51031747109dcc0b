/**
 * Coattail riding: accounts act on a hot target and right beside it on weak ones, again and again, so that a recommender learns
 * that who wants the one wants the others.
 *
 * Rides (coattail/rides.ts) tie accounts to weak targets. Sets of accounts that came back to the same ones are sought by what ties
 * them (matrix/groups.ts) and judged by three counts (coattail/judge.ts): the same list, coming back, the same hot targets. Any type of
 * interaction between users and products or videos, each by itself.
 *
 *   Zhang, S. et al. (2021): Large-scale fake click detection for e-commerce recommendation systems. ICDE 2021, 2595-2606 ("Ride Item's
 *   Coattails").
 *   Genovese, C. R., Roeder, K. and Wasserman, L. (2006): False discovery control with p-value weighting. Biometrika 93(3), 509-524.
 */
import { type Static, Type } from 'typebox'
import { type InteractionType, interactionType, interactionTypeNames } from '../../graph-schema/schema.js'
import { candidateOf } from './coattail/candidates.js'
import { withJoiners } from './coattail/joiners.js'
import { type Judged, judge } from './coattail/judge.js'
import { ridesOf } from './coattail/rides.js'
import { judgeSingles } from './coattail/single.js'
import type { Candidate, Detector, Note } from './detector.js'
import { tiedSets } from './matrix/groups.js'

const riddenTypes: readonly InteractionType[] = interactionTypeNames.filter((name) => {
  const { actors, targets, enforcement } = interactionType(name)
  return !enforcement && actors.includes('user') && (targets.includes('product') || targets.includes('video'))
})

const parameters = Type.Object(
  {
    types: Type.Array(Type.Enum([...riddenTypes]), {
      default: [...riddenTypes],
      description: 'Interaction types to look at, each by itself.',
    }),
    ratio: Type.Number({
      default: 2,
      minimum: 1,
      maximum: 1000,
      description: 'A target is hot beside another when at least so many times as many accounts act on it.',
    }),
    reach: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 100,
      description: 'Actions of an account between a hot and a weak target at most, plus one.',
    }),
    within: Type.Number({
      default: 7200,
      minimum: 1,
      maximum: 86_400,
      description: 'Seconds between them at most.',
    }),
    session: Type.Number({
      default: 6 * 3600,
      minimum: 0,
      maximum: 30 * 86_400,
      description: 'Seconds within which an account that acts on the same target again has not come back.',
    }),
    minMembers: Type.Integer({
      default: 5,
      minimum: 2,
      maximum: 1000,
      description: 'Accounts that a ring has at least.',
    }),
  },
  { additionalProperties: false },
)

export type CoattailParameters = Static<typeof parameters>

const SECOND = 1000

/** Measured at 1 M and 10 M simulated interactions, in processor seconds on one core. */
const bytesFixed = 10e6
const bytesPerInteraction = 22
const secondsFixed = 0.2
const secondsPerInteraction = 1.1e-6

const ridersIn = (offsets: Int32Array): number => {
  let riders = 0
  for (let row = 0; row + 1 < offsets.length; row++) if (offsets[row + 1]! > offsets[row]!) riders++
  return riders
}

/** Strongest first; a set of which half the accounts are in a stronger one is the same find again. */
const withoutRepeats = (judged: readonly Judged[]): readonly Judged[] => {
  const taken = new Set<number>()
  const kept: Judged[] = []
  for (const each of [...judged].sort((a, b) => b.nats - a.nats || a.accounts[0]! - b.accounts[0]!)) {
    const known = each.accounts.filter((account) => taken.has(account)).length
    if (2 * known >= each.accounts.length) continue
    kept.push(each)
    for (const account of each.accounts) taken.add(account)
  }
  return kept
}

/** A single target's accounts that ride on a list too are told by the list. */
const apartFrom = (lists: readonly Judged[], singles: readonly Judged[]): readonly Judged[] => {
  const taken = new Set(lists.flatMap(({ accounts }) => accounts))
  return singles.filter(({ accounts }) => 2 * accounts.filter((each) => taken.has(each)).length < accounts.length)
}

export const coattail: Detector<CoattailParameters> = {
  id: 'coattail',
  title: 'Coattail riding',
  behaviour: 'coattail',
  finds: 'Accounts that act on hot targets and right beside them, again and again, on the same little-known ones.',
  papers: [
    'Zhang, S. et al. (2021): Large-scale fake click detection for e-commerce recommendation systems. ICDE 2021.',
    'Genovese, C. R., Roeder, K. and Wasserman, L. (2006): False discovery control with p-value weighting. Biometrika 93(3).',
  ],
  parameters,
  estimate: ({ interactions }) => ({
    bytes: bytesFixed + bytesPerInteraction * interactions,
    seconds: secondsFixed + secondsPerInteraction * interactions,
  }),

  run({ snapshot, seed, progress, checkCancelled }, given) {
    const candidates: Candidate[] = []
    const notes: Note[] = []
    const wanted = new Set<string>(given.types)
    const types = snapshot.relations.map(({ type }) => type).filter((type) => wanted.has(type))
    const options = {
      reach: given.reach,
      within: given.within * SECOND,
      session: given.session * SECOND,
      ratio: given.ratio,
      check: checkCancelled,
    }
    types.forEach((type, done) => {
      checkCancelled()
      progress(type, done / types.length)
      const rides = ridesOf(snapshot, type, options)
      if (!rides) return
      const { relation, untimed, holdings, repeated } = rides
      if (untimed > 0)
        notes.push({
          code: 'coattail.no-times',
          message: `${untimed} of ${relation.count} "${type}" interactions have no time: those of one account count as side by side, and parallel ones as visits.`,
        })
      const judging = {
        ...options,
        minMembers: given.minMembers,
        riders: ridersIn(holdings.graph.rows.offsets),
        searchNats: Math.log(types.length),
      }
      const accounts = relation.outOffsets.length - 1
      const judged: Judged[] = []
      const sets = tiedSets([repeated], accounts, given.minMembers, seed, checkCancelled)
      for (const seeds of sets) {
        checkCancelled()
        const found = judge(rides, seeds, { ...judging, setNats: Math.log(sets.length) })
        if (found) judged.push(found)
      }
      const lists = withoutRepeats(judged).map((each) => withJoiners(rides, each, options))
      const singles = judgeSingles(rides, lists, { ...judging, setNats: 0 })
      for (const each of [...lists, ...apartFrom(lists, singles)])
        candidates.push(candidateOf(snapshot, rides, each, options))
    })
    progress('done', 1)
    return { candidates, notes }
  },
}
