/**
 * A history for forecasts from a graph and the rings of a run. A ring is active in a domain (a scenario in a market) from the day at which at least two of its
 * accounts, and a tenth of them, have acted there. It is known from its first active day, and ends when half of its accounts are banned. What
 * has no time, or happened in no known market, is left out and counted, not given a place.
 *
 * The rings are those of the run, also where their past is looked at: which accounts belong together was found out with all that the run knew.
 */
import { entityKinds, interactionType, scenarioByCode, scenarioNames } from '../../../graph-schema/schema.js'
import { findEntity, type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { RingRecord } from '../../store/store.js'
import { actingRelations, eachInteraction } from '../propagation/domains.js'
import { footholdsOf, identifierHolds, type RingAccounts } from './footholds.js'
import type { ForecastDomain, ForecastHistory, RingHistory } from './history.js'

export const DAY_MS = 86_400_000
/** What lies further back says little of next month, and one wrong date must not make a history of decades. */
const MOST_DAYS = 5 * 365
/** Share of a ring's accounts that makes it active in a domain; and never one alone. */
const ACTIVE = { share: 0.1, least: 2 } as const
/** Share of a ring's accounts whose ban ends it. */
const STOPPED = 0.5

export interface GraphHistory {
  readonly history: ForecastHistory
  /** Epoch milliseconds of day 0. */
  readonly start: number
  readonly notes: readonly { readonly code: string; readonly message: string }[]
}

interface Places {
  readonly domains: readonly ForecastDomain[]
  /** -1: in no known market. */
  readonly of: (relation: Relation, edge: number) => number
}

/** Where no interaction at all has a market, the scenarios alone. */
const placesOf = (snapshot: Snapshot): Places => {
  const markets = snapshot.markets.length
  const at = new Int32Array(scenarioNames.length * markets).fill(-1)
  const isSeen = new Uint8Array(at.length)
  for (const { scenario, market, count } of actingRelations(snapshot))
    for (let edge = 0; edge < count; edge++) isSeen[scenario[edge]! * markets + market[edge]!] = 1
  const isPlaced = isSeen.some((seen, place) => seen === 1 && place % markets > 0)
  const domains: ForecastDomain[] = []
  for (let place = 0; place < at.length; place++) {
    if (isSeen[place] === 0 || (isPlaced && place % markets === 0)) continue
    at[place] = domains.length
    domains.push({
      scenario: scenarioByCode[Math.floor(place / markets)]!,
      market: snapshot.markets[place % markets]!,
    })
  }
  return { domains, of: ({ scenario, market }, edge) => at[scenario[edge]! * markets + market[edge]!]! }
}

const isAccount = (kind: string): boolean => kind === 'creator' || kind === 'user'

const accountsOf = (snapshot: Snapshot, { members }: Pick<RingRecord, 'members'>): RingAccounts => {
  const own = members.filter(({ kind, role }) => isAccount(kind) && role !== 'beneficiary')
  const accounts = own.map(({ kind, id }) => findEntity(snapshot, kind, id)).filter((entity) => entity >= 0)
  return {
    accounts: accounts.sort((a, b) => a - b),
    size: own.length,
    needed: Math.max(ACTIVE.least, Math.ceil(ACTIVE.share * own.length)),
  }
}

/** First time at which each account was banned. */
const bansOf = (snapshot: Snapshot): ReadonlyMap<number, number> => {
  const first = new Map<number, number>()
  const { kindOffsets } = snapshot.entities
  const relation = relationOf(snapshot, 'ban')
  const last = kindOffsets[entityKinds.user.code + 1]!
  if (relation)
    for (let edge = 0; edge < relation.count; edge++) {
      const entity = relation.target[edge]!
      const at = relation.at[edge]!
      if (entity < last && !Number.isNaN(at)) first.set(entity, Math.min(at, first.get(entity) ?? at))
    }
  return first
}

interface Span {
  readonly start: number
  readonly days: number
  readonly isShortened: boolean
}

/** From the first known time, at a day's beginning in UTC, until the snapshot's own time or else the last known one. */
const spanOf = ({ asOf, relations }: Snapshot): Span => {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { at } of relations)
    for (let edge = 0; edge < at.length; edge++) {
      if (at[edge]! < first) first = at[edge]!
      if (at[edge]! > last) last = at[edge]!
    }
  const end = asOf ?? last
  if (!(first <= end)) return { start: asOf ?? 0, days: 0, isShortened: false }
  const floor = (time: number): number => Math.floor(time / DAY_MS) * DAY_MS
  const start = Math.max(floor(first), floor(end - MOST_DAYS * DAY_MS))
  return { start, days: (end - start) / DAY_MS, isShortened: start > floor(first) }
}

/** What accounts did first, of those that somebody asks about, and what went on in each domain, in one pass. */
class Survey {
  readonly #rows: Int32Array
  readonly #domains: number
  /** Epoch milliseconds, by row and domain. */
  readonly #first: Float64Array
  readonly #seen: Float64Array
  readonly opened: Float64Array
  readonly activity: Float64Array
  timeless = 0
  placeless = 0

  constructor(
    snapshot: Snapshot,
    places: Places,
    span: Span,
    asked: ReadonlySet<number>,
    inRing: ReadonlySet<number>,
    check: Check,
  ) {
    const domains = places.domains.length
    this.#domains = domains
    this.#rows = new Int32Array(snapshot.entities.count).fill(-1)
    let rows = 0
    for (const account of asked) this.#rows[account] = rows++
    this.#first = new Float64Array(rows * domains).fill(Number.POSITIVE_INFINITY)
    this.#seen = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
    this.opened = new Float64Array(domains).fill(Number.NaN)
    const whole = Math.floor(span.days)
    this.activity = new Float64Array(whole * domains)
    for (const relation of actingRelations(snapshot)) {
      const { undirected } = interactionType(relation.type)
      eachInteraction(relation, check, (actor, edge) => {
        const at = relation.at[edge]!
        const domain = places.of(relation, edge)
        if (inRing.has(actor)) {
          if (Number.isNaN(at)) this.timeless++
          else if (domain < 0) this.placeless++
        }
        if (Number.isNaN(at)) return
        this.#take(actor, domain, at)
        if (undirected) this.#take(relation.target[edge]!, domain, at)
        if (domain < 0) return
        const time = (at - span.start) / DAY_MS
        if (!(this.opened[domain]! <= time)) this.opened[domain] = time
        const day = Math.floor(time)
        if (day >= 0 && day < whole) this.activity[day * domains + domain]!++
      })
    }
  }

  #take(account: number, domain: number, at: number): void {
    const row = this.#rows[account]!
    if (row < 0) return
    if (at < this.#seen[row]!) this.#seen[row] = at
    if (domain >= 0 && at < this.#first[row * this.#domains + domain]!) this.#first[row * this.#domains + domain] = at
  }

  /** Infinity: never, at a known time. */
  firstAct(account: number, domain: number): number {
    return this.#first[this.#rows[account]! * this.#domains + domain]!
  }

  firstSeen(account: number): number {
    return this.#seen[this.#rows[account]!]!
  }
}

const bansByDay = (
  bans: ReadonlyMap<number, number>,
  survey: Survey,
  { start, days }: Span,
  domains: number,
): Float64Array => {
  const counts = new Float64Array(Math.floor(days) * domains)
  for (const [account, at] of bans) {
    const day = Math.floor((at - start) / DAY_MS)
    if (day < 0 || day >= Math.floor(days)) continue
    // Decisions are recorded without a market: a ban is felt wherever the account acted.
    for (let domain = 0; domain < domains; domain++)
      if (survey.firstAct(account, domain) <= at) counts[day * domains + domain]!++
  }
  return counts
}

const ascending = (times: Iterable<number>): number[] => [...times].filter(Number.isFinite).sort((a, b) => a - b)

/** Throws what `check` throws. Memory: a number a domain for each account of a ring, each banned one and each that shares an identifier with a ring. */
export const historyOf = (
  snapshot: Snapshot,
  rings: readonly Pick<RingRecord, 'id' | 'members'>[],
  check: Check = neverCancelled,
): GraphHistory => {
  const span = spanOf(snapshot)
  const places = placesOf(snapshot)
  const domains = places.domains.length
  const teams = rings.map((ring) => accountsOf(snapshot, ring))
  const bans = bansOf(snapshot)
  const identifiers = identifierHolds(snapshot, teams, check)
  const inRing = new Set(teams.flatMap(({ accounts }) => accounts))
  const survey = new Survey(
    snapshot,
    places,
    span,
    new Set([...inRing, ...bans.keys(), ...identifiers.users]),
    inRing,
    check,
  )
  const footholds = footholdsOf({
    snapshot,
    rings: teams,
    identifiers,
    domains,
    domainOf: places.of,
    firstAct: (account, domain) => survey.firstAct(account, domain),
    check,
  })
  const toDay = (at: number): number => (at - span.start) / DAY_MS
  const known: RingHistory[] = []
  for (const [ring, { accounts, size, needed }] of teams.entries()) {
    const banned = ascending(accounts.map((account) => bans.get(account) ?? Number.POSITIVE_INFINITY))
    const stop = banned[Math.ceil(STOPPED * size) - 1]
    const end = stop === undefined ? null : ({ day: toDay(stop), kind: 'banned' } as const)
    const arrivals = Float64Array.from(places.domains, (_, domain) => {
      const times = ascending(accounts.map((account) => survey.firstAct(account, domain)))
      const day = times.length < needed ? Number.NaN : toDay(times[needed - 1]!)
      return end !== null && day > end.day ? Number.NaN : day
    })
    const born = Math.min(...arrivals.filter((day) => !Number.isNaN(day)))
    if (born === Number.POSITIVE_INFINITY) continue
    known.push({
      id: rings[ring]!.id,
      joined: Float64Array.from(ascending(accounts.map((account) => survey.firstSeen(account))), toDay),
      born,
      end,
      arrivals,
      footholds: footholds[ring]!.map((times) => Float64Array.from(times, toDay)),
    })
  }
  const notes: { code: string; message: string }[] = []
  const say = (count: number, code: string, message: string): void => {
    if (count > 0) notes.push({ code, message })
  }
  say(
    survey.timeless,
    'forecast.no-time',
    `${survey.timeless} interactions of rings have no time: they tell of no move.`,
  )
  say(
    survey.placeless,
    'forecast.no-market',
    `${survey.placeless} interactions of rings have no market: they are in no domain.`,
  )
  const missing = rings.length - known.length
  say(
    missing,
    'forecast.no-domain',
    `${missing} rings were never active in a domain at a known time: nothing is said of them.`,
  )
  say(Number(span.isShortened), 'forecast.long-history', `Only the last ${MOST_DAYS} days are counted from.`)
  return {
    history: {
      domains: places.domains,
      opened: survey.opened,
      days: span.days,
      rings: known,
      activity: survey.activity,
      bans: bansByDay(bans, survey, span, domains),
    },
    start: span.start,
    notes,
  }
}
