/**
 * Lockstep engagement: accounts that act on the same targets at the same times.
 *
 * Finds, for each interaction type by itself, pairs of targets that many accounts act on right after one another, and pairs of
 * accounts that act on the same targets at nearly the same times, more often than their activity and their other, far-apart
 * meetings explain (kernels/near-pairs.ts has the null model, the formula and the papers). Surprising pairs that touch form a
 * group; the accounts and targets of a group are a candidate.
 *
 * Popular targets and busy accounts are weighted by what they lead one to expect, not dropped. One crowded moment counts once however
 * many targets it touches, so that a viral video, a flash sale or a live room is no ring by itself.
 *
 *   Beutel, A. et al. (2013): CopyCatch: stopping group attacks by spotting lockstep behavior in social networks. WWW 2013, 119-130.
 *   Cao, Q. et al. (2014): Uncovering large groups of active malicious accounts in online social networks. CCS 2014, 477-488.
 */
import { type Static, Type } from 'typebox'
import { type InteractionType, interactionType, interactionTypeNames } from '../../graph-schema/schema.js'
import type { Relation } from '../graph/snapshot.js'
import { nearPairs } from '../kernels/near-pairs.js'
import type { TimedMatrix } from '../kernels/timed-matrix.js'
import type { Candidate, Detector, Note } from './detector.js'
import { newEdges } from './focus.js'
import { type Households, householdsOf } from './households.js'
import { actionsOf } from './lockstep/actions.js'
import { type PairMemory, remembered, type Side, startAgain } from './lockstep/again.js'
import { candidateOf } from './lockstep/candidates.js'
import { type Engagements, engagementsOf, transposed } from './lockstep/engagements.js'
import { groupPairs, leastNats, type PairSearch } from './lockstep/groups.js'
import { metAnew } from './lockstep/met-anew.js'
import { MOMENTS, momentCandidate } from './lockstep/moment-candidates.js'
import { momentGroups } from './lockstep/moments.js'
import { Occasions } from './lockstep/occasions.js'

/** Accounts acting on content, creators and products. `operates` and identifiers are other detectors' business. */
const engagementTypes: readonly InteractionType[] = interactionTypeNames.filter((name) => {
  const { actors, targets, enforcement } = interactionType(name)
  return (
    !enforcement &&
    actors.includes('user') &&
    targets.some((kind) => kind !== 'user') &&
    name !== 'uses' &&
    name !== 'operates'
  )
})

const parameters = Type.Object(
  {
    types: Type.Array(Type.Enum([...engagementTypes]), {
      default: [...engagementTypes],
      description: 'Interaction types to look at, each by itself.',
    }),
    market: Type.Optional(
      Type.String({ description: 'Only interactions of this market; absent is all markets together.' }),
    ),
    tolerances: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 60 * 86_400 }), {
      default: [60, 3600, 6 * 3600, 86_400, 3 * 86_400, 10 * 86_400, 30 * 86_400],
      minItems: 1,
      maxItems: 8,
      description: 'Seconds within which two actions are near; each is tried and the search is corrected for it.',
    }),
    session: Type.Number({
      default: 6 * 3600,
      minimum: 0,
      maximum: 60 * 86_400,
      description:
        'Seconds within which meetings of the same pair count once, so that one crowded evening is one meeting.',
    }),
    reach: Type.Integer({
      default: 64,
      minimum: 1,
      maximum: 4096,
      description:
        'Actions to either side, in time, that one action is compared with. Bounds the work in crowded moments.',
    }),
    moments: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 3600 }), {
      default: [1, 10, 60],
      maxItems: 4,
      description:
        'Seconds within which actions on one target, again and again, are one moment; each is tried and the search is corrected for it. Empty: not looked for.',
    }),
    minMomentMembers: Type.Integer({
      default: 3,
      minimum: 3,
      maximum: 1000,
      description: 'Accounts that a ring has at least which rests on such moments.',
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

export type LockstepParameters = Static<typeof parameters>

/**
 * Shape of the prior of likeness: its variance is twenty times its squared mean, so that shared tastes surprise nobody. Rarely chosen
 * items of real ratings (pairs expected to meet .001 to .01 times) meet two and three times as often as shapes of .03 to .06 give.
 */
const LIKENESS = 0.05

/** Milliseconds: above this tolerance, meeting on a video of the first days is what its viewers do. */
const FRESHNESS = 6 * 3_600_000

const SECOND = 1000

const occupied = ({ columnOffsets, columnCount }: TimedMatrix): number => {
  let count = 0
  for (let c = 0; c < columnCount; c++) if (columnOffsets[c + 1]! > columnOffsets[c]!) count++
  return count
}

const accountsAsColumns = ({ accounts, fresh }: Engagements) => {
  const { matrix, entry } = transposed(accounts)
  const ofEntry = new Uint8Array(entry.length)
  for (let i = 0; i < entry.length; i++) ofEntry[i] = fresh[entry[i]!]!
  return { matrix, entry, fresh: ofEntry }
}

/** Candidates of moments of an earlier run, without those whose accounts met anew or are in one that is found now. */
const momentsBefore = (
  candidates: readonly Candidate[],
  { type, actorFrom }: Relation,
  met: Uint8Array | null,
  found: readonly Candidate[],
): readonly Candidate[] => {
  const accountsOf = ({ members }: Candidate): readonly number[] =>
    members.flatMap(({ entity, role }) => (role === 'beneficiary' ? [] : [entity]))
  const taken = new Set(found.flatMap(accountsOf))
  return candidates.filter((candidate) => {
    const [first] = candidate.facts
    if (first?.code !== MOMENTS || first.shows[0]?.type !== type) return false
    const accounts = accountsOf(candidate)
    return (
      accounts.filter((each) => met?.[each - actorFrom] === 1).length < 2 && !accounts.some((each) => taken.has(each))
    )
  })
}

export const lockstep: Detector<LockstepParameters> = {
  id: 'lockstep',
  title: 'Lockstep engagement',
  behaviour: 'lockstep',
  finds: 'Accounts that act on the same targets at the same times, more often than their activity explains.',
  papers: [
    'Beutel, A. et al. (2013): CopyCatch: stopping group attacks by spotting lockstep behavior in social networks. WWW 2013.',
    'Cao, Q. et al. (2014): Uncovering large groups of active malicious accounts in online social networks. CCS 2014.',
    'Pacheco, D. et al. (2021): Uncovering coordinated networks on social media. ICWSM 15.',
  ],
  parameters,
  warm: true,

  estimate({ entities, interactions }) {
    return { bytes: interactions * 96 + entities * 80, seconds: 0.9 + interactions * 5.7e-6 }
  },

  run({ snapshot, seed, progress, checkCancelled, focus }, given) {
    const candidates: Candidate[] = []
    const memory: PairMemory[] = []
    const notes: Note[] = []
    const tolerances = Float64Array.from(given.tolerances, (seconds) => seconds * SECOND).sort()
    const moments = Float64Array.from(given.moments, (seconds) => seconds * SECOND).sort()
    const wanted = new Set<string>(given.types)
    const relations = snapshot.relations.filter((relation) => wanted.has(relation.type))
    const market = given.market === undefined ? null : snapshot.markets.indexOf(given.market)
    if (market === -1)
      return {
        candidates,
        notes: [
          {
            code: 'lockstep.unknown-market',
            message: `No interaction is of the market "${given.market}"; nothing was looked at.`,
          },
        ],
      }
    const matrices = relations.length * 2
    let homes: Households | null = null
    const households = (): Households => {
      homes ??= householdsOf(snapshot)
      return homes
    }
    const sameHousehold = (a: number, b: number): boolean => households()[a] === households()[b]
    let done = 0

    const search = (relation: Relation): void => {
      const engagements = engagementsOf(snapshot, relation, market)
      if (engagements.untimed > 0)
        notes.push({
          code: 'lockstep.no-times',
          message: `${engagements.untimed} of ${relation.count} "${relation.type}" interactions have no time and could not be compared.`,
        })
      let known: Occasions | null = null
      const occasions = (): Occasions => {
        known ??= new Occasions(snapshot, relation, engagements)
        return known
      }
      const session = given.session * SECOND
      const sides = [
        { columnIs: 'target', matrix: engagements.accounts, entry: null, fresh: null },
        { columnIs: 'account', ...accountsAsColumns(engagements) },
      ] as const
      for (const side of sides) {
        checkCancelled()
        const step = `${relation.type} by ${side.columnIs}`
        const columns = occupied(side.matrix)
        const looked: PairSearch = { columns, levels: tolerances.length, matrices, trees: side.columnIs === 'account' }
        const { columnIs, matrix, entry } = side
        const place: Side = {
          type: relation.type,
          columnIs,
          matrix,
          edge: engagements.edge,
          entry,
          from: columnIs === 'account' ? relation.actorFrom : relation.targetFrom,
        }
        const again = focus ? startAgain(place, focus, tolerances.at(-1)!, given.reach) : null
        const pairs = nearPairs(matrix, {
          tolerances,
          reach: given.reach,
          session,
          least: leastNats(looked),
          likeness: LIKENESS,
          ...(side.fresh ? { fresh: { entries: side.fresh, freshness: FRESHNESS } } : {}),
          ...(again ? { again } : {}),
          check: checkCancelled,
          progress: (share) => progress(step, (done + share) / matrices),
        })
        memory.push(remembered(place, pairs))
        if (pairs.crowded > 0)
          notes.push({
            code: 'lockstep.crowded',
            message: `In "${relation.type}", ${pairs.crowded} actions had more than ${given.reach} others near them; they were compared with the nearest ${given.reach} on each side.`,
          })
        if (side.columnIs === 'target' && side.matrix.column.length > 1 && !pairs.telling.includes(1))
          notes.push({
            code: 'lockstep.same-times',
            message: `In "${relation.type}", nearly all actions of an account are within the least tolerance of each other, so times tell nothing there.`,
          })
        const explained = (a: number, b: number): boolean =>
          columnIs === 'account' && sameHousehold(a + relation.actorFrom, b + relation.actorFrom)
        const groups = groupPairs(pairs, side.matrix.columnCount, looked, given.minMembers, explained)
        for (const group of groups) {
          const candidate = candidateOf(
            {
              snapshot,
              relation,
              engagements,
              ...side,
              pairs,
              looked,
              tolerances,
              session,
              occasions,
              households,
              minMembers: given.minMembers,
            },
            group,
          )
          if (candidate) candidates.push(candidate)
        }
        done++
        progress(step, done / matrices)
      }
      if (moments.length === 0) return
      if (!focus) {
        candidates.push(...momentsOf(relation, null, occasions))
        return
      }
      const met = metAnew(relation, newEdges(focus, relation.type), market, moments.at(-1)!)
      const found = met ? momentsOf(relation, met, occasions) : []
      candidates.push(...momentsBefore(focus.candidates, relation, met, found), ...found)
    }
    const momentsOf = (relation: Relation, only: Uint8Array | null, occasions: () => Occasions): Candidate[] => {
      const groups = momentGroups(actionsOf(relation, market), {
        tolerances: moments,
        relations: relations.length,
        least: given.minMomentMembers,
        ...(only ? { only } : {}),
        explained: (a, b) => sameHousehold(a + relation.actorFrom, b + relation.actorFrom),
        seed,
        check: checkCancelled,
      })
      return groups.flatMap((group) => momentCandidate(snapshot, relation, occasions, group) ?? [])
    }
    for (const relation of relations) search(relation)
    return { candidates, notes, memory }
  },
}
