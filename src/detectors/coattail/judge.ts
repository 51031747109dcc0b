/**
 * What a set of accounts and the weak targets that it rides with are worth.
 *
 * Three counts, each against a null of its own. (1) The accounts ride with the same weak targets: rides are dealt anew, each account
 * and each target keeping its number (matrix/tally.ts). (2) They come back: sessions beyond the first of an account and a target are
 * at the rate at which all accounts come back, or these accounts do to other targets where that is more, times a liking that
 * varies from list to list; the predictive count is negative binomial. (3) They ride on the same few hot targets: of the actions
 * beside a weak one, each is of a hot target by its share of all actions, or of what these accounts do elsewhere where that is
 * more, raised as much as a taste may raise it. The set's naming is paid for as in matrix/judge.ts.
 *
 * The list must be filled with accounts that came back beyond what a taste fills, and the hot targets must speak. A phone and its
 * case, a collection or a recommendation by the same seller ties the same two targets, but each person comes once; what an account
 * wants it comes back to, but not with strangers to the same list, beside the same bestseller.
 */
import { gammaPoissonSurprise } from '../../kernels/gamma-poisson.js'
import { combinedSurprise, hypergeometricSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { Tally } from '../matrix/tally.js'
import { eachRide, orderOf, type RideOptions, type Rides } from './rides.js'

export interface HotTarget {
  /** Place in the relation's targets. */
  readonly target: number
  /** Accounts that chance would have ride on it. */
  readonly expected: number
}

/** Accounts that came back to one weak target. */
export interface ComeBack {
  /** Place in the relation's targets. */
  readonly target: number
  /** That each of the accounts made at least. */
  readonly visits: number
  /** Rows. */
  readonly accounts: readonly number[]
  /** Of everybody who looks at the target, by the platform's habits. */
  readonly expected: number
}

export interface Judged {
  /** Rows of the relation, ascending. */
  readonly accounts: readonly number[]
  /** Places in the relation's targets, ascending. */
  readonly weak: readonly number[]
  readonly hot: readonly HotTarget[]
  /** Of a list of weak targets. */
  readonly list?: {
    /** Pairs of account and weak target that chance would give at most. */
    readonly expectedPairs: number
    /** Sessions that chance would give for those pairs. */
    readonly expectedSessions: number
  }
  /** Of weak targets judged one by one (coattail/single.ts). */
  readonly back?: readonly ComeBack[]
  readonly nats: number
}

export interface JudgeOptions extends RideOptions {
  readonly minMembers: number
  /** Accounts that ride at all. */
  readonly riders: number
  /** ln of the number of sets that are judged. */
  readonly setNats: number
  /** ln of the number of relations looked at. */
  readonly searchNats: number
}

/** -ln .001, as for matrix accounts. */
export const SPEAKS = 7
/** -ln .05: a target belongs to the list where more of the accounts ride with it than chance gives. */
export const BELONGS = 3
/** Pairs that the common rate of coming back counts for beside those of the accounts themselves. */
const PRIOR_PAIRS = 10
/** Shape of the prior of how much more or less than usual a target invites to come back (mean 1, variance a half): some things are looked at twice. */
const LIKING = 2
/**
 * Tastes are granted: people who love one thing come back, beside its bestsellers, to a quarter of a list at most, and meet a bestseller
 * of their taste three times as often as everybody does. What is more is the surprise.
 */
const TASTE_SHARE = 0.25
const TASTE_LIFT = 3
/** Actions that the share among everybody counts for beside those of the accounts themselves. */
export const PRIOR_ACTIONS = 20
export const MOST_HOT = 3
/** Of a longer list tastes are shared, and so is liking. */
const LIKED_APART = 4
/** A list is two targets at least: one is what a crowd wants. */
const LEAST_WEAK = 2

const namingNats = (riders: number, size: number): number => logChoose(riders, size) + Math.log(size * (size + 1))

/** -ln P(X >= x) of `trials` with the given chance: a hypergeometric of so many items that drawing changes nothing. */
const binomialSurprise = (trials: number, chance: number, x: number): number => {
  const items = trials * ITEMS_A_TRIAL
  return hypergeometricSurprise(items, Math.round(items * chance), trials, x)
}
const ITEMS_A_TRIAL = 1000

const listOf = (tally: Tally): number[] => {
  const shared = tally.shared()
  const least = Math.log(Math.max(1, shared.length)) + BELONGS
  return shared.filter((thing) => tally.surpriseOf(thing) >= least).sort((a, b) => a - b)
}

/** Of a large set, a twentieth is left out at a time: the order among so many hardly matters, and the work stays near-linear. */
const AT_ONCE = 20

/** Leaves accounts out, those first without which the rest gains most, as long as it gains. */
const refine = (accounts: number[], tally: Tally, { riders, minMembers, check }: JudgeOptions): void => {
  let worth = tally.surprise() - namingNats(riders, accounts.length)
  while (accounts.length > minMembers) {
    check()
    const cost = namingNats(riders, accounts.length - 1)
    const gains = accounts
      .map((account) => ({ account, worth: tally.surpriseWithout(account) - cost }))
      .filter((each) => each.worth > worth)
      .sort((x, y) => y.worth - x.worth || x.account - y.account)
      .slice(0, Math.max(1, Math.min(accounts.length - minMembers, Math.floor(accounts.length / AT_ONCE))))
    if (gains.length === 0) return
    const leaving = new Set(gains.map(({ account }) => account))
    for (const account of leaving) tally.remove(account)
    accounts.splice(0, accounts.length, ...accounts.filter((account) => !leaving.has(account)))
    worth = tally.surprise() - namingNats(riders, accounts.length)
  }
}

interface Returns {
  readonly pairs: number
  readonly nats: number
  readonly expected: number
}

/** Visits beyond the second, of pairs that have two: however a set was chosen by who came back at all, these are as many as ever. */
const returnsOf = (rides: Rides, accounts: readonly number[], list: ReadonlySet<number>): Returns => {
  const { offsets, columns } = rides.holdings.graph.rows
  let pairs = 0
  let returns = 0
  let pairsInside = 0
  let sessionsInside = 0
  let otherPairs = 0
  let otherSessions = 0
  for (const account of accounts)
    for (let k = offsets[account]!; k < offsets[account + 1]!; k++) {
      const sessions = rides.sessions[k]!
      if (!list.has(columns[k]!)) {
        otherPairs++
        otherSessions += sessions
        continue
      }
      pairsInside++
      sessionsInside += sessions
      if (sessions < 2) continue
      pairs++
      returns += sessions - 2
    }
  const outsidePairs = rides.sessions.length - pairsInside
  const outside = rides.sessionCount - sessionsInside
  // One visit more of either kind, so that a rate is never 0.
  const common = (outside - outsidePairs + 1) / (outside + 2)
  const own = (common * PRIOR_PAIRS + otherSessions - otherPairs) / (PRIOR_PAIRS + otherSessions)
  const rate = Math.min(0.95, Math.max(common, own))
  const odds = rate / (1 - rate)
  const shape = LIKING * Math.min(LIKED_APART, list.size)
  return { pairs, nats: gammaPoissonSurprise(returns, pairs * odds, shape, shape), expected: pairs * (2 + odds) }
}

interface Hot {
  readonly targets: readonly HotTarget[]
  readonly nats: number
}

/** Odds raised by what a taste may raise them. */
export const lifted = (share: number): number => (TASTE_LIFT * share) / (1 + (TASTE_LIFT - 1) * share)

/** The one to three hot targets beside which the list is visited most beyond their shares of all actions; the choice is paid for. */
const hotOf = (rides: Rides, accounts: readonly number[], list: ReadonlySet<number>, options: JudgeOptions): Hot => {
  const { relation, audience } = rides
  const { target, targetFrom, inOffsets, count } = relation
  const widest = Math.max(...[...list].map((thing) => audience[thing]!))
  const visits: { readonly beside: number; readonly hot: ReadonlySet<number> }[] = []
  const besides: number[] = []
  const visitsOf = new Map<number, number>()
  const elsewhere = new Map<number, number>()
  let actionsElsewhere = 0
  for (const account of accounts) {
    const beside = new Map<number, Set<number>>()
    const order = orderOf(relation, account)
    eachRide(relation, order, audience, { ...options, ratio: 0 }, (weak, other) => {
      if (!list.has(target[weak]! - targetFrom) || list.has(target[other]! - targetFrom)) return
      beside.set(weak, (beside.get(weak) ?? new Set()).add(other))
    })
    const all = new Set<number>()
    for (const others of beside.values()) {
      const hot = new Set<number>()
      for (const edge of others) {
        all.add(edge)
        const thing = target[edge]! - targetFrom
        if (audience[thing]! >= options.ratio * widest) hot.add(thing)
      }
      for (const thing of hot) {
        visitsOf.set(thing, (visitsOf.get(thing) ?? 0) + 1)
      }
      visits.push({ beside: others.size, hot })
    }
    besides.push(all.size)
    for (const edge of order) {
      const thing = target[edge]! - targetFrom
      if (list.has(thing) || all.has(edge)) continue
      actionsElsewhere++
      elsewhere.set(thing, (elsewhere.get(thing) ?? 0) + 1)
    }
  }
  // What these accounts do elsewhere counts: what is hot in a small market is beside all that its people do.
  const shareOf = (thing: number): number => {
    const common = (inOffsets[thing + 1]! - inOffsets[thing]!) / count
    const own = (PRIOR_ACTIONS * common + (elsewhere.get(thing) ?? 0)) / (PRIOR_ACTIONS + actionsElsewhere)
    return Math.min(0.999, Math.max(common, own))
  }
  const ranked = [...visitsOf].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([thing]) => thing)
  let best: Hot = { targets: [], nats: 0 }
  let share = 0
  for (let h = 1; h <= Math.min(MOST_HOT, ranked.length); h++) {
    const chosen = ranked.slice(0, h)
    share += shareOf(chosen.at(-1)!)
    const one = Math.log1p(-Math.min(0.999, lifted(share)))
    const chance = visits.reduce((sum, { beside }) => sum - Math.expm1(beside * one), 0) / visits.length
    const met = visits.filter(({ hot }) => chosen.some((thing) => hot.has(thing))).length
    const nats =
      binomialSurprise(visits.length, Math.min(0.999, chance), met) - logChoose(ranked.length, h) - Math.log(MOST_HOT)
    if (nats <= best.nats) continue
    const targets = chosen.map((thing): HotTarget => {
      const alone = Math.log1p(-shareOf(thing))
      const expected = besides.reduce((sum, beside) => sum - Math.expm1(beside * alone), 0)
      return { target: thing, expected }
    })
    best = { targets, nats }
  }
  return best
}

/** Null where it is not worth telling. `seeds` are rows. */
export const judge = (rides: Rides, seeds: readonly number[], options: JudgeOptions): Judged | null => {
  const core = [...seeds]
  const tally = new Tally(rides.repeated, core)
  refine(core, tally, options)
  const weak = listOf(tally)
  if (weak.length < LEAST_WEAK) return null
  const together = tally.surprise()
  const list = new Set(weak)
  const returns = returnsOf(rides, core, list)
  const full = binomialSurprise(core.length * weak.length, TASTE_SHARE, returns.pairs)
  if (together < SPEAKS || full < SPEAKS + options.setNats) return null
  const hot = hotOf(rides, core, list, options)
  if (hot.nats < SPEAKS) return null
  const nats =
    combinedSurprise(together + returns.nats + hot.nats, 3) -
    namingNats(options.riders, core.length) -
    options.searchNats
  if (nats <= 0) return null
  const accounts = core.sort((a, b) => a - b)
  return {
    accounts,
    weak,
    hot: hot.targets,
    list: { expectedPairs: 2 * tally.expected, expectedSessions: returns.expected },
    nats,
  }
}
