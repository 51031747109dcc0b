/**
 * Near meetings of some pairs of columns only, for near-pairs.ts: what new entries can have changed since a matrix was searched whole.
 *
 * A pair gains a near meeting only in a row where one of its columns has a new entry, so the pairs to look at again are those of a new entry and what
 * is near to it. The larger column of a pair is laid out by rows once, and each entry of the smaller looked up in it: a pair costs the size of
 * its smaller column, as when all pairs are searched.
 */
import type { TimedMatrix } from './timed-matrix.js'

/** Unordered pairs of columns; a pair may be there more than once. */
export interface ColumnPairs {
  readonly a: Int32Array
  readonly b: Int32Array
}

const doubled = (old: Int32Array): Int32Array<ArrayBuffer> => {
  const next = new Int32Array(old.length * 2)
  next.set(old)
  return next
}

/** Pairs of which a new entry (1 in `isNew`) and another entry of its row are near: at most `widest` and `reach` entries apart. */
export const pairsOfNew = (
  { rowOffsets, row, column, time }: TimedMatrix,
  isNew: Uint8Array,
  widest: number,
  reach: number,
): ColumnPairs => {
  let a = new Int32Array(1024)
  let b = new Int32Array(1024)
  let count = 0
  for (let entry = 0; entry < isNew.length; entry++) {
    if (isNew[entry] === 0) continue
    const from = Math.max(rowOffsets[row[entry]!]!, entry - reach)
    const to = Math.min(rowOffsets[row[entry]! + 1]!, entry + reach + 1)
    for (let other = from; other < to; other++) {
      // Of two new entries the first takes the pair.
      if (other === entry || (isNew[other] === 1 && other < entry)) continue
      if (Math.abs(time[other]! - time[entry]!) > widest) continue
      if (count === a.length) {
        a = doubled(a)
        b = doubled(b)
      }
      a[count] = column[entry]!
      b[count++] = column[other]!
    }
  }
  return { a: a.subarray(0, count), b: b.subarray(0, count) }
}

/** The meetings of a column with the others of its pairs, handed on as NearPartners does. */
export class ChangedPartners {
  readonly #matrix: TimedMatrix
  readonly #widest: number
  readonly #reach: number
  readonly #columnOf: Int32Array
  /** Ranks of the smaller columns of each rank's pairs. */
  readonly #offsets: Int32Array
  readonly #smaller: Int32Array
  readonly #taken: Int32Array
  /** For each row the position of the column's entry among `entries`, and the rank of the column that it is of. */
  readonly #place: Int32Array
  readonly #stamp: Int32Array
  own = new Int32Array(1024)
  other = new Int32Array(1024)
  rank = new Int32Array(1024)
  looked = 0

  constructor(
    matrix: TimedMatrix,
    { a, b }: ColumnPairs,
    { rank, columnOf }: { readonly rank: Int32Array; readonly columnOf: Int32Array },
    widest: number,
    reach: number,
  ) {
    this.#matrix = matrix
    this.#widest = widest
    this.#reach = reach
    this.#columnOf = columnOf
    const offsets = new Int32Array(matrix.columnCount + 2)
    for (let i = 0; i < a.length; i++) offsets[Math.max(rank[a[i]!]!, rank[b[i]!]!) + 2]!++
    for (let r = 0; r < matrix.columnCount; r++) offsets[r + 2]! += offsets[r + 1]!
    this.#smaller = new Int32Array(a.length)
    for (let i = 0; i < a.length; i++) {
      const one = rank[a[i]!]!
      const two = rank[b[i]!]!
      this.#smaller[offsets[Math.max(one, two) + 1]!++] = Math.min(one, two)
    }
    this.#offsets = offsets
    this.#taken = new Int32Array(matrix.columnCount).fill(-1)
    this.#place = new Int32Array(matrix.rowCount)
    this.#stamp = new Int32Array(matrix.rowCount).fill(-1)
  }

  of(from: number, to: number, least: number, own: number): number {
    const { entries, row, time, columnOffsets } = this.#matrix
    const first = this.#offsets[own]!
    const end = this.#offsets[own + 1]!
    this.looked = 0
    if (first === end) return 0
    for (let i = from; i < to; i++) {
      this.#place[row[entries[i]!]!] = i
      this.#stamp[row[entries[i]!]!] = own
    }
    this.looked = to - from
    let kept = 0
    for (let k = first; k < end; k++) {
      const b = this.#smaller[k]!
      if (b < least || b === own || this.#taken[b] === own) continue
      this.#taken[b] = own
      const column = this.#columnOf[b]!
      const begin = kept
      this.looked += columnOffsets[column + 1]! - columnOffsets[column]!
      for (let i = columnOffsets[column]!; i < columnOffsets[column + 1]!; i++) {
        const other = entries[i]!
        if (this.#stamp[row[other]!] !== own) continue
        const place = this.#place[row[other]!]!
        const entry = entries[place]!
        if (Math.abs(other - entry) > this.#reach || Math.abs(time[other]! - time[entry]!) > this.#widest) continue
        if (kept === this.own.length) this.#grow()
        // In the order of the column's own entries.
        let j = kept++ - 1
        for (; j >= begin && this.own[j]! > place; j--) {
          this.own[j + 1] = this.own[j]!
          this.other[j + 1] = this.other[j]!
        }
        this.own[j + 1] = place
        this.other[j + 1] = other
        this.rank[kept - 1] = b
      }
    }
    return kept
  }

  #grow(): void {
    this.own = doubled(this.own)
    this.other = doubled(this.other)
    this.rank = doubled(this.rank)
  }
}
