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

/** What ChangedPartners reads, made once by near-pairs.ts. */
export interface ByColumn {
  readonly matrix: TimedMatrix
  /** Row and time of each of `matrix.entries`, in their order. */
  readonly columnRow: Int32Array
  readonly columnTime: Float64Array
  readonly rank: Int32Array
  readonly columnOf: Int32Array
  /** Near meetings without which columns of two sizes never surprise. */
  readonly need: (size: number, other: number) => number
  readonly widest: number
  readonly reach: number
}

/** The meetings of a column with the others of its pairs, handed on as NearPartners does. */
export class ChangedPartners {
  readonly #by: ByColumn
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

  constructor({ a, b }: ColumnPairs, by: ByColumn) {
    const { matrix, rank } = by
    this.#by = by
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
    const { matrix, columnRow, columnOf, need } = this.#by
    const { columnOffsets } = matrix
    const first = this.#offsets[own]!
    const end = this.#offsets[own + 1]!
    this.looked = 0
    if (first === end) return 0
    const place = this.#place
    const stamp = this.#stamp
    for (let i = from; i < to; i++) {
      place[columnRow[i]!] = i
      stamp[columnRow[i]!] = own
    }
    this.looked = to - from
    let kept = 0
    for (let k = first; k < end; k++) {
      const b = this.#smaller[k]!
      if (b < least || b === own || this.#taken[b] === own) continue
      this.#taken[b] = own
      const begin = columnOffsets[columnOf[b]!]!
      const stop = columnOffsets[columnOf[b]! + 1]!
      let enough = need(to - from, stop - begin)
      let common = 0
      // What is left cannot make up for what was missed.
      for (let i = begin; i < stop && common + stop - i >= enough; i++) common += stamp[columnRow[i]!] === own ? 1 : 0
      this.looked += stop - begin
      if (common < enough) continue
      const before = kept
      kept = this.#gather(begin, stop, own, b, kept)
      enough += before
      if (kept < enough) kept = before
    }
    return kept
  }

  /** The near meetings of the column with rank `own` with that of rank `b`, in the order of its own entries. */
  #gather(begin: number, stop: number, own: number, b: number, from: number): number {
    const { matrix, columnRow, columnTime, widest, reach } = this.#by
    const { entries } = matrix
    let kept = from
    for (let i = begin; i < stop; i++) {
      const row = columnRow[i]!
      if (this.#stamp[row] !== own) continue
      const at = this.#place[row]!
      if (Math.abs(columnTime[i]! - columnTime[at]!) > widest || Math.abs(entries[i]! - entries[at]!) > reach) continue
      if (kept === this.own.length) this.#grow()
      let j = kept++ - 1
      for (; j >= from && this.own[j]! > at; j--) {
        this.own[j + 1] = this.own[j]!
        this.other[j + 1] = this.other[j]!
      }
      this.own[j + 1] = at
      this.other[j + 1] = entries[i]!
      this.rank[kept - 1] = b
    }
    return kept
  }

  #grow(): void {
    this.own = doubled(this.own)
    this.other = doubled(this.other)
    this.rank = doubled(this.rank)
  }
}
