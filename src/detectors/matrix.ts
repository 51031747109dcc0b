/**
 * Matrix accounts: creators run by one hand.
 *
 * Four kinds of evidence: the same content published again (perceptual hashes at a Hamming distance, kernels/near-hashes.ts), the same
 * products offered or shown, the same identifiers or operators, and publishing together beyond each creator's own rhythm
 * (matrix/rhythm.ts). What many share weighs little: the null deals every kind of holding anew and keeps how many each creator
 * has and how many share each thing (matrix/tally.ts). Sets of creators are found by what ties them (matrix/groups.ts), pruned, and judged
 * with the naming of the set paid for (matrix/judge.ts). One kind of evidence is not enough: an agency shares machines, a
 * franchise its catalogue, a news desk the day's footage, fan channels a star's scenes.
 *
 *   Pacheco, D. et al. (2021): Uncovering coordinated networks on social media: methods and case studies. ICWSM 15, 455-466.
 *   Genovese, C. R., Roeder, K. and Wasserman, L. (2006): False discovery control with p-value weighting. Biometrika 93(3), 509-524.
 *   Norouzi, M., Punjani, A. and Fleet, D. J. (2014): Fast exact search in Hamming space with multi-index hashing. IEEE TPAMI 36(6).
 */
import { type Static, Type } from 'typebox'
import { relationOf, type Snapshot } from '../graph/snapshot.js'
import type { Candidate, Detector, Note } from './detector.js'
import { candidateOf } from './matrix/candidates.js'
import { tiedSets } from './matrix/groups.js'
import {
  allHoldings,
  type Content,
  type Creators,
  contentOf,
  creatorsOf,
  type Holdings,
  holdingsAmong,
  homesOf,
} from './matrix/holdings.js'
import { type Judged, judge } from './matrix/judge.js'
import type { Posts } from './matrix/rhythm.js'

const parameters = Type.Object(
  {
    distance: Type.Integer({
      default: 10,
      minimum: 0,
      maximum: 15,
      description:
        'Bits of 64 in which the fingerprints of two copies differ at most. Where so many would be compared that it takes too long, less is used and a note says so.',
    }),
    tolerances: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 7 * 86_400 }), {
      default: [120, 600, 3600, 6 * 3600],
      minItems: 1,
      maxItems: 8,
      description: 'Seconds within which posts are together; each is tried and the search is corrected for it.',
    }),
    minMembers: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 1000,
      description: 'Fewest creators of a ring.',
    }),
  },
  { additionalProperties: false },
)

export type MatrixParameters = Static<typeof parameters>

const SECOND = 1000

/** Measured at 1 M and 10 M simulated interactions, in processor seconds on one core. */
const bytesFixed = 20e6
const bytesPerInteraction = 25
const secondsFixed = 0.2
const secondsPerInteraction = 4e-7

interface TimedPosts extends Posts {
  /** Position in `publish` of each post. */
  readonly edges: Int32Array
}

const postsReader = (snapshot: Snapshot, creators: Creators, content: Content | null) => {
  const relation = relationOf(snapshot, 'publish')
  return (members: readonly number[]): TimedPosts => {
    const edges: number[] = []
    const member: number[] = []
    if (relation)
      members.forEach((creator, place) => {
        const row = creator + creators.from - relation.actorFrom
        if (row < 0 || row + 1 >= relation.outOffsets.length) return
        let last = -1
        for (let edge = relation.outOffsets[row]!; edge < relation.outOffsets[row + 1]!; edge++) {
          // A video is published once: parallel records of it are one post.
          if (Number.isNaN(relation.at[edge]!) || relation.target[edge] === last) continue
          last = relation.target[edge]!
          edges.push(edge)
          member.push(place)
        }
      })
    return {
      edges: Int32Array.from(edges),
      member: Int32Array.from(member),
      time: Float64Array.from(edges, (edge) => relation!.at[edge]!),
      piece: Int32Array.from(edges, (edge) => content?.family[edge] ?? -1),
      memberCount: members.length,
    }
  }
}

/** Kinds that are tied together in one search. Content alone keeps a ring apart from the agency that it sits in. */
const searchesOf = (holdings: readonly Holdings[]): readonly (readonly Holdings[])[] => {
  const content = holdings.filter(({ kind }) => kind === 'content')
  const catalogue = holdings.filter(({ kind }) => kind !== 'identifier')
  const searches = [content, catalogue, holdings].filter((kinds) => kinds.length > 0)
  return searches.filter((kinds, i) => i === 0 || kinds.length !== searches[i - 1]!.length)
}

const notesOf = (snapshot: Snapshot, content: Content | null, distance: number): Note[] => {
  const notes: Note[] = []
  const publish = relationOf(snapshot, 'publish')
  if (!publish) return notes
  if (!content)
    notes.push({
      code: 'matrix.no-fingerprints',
      message: 'No published content carries a fingerprint, so copies of content were not looked for.',
    })
  else if (content.distance < distance)
    notes.push({
      code: 'matrix.distance-lowered',
      message: `Comparing all fingerprints within ${distance} bits would take too long; copies were looked for within ${content.distance}.`,
    })
  let untimed = 0
  for (let edge = 0; edge < publish.count; edge++) if (Number.isNaN(publish.at[edge]!)) untimed++
  if (untimed > 0)
    notes.push({
      code: 'matrix.no-times',
      message: `${untimed} of ${publish.count} "publish" interactions have no time and say nothing about rhythm.`,
    })
  return notes
}

/** Strongest first; a set that has half of a stronger one, or half of which is in one, is the same find again. */
const withoutRepeats = (judged: readonly Judged[]): readonly Judged[] => {
  const kept: Judged[] = []
  const takenBy = new Map<number, number[]>()
  for (const each of [...judged].sort((a, b) => b.nats - a.nats || a.members[0]! - b.members[0]!)) {
    const common = new Map<number, number>()
    for (const member of each.members)
      for (const other of takenBy.get(member) ?? []) common.set(other, (common.get(other) ?? 0) + 1)
    const repeats = [...common].some(
      ([other, count]) => 2 * count >= Math.min(each.members.length, kept[other]!.members.length),
    )
    if (repeats) continue
    for (const member of each.members) takenBy.set(member, [...(takenBy.get(member) ?? []), kept.length])
    kept.push(each)
  }
  return kept
}

export const matrix: Detector<MatrixParameters> = {
  id: 'matrix',
  title: 'Matrix accounts',
  behaviour: 'matrix',
  finds:
    'Creators run by one hand: they publish the same content again, for the same products, at the same times or from the same devices.',
  papers: [
    'Pacheco, D. et al. (2021): Uncovering coordinated networks on social media: methods and case studies. ICWSM 15.',
    'Genovese, C. R., Roeder, K. and Wasserman, L. (2006): False discovery control with p-value weighting. Biometrika 93(3).',
    'Norouzi, M., Punjani, A. and Fleet, D. J. (2014): Fast exact search in Hamming space with multi-index hashing. IEEE TPAMI 36(6).',
  ],
  parameters,
  estimate: ({ interactions }) => ({
    bytes: bytesFixed + bytesPerInteraction * interactions,
    seconds: secondsFixed + secondsPerInteraction * interactions,
  }),

  run({ snapshot, seed, progress, checkCancelled }, given) {
    const creators = creatorsOf(snapshot)
    if (creators.count < given.minMembers) return { candidates: [], notes: [] }
    const content = contentOf(snapshot, given.distance, checkCancelled)
    progress('content', 0.3)
    const holdings = allHoldings(snapshot, creators, content, checkCancelled)
    const notes = notesOf(snapshot, content, given.distance)
    let candidateCount = 0
    for (let c = 0; c < creators.count; c++)
      if (holdings.some(({ graph: { rows } }) => rows.offsets[c + 1]! > rows.offsets[c]!)) candidateCount++

    const searches = searchesOf(holdings)
    const sets = new Map<string, readonly number[]>()
    searches.forEach((kinds, i) => {
      for (const set of tiedSets(kinds, creators.count, given.minMembers, seed, checkCancelled))
        sets.set(set.join(), set)
      progress('ties', 0.3 + (0.3 * (i + 1)) / searches.length)
    })
    const postsOf = postsReader(snapshot, creators, content)
    const homes = homesOf(snapshot, creators)
    const amongHomes = new Map<string, readonly Holdings[]>()
    const holdingsOf = (members: readonly number[]): readonly Holdings[] => {
      const wanted = new Set(members.map((member) => homes[member]!))
      const key = [...wanted].sort((a, b) => a - b).join()
      const known = amongHomes.get(key)
      if (known) return known
      const among = holdingsAmong(holdings, homes, wanted)
      amongHomes.set(key, among)
      return among
    }
    const options = {
      creators,
      holdingsOf,
      candidates: candidateCount,
      minMembers: given.minMembers,
      tolerances: Float64Array.from(given.tolerances, (seconds) => seconds * SECOND).sort(),
      postsOf,
      searches: searches.length,
      seed,
      check: checkCancelled,
    }
    let done = 0
    const judged: Judged[] = []
    for (const set of sets.values()) {
      checkCancelled()
      const found = judge(set, options)
      if (found) judged.push(found)
      progress('sets', 0.6 + (0.4 * ++done) / sets.size)
    }
    const source = { snapshot, creators, content }
    const candidates: Candidate[] = withoutRepeats(judged).map((each) =>
      candidateOf(source, each, postsOf(each.members).edges),
    )
    return { candidates, notes }
  },
}
