/** How much goes on at each moment, and how often two independent series of moments would meet in it. */

/** Stretches of time in which the crowd of the moment is counted, at most. */
const MOST_STRETCHES = 2 ** 20

/** How many entries each stretch of time holds, for stretches about as long as the tolerance. */
export class Crowd {
  readonly #from: number
  readonly #width: number
  readonly #entries: Int32Array

  constructor(time: Float64Array, tolerance: number) {
    let from = Number.POSITIVE_INFINITY
    let to = Number.NEGATIVE_INFINITY
    for (let i = 0; i < time.length; i++) {
      const at = time[i]!
      if (at < from) from = at
      if (at > to) to = at
    }
    this.#from = from
    this.#width = Math.max(tolerance, (to - from) / MOST_STRETCHES, Number.MIN_VALUE)
    this.#entries = new Int32Array(time.length === 0 ? 0 : Math.floor((to - from) / this.#width) + 1)
    const entries = this.#entries
    const scale = this.#width
    for (let i = 0; i < time.length; i++) entries[Math.floor((time[i]! - from) / scale)]!++
  }

  stretch(at: number): number {
    return Math.floor((at - this.#from) / this.#width)
  }

  size(stretch: number): number {
    return this.#entries[stretch]!
  }
}

/** Sum over stretches of time of a'(c) b'(c) / e(c); the times of both rise. */
export const crowdMeetings = (
  crowd: Crowd,
  a: Float64Array,
  aCount: number,
  b: Float64Array,
  bCount: number,
): number => {
  let sum = 0
  let i = 0
  let j = 0
  while (i < aCount && j < bCount) {
    const stretch = crowd.stretch(a[i]!)
    const other = crowd.stretch(b[j]!)
    if (stretch < other) i++
    else if (other < stretch) j++
    else {
      const fromI = i
      const fromJ = j
      while (i < aCount && crowd.stretch(a[i]!) === stretch) i++
      while (j < bCount && crowd.stretch(b[j]!) === stretch) j++
      sum += ((i - fromI) * (j - fromJ)) / crowd.size(stretch)
    }
  }
  return sum
}
