/** Interactions in columns, kept in one buffer an hour until that hour is written. */

/** Milliseconds. */
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** `scenario` of an event that happened in its type's own scenario. */
export const OWN_SCENARIO = 255

const FIRST_CAPACITY = 64

/** Columns of interactions; codes are the schema's. `a` and `b` are what the type's attributes are made of: see encode.ts. */
export class EventBuffer {
  count = 0
  type = new Uint8Array(FIRST_CAPACITY)
  actorKind = new Uint8Array(FIRST_CAPACITY)
  targetKind = new Uint8Array(FIRST_CAPACITY)
  market = new Uint8Array(FIRST_CAPACITY)
  scenario = new Uint8Array(FIRST_CAPACITY)
  actor = new Int32Array(FIRST_CAPACITY)
  target = new Int32Array(FIRST_CAPACITY)
  at = new Float64Array(FIRST_CAPACITY)
  a = new Uint32Array(FIRST_CAPACITY)
  b = new Uint32Array(FIRST_CAPACITY)

  grow(): void {
    const larger = <T extends Uint8Array | Int32Array | Float64Array | Uint32Array>(column: T, fresh: T): T => {
      fresh.set(column)
      return fresh
    }
    const size = this.count * 2
    this.type = larger(this.type, new Uint8Array(size))
    this.actorKind = larger(this.actorKind, new Uint8Array(size))
    this.targetKind = larger(this.targetKind, new Uint8Array(size))
    this.market = larger(this.market, new Uint8Array(size))
    this.scenario = larger(this.scenario, new Uint8Array(size))
    this.actor = larger(this.actor, new Int32Array(size))
    this.target = larger(this.target, new Int32Array(size))
    this.at = larger(this.at, new Float64Array(size))
    this.a = larger(this.a, new Uint32Array(size))
    this.b = larger(this.b, new Uint32Array(size))
  }

  /** Positions by time; those of the same second stay in the order in which they came. */
  order(from: number): Int32Array {
    const seconds = HOUR / SECOND
    const starts = new Int32Array(seconds + 1)
    for (let i = 0; i < this.count; i++) {
      const bucket = Math.floor((this.at[i]! - from) / SECOND) + 1
      starts[bucket] = starts[bucket]! + 1
    }
    for (let s = 0; s < seconds; s++) starts[s + 1] = starts[s + 1]! + starts[s]!
    const order = new Int32Array(this.count)
    for (let i = 0; i < this.count; i++) {
      const bucket = Math.floor((this.at[i]! - from) / SECOND)
      const place = starts[bucket]!
      starts[bucket] = place + 1
      order[place] = i
    }
    return order
  }
}

/** All that is still to be written, one buffer an hour. What falls outside the time is let go, as a log that starts and ends. */
export class EventQueue {
  /** How many were kept. */
  kept = 0
  /** Hours before `hour` are closed. */
  hour = 0
  readonly from: number
  readonly hours: number
  readonly #buffers: (EventBuffer | null)[]

  constructor(from: number, to: number) {
    this.from = from
    this.hours = Math.round((to - from) / HOUR)
    this.#buffers = new Array<EventBuffer | null>(this.hours).fill(null)
  }

  add(
    type: number,
    actorKind: number,
    actor: number,
    targetKind: number,
    target: number,
    at: number,
    market: number,
    a = 0,
    b = 0,
    scenario = OWN_SCENARIO,
  ): void {
    const hour = Math.floor((at - this.from) / HOUR)
    if (hour < this.hour || hour >= this.hours) return
    let buffer = this.#buffers[hour]
    if (!buffer) {
      buffer = new EventBuffer()
      this.#buffers[hour] = buffer
    }
    const i = buffer.count
    if (i === buffer.type.length) buffer.grow()
    buffer.count = i + 1
    buffer.type[i] = type
    buffer.actorKind[i] = actorKind
    buffer.actor[i] = actor
    buffer.targetKind[i] = targetKind
    buffer.target[i] = target
    buffer.at[i] = Math.floor(at)
    buffer.market[i] = market
    buffer.scenario[i] = scenario
    buffer.a[i] = a
    buffer.b[i] = b
    this.kept++
  }

  /** Closes the next hour and hands its events over; null when nothing happened in it. */
  take(): EventBuffer | null {
    const buffer = this.#buffers[this.hour] ?? null
    this.#buffers[this.hour] = null
    this.hour++
    return buffer
  }
}

/** The interactions of one hour. */
export interface Hour {
  /** Epoch milliseconds. */
  readonly from: number
  readonly events: EventBuffer
  /** Positions in `events` by time. */
  readonly order: Int32Array
}
