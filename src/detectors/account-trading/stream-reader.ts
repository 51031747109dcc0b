/**
 * One account's sightings of one kind of identifier, in order of time, and the places where everything before is left for good.
 *
 * A visit is one identifier seen without another between and without a pause above `session`. A split at s parts the visits so that
 * no identifier is on both sides: what was used before is, so far, never back.
 */

/** Longer rows are sorted by the engine; shorter ones by insertion, which needs no call for each comparison. */
const INSERTION_SORT_UP_TO = 48

export class StreamReader {
  /** Visits; the arrays below hold at least so many. */
  count = 0
  splitCount = 0
  /** Sightings without a time, left out. */
  untimed = 0
  /** Entity of the identifier of each visit. */
  identifier = new Int32Array(0)
  /** Epoch milliseconds of the first and last sighting of each visit, and the edges that show them. */
  first = new Float64Array(0)
  last = new Float64Array(0)
  firstEdge = new Int32Array(0)
  lastEdge = new Int32Array(0)
  /** Ascending: visits 0 .. s - 1 are before the split, s .. count - 1 after. */
  splits = new Int32Array(0)
  /** Running number of the identifier of each visit, 0 .. distinct - 1. */
  label = new Int32Array(0)
  distinct = 0
  #order = new Int32Array(0)
  #edgeLabel = new Int32Array(0)
  #lastVisit = new Int32Array(0)

  #room(size: number): void {
    if (this.#order.length >= size) return
    const length = Math.max(16, 2 * size)
    this.identifier = new Int32Array(length)
    this.first = new Float64Array(length)
    this.last = new Float64Array(length)
    this.firstEdge = new Int32Array(length)
    this.lastEdge = new Int32Array(length)
    this.splits = new Int32Array(length)
    this.label = new Int32Array(length)
    this.#order = new Int32Array(length)
    this.#edgeLabel = new Int32Array(length)
    this.#lastVisit = new Int32Array(length)
  }

  /**
   * Reads edges from .. to - 1: one account's, of one kind of identifier, grouped by identifier as a relation keeps them. Those whose
   * identifier is 1 in `leftOut` (by target minus targetFrom) are passed over.
   */
  read(
    target: Int32Array,
    at: Float64Array,
    from: number,
    to: number,
    session: number,
    leftOut: Uint8Array,
    targetFrom: number,
  ): void {
    this.#room(to - from)
    const order = this.#order
    const edgeLabel = this.#edgeLabel
    let distinct = 0
    let timed = 0
    let untimed = 0
    let known = -1
    for (let e = from; e < to; e++) {
      const identifier = target[e]!
      if (leftOut[identifier - targetFrom] === 1) continue
      if (identifier !== known) {
        distinct++
        known = identifier
      }
      edgeLabel[e - from] = distinct - 1
      if (Number.isNaN(at[e]!)) untimed++
      else order[timed++] = e
    }
    this.distinct = distinct
    this.untimed = untimed
    if (this.distinct > 1) this.#sort(at, timed)
    let count = 0
    for (let i = 0; i < timed; i++) {
      const e = order[i]!
      const label = edgeLabel[e - from]!
      const time = at[e]!
      const v = count - 1
      if (v >= 0 && this.label[v] === label && time - this.last[v]! <= session) {
        this.last[v] = time
        this.lastEdge[v] = e
        continue
      }
      this.identifier[count] = target[e]!
      this.label[count] = label
      this.first[count] = time
      this.last[count] = time
      this.firstEdge[count] = e
      this.lastEdge[count++] = e
    }
    this.count = count
    this.#findSplits()
  }

  #sort(at: Float64Array, timed: number): void {
    const order = this.#order
    if (timed > INSERTION_SORT_UP_TO) {
      order.subarray(0, timed).sort((a, b) => at[a]! - at[b]! || a - b)
      return
    }
    for (let i = 1; i < timed; i++) {
      const e = order[i]!
      const time = at[e]!
      let j = i - 1
      while (j >= 0 && at[order[j]!]! > time) {
        order[j + 1] = order[j]!
        j--
      }
      order[j + 1] = e
    }
  }

  #findSplits(): void {
    this.splitCount = 0
    if (this.distinct < 2) return
    const { count, label, first, last, splits } = this
    const lastVisit = this.#lastVisit
    for (let v = 0; v < count; v++) lastVisit[label[v]!] = v
    let reach = -1
    for (let v = 0; v < count; v++) {
      // Two identifiers at one moment are used together, not one after the other.
      if (v > 0 && reach === v - 1 && last[v - 1]! < first[v]!) splits[this.splitCount++] = v
      if (lastVisit[label[v]!]! > reach) reach = lastVisit[label[v]!]!
    }
  }

  /** Whether an identifier seen up to `from` is seen again from `to` on. */
  keeps(from: number, to: number): boolean {
    const { count, label, first, last } = this
    for (let v = 0; v < count; v++) {
      if (first[v]! > from) break
      for (let w = count - 1; w >= v && last[w]! >= to; w--) if (label[w] === label[v]) return true
    }
    return false
  }
}
