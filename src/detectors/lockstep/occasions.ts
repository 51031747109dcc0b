/**
 * What else would bring a group's accounts to its targets at these times: the habits of a channel's audience and the rest of the
 * target's own crowd. Fans come when a video is published, guests while a live room is open, buyers while a sale lasts: they are near one
 * another, but no nearer than that leads one to expect.
 *
 * On a target, n accounts of the group act. Given that one of them acts at t, each other one lands in [t, t + w] with chance q, the
 * greatest of
 *   - habit: the share of the actions on the same publisher's other targets that come as long after publication, drawn to the share
 *     among all targets;
 *   - appointment: the share of the group's own actions on the same publisher's other targets that come as long after publication, where
 *     the publisher has a good part of the group's targets;
 *   - crowd: the share of the target's other actors who act in that stretch, drawn to the habit.
 * k of them in the window surprise by (n - 1) KL((k - 1)/(n - 1) || q) nats at least (Chernoff 1952), less ln(n windows), which gives
 * each target a value that exceeds x with a chance of at most exp(-x); so the sum over R targets is at most Gamma(R, 1) (Fisher's
 * method). Targets within one session are one occasion, and the strongest occasion is left out: one surge is no ring.
 *
 *   Chernoff, H. (1952): A measure of asymptotic efficiency for tests of a hypothesis based on the sum of observations.
 *   Fisher, R. A. (1932): Statistical methods for research workers, 4th edition, section 21.1.
 */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { poissonSurprise } from '../../kernels/gamma-poisson.js'
import type { Engagements } from './engagements.js'

/** Actions for which the wider picture counts in a narrower one. */
const SHRINK = 5

/** Surprise of an account's own timing from which it stays in the group: more would lose half of the accounts of loose groups. */
const NATS_TO_STAY = 1.5

/** Share of a group's targets from which a publisher is one whose audience the group may be. */
const AUDIENCE_SHARE = 0.25

/** Actions of all targets from which the common habit is taken. */
const COMMON_SAMPLE = 200_000

/** Position of the first value of `from..to` that is not below (or, `after`, is above) `value`, in ascending values. */
const bound = (values: Float64Array, value: number, after: boolean, from = 0, to = values.length): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < value || (after && values[middle]! === value)) low = middle + 1
    else high = middle
  }
  return low
}

const within = (values: Float64Array, from: number, to: number): number =>
  bound(values, to, true) - bound(values, from, false)

/**
 * Values in `from..to`, or what any of the wider windows around it leads one to expect there: few values leave gaps that mean nothing.
 * `without`: how many of the values in a window are not to be counted.
 */
const typical = (
  values: Float64Array,
  from: number,
  to: number,
  widths: Float64Array,
  without: (from: number, to: number) => number,
): number => {
  let most = within(values, from, to) - without(from, to)
  const width = to - from
  for (const wider of widths) {
    if (wider <= width) continue
    const margin = (wider - width) / 2
    const count = within(values, from - margin, to + margin) - without(from - margin, to + margin)
    most = Math.max(most, (count * width) / wider)
  }
  return most
}

/** -ln P(Gamma(shape, 1) >= sum) for a whole shape. */
export const gammaSurprise = (shape: number, sum: number): number => {
  if (shape === 0) return 0
  let term = 0
  let total = 0
  let scale = 0
  for (let j = 0; j < shape; j++) {
    if (j > 0) term += Math.log(sum) - Math.log(j)
    if (term > scale) {
      total = total * Math.exp(scale - term)
      scale = term
    }
    total += Math.exp(term - scale)
  }
  return Math.max(0, sum - scale - Math.log(total))
}

/** Lower bound of -ln P(Binomial(n, q) >= k). */
const chernoff = (n: number, k: number, q: number): number => {
  const share = k / n
  if (share <= q) return 0
  const rest = share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - q))
  return n * (share * Math.log(share / q) + rest)
}

/** A stretch of time on one target, the chance that an account that acts there lands in it, and how much the accounts in it surprise. */
interface Window {
  readonly from: number
  readonly to: number
  readonly chance: number
  readonly nats: number
}

export class Occasions {
  readonly #engagements: Engagements
  readonly #publisher: Int32Array
  readonly #published: Float64Array
  readonly #targetsOf = new Map<number, number[]>()
  readonly #habits = new Map<number, Float64Array>()
  readonly #common: Float64Array
  readonly #times: Float64Array

  constructor(snapshot: Snapshot, relation: Relation, engagements: Engagements) {
    this.#engagements = engagements
    const { columnCount, column, time } = engagements.accounts
    this.#publisher = new Int32Array(columnCount).fill(-1)
    this.#published = new Float64Array(columnCount).fill(Number.POSITIVE_INFINITY)
    for (const type of ['publish', 'sell'] as const) {
      const published = relationOf(snapshot, type)
      if (!published) continue
      for (let actor = 0; actor + 1 < published.outOffsets.length; actor++)
        for (let edge = published.outOffsets[actor]!; edge < published.outOffsets[actor + 1]!; edge++) {
          const target = published.target[edge]! - relation.targetFrom
          if (target < 0 || target >= columnCount || !(published.at[edge]! < this.#published[target]!)) continue
          this.#published[target] = published.at[edge]!
          this.#publisher[target] = published.actorFrom + actor
        }
    }
    for (let target = 0; target < columnCount; target++) {
      const publisher = this.#publisher[target]!
      if (publisher < 0) continue
      const list = this.#targetsOf.get(publisher)
      if (list) list.push(target)
      else this.#targetsOf.set(publisher, [target])
    }
    const stride = Math.max(1, Math.ceil(column.length / COMMON_SAMPLE))
    const common: number[] = []
    const times = new Float64Array(Math.ceil(column.length / stride))
    for (let i = 0; i < column.length; i += stride) {
      times[i / stride] = time[i]!
      const delay = time[i]! - this.#published[column[i]!]!
      if (delay >= 0) common.push(delay)
    }
    this.#common = Float64Array.from(common).sort()
    this.#times = times.sort()
  }

  /** Whether the publication of most of the targets is known, so that an audience could have come for it. */
  published(targets: readonly number[]): boolean {
    return 2 * targets.filter((target) => this.#publisher[target]! >= 0).length > targets.length
  }

  /** How long after publication the targets of this publisher are acted on, ascending. */
  #habit(publisher: number): Float64Array {
    const known = this.#habits.get(publisher)
    if (known) return known
    const { columnOffsets, entries, time } = this.#engagements.accounts
    const delays: number[] = []
    for (const target of this.#targetsOf.get(publisher) ?? [])
      for (let i = columnOffsets[target]!; i < columnOffsets[target + 1]!; i++) {
        const delay = time[entries[i]!]! - this.#published[target]!
        if (delay >= 0) delays.push(delay)
      }
    const habit = Float64Array.from(delays).sort()
    this.#habits.set(publisher, habit)
    return habit
  }

  /** The times of the accounts' actions on the target and of everybody's, ascending. */
  #actions(target: number, members: ReadonlySet<number>): { own: Float64Array; all: Float64Array } {
    const { columnOffsets, entries, row, time } = this.#engagements.accounts
    const from = columnOffsets[target]!
    const all = new Float64Array(columnOffsets[target + 1]! - from)
    const own: number[] = []
    for (let i = 0; i < all.length; i++) {
      const entry = entries[from + i]!
      all[i] = time[entry]!
      if (members.has(row[entry]!)) own.push(time[entry]!)
    }
    return { own: Float64Array.from(own), all }
  }

  /** How long after publication the accounts act on each publisher's targets, ascending, where that publisher has a good part of the targets. */
  #appointments(targets: readonly number[], members: ReadonlySet<number>): Map<number, Float64Array> {
    const byPublisher = new Map<number, number[]>()
    for (const target of targets) {
      const publisher = this.#publisher[target]!
      if (publisher < 0) continue
      const list = byPublisher.get(publisher)
      if (list) list.push(target)
      else byPublisher.set(publisher, [target])
    }
    const found = new Map<number, Float64Array>()
    for (const [publisher, own] of byPublisher) {
      if (own.length < AUDIENCE_SHARE * targets.length) continue
      const delays = own.flatMap((target) =>
        Array.from(this.#actions(target, members).own, (at) => at - this.#published[target]!),
      )
      found.set(publisher, Float64Array.from(delays).sort())
    }
    return found
  }

  /** The most surprising window of a target; null where fewer than two accounts act on it. */
  #window(
    target: number,
    members: ReadonlySet<number>,
    widths: Float64Array,
    appointments: ReadonlyMap<number, Float64Array>,
  ): Window | null {
    const { own, all } = this.#actions(target, members)
    const n = own.length
    if (n < 2) return null
    const published = this.#published[target]!
    const kept = appointments.get(this.#publisher[target]!) ?? null
    const habit = this.#publisher[target]! >= 0 ? this.#habit(this.#publisher[target]!) : null
    const ofTarget = published < Number.POSITIVE_INFINITY ? all.length - bound(all, published, false) : 0
    let best: Window = { from: own[0]!, to: own[0]!, chance: 1, nats: 0 }
    const search = Math.log(n * widths.length)
    for (const width of widths)
      for (let i = 0; i + 1 < n; i++) {
        const from = own[i]!
        const to = from + width
        const k = bound(own, to, true, i) - i
        if (k < 2) continue
        let q = within(this.#times, from, to) / Math.max(1, this.#times.length)
        if (from >= published) {
          const ofTargetIn = (x: number, y: number) => within(all, x + published, y + published)
          const ownIn = (x: number, y: number) => within(own, x + published, y + published)
          const delay = [from - published, to - published] as const
          const common = typical(this.#common, ...delay, widths, () => 0) / Math.max(1, this.#common.length)
          const others = habit ? typical(habit, ...delay, widths, ofTargetIn) : 0
          q = Math.max(q, (others + SHRINK * common) / ((habit?.length ?? 0) - ofTarget + SHRINK))
          if (kept) {
            const again = typical(kept, ...delay, widths, ownIn)
            q = Math.max(q, (again + SHRINK * q) / (kept.length - n + SHRINK))
          }
        }
        const crowd = typical(all, from, to, widths, (x, y) => within(own, x, y))
        q = Math.max(q, (crowd + SHRINK * q) / (all.length - n + SHRINK))
        const nats = chernoff(n - 1, k - 1, Math.min(q, 1)) - search
        if (nats > best.nats) best = { from, to, chance: Math.min(q, 1), nats }
      }
    return best
  }

  /**
   * How far the accounts' timing on the targets exceeds what habit and crowd explain, and who of them shows it. `accounts` and `targets`
   * are rows and columns of the engagements, `widths` and `session` milliseconds.
   */
  timing(
    accounts: readonly number[],
    targets: readonly number[],
    widths: Float64Array,
    session: number,
  ): { readonly nats: number; readonly together: ReadonlySet<number> } {
    const members = new Set(accounts)
    const appointments = this.#appointments(targets, members)
    const windows: (Window & { readonly target: number })[] = []
    for (const target of targets) {
      const window = this.#window(target, members, widths, appointments)
      if (window) windows.push({ ...window, target })
    }
    windows.sort((x, y) => x.from - y.from || x.target - y.target)
    const occasions: number[] = []
    let until = Number.NEGATIVE_INFINITY
    for (const { from, nats } of windows) {
      const last = occasions.length - 1
      if (from <= until) occasions[last] = Math.max(occasions[last]!, nats)
      else {
        occasions.push(nats)
        until = from + session
      }
    }
    occasions.sort((x, y) => y - x)
    const rest = occasions.slice(1)
    const nats = gammaSurprise(
      rest.length,
      rest.reduce((sum, each) => sum + each, 0),
    )
    return { nats, together: this.#together(members, windows) }
  }

  /** The accounts that come into more windows than the windows' chances give. */
  #together(
    members: ReadonlySet<number>,
    windows: readonly (Window & { readonly target: number })[],
  ): ReadonlySet<number> {
    const { columnOffsets, entries, row, time } = this.#engagements.accounts
    const hits = new Map<number, number>()
    const chance = new Map<number, number>()
    for (const { target, from, to, chance: q, nats } of windows) {
      if (nats === 0) continue
      for (let i = columnOffsets[target]!; i < columnOffsets[target + 1]!; i++) {
        const account = row[entries[i]!]!
        if (!members.has(account)) continue
        const at = time[entries[i]!]!
        if (at >= from && at <= to) hits.set(account, (hits.get(account) ?? 0) + 1)
        chance.set(account, (chance.get(account) ?? 0) + q)
      }
    }
    const together = new Set<number>()
    for (const [account, count] of hits)
      if (count >= 2 && poissonSurprise(count, chance.get(account)!) >= NATS_TO_STAY) together.add(account)
    return together
  }
}
