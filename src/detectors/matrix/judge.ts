/**
 * What a set of creators is worth: how surprising what they share is, once naming the set is paid for.
 *
 * The surprise of a set of n among N creators has -ln of the number of sets that could have been named taken off, ln C(N, n) + ln n(n + 1):
 * a weighted Bonferroni bound over all sets (C. R. Genovese, K. Roeder and L. Wasserman, "False Discovery Control with p-Value Weighting",
 * Biometrika 93(3), 2006), so that it holds however the sets were come by. Content and products hang together (one clip shows one
 * product), so the greater of the two counts; identifiers and times are independent of them under the null, and are added
 * (kernels/hypergeometric.ts, combinedSurprise).
 *
 * One kind alone is no hand: an agency shares machines, a franchise its catalogue and the clips that the brand gives out, a news desk
 * the day's footage, fan channels the same star's scenes. See `isOneHand`.
 */
import type { Check } from '../../kernels/check.js'
import { combinedSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { Random } from '../../kernels/random.js'
import type { Creators, HoldingKind, Holdings } from './holdings.js'
import { type Posts, type Rhythm, rhythmOf } from './rhythm.js'
import { Tally } from './tally.js'

export interface Judged {
  readonly members: readonly number[]
  readonly tallies: Tallies
  readonly rhythm: Rhythm
  /** Nats of each kind by itself. */
  readonly content: number
  readonly products: number
  readonly identifiers: number
  /** The whole search accounted for. */
  readonly nats: number
}

export interface JudgeOptions {
  readonly creators: Creators
  /** What is held among creators of the markets that the given ones are at home in. */
  readonly holdingsOf: (members: readonly number[]) => readonly Holdings[]
  /** Creators who hold anything. */
  readonly candidates: number
  readonly minMembers: number
  /** Milliseconds. */
  readonly tolerances: Float64Array
  readonly postsOf: (members: readonly number[]) => Posts
  /** Ways in which sets are looked for. */
  readonly searches: number
  readonly seed: number
  readonly check: Check
}

const namingNats = (creators: number, size: number): number => logChoose(creators, size) + Math.log(size * (size + 1))

/** -ln .001: a kind that is to speak beside the one by which a set was found. */
const SPEAKS = 7

/** Posts that follow within this are no news desk's and no fan's: milliseconds. */
const AT_ONCE = 10 * 60_000

/** Posts with times, a member, from which on a lack of rhythm says something. */
const POSTS_TO_TELL = 2

/** Of each kind of thing: content and products one each, identifiers by their kinds. */
export type Tallies = ReadonlyMap<HoldingKind, readonly Tally[]>

const surpriseOf = (tallies: Tallies, kind: HoldingKind, nats: (tally: Tally) => number): number => {
  const own = tallies.get(kind) ?? []
  return combinedSurprise(
    own.reduce((sum, tally) => sum + nats(tally), 0),
    own.length,
  )
}

const shared = (tallies: Tallies, nats: (tally: Tally) => number): number =>
  Math.max(surpriseOf(tallies, 'content', nats), surpriseOf(tallies, 'product', nats)) +
  surpriseOf(tallies, 'identifier', nats)

const whole = (tally: Tally): number => tally.surprise()

/** Nats of all that is shared, before naming is paid for. */
export const sharing = (tallies: Tallies): number => shared(tallies, whole)

export const sharingWithout = (tallies: Tallies, member: number): number =>
  shared(tallies, (tally) => tally.surpriseWithout(member))

const leaveOut = (members: number[], tallies: Tallies, place: number): void => {
  for (const own of tallies.values()) for (const tally of own) tally.remove(members[place]!)
  members.splice(place, 1)
}

/** Leaves members out, one by one, as long as the rest is worth more without. */
const refine = (members: number[], tallies: Tallies, options: JudgeOptions): void => {
  let worth = sharing(tallies) - namingNats(options.candidates, members.length)
  while (members.length > options.minMembers) {
    let best = -1
    let most = worth
    const cost = namingNats(options.candidates, members.length - 1)
    members.forEach((member, place) => {
      const without = sharingWithout(tallies, member) - cost
      if (without <= most) return
      most = without
      best = place
    })
    if (best === -1) return
    leaveOut(members, tallies, best)
    worth = most
  }
}

/** -ln .05: what a member must add to what the others share of content or products, to be of their hand and not only of their house. */
const MEMBER_NATS = 3

/**
 * Members whom only machines tie to the rest are let go where the rest shares content or products beyond doubt: a ring that an agency
 * looks after beside honest creators.
 */
const letGo = (members: number[], tallies: Tallies, { candidates, minMembers: least }: JudgeOptions): void => {
  // Copies that stand by themselves say more about who is of one hand than a catalogue.
  const copies = surpriseOf(tallies, 'content', whole)
  const stands = copies >= namingNats(candidates, members.length)
  const kind = stands || copies >= surpriseOf(tallies, 'product', whole) ? 'content' : 'product'
  const [tally] = tallies.get(kind) ?? []
  if (!tally) return
  for (let all = tally.surprise(); all >= SPEAKS && members.length > least; all = tally.surprise()) {
    let weakest = 0
    let drop = Infinity
    members.forEach((member, place) => {
      const own = all - tally.surpriseWithout(member)
      if (own >= drop) return
      drop = own
      weakest = place
    })
    if (drop >= MEMBER_NATS) return
    leaveOut(members, tallies, weakest)
  }
}

interface Kinds {
  readonly content: number
  readonly products: number
  readonly identifiers: number
  readonly rhythm: Rhythm
}

/**
 * Two kinds of evidence, of which content or time is one. Content with products only is a catalogue, and needs time as well where times
 * are known; content with time only could be the day's news, and needs posts within minutes.
 */
const isOneHand = ({ content, products, identifiers, rhythm }: Kinds, timed: boolean): boolean => {
  const c = content >= SPEAKS
  const p = products >= SPEAKS
  const i = identifiers >= SPEAKS
  const t = rhythm.nats >= SPEAKS
  if (i && (c || t)) return true
  if (p && t) return true
  if (c && t) return rhythm.tolerance <= AT_ONCE
  return c && p && !timed
}

/** Null where the set is not worth telling. */
export const judge = (set: readonly number[], options: JudgeOptions): Judged | null => {
  const members = [...set]
  const tallies = new Map<HoldingKind, Tally[]>()
  for (const holdings of options.holdingsOf(members))
    tallies.set(holdings.kind, [...(tallies.get(holdings.kind) ?? []), new Tally(holdings, members)])
  refine(members, tallies, options)
  letGo(members, tallies, options)
  if (sharing(tallies) < SPEAKS) return null
  const posts = options.postsOf(members)
  const rhythm = rhythmOf(posts, options.tolerances, new Random(options.seed, members[0]!), options.check)
  const content = surpriseOf(tallies, 'content', whole)
  const products = surpriseOf(tallies, 'product', whole)
  const identifiers = surpriseOf(tallies, 'identifier', whole)
  const timed = posts.time.length >= POSTS_TO_TELL * members.length
  if (!isOneHand({ content, products, identifiers, rhythm }, timed)) return null
  const parts = [Math.max(content, products), identifiers, rhythm.nats].filter((nats) => nats > 0)
  const nats =
    combinedSurprise(
      parts.reduce((sum, part) => sum + part, 0),
      3,
    ) -
    namingNats(options.candidates, members.length) -
    Math.log(options.searches)
  return nats > 0 ? { members, tallies, rhythm, content, products, identifiers, nats } : null
}
