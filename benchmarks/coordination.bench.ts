/**
 * Coordinated sharing in two real tables, loaded through their shipped mappings: the groups that a search in the manner of CooRTweet
 * finds, how many of them outdo shuffles of the same data, and which of them the rings of a run find. `election-shares` has the
 * accounts of two platforms: rings with members on both are counted.
 *
 *   npm run bench -- coordination [coordinated-retweets] [election-shares]
 *
 * A group counts as a candidate when the components of the pairs that lockstep takes up hold exactly its accounts; as found when a ring and it have
 * as many accounts in common as not (Jaccard index of .5 or more); as held when half of its accounts or more are in one ring, which
 * may be larger; and as surviving in part when half of the accounts of a ring or more are its own: a part of it is beyond chance.
 */
import { entityKinds, interactionTypes } from '#graph-schema/schema.js'
import { actionsOf } from '#src/detectors/lockstep/actions.js'
import { repeatedTogether } from '#src/detectors/lockstep/moments.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import type { RawGraph } from '#src/graph/raw-graph.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { connectedComponents } from '#src/kernels/components.js'
import type { RingRecord } from '#src/store/store.js'
import { coShareGroups, type Group, SHUFFLES, type Shares, survivorsOf } from './lib/co-shares.js'
import { datasetPath, requireFiles } from './lib/datasets.js'
import { dealsOf, entityIds } from './lib/dealt.js'
import type { Bench, Figure } from './lib/figure.js'
import { withMapped } from './lib/mapped.js'

/** CooRTweet asks for two co-shares. Its own standard window is 10 seconds; a minute suits retweets better. */
const times = 2
const sets: Readonly<Record<string, { readonly file: string; readonly windows: readonly number[] }>> = {
  'coordinated-retweets': { file: 'coordinated-retweets/retweets.csv.gz', windows: [60] },
  'election-shares': { file: 'election-shares/posts.csv.gz', windows: [10, 60] },
}
/** A ring that rests on moments has this many accounts at least, by lockstep's standard settings. */
const RING = 3
const platforms = ['fb_', 'tw_']

/** Accounts and objects are both numbered by the places of the store's entities. */
const sharesOf = ({ actor, target, at, entityCount }: RawGraph): Shares => ({
  account: actor,
  object: target,
  at,
  accounts: entityCount,
  objects: entityCount,
})

const onBoth = (accounts: readonly string[]): boolean =>
  platforms.every((platform) => accounts.some((account) => account.startsWith(platform)))

const accountsOf = (ring: RingRecord): string[] =>
  ring.members.filter(({ kind }) => kind === 'user').map(({ id }) => id)

interface Match {
  readonly found: boolean
  readonly held: boolean
  readonly part: boolean
}

const match = (group: readonly string[], rings: readonly ReadonlySet<string>[]): Match => {
  let jaccard = 0
  let held = 0
  let part = 0
  for (const ring of rings) {
    const common = group.filter((account) => ring.has(account)).length
    jaccard = Math.max(jaccard, common / (ring.size + group.length - common))
    held = Math.max(held, common / group.length)
    part = Math.max(part, common / ring.size)
  }
  return { found: jaccard >= 0.5, held: held >= 0.5, part: part >= 0.5 }
}

/** The accounts of each component of the pairs that lockstep takes up, as one text each. */
const candidateGroups = (raw: RawGraph, seconds: number): ReadonlySet<string> => {
  const snapshot = buildSnapshot(raw)
  const relation = relationOf(snapshot, 'share')
  if (!relation) throw new Error('no shares')
  const actions = actionsOf(relation, null)
  const { a, b } = repeatedTogether(actions, Float64Array.of(1000 * seconds), () => {})
  const { component } = connectedComponents(actions.actorCount, a, b)
  const groups = new Map<number, Set<number>>()
  for (const account of [...a, ...b]) {
    const id = component[account]!
    groups.set(id, (groups.get(id) ?? new Set()).add(account))
  }
  const name = (account: number): string => entityName(snapshot, account + relation.actorFrom).replace(/^user:/, '')
  return new Set(Array.from(groups.values(), (group) => [...group].map(name).sort().join('\n')))
}

const measure = async (name: string, note: (line: string) => void): Promise<Figure[]> => {
  const { file, windows } = sets[name]!
  const path = datasetPath(file)
  requireFiles(path)
  return withMapped(path, name, async (store) => {
    const { rings } = await runDetect(store, defaultDetectParameters(), { mode: 'dry-run' })
    const raw = await store.readGraph(null)
    if (raw.type.some((type) => type !== interactionTypes.share.code)) throw new Error(`${name} has more than shares`)
    if (raw.actor.some((actor) => raw.entityKind[actor] !== entityKinds.user.code))
      throw new Error(`${name} has actors that are no users`)
    const ids = entityIds(raw)
    const deal = dealsOf(raw)
    const named = rings.map((ring) => new Set(accountsOf(ring)))
    const figure = (
      model: string,
      metric: string,
      value: number,
      unit: string,
      reference: number | null = null,
      referenceName: string | null = null,
    ): Figure => ({
      bench: 'coordination',
      model: `${name}, ${model}`,
      metric,
      value,
      unit,
      spread: null,
      reference,
      referenceName,
    })
    const figures = [
      figure('rings', 'rings', rings.length, 'rings'),
      figure('rings', 'accounts', new Set(named.flatMap((ring) => [...ring])).size, 'accounts'),
    ]
    if (name === 'election-shares')
      figures.push(
        figure('rings', 'on-both-platforms', rings.filter((ring) => onBoth(accountsOf(ring))).length, 'rings'),
      )
    for (const seconds of windows) {
      const options = { seconds, times }
      const groups = coShareGroups(sharesOf(raw), options)
      const survives = survivorsOf(
        groups,
        (seed) => sharesOf(deal(seed)),
        options,
        (done) => {
          if (done % 10 === 0) note(`${name}, ${seconds} s: ${done} of ${SHUFFLES} shuffles`)
        },
      )
      const accounts = ({ accounts }: Group): string[] => accounts.map((account) => ids[account]!)
      const matches = groups.map((group) => match(accounts(group), named))
      const taken = candidateGroups(raw, seconds)
      const candidates = groups.filter((group) => taken.has(accounts(group).sort().join('\n'))).length
      const model = `within ${seconds} s`
      const count = (metric: string, of: readonly Match[], which: keyof Match, all: string): Figure =>
        figure(model, metric, of.filter((each) => each[which]).length, 'groups', of.length, all)
      const survivors = matches.filter((_, g) => survives[g])
      const large = matches.filter((_, g) => survives[g] && groups[g]!.accounts.length >= RING)
      figures.push(
        figure(model, 'groups', groups.length, 'groups'),
        figure(model, 'candidates', candidates, 'groups', groups.length, 'all groups'),
        count('survive-in-part', matches, 'part', 'all groups'),
        count('found', matches, 'found', 'all groups'),
        count('held', matches, 'held', 'all groups'),
        figure(model, 'groups-surviving', survivors.length, 'groups', groups.length, 'all groups'),
        count('survivors-found', survivors, 'found', `all that outdo ${SHUFFLES} shuffles`),
        count('survivors-in-part', survivors, 'part', `all that outdo ${SHUFFLES} shuffles`),
        count('survivors-held', survivors, 'held', `all that outdo ${SHUFFLES} shuffles`),
        count('large-survivors-found', large, 'found', `of these, all of ${RING} accounts or more`),
        count('large-survivors-in-part', large, 'part', `of these, all of ${RING} accounts or more`),
        count('large-survivors-held', large, 'held', `of these, all of ${RING} accounts or more`),
      )
      if (name === 'election-shares')
        figures.push(
          figure(model, 'groups-on-both-platforms', groups.filter((group) => onBoth(accounts(group))).length, 'groups'),
        )
      groups.slice(0, 10).forEach((group, g) => {
        const { found, held, part } = matches[g]!
        note(
          `${name}, ${seconds} s: group of ${group.accounts.length} accounts, ${group.coShares} co-shares, strongest tie ${group.strongest}: ${survives[g] ? 'outdoes' : 'does not outdo'} the shuffles; ${found ? 'found' : held ? 'held by a larger ring' : part ? 'a part of it found' : 'not found'}`,
        )
      })
    }
    return figures
  })
}

export const bench: Bench = {
  title: 'Coordinated sharing: the groups of a search in the manner of CooRTweet, and the rings that hold them',
  run: async ({ args, note }) => {
    const asked = Object.keys(sets).filter((name) => args.includes(name))
    const figures: Figure[] = []
    for (const name of asked.length > 0 ? asked : Object.keys(sets)) figures.push(...(await measure(name, note)))
    return figures
  },
}
