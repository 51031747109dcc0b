/**
 * Simulated worlds in which rings move between domains by rules that the forecaster is not built on, and one without any. Each is a history as the
 * forecaster reads it, a year of about a hundred rings in eight domains.
 *
 *   scouting  a ring tries a domain through a thing of its own and half of the times comes later, at a time of heavy tail; three times as many
 *             things of it are seen where it never goes
 *   pressure  bans come in bursts; a third of the rings there go to the next domain of a list that only they know
 *   waves     a ring follows, half of the times, once one or two (its threshold) of the eight rings that it knows came to a domain within three
 *             weeks; six of the eight are from its first domain
 *   silence   every ring comes to every domain at the same small rate
 *
 * Mark Granovetter, "Threshold Models of Collective Behavior", American Journal of Sociology 83(6), 1978.
 */
import { Random } from '#src/kernels/random.js'
import type { ForecastHistory, RingHistory } from '#src/risk/forecast/history.js'

export const mechanisms = ['scouting', 'pressure', 'waves', 'silence'] as const
export type Mechanism = (typeof mechanisms)[number]

const DAYS = 364
const RINGS = 120
const markets = ['BR', 'ID', 'TH', 'US']
const domains = markets.flatMap((market) => ['content', 'shelf'].map((scenario) => ({ scenario, market })))
const D = domains.length
/** Moves of each ring to each domain by chance, a day. */
const BACKGROUND = { scouting: 0.0003, pressure: 0.0003, waves: 0.0004, silence: 0.0018 } as const
const STOPPED_A_DAY = 1 / 300

const gaussian = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())

const permutation = (random: Random): Int32Array => {
  const order = Int32Array.from({ length: D }, (_, domain) => domain)
  random.shuffle(order)
  return order
}

interface Draft {
  readonly born: number
  readonly home: number
  readonly size: number
  readonly end: number
  readonly arrivals: Float64Array
  readonly footholds: number[][]
}

/** Larger domains are home to more rings: simple rules have something to go by. */
const byWeight = (random: Random, weights: readonly number[]): number => {
  let left = random.float() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [domain, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return domain
  }
  return weights.length - 1
}

export const migrationWorld = (mechanism: Mechanism, seed: number): ForecastHistory => {
  const random = new Random(seed, mechanisms.indexOf(mechanism))
  const weights = domains.map(() => Math.exp(0.7 * gaussian(random)))
  const activity = new Float64Array(DAYS * D)
  const bans = new Float64Array(DAYS * D)
  for (let day = 0; day < DAYS; day++)
    for (let domain = 0; domain < D; domain++) {
      const rhythm = 1 + 0.2 * Math.sin((2 * Math.PI * day) / 7) + 0.3 * Math.sin((2 * Math.PI * day) / DAYS)
      activity[day * D + domain] = Math.round(2000 * weights[domain]! * rhythm * Math.exp(0.1 * gaussian(random)))
      bans[day * D + domain] = random.float() < 0.15 ? 1 : 0
    }
  const rings: Draft[] = Array.from({ length: RINGS }, () => {
    const born = random.float() * DAYS * 0.85
    const home = byWeight(random, weights)
    const arrivals = new Float64Array(D).fill(Number.NaN)
    arrivals[home] = born
    return {
      born,
      home,
      size: 3 + Math.floor(Math.exp(2 + 0.7 * gaussian(random))),
      end: born - Math.log(1 - random.float()) / STOPPED_A_DAY,
      arrivals,
      footholds: domains.map(() => []),
    }
  })
  const due: { readonly ring: number; readonly domain: number; readonly day: number }[] = []
  const isThere = (ring: Draft, domain: number): boolean => !Number.isNaN(ring.arrivals[domain]!)
  const lists = Array.from({ length: D }, () => permutation(random))
  const known = rings.map((ring) => {
    const near = rings.flatMap((other, r) => (other.home === ring.home && other !== ring ? r : []))
    return Array.from({ length: 8 }, (_, i) =>
      i < 6 && near.length > 0 ? near[random.below(near.length)]! : random.below(RINGS),
    )
  })
  const thresholds = rings.map(() => 1 + random.below(2))
  const asked = rings.map(() => new Uint8Array(D))
  for (let day = 0; day < DAYS; day++) {
    if (mechanism === 'pressure')
      for (let domain = 0; domain < D; domain++)
        if (random.float() < 1 / 50) {
          const strength = 5 + random.below(25)
          for (let d = day; d < Math.min(DAYS, day + 3); d++) bans[d * D + domain]! += Math.ceil(strength / 3)
          for (const [r, ring] of rings.entries()) {
            if (!(ring.arrivals[domain]! < day) || random.float() > 0.35) continue
            const next = lists[ring.home]!.find((each) => !isThere(ring, each))
            if (next !== undefined) due.push({ ring: r, domain: next, day: day + 3 + 17 * random.float() })
          }
        }
    for (const [r, ring] of rings.entries()) {
      if (ring.born > day || ring.end < day) continue
      for (let domain = 0; domain < D; domain++) {
        if (isThere(ring, domain)) continue
        if (random.float() < BACKGROUND[mechanism]) due.push({ ring: r, domain, day: day + random.float() })
        if (mechanism === 'scouting') {
          const chance = 0.0025 * weights[domain]!
          if (random.float() < 3 * chance) ring.footholds[domain]!.push(day + random.float())
          if (random.float() < chance) {
            ring.footholds[domain]!.push(day + random.float())
            if (random.float() < 0.5) due.push({ ring: r, domain, day: day + 1 + Math.exp(3 + 0.6 * gaussian(random)) })
          }
        }
        if (mechanism === 'waves' && asked[r]![domain] === 0) {
          const came = known[r]!.filter((other) => {
            const ago = day - rings[other]!.arrivals[domain]!
            return ago >= 0 && ago < 21
          }).length
          if (came >= thresholds[r]!) {
            asked[r]![domain] = 1
            if (random.float() < 0.5) due.push({ ring: r, domain, day: day + 2 + 8 * random.float() })
          }
        }
      }
      // What is not of any use: things of rings are seen everywhere.
      if (mechanism !== 'scouting' && random.float() < 0.02)
        ring.footholds[byWeight(random, weights)]!.push(day + random.float())
    }
    for (const move of due) {
      const ring = rings[move.ring]!
      if (move.day < day || move.day >= day + 1 || move.day > ring.end || isThere(ring, move.domain)) continue
      ring.arrivals[move.domain] = move.day
    }
  }
  return {
    domains,
    opened: new Float64Array(D),
    days: DAYS,
    activity,
    bans,
    rings: rings.map(
      ({ born, size, end, arrivals, footholds }, r): RingHistory => ({
        id: `r${r}`,
        joined: new Float64Array(size).fill(born),
        born,
        end: end < DAYS ? { day: end, kind: 'banned' } : null,
        arrivals: arrivals.map((day) => (day <= end ? day : Number.NaN)),
        footholds: footholds.map((times) => Float64Array.from(times).sort()),
      }),
    ),
  }
}
