/** What near-pairs.ts finds, and the growing list that it is gathered in. */

/** What the null model learns of a matrix. */
export interface NearNull {
  /** Pairs of entries of one row, in all rows: near at each level, and in all. */
  readonly near: Float64Array
  readonly all: number
  /** 1 for levels at which not everything is near: those at which times tell something. */
  readonly telling: Uint8Array
  /** Entries that had more than `reach` others within the largest tolerance on one side. */
  readonly crowded: number
  /** B of near-dispersion.ts, by level. */
  readonly sitting: Float64Array
}

export interface NearPairs extends Pick<NearNull, 'telling' | 'crowded' | 'sitting'> {
  readonly count: number
  /** a < b. */
  readonly a: Int32Array
  readonly b: Int32Array
  /** Position in `tolerances` of the level that surprises most. */
  readonly level: Uint8Array
  /** Rows in which the two are near at that level, those within a session counting once, and what the null expects of them. */
  readonly met: Int32Array
  readonly expected: Float64Array
  readonly nats: Float64Array
}

export class PairList {
  #size = 0
  #a = new Int32Array(1024)
  #b = new Int32Array(1024)
  #level = new Uint8Array(1024)
  #met = new Int32Array(1024)
  #expected = new Float64Array(1024)
  #nats = new Float64Array(1024)

  push(a: number, b: number, level: number, met: number, expected: number, nats: number): void {
    if (this.#size === this.#a.length) this.#grow()
    const i = this.#size++
    this.#a[i] = a
    this.#b[i] = b
    this.#level[i] = level
    this.#met[i] = met
    this.#expected[i] = expected
    this.#nats[i] = nats
  }

  get size(): number {
    return this.#size
  }

  /** Puts the pairs from place `from` on in order of their columns, whatever order they were met in. */
  sortFrom(from: number): void {
    if (this.#size - from < 2) return
    const order = Int32Array.from({ length: this.#size - from }, (_, i) => from + i).sort(
      (x, y) => this.#a[x]! - this.#a[y]! || this.#b[x]! - this.#b[y]!,
    )
    for (const values of [this.#a, this.#b, this.#level, this.#met, this.#expected, this.#nats])
      values.set(
        Float64Array.from(order, (i) => values[i]!),
        from,
      )
  }

  #grow(): void {
    const wider = <T extends Int32Array | Uint8Array | Float64Array>(old: T, next: T): T => {
      next.set(old)
      return next
    }
    const size = this.#a.length * 2
    this.#a = wider(this.#a, new Int32Array(size))
    this.#b = wider(this.#b, new Int32Array(size))
    this.#level = wider(this.#level, new Uint8Array(size))
    this.#met = wider(this.#met, new Int32Array(size))
    this.#expected = wider(this.#expected, new Float64Array(size))
    this.#nats = wider(this.#nats, new Float64Array(size))
  }

  finish(learned: NearNull): NearPairs {
    const n = this.#size
    return {
      count: n,
      a: this.#a.slice(0, n),
      b: this.#b.slice(0, n),
      level: this.#level.slice(0, n),
      met: this.#met.slice(0, n),
      expected: this.#expected.slice(0, n),
      nats: this.#nats.slice(0, n),
      telling: learned.telling,
      crowded: learned.crowded,
      sitting: learned.sitting,
    }
  }
}
