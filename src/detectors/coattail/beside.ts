/**
 * The hot targets beside which accounts come back to one weak target, against what chance, their taste and the target itself would put there.
 *
 * An account is one trial however often it came, since who compares two things does so each time: with f the share of its visits that
 * are beside the hot targets and p the chance of one visit, the mean of n accounts exceeds p as far as it does with a chance of at
 * most exp(-n KL(f || p)), whatever the spread of f within 0 and 1.
 *
 * p is of so many actions beside a visit, each of a hot target by the share of these in the market's actions or in what the accounts do
 * elsewhere, raised as a taste may raise it; or by their share beside the visits of those who came once, where that is more. A phone is beside
 * its case whoever looks at the case.
 *
 *   Hoeffding, W. (1963): Probability inequalities for sums of bounded random variables. J. American Statistical Association 58, 13-30,
 *   theorem 1.
 */
import { logChoose } from '../../kernels/hypergeometric.js'
import type { Caller } from './habits.js'
import { type HotTarget, type JudgeOptions, lifted, MOST_HOT, PRIOR_ACTIONS } from './judge.js'
import { isBeside, orderOf, type RideOptions, type Rides } from './rides.js'

export interface Guest extends Caller {
  /** Of each of its actions on the target: the targets of the actions beside it, one for each action. */
  readonly besides: readonly (readonly number[])[]
  /** Those actions, each once. */
  readonly near: ReadonlySet<number>
}

export const guestsOf = (
  { relation }: Rides,
  thing: number,
  callers: readonly Caller[],
  { reach, within, check }: RideOptions,
): readonly Guest[] => {
  const { target, targetFrom } = relation
  return callers.map((caller) => {
    check()
    const order = orderOf(relation, caller.account)
    const besides: number[][] = []
    const near = new Set<number>()
    for (let i = 0; i < order.length; i++) {
      if (target[order[i]!]! - targetFrom !== thing) continue
      const beside: number[] = []
      for (let j = Math.max(0, i - reach); j <= Math.min(order.length - 1, i + reach); j++) {
        const other = target[order[j]!]! - targetFrom
        if (other === thing || !isBeside(relation, order[i]!, order[j]!, within)) continue
        beside.push(other)
        near.add(order[j]!)
      }
      besides.push(beside)
    }
    return { ...caller, besides, near }
  })
}

/** Share of the actions on the target that have one of `hot` beside them. */
export const shareBeside = ({ besides }: Guest, hot: ReadonlySet<number>): number =>
  besides.filter((beside) => beside.some((other) => hot.has(other))).length / besides.length

/** -ln of Hoeffding's bound on the chance that n values between 0 and 1, of mean `chance`, have at least the given mean. */
export const meanSurprise = (n: number, mean: number, chance: number): number => {
  if (mean <= chance) return 0
  const rest = mean < 1 ? (1 - mean) * Math.log((1 - mean) / (1 - chance)) : 0
  return n * (mean * Math.log(mean / chance) + rest)
}

interface Actions {
  /** By place in the relation's targets. */
  readonly on: Int32Array
  readonly all: number
}

/** Actions of the market in which most of some accounts' are. */
export class Markets {
  readonly #rides: Rides
  readonly #known = new Map<number, Actions>()

  constructor(rides: Rides) {
    this.#rides = rides
  }

  #home(callers: readonly Caller[]): number {
    const { market, outOffsets } = this.#rides.relation
    const counts = new Map<number, number>()
    for (const { account } of callers)
      for (let edge = outOffsets[account]!; edge < outOffsets[account + 1]!; edge++) add(counts, market[edge]!)
    return [...counts].reduce((best, each) =>
      each[1] > best[1] || (each[1] === best[1] && each[0] < best[0]) ? each : best,
    )[0]
  }

  of(callers: readonly Caller[]): Actions {
    const { relation, audience } = this.#rides
    const home = this.#home(callers)
    const known = this.#known.get(home)
    if (known) return known
    const on = new Int32Array(audience.length)
    let all = 0
    for (let edge = 0; edge < relation.count; edge++)
      if (relation.market[edge] === home) {
        on[relation.target[edge]! - relation.targetFrom]!++
        all++
      }
    const actions = { on, all }
    this.#known.set(home, actions)
    return actions
  }
}

const add = (counts: Map<number, number>, key: number, by = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

interface Counted {
  readonly of: ReadonlyMap<number, number>
  readonly all: number
}

const actionsBeside = (guests: readonly Guest[]): Counted => {
  const of = new Map<number, number>()
  let all = 0
  for (const { besides } of guests)
    for (const other of besides.flat()) {
      add(of, other)
      all++
    }
  return { of, all }
}

/** What accounts do that is not beside the target. */
const actionsElsewhere = ({ relation }: Rides, thing: number, guests: readonly Guest[]): Counted => {
  const { target, targetFrom, outOffsets } = relation
  const of = new Map<number, number>()
  let all = 0
  for (const { account, near } of guests)
    for (let edge = outOffsets[account]!; edge < outOffsets[account + 1]!; edge++) {
      const other = target[edge]! - targetFrom
      if (other === thing || near.has(edge)) continue
      add(of, other)
      all++
    }
  return { of, all }
}

const shrunk = (common: number, { of, all }: Counted, other: number): number =>
  (PRIOR_ACTIONS * common + (of.get(other) ?? 0)) / (PRIOR_ACTIONS + all)

/** Certain things surprise nobody, and have no logarithm. */
const NEARLY = 0.999

export interface HotBeside {
  readonly targets: readonly HotTarget[]
  readonly nats: number
}

/** The one to three hot targets beside which `back` came most beyond chance; the choice is paid for. `once`: the others. */
export const hotBeside = (
  rides: Rides,
  markets: Markets,
  thing: number,
  back: readonly Guest[],
  once: readonly Guest[],
  options: JudgeOptions,
): HotBeside => {
  const { audience } = rides
  const share = new Map<number, number>()
  for (const { besides } of back)
    for (const beside of besides)
      for (const other of new Set(beside))
        if (audience[other]! >= options.ratio * audience[thing]!) add(share, other, 1 / besides.length)
  const ranked = [...share].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([other]) => other)
  const market = markets.of(back)
  const elsewhere = actionsElsewhere(rides, thing, back)
  const besideOnce = actionsBeside(once)
  const taste = (other: number): number => {
    const common = market.on[other]! / market.all
    return Math.max(common, shrunk(common, elsewhere, other))
  }
  // So many actions beside a visit, each of them hot with the given chance.
  const meeting = (one: number, { besides }: Guest): number =>
    -Math.expm1((Math.log1p(-Math.min(NEARLY, one)) * besides.flat().length) / besides.length)
  const average = (of: (guest: Guest) => number): number =>
    back.reduce((sum, guest) => sum + of(guest), 0) / back.length
  let best: HotBeside = { targets: [], nats: 0 }
  let tastes = 0
  let others = 0
  for (let h = 1; h <= Math.min(MOST_HOT, ranked.length); h++) {
    const chosen = new Set(ranked.slice(0, h))
    const last = ranked[h - 1]!
    tastes += taste(last)
    others += shrunk(taste(last), besideOnce, last)
    const one = Math.max(lifted(Math.min(NEARLY, tastes)), others)
    const chance = average((guest) => meeting(one, guest))
    const mean = average((guest) => shareBeside(guest, chosen))
    const nats = meanSurprise(back.length, mean, chance) - logChoose(ranked.length, h) - Math.log(MOST_HOT)
    if (nats <= best.nats) continue
    const targets = [...chosen].map((target): HotTarget => {
      const alone = Math.log1p(-Math.min(NEARLY, taste(target)))
      return { target, expected: back.reduce((sum, { besides }) => sum - Math.expm1(alone * besides.flat().length), 0) }
    })
    best = { targets, nats }
  }
  return best
}
