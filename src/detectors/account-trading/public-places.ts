/**
 * Public places: identifiers that those who were seen with them come back to hardly more often than anybody else comes to them, as
 * the networks of mobile carriers. They say nothing about who holds an account, neither where they stay nor where they change.
 *
 * For an identifier x with u accounts: an account's first visit to it is followed by visits of the same kind, o in all, h of them to x.
 * Of the V visits of the kind, u are the first of somebody, so another account comes to x with chance u / V a visit. x tells who is there
 * where the rate of coming back is TELLING times that, or, where all identifiers of the kind are rarely seen twice (r of their later
 * visits), half of what is usual. That is given up where so few came back that it is rejected:
 *   P(Poisson(o min(TELLING u / V, r / 2)) <= h) <= REJECTED
 */
import type { StreamReader } from './stream-reader.js'

/** At odds of twenty to one a thing seen again is evidence that the same person is there. */
const TELLING = 20
const REJECTED = 0.05

/** P(X <= count), X Poisson; sums no more terms than can matter. */
const poissonTail = (mean: number, count: number): number => {
  let term = Math.exp(-mean)
  let sum = term
  for (let i = 1; i <= count; i++) {
    term *= mean / i
    sum += term
  }
  return sum
}

/** Beyond this mean exp(-mean) nears 0, and the normal distribution is as good. */
const LARGE_MEAN = 500
/** P(Z <= -1.645) = REJECTED */
const REJECTED_DEVIATIONS = 1.645

const isRejected = (mean: number, count: number): boolean =>
  mean > LARGE_MEAN
    ? count <= mean - REJECTED_DEVIATIONS * Math.sqrt(mean)
    : count < mean && poissonTail(mean, count) <= REJECTED

export class PlaceTally {
  readonly #from: number
  readonly #kinds: number
  /** By identifier. */
  readonly #accounts: Int32Array
  readonly #back: Int32Array
  readonly #later: Int32Array
  /** The account that was last seen with it. */
  readonly #seenBy: Int32Array
  /** By kind. */
  readonly #visits: Float64Array
  readonly #kindBack: Float64Array
  readonly #kindLater: Float64Array

  /** `from`: entity of the first of `identifiers`. */
  constructor(from: number, identifiers: number, kinds: number) {
    this.#from = from
    this.#kinds = kinds
    this.#accounts = new Int32Array(identifiers)
    this.#back = new Int32Array(identifiers)
    this.#later = new Int32Array(identifiers)
    this.#seenBy = new Int32Array(identifiers).fill(-1)
    this.#visits = new Float64Array(kinds)
    this.#kindBack = new Float64Array(kinds)
    this.#kindLater = new Float64Array(kinds)
  }

  /** Counts the visits of one kind of one account; each account once. */
  add(row: number, kind: number, { count, identifier }: StreamReader): void {
    this.#visits[kind]! += count
    for (let v = 0; v < count; v++) {
      const place = identifier[v]! - this.#from
      if (this.#seenBy[place] !== row) {
        this.#seenBy[place] = row
        this.#accounts[place]!++
        this.#later[place]! += count - 1 - v
        this.#kindLater[kind]! += count - 1 - v
      } else {
        this.#back[place]!++
        this.#kindBack[kind]!++
      }
    }
  }

  /** 1 for each public place. `bounds`: first and one past the last entity of each kind. */
  find(bounds: readonly (readonly [number, number])[]): Uint8Array {
    const found = new Uint8Array(this.#accounts.length)
    for (let kind = 0; kind < this.#kinds; kind++) {
      const [kindFrom, kindTo] = bounds[kind]!
      const usual = this.#kindBack[kind]! / Math.max(1, this.#kindLater[kind]!) / 2
      const visits = Math.max(1, this.#visits[kind]!)
      for (let entity = kindFrom; entity < kindTo; entity++) {
        const place = entity - this.#from
        if (!(place >= 0 && place < found.length)) continue
        const accounts = this.#accounts[place]!
        if (accounts < 2) continue
        const mean = this.#later[place]! * Math.min((TELLING * accounts) / visits, usual)
        if (isRejected(mean, this.#back[place]!)) found[place] = 1
      }
    }
    return found
  }
}
