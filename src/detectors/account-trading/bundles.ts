/**
 * Bundles: handed-over accounts that hang together through hubs where chance would put few of them.
 *
 * Null model: which of the M eligible accounts changed hands is chance; everything else (who uses what, who deals with whom and when)
 * stays. N did. A hub with m eligible accounts, n of them handed over, is named among H that could be: its nats are
 * -ln P(X >= n), X hypergeometric (M, N, m), less ln H. A bundle grows from its strongest hub: a hub of one of its accounts,
 * one of at most `a` such, that brings n' more among at most m' others is worth -ln P(X >= n') - ln a, and is taken where that is ln 20 or more. The sum is a
 * bound for the best of all bundles, as every step pays for its choice; the same search with the handovers dealt anew over the
 * eligible accounts, times and all, tells how much less chance gives (sybil/calibrate.ts).
 *
 * That so many of a mobile carrier's thousand customers changed hands may well be no chance (they live in one country, as the rings
 * there do), and still ties none of them to another: a hub ties only where a good share of all who touch it changed hands.
 */
import { hypergeometricSurprise } from '../../kernels/hypergeometric.js'
import { Random } from '../../kernels/random.js'
import { calibrate } from '../sybil/calibrate.js'
import type { Hubs } from './hubs.js'

export interface Marks {
  readonly rows: Int32Array
  /** When each changed hands, epoch milliseconds. */
  readonly at: Float64Array
}

export interface Bundle {
  /** Positions in the marks, ascending. */
  readonly marks: readonly number[]
  /** Hubs that hold it together, those that brought accounts first. */
  readonly hubs: readonly number[]
  /** Eligible accounts that touch these hubs, counted at most: what the handovers are counted among. */
  readonly among: number
  /** Bound in nats, before calibration. */
  readonly surprise: number
}

/** A hub where chance would give as many handovers one time in twenty ties nothing; else a household of a buyer ties two rings. */
const LEAST_TIE = Math.log(20)
/** A ring's things are its own: where fewer of those who touch a hub changed hands, it is a place that many come to. */
const LEAST_SHARE = 1 / 5
/** Shuffles: a chance told to one in forty, or fewer where there are many handovers. */
const MOST_SHUFFLES = 39
const LEAST_SHUFFLES = 3
const MARKS_SHUFFLED = 100_000

interface Gain {
  readonly hub: number
  /** Marks that it would add, and how many other eligible accounts touch it at most. */
  readonly more: readonly number[]
  readonly others: number
  readonly gain: number
}

interface Ties {
  /** Hubs that tie, the strongest first, and their marks. */
  readonly order: readonly number[]
  readonly marksOf: ReadonlyMap<number, readonly number[]>
  /** Of each mark, the hubs that tie; and how many hubs there are to choose from. */
  readonly own: readonly (readonly number[])[]
  readonly choices: Int32Array
}

/** A hub that is nothing special as a whole brings no gain by a part of its accounts: the others need not be looked at. */
const findTies = (hubs: Hubs, { rows, at }: Marks, eligible: number): Ties => {
  const { degree, tally } = hubs
  const choices = new Int32Array(rows.length)
  const touched: number[] = []
  for (let mark = 0; mark < rows.length; mark++)
    for (const hub of hubs.of(rows[mark]!, at[mark]!)) {
      if (degree[hub]! < 2) continue
      choices[mark]!++
      if (tally[hub]!++ === 0) touched.push(hub)
    }
  const ties: { readonly hub: number; readonly tie: number }[] = []
  const known = new Map<number, number>()
  for (const hub of touched) {
    const count = tally[hub]!
    tally[hub] = 0
    if (count < 2) continue
    const accounts = Math.max(degree[hub]!, count)
    if (count < LEAST_SHARE * accounts) continue
    const key = accounts * (rows.length + 1) + count
    const tie = known.get(key) ?? hypergeometricSurprise(eligible, rows.length, accounts, count)
    known.set(key, tie)
    if (tie >= LEAST_TIE) ties.push({ hub, tie })
  }
  ties.sort((a, b) => b.tie - a.tie || a.hub - b.hub)
  const marksOf = new Map(ties.map(({ hub }): [number, number[]] => [hub, []]))
  for (const hub of marksOf.keys()) tally[hub] = 1
  const own = Array.from(rows, (row, mark) => hubs.of(row, at[mark]!).filter((hub) => tally[hub] === 1))
  own.forEach((list, mark) => {
    for (const hub of list) marksOf.get(hub)!.push(mark)
  })
  for (const hub of marksOf.keys()) tally[hub] = 0
  return { order: ties.map(({ hub }) => hub), marksOf, own, choices }
}

export const findBundles = (hubs: Hubs, marks: Marks, eligible: number, checkCancelled: () => void): Bundle[] => {
  const { order, marksOf, own, choices } = findTies(hubs, marks, eligible)
  const total = marks.rows.length
  const named = Math.log(Math.max(1, hubs.shareable))
  const taken = new Uint8Array(total)
  const bundles: Bundle[] = []

  const gainOf = (hub: number, inside: ReadonlySet<number>, among: number, choice: number): Gain | null => {
    let held = 0
    const more: number[] = []
    for (const mark of marksOf.get(hub)!)
      if (inside.has(mark)) held++
      else if (taken[mark] === 0) more.push(mark)
    if (more.length === 0) return null
    const others = Math.max(more.length, hubs.degree[hub]! - held)
    const left = Math.max(more.length, total - inside.size)
    const room = Math.max(left, others, eligible - among)
    const gain = hypergeometricSurprise(room, left, others, more.length) - choice
    return gain >= LEAST_TIE ? { hub, more, others, gain } : null
  }

  for (const first of order) {
    checkCancelled()
    const begin = marksOf.get(first)!.filter((mark) => taken[mark] === 0)
    if (begin.length < 2) continue
    const inside = new Set(begin)
    const holding = new Set([first])
    let among = Math.max(hubs.degree[first]!, begin.length)
    let surprise = hypergeometricSurprise(eligible, total, among, begin.length) - named
    let fresh: readonly number[] = begin
    let adjacent = 0
    while (fresh.length > 0) {
      const near = new Set<number>()
      for (const mark of fresh) {
        adjacent += choices[mark]!
        for (const hub of own[mark]!) if (!holding.has(hub)) near.add(hub)
      }
      const gains: Gain[] = []
      for (const hub of near) {
        const gain = gainOf(hub, inside, among, Math.log(adjacent))
        if (gain) gains.push(gain)
      }
      gains.sort((a, b) => b.gain - a.gain || a.hub - b.hub)
      const brought: number[] = []
      for (const { hub, more, others, gain } of gains) {
        // Another hub of this round may have brought its accounts already; those bring this hub into the next round.
        if (more.some((mark) => inside.has(mark))) continue
        for (const mark of more) {
          inside.add(mark)
          brought.push(mark)
        }
        holding.add(hub)
        among += others
        surprise += gain
      }
      fresh = brought
    }
    const members = [...inside].sort((a, b) => a - b)
    for (const mark of members) taken[mark] = 1
    for (const hub of new Set(members.flatMap((mark) => own[mark]!)))
      if (marksOf.get(hub)!.filter((mark) => inside.has(mark)).length > 1) holding.add(hub)
    bundles.push({ marks: members, hubs: [...holding], among, surprise })
  }
  return bundles
}

/** Nats of each bundle, right for the whole search. */
export const judgeBundles = (
  bundles: readonly Bundle[],
  hubs: Hubs,
  marks: Marks,
  eligibleRows: Int32Array,
  seed: number,
  checkCancelled: () => void,
  progress: (done: number) => void,
): Float64Array => {
  const shuffles = Math.max(
    LEAST_SHUFFLES,
    Math.min(MOST_SHUFFLES, Math.floor(MARKS_SHUFFLED / Math.max(1, marks.rows.length))),
  )
  const strongest = new Float64Array(bundles.length === 0 ? 0 : shuffles).fill(-Infinity)
  const pool = Int32Array.from(eligibleRows)
  const at = Float64Array.from(marks.at)
  for (let s = 0; s < strongest.length; s++) {
    checkCancelled()
    const random = new Random(seed, 1 + s)
    for (let i = 0; i < marks.rows.length; i++) {
      const j = i + random.below(pool.length - i)
      const held = pool[i]!
      pool[i] = pool[j]!
      pool[j] = held
    }
    random.shuffle(at)
    const dealt = { rows: pool.slice(0, marks.rows.length), at }
    for (const { surprise } of findBundles(hubs, dealt, eligibleRows.length, checkCancelled))
      strongest[s] = Math.max(strongest[s]!, surprise)
    progress((s + 1) / strongest.length)
  }
  return Float64Array.from(bundles, ({ surprise }) => calibrate(surprise, strongest))
}
