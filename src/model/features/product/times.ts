/** What the times of a set of interactions say: burst, gaps, span. */

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export interface TimeSummary {
  /** Interactions that have a time; 0 leaves the rest without meaning. */
  known: number
  /** Epoch milliseconds. */
  first: number
  last: number
  /** The most interactions within less than an hour of each other. */
  mostInHour: number
  /** Between one interaction and the next, milliseconds; NaN where there are fewer than two. */
  medianGap: number
  /** Standard deviation of the gaps over their mean; NaN with fewer than two gaps or where all are 0. */
  gapVariation: number
  /** Days (UTC) with an interaction. */
  days: number
}

/** Up to this length sorting by insertion is faster than the call of the engine's sort. */
const shortSort = 32

const sortFirst = (values: Float64Array, count: number): void => {
  if (count > shortSort) {
    values.subarray(0, count).sort()
    return
  }
  for (let i = 1; i < count; i++) {
    const x = values[i]!
    let j = i - 1
    while (j >= 0 && values[j]! > x) {
      values[j + 1] = values[j]!
      j--
    }
    values[j + 1] = x
  }
}

/** Collects the times of one entity after the other; scratch grows to the longest. */
export class TimeCollector {
  #times = new Float64Array(shortSort)
  #gaps = new Float64Array(shortSort)
  #count = 0
  readonly #summary: TimeSummary = {
    known: 0,
    first: Number.NaN,
    last: Number.NaN,
    mostInHour: 0,
    medianGap: Number.NaN,
    gapVariation: Number.NaN,
    days: 0,
  }

  clear(): void {
    this.#count = 0
  }

  /** Epoch milliseconds; NaN is left out. */
  add(time: number): void {
    if (Number.isNaN(time)) return
    if (this.#count === this.#times.length) {
      const longer = new Float64Array(2 * this.#count)
      longer.set(this.#times)
      this.#times = longer
      this.#gaps = new Float64Array(2 * this.#count)
    }
    this.#times[this.#count++] = time
  }

  /** The same object each time. */
  summary(): TimeSummary {
    const summary = this.#summary
    const times = this.#times
    const n = this.#count
    summary.known = n
    if (n === 0) {
      summary.first = summary.last = summary.medianGap = summary.gapVariation = Number.NaN
      summary.mostInHour = summary.days = 0
      return summary
    }
    sortFirst(times, n)
    summary.first = times[0]!
    summary.last = times[n - 1]!
    let most = 0
    let days = 0
    let lastDay = Number.NaN
    for (let i = 0, from = 0; i < n; i++) {
      const time = times[i]!
      while (time - times[from]! >= HOUR) from++
      if (i - from + 1 > most) most = i - from + 1
      const day = Math.floor(time / DAY)
      if (day !== lastDay) days++
      lastDay = day
    }
    summary.mostInHour = most
    summary.days = days
    this.#summarizeGaps(n)
    return summary
  }

  #summarizeGaps(n: number): void {
    const summary = this.#summary
    const gaps = this.#gaps
    const count = n - 1
    const mean = (summary.last - summary.first) / count
    let squares = 0
    for (let i = 0; i < count; i++) {
      const gap = this.#times[i + 1]! - this.#times[i]!
      gaps[i] = gap
      squares += (gap - mean) * (gap - mean)
    }
    sortFirst(gaps, count)
    summary.medianGap = count < 1 ? Number.NaN : (gaps[(count - 1) >> 1]! + gaps[count >> 1]!) / 2
    summary.gapVariation = count < 2 || mean === 0 ? Number.NaN : Math.sqrt(squares / count) / mean
  }
}
