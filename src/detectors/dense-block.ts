/**
 * Dense blocks: accounts that all act on the same list of targets, whenever they do, and whatever else they do to hide it.
 *
 * The peel of FRAUDAR and M-Zoom (kernels/peel.ts) over account and target, and over account, target and time or identifiers, inside each
 * community of accounts or targets that share rare partners, gives the places; a local search (kernels/block-search.ts) turns each into the block
 * of most surprise. A community of taste is a dense block too. What separates an organized block from one is how full it is: people of one
 * taste each take part in some of what there is, hired accounts each in most of the list. The null model therefore takes for granted that
 * any block lies in a community of taste whose people each act on a given share of it, beyond what activity and popularity explain; only what
 * is fuller than that surprises. A popular target is expected to be acted on, and weighs little; it is not dropped. Where reviews carry ratings,
 * what is said in a block counts too (dense-block/ratings.ts): a club of reviewers is as full as a bought list, but of many minds.
 *
 *   Hooi, B. et al. (2016): FRAUDAR: bounding graph fraud in the face of camouflage. KDD 2016, 895-904.
 *   Shin, K., Hooi, B. and Faloutsos, C. (2016): M-Zoom: fast dense-block detection in tensors with quality guarantees. ECML-PKDD 2016, 264-280.
 *   Shin, K. et al. (2017): D-Cube: dense-block detection in terabyte-scale tensors. WSDM 2017, 681-689.
 *   Jiang, M. et al. (2016): Spotting suspicious behaviors in multimodal data: a general metric and algorithms. IEEE TKDE 28(8), 2187-2200.
 */
import { type Static, Type } from 'typebox'
import {
  type InteractionType,
  interactionType,
  interactionTypeNames,
  type Scenario,
  scenarioNames,
  scenarios,
} from '../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../graph/snapshot.js'
import { BlockSearch, type FoundBlock, type Owners } from '../kernels/block-search.js'
import { accountsOf, madeByNew, type Place, placesAgain, stillThere, touchedRows } from './dense-block/again.js'
import { alike, SeenSets } from './dense-block/alike.js'
import { candidateOf } from './dense-block/candidates.js'
import { type ActionMatrix, actionMatrix, type Cut, type ExtraMode, extraModes } from './dense-block/matrix.js'
import { type Found, judgeRated, type Proposal, plainly } from './dense-block/rated-blocks.js'
import { BlockRatings, EXTREMES } from './dense-block/ratings.js'
import { PartPeeler, similarParts } from './dense-block/seeds.js'
import type { Candidate, Detector, Note } from './detector.js'
import { type Households, householdsOf } from './households.js'

const actionTypes: readonly InteractionType[] = interactionTypeNames.filter((name) => {
  const { actors, enforcement } = interactionType(name)
  return !enforcement && actors.includes('user') && name !== 'uses' && name !== 'operates'
})

/** Dealings between accounts are the sybil detector's business, unless asked for. */
const defaultTypes = actionTypes.filter((name) => interactionType(name).targets.some((kind) => kind !== 'user'))

const parameters = Type.Object(
  {
    types: Type.Array(Type.Enum([...actionTypes]), {
      default: [...defaultTypes],
      description: 'Interaction types to look at, each by itself.',
    }),
    searches: Type.Array(Type.Array(Type.Enum([...extraModes]), { maxItems: 3, uniqueItems: true }), {
      default: [[], ['time'], ['device'], ['time', 'device', 'network']],
      minItems: 1,
      maxItems: 8,
      description:
        'What is a mode beside account and target: each entry is one search, and the empty one has those two alone. The surprise is corrected for their number.',
    }),
    market: Type.Optional(
      Type.String({ description: 'Only interactions of this market; absent is all markets together.' }),
    ),
    scenario: Type.Optional(
      Type.Enum([...scenarioNames], {
        description: 'Only interactions of this scenario; absent is all together.',
      }),
    ),
    stretch: Type.Number({
      default: 3 * 3600,
      minimum: 1,
      maximum: 60 * 86_400,
      description: 'Seconds that a stretch of time is long where time is a mode.',
    }),
    taste: Type.Number({
      default: 0.2,
      exclusiveMinimum: 0,
      maximum: 0.9,
      description:
        'Share of the targets of its community of taste that an account acts on, at most. Lower names more blocks.',
    }),
    fan: Type.Number({
      default: 0.6,
      exclusiveMinimum: 0,
      maximum: 0.95,
      description: "The same for the videos of one creator: a fan is there for most of them. Not below 'taste'.",
    }),
    maxSharing: Type.Integer({
      default: 50,
      minimum: 2,
      maximum: 100_000,
      description: 'An identifier that more accounts use is a place, and is no mode of a block.',
    }),
    minMembers: Type.Integer({
      default: 5,
      minimum: 2,
      maximum: 1000,
      description: 'Accounts that a ring has at least.',
    }),
    minTargets: Type.Integer({
      default: 5,
      minimum: 2,
      maximum: 1000,
      description:
        'Targets (or combinations of target, time and identifiers) that a block has at least. What always comes together, as a link, its site and its picture, is no list.',
    }),
    blocks: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 100,
      description: 'Blocks that are peeled in each community, one after the other.',
    }),
  },
  { additionalProperties: false },
)

export type DenseBlockParameters = Static<typeof parameters>

/** Partners by which rows are compared, and others of the same partner that each is compared with: together they bound the work. */
const SAMPLE = 24
const REACH = 12
/** Two shared rare partners are a coincidence where there are many; three are a place to look. */
const LEAST_SHARED = 3

/**
 * Share of its cells that a block of accounts and targets alone has at least: clubs that choose from a programme fill it to .45, topics to .5, the densest
 * part of either a little more. Less full ones need what is said in them, or when or from where, beside it.
 */
const LEAST_FULL = 0.6

const isFull = ({ block: { rows, columns, filled }, ratings }: Found): boolean =>
  ratings !== null || filled >= LEAST_FULL * rows.length * columns.length

/** Below this (chance one in three) a candidate is noise that no rate would name. */
const LEAST_NATS = 1

/** The creator of each target that was published, by number. */
const creatorsOf = (snapshot: Snapshot, { targetFrom, inOffsets }: Relation): Int32Array => {
  const creator = new Int32Array(inOffsets.length - 1).fill(-1)
  const publish = relationOf(snapshot, 'publish')
  if (!publish) return creator
  for (let row = 0; row + 1 < publish.outOffsets.length; row++)
    for (let edge = publish.outOffsets[row]!; edge < publish.outOffsets[row + 1]!; edge++) {
      const column = publish.target[edge]! - targetFrom
      if (column >= 0 && column < creator.length) creator[column] = row
    }
  return creator
}

const ownersOf = (creator: Int32Array, { modes }: ActionMatrix, ceiling: number): Owners | null => {
  let count = 0
  for (const owner of creator) count = Math.max(count, owner + 1)
  if (count === 0) return null
  return { owner: modes[0]!.map((target) => creator[target]!), count, ceiling }
}

const firstTime = ({ at }: Relation): number => {
  let first = Number.POSITIVE_INFINITY
  for (const time of at) if (time < first) first = time
  return first
}

export const denseBlock: Detector<DenseBlockParameters> = {
  id: 'dense-block',
  title: 'Dense blocks',
  behaviour: 'dense-block',
  finds: 'Accounts that nearly all act on the same list of targets, more completely than shared tastes explain.',
  papers: [
    'Hooi, B. et al. (2016): FRAUDAR: bounding graph fraud in the face of camouflage. KDD 2016.',
    'Shin, K., Hooi, B. and Faloutsos, C. (2016): M-Zoom: fast dense-block detection in tensors with quality guarantees. ECML-PKDD 2016.',
    'Shin, K. et al. (2017): D-Cube: dense-block detection in terabyte-scale tensors. WSDM 2017.',
    'Jiang, M. et al. (2016): Spotting suspicious behaviors in multimodal data: a general metric and algorithms. IEEE TKDE 28(8).',
  ],
  parameters,
  warm: true,

  estimate({ entities, interactions }, { searches }) {
    return { bytes: interactions * 30 + entities * 180, seconds: 0.5 + interactions * 1.2e-6 * searches.length }
  },

  run({ snapshot, seed, progress, checkCancelled, focus }, given) {
    const candidates: Candidate[] = []
    /** The search that each candidate is of. */
    const memory: string[] = []
    const notes: Note[] = []
    const market = given.market === undefined ? null : snapshot.markets.indexOf(given.market)
    if (market === -1)
      return {
        candidates,
        notes: [
          {
            code: 'dense-block.unknown-market',
            message: `No interaction is of the market "${given.market}"; nothing was looked at.`,
          },
        ],
      }
    const wanted = new Set<string>(given.types)
    const relations = snapshot.relations.filter((relation) => wanted.has(relation.type))
    const hasUses = relationOf(snapshot, 'uses') !== undefined
    const shape = { minRows: given.minMembers, minColumns: given.minTargets }
    const fan = Math.max(given.fan, given.taste)
    let homes: Households | null = null
    const households = (): Households => {
      homes ??= householdsOf(snapshot)
      return homes
    }
    const rounds = Math.max(1, relations.length * given.searches.length)
    let done = 0

    /** Lazily, as the columns of a matrix are done with before its rows are compared. */
    const everyPlace = function* (among: ActionMatrix): Generator<Place> {
      const comparing = { sample: SAMPLE, reach: REACH, least: LEAST_SHARED, seed, check: checkCancelled }
      for (const side of ['columns', 'rows'] as const) {
        const least = side === 'rows' ? given.minMembers : given.minTargets
        for (const part of similarParts(among, side, least, comparing)) yield { side, part }
      }
    }

    const search = (relation: Relation, extra: readonly ExtraMode[], creator: Int32Array): void => {
      if (extra.some((mode) => mode !== 'time') && !hasUses) return
      const from = extra.includes('time') ? firstTime(relation) : 0
      if (from === Number.POSITIVE_INFINITY) return
      const cut: Cut = {
        relation,
        market,
        scenario: given.scenario === undefined ? null : scenarios[given.scenario as Scenario].code,
        stretch: given.stretch * 1000,
        from,
        maxSharing: given.maxSharing,
        minRows: given.minMembers,
        check: checkCancelled,
      }
      const ratings = extra.length === 0 ? BlockRatings.of(snapshot, cut) : null
      // What a rating adds is learned from all reviews at once, so those are always searched whole.
      const start = focus && !ratings ? focus : null
      const name = [relation.type, ...extra].join()
      const before = start ? start.candidates.filter((_, i) => (start.memory as readonly string[])[i] === name) : []
      const touched = start && touchedRows(snapshot, cut, extra, start)
      const isTouched = (candidate: Candidate): boolean =>
        accountsOf(candidate).some((account) => touched?.[account - relation.actorFrom] === 1)
      const untouched = before.filter((candidate) => !isTouched(candidate))
      const take = (found: readonly Candidate[]): void => {
        candidates.push(...found)
        for (const _ of found) memory.push(name)
      }
      const comparing = { sample: SAMPLE, reach: REACH, least: LEAST_SHARED, seed, check: checkCancelled }
      const places =
        start && touched && placesAgain(snapshot, cut, extra, before.filter(isTouched), start, touched, comparing)
      if (places?.length === 0 && extra.length !== 1) {
        take(untouched)
        return
      }
      const actions = actionMatrix(snapshot, cut, extra)
      if (actions.untimed > 0 && extra.length === 1)
        notes.push({
          code: 'dense-block.no-times',
          message: `${actions.untimed} of ${relation.count} "${relation.type}" interactions have no time; they are in no block that has time as a mode.`,
        })
      if (actions.matrix.rows.columns.length === 0) return
      const blocks = new BlockSearch(
        actions.matrix,
        given.taste,
        actions.entries,
        ownersOf(creator, actions, fan),
        checkCancelled,
      )
      const seen: Proposal[] = []
      const look = (
        among: ActionMatrix,
        rating: number | null,
        climb: (start: Int32Array) => FoundBlock | null,
      ): void => {
        const known = new SeenSets()
        const peeler = new PartPeeler(among, checkCancelled)
        for (const { side, part } of places ?? everyPlace(among))
          for (const peeled of peeler.peel(side, part, 2, given.blocks)) {
            if (known.has(peeled.columns)) continue
            const block = climb(peeled.columns)
            if (!block || (block.nats <= 0 && !ratings)) continue
            known.add(block.columns)
            seen.push({ block, bound: peeled, rating })
          }
      }
      look(actions, null, (columns) => blocks.climb(columns, shape, ratings ? Number.NEGATIVE_INFINITY : 0))
      // Where to look costs nothing, as all blocks are paid for: blocks of one rating are looked for among what has that rating alone.
      for (const rating of ratings ? EXTREMES : []) {
        const alone = actionMatrix(snapshot, { ...cut, rating }, extra)
        if (alone.matrix.rows.columns.length === 0) continue
        const ceiling = given.taste * (alone.matrix.rows.columns.length / actions.matrix.rows.columns.length)
        const among = new BlockSearch(alone.matrix, ceiling, alone.entries, null, checkCancelled, given.taste)
        look(alone, rating, (columns) => {
          const block = among.climb(columns, shape, Number.NEGATIVE_INFINITY)
          return block && blocks.measure(block.rows, block.columns)
        })
      }
      const judged = ratings ? judgeRated(seen, ratings, checkCancelled) : seen.map(plainly)
      const found = extra.length > 0 ? judged : judged.filter(isFull)
      found.sort((x, y) => y.nats - x.nats || x.block.rows[0]! - y.block.rows[0]!)
      const kept: Found[] = []
      for (const each of found)
        if (!kept.some(({ block }) => alike(block.rows, each.block.rows) && alike(block.columns, each.block.columns)))
          kept.push(each)
      const named = kept.flatMap(({ block, bound, ratings: rated, nats: worth }) => {
        const nats = worth - Math.log(rounds)
        const source = { snapshot, cut, actions, extra, households }
        return nats < LEAST_NATS
          ? []
          : (candidateOf(source, block, { nats, bound, ratings: rated }, given.minMembers) ?? [])
      })
      const worth = -Math.log(given.taste)
      const now = start ? madeByNew(named, before, relation, start, worth, LEAST_NATS) : named
      take([...stillThere(untouched, now), ...now])
    }

    for (const relation of relations) {
      const creator = creatorsOf(snapshot, relation)
      for (const extra of given.searches) {
        checkCancelled()
        search(relation, extra, creator)
        done++
        progress(`${relation.type} by target${extra.map((mode) => `, ${mode}`).join('')}`, done / rounds)
      }
    }
    if (given.searches.some((extra) => extra.includes('time')))
      for (const relation of relations)
        if (relation.count > 0 && firstTime(relation) === Number.POSITIVE_INFINITY)
          notes.push({
            code: 'dense-block.no-times',
            message: `No "${relation.type}" interaction has a time; blocks in time were not looked for.`,
          })
    return { candidates, notes, memory }
  },
}
