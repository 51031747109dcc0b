/**
 * Visits: actions of one account on one target within a session of each other are one. Each pair of account and target is kept once, with
 * how many there were. Without times how often an account came is not known, and it is one visit.
 */
import type { Relation } from '../../graph/snapshot.js'

/** What 16 bits hold; whoever came so often came back. */
const MOST_TIMES = 65_535

export class Visits {
  /** Pairs of row r are offsets[r] <= k < offsets[r + 1], in order of the first visit. */
  readonly offsets: Int32Array
  /** Place in the relation's targets, and visits, of each pair. */
  readonly things: Int32Array
  readonly times: Uint16Array
  /** Sum of `times` of each row. */
  readonly ofAccount: Int32Array
  readonly #relation: Relation
  readonly #session: number
  readonly #pair: Int32Array
  readonly #last: Float64Array
  #pairs = 0

  /** Rows are added from the first to the last. */
  constructor(relation: Relation, session: number) {
    const rows = relation.outOffsets.length - 1
    const columns = relation.inOffsets.length - 1
    this.#relation = relation
    this.#session = session
    this.offsets = new Int32Array(rows + 1)
    this.things = new Int32Array(relation.count)
    this.times = new Uint16Array(relation.count)
    this.ofAccount = new Int32Array(rows)
    this.#pair = new Int32Array(columns).fill(-1)
    this.#last = new Float64Array(columns)
  }

  /** `order`: the row's edges in order of time. */
  add(row: number, order: Int32Array): void {
    const { target, targetFrom, at } = this.#relation
    const from = this.#pairs
    for (const edge of order) {
      const thing = target[edge]! - targetFrom
      const known = this.#pair[thing]!
      if (known < from) {
        this.#pair[thing] = this.#pairs
        this.things[this.#pairs] = thing
        this.times[this.#pairs++] = 1
      } else if (at[edge]! - this.#last[thing]! > this.#session) {
        this.times[known] = Math.min(MOST_TIMES, this.times[known]! + 1)
      } else continue
      this.ofAccount[row]!++
      this.#last[thing] = at[edge]!
    }
    this.offsets[row + 1] = this.#pairs
  }

  get pairs(): number {
    return this.#pairs
  }
}
