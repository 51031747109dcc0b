/**
 * What a forecast is made from: when each ring came to each domain, when it ended, what of it was seen where, and how much went on in each
 * domain. Times are days since the history's start, as fractions; a cut history holds nothing of what came later.
 */
export interface RingHistory {
  readonly id: string
  /** Days at which its accounts were first seen acting, ascending: how large it was known to be. */
  readonly joined: Float64Array
  /** When it was first active anywhere. */
  readonly born: number
  /** A banned ring cannot move any more; null for one that goes on. */
  readonly end: { readonly day: number; readonly kind: 'banned' | 'gone' } | null
  /** By domain, when it was first active there; NaN where it was not. None is after its end. */
  readonly arrivals: Float64Array
  /** By domain, the days at which something of it (an identifier, a target) was first used there by others; ascending. */
  readonly footholds: readonly Float64Array[]
}

export interface ForecastDomain {
  readonly scenario: string
  readonly market: string
}

export interface ForecastHistory {
  readonly domains: readonly ForecastDomain[]
  /** By domain, when anything went on there first; NaN: nothing yet. Nobody is expected where nothing is. */
  readonly opened: Float64Array
  /** Known up to this day. */
  readonly days: number
  readonly rings: readonly RingHistory[]
  /** Interactions of a whole day in a domain, at [day * domains + domain]. */
  readonly activity: Float64Array
  /** Bans of accounts, likewise. */
  readonly bans: Float64Array
}

export const domainName = ({ scenario, market }: ForecastDomain): string => `${scenario}/${market}`

const before = (times: Float64Array, day: number): Float64Array => times.filter((time) => time <= day)

/** The history as it was known at the end of `day`. */
export const knownAt = (history: ForecastHistory, day: number): ForecastHistory => {
  if (day >= history.days) return history
  const cells = Math.floor(day) * history.domains.length
  return {
    ...history,
    days: day,
    opened: history.opened.map((time) => (time <= day ? time : Number.NaN)),
    activity: history.activity.slice(0, cells),
    bans: history.bans.slice(0, cells),
    rings: history.rings
      .filter(({ born }) => born <= day)
      .map((ring) => ({
        ...ring,
        joined: before(ring.joined, day),
        end: ring.end !== null && ring.end.day <= day ? ring.end : null,
        arrivals: ring.arrivals.map((time) => (time <= day ? time : Number.NaN)),
        footholds: ring.footholds.map((times) => before(times, day)),
      })),
  }
}

export interface Move {
  readonly ring: number
  readonly domain: number
  readonly day: number
}

/** Arrivals in domains after the first one, by day. */
export const movesOf = ({ rings }: Pick<ForecastHistory, 'rings'>): readonly Move[] => {
  const moves: Move[] = []
  for (const [ring, { arrivals, born }] of rings.entries())
    for (const [domain, day] of arrivals.entries()) if (day > born) moves.push({ ring, domain, day })
  return moves.sort((a, b) => a.day - b.day || a.ring - b.ring || a.domain - b.domain)
}
