/**
 * What may tell that a ring comes to a domain, at one moment, from what was known then. Waves between domains are self-exciting: every
 * arrival raises the rate of further ones for a while.
 *
 *   wave_d(t)    = sum over arrivals i in d, t_i <= t, the first of a ring too, of exp(-(t - t_i) / tau)
 *   path_g,d(t)  = sum over arrivals i in d of rings from a domain where g is, of exp(-(t - t_i) / 60 days) / (domains the ring was in)
 *
 * Alan G. Hawkes, "Spectra of some self-exciting and mutually exciting point processes", Biometrika 58(1), 1971, with the kernel's rate
 * fixed at two values in the place of an estimate; the regression weighs them.
 */
import type { ForecastHistory } from './history.js'
import { movesOf } from './history.js'

export interface Covariate {
  readonly name: string
  /** What a high value means, for a person. */
  readonly sentence: (value: number) => string
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const covariates: readonly Covariate[] = [
  { name: 'size', sentence: (value) => `It has ${plural(value, 'account', 'accounts')}.` },
  { name: 'age', sentence: (value) => `It has been known for ${plural(Math.round(value), 'week', 'weeks')}.` },
  { name: 'spread', sentence: (value) => `It is active in ${plural(value, 'domain', 'domains')} already.` },
  { name: 'rest', sentence: (value) => `Its last move was ${plural(Math.round(value), 'week', 'weeks')} ago.` },
  {
    name: 'footholds',
    sentence: (value) =>
      `${plural(value, 'thing', 'things')} of it, such as a device, ${value === 1 ? 'was' : 'were'} used there by others.`,
  },
  {
    name: 'fresh-footholds',
    sentence: (value) =>
      `${plural(value, 'thing', 'things')} of it ${value === 1 ? 'was' : 'were'} used there for the first time in the last two weeks.`,
  },
  { name: 'same-market', sentence: () => 'It is active in another scenario of the same market.' },
  { name: 'same-scenario', sentence: () => 'It is active in the same scenario of another market.' },
  {
    name: 'traffic',
    sentence: (value) => `There were ${Math.round(value)} interactions there in the last four weeks.`,
  },
  {
    name: 'pressure',
    sentence: (value) => `${plural(value, 'account was', 'accounts were')} banned in its domains in the last week.`,
  },
  {
    name: 'pressure-there',
    sentence: (value) => `${plural(value, 'account was', 'accounts were')} banned there in the last four weeks.`,
  },
  { name: 'wave', sentence: (value) => `${value.toFixed(1)} other rings came there lately (fading with a week).` },
  {
    name: 'long-wave',
    sentence: (value) => `${value.toFixed(1)} other rings came there lately (fading with four weeks).`,
  },
  { name: 'path', sentence: (value) => `${value.toFixed(1)} rings went there before from domains where it is.` },
]

const SHORT_WAVE = 7
const LONG_WAVE = 28
const PATH_FADES = 60
const RECENT = 7
const LATELY = 14
const MONTH = 28

/** Sums of a daily column over the days before `day`. */
class Windows {
  readonly #sums: Float64Array
  readonly #domains: number
  readonly #days: number

  constructor(values: Float64Array, domains: number) {
    this.#domains = domains
    this.#days = values.length / domains
    this.#sums = new Float64Array(values.length + domains)
    for (let i = 0; i < values.length; i++) this.#sums[i + domains] = this.#sums[i]! + values[i]!
  }

  over(domain: number, day: number, length: number): number {
    const to = Math.min(this.#days, Math.max(0, Math.floor(day)))
    const from = Math.max(0, to - length)
    return this.#sums[to * this.#domains + domain]! - this.#sums[from * this.#domains + domain]!
  }
}

const countUpTo = (times: Float64Array, day: number): number => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= day) low = middle + 1
    else high = middle
  }
  return low
}

const logarithmic = new Set([
  'size',
  'age',
  'spread',
  'rest',
  'footholds',
  'fresh-footholds',
  'traffic',
  'pressure',
  'pressure-there',
  'wave',
  'long-wave',
  'path',
])

/** As the regression sees a value: counts by their logarithm. */
export const transformed: readonly ((value: number) => number)[] = covariates.map(({ name }) =>
  logarithmic.has(name) ? (value) => Math.log1p(value) : (value) => value,
)

/** Reads covariates at moments of one history; each moment sees what was known then. */
export class CovariateReader {
  readonly #history: ForecastHistory
  readonly #activity: Windows
  readonly #bans: Windows
  readonly #moves: ReturnType<typeof movesOf>
  /** Of the moment that is set. */
  #day = Number.NaN
  readonly #wave: Float64Array
  readonly #longWave: Float64Array
  /** From domain to domain. */
  readonly #paths: Float64Array

  constructor(history: ForecastHistory) {
    const count = history.domains.length
    this.#history = history
    this.#activity = new Windows(history.activity, count)
    this.#bans = new Windows(history.bans, count)
    this.#moves = movesOf(history)
    this.#wave = new Float64Array(count)
    this.#longWave = new Float64Array(count)
    this.#paths = new Float64Array(count * count)
  }

  /** Sets the moment. */
  at(day: number): void {
    if (day === this.#day) return
    this.#day = day
    this.#wave.fill(0)
    this.#longWave.fill(0)
    this.#paths.fill(0)
    const count = this.#history.domains.length
    for (const { born, arrivals } of this.#history.rings) {
      if (born > day) continue
      for (let domain = 0; domain < count; domain++) {
        const ago = day - arrivals[domain]!
        if (!(ago >= 0)) continue
        this.#wave[domain]! += Math.exp(-ago / SHORT_WAVE)
        this.#longWave[domain]! += Math.exp(-ago / LONG_WAVE)
      }
    }
    for (const { ring, domain, day: when } of this.#moves) {
      if (when > day) break
      const ago = day - when
      const { arrivals } = this.#history.rings[ring]!
      let origins = 0
      for (const arrival of arrivals) if (arrival < when) origins++
      const weight = Math.exp(-ago / PATH_FADES) / Math.max(1, origins)
      for (let from = 0; from < count; from++) if (arrivals[from]! < when) this.#paths[from * count + domain]! += weight
    }
  }

  /** Values of a ring and a domain at the moment, as a person reads them, into `out`. */
  read(ring: number, domain: number, out: Float64Array): void {
    const { rings, domains } = this.#history
    const { joined, born, arrivals, footholds } = rings[ring]!
    const day = this.#day
    const { market, scenario } = domains[domain]!
    let spread = 0
    let last = born
    let sameMarket = 0
    let sameScenario = 0
    let pressure = 0
    let path = 0
    for (let from = 0; from < domains.length; from++) {
      const arrival = arrivals[from]!
      if (!(arrival <= day)) continue
      spread++
      last = Math.max(last, arrival)
      if (domains[from]!.market === market) sameMarket = 1
      if (domains[from]!.scenario === scenario) sameScenario = 1
      pressure += this.#bans.over(from, day, RECENT)
      path += this.#paths[from * domains.length + domain]!
    }
    const seen = countUpTo(footholds[domain]!, day)
    out[0] = countUpTo(joined, day)
    out[1] = (day - born) / 7
    out[2] = spread
    out[3] = (day - last) / 7
    out[4] = seen
    out[5] = seen - countUpTo(footholds[domain]!, day - LATELY)
    out[6] = sameMarket
    out[7] = sameScenario
    out[8] = this.#activity.over(domain, day, MONTH)
    out[9] = pressure
    out[10] = this.#bans.over(domain, day, MONTH)
    out[11] = this.#wave[domain]!
    out[12] = this.#longWave[domain]!
    out[13] = path
  }
}
