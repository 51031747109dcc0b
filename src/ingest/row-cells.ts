import { sameBytes, text } from './bytes.js'
import type { BoundPart } from './template.js'

/** The cells of the current row, with the mapping's null texts applied. `take` and `cut` leave a slice in data, start, end. */
export class RowCells {
  data: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** The column that the last `take` or `cut` found null. */
  nullColumn = -1

  #starts: Int32Array = new Int32Array(0)
  #ends: Int32Array = new Int32Array(0)
  readonly #nulls: readonly Uint8Array[]
  readonly #longestNull: number

  constructor(rules: { readonly nulls: readonly Uint8Array[]; readonly longestNull: number }) {
    this.#nulls = rules.nulls
    this.#longestNull = rules.longestNull
  }

  set(data: Uint8Array, starts: Int32Array, ends: Int32Array): void {
    this.data = data
    this.#starts = starts
    this.#ends = ends
  }

  isNull(column: number): boolean {
    const start = this.#starts[column]!
    const end = this.#ends[column]!
    if (start === end) return true
    if (end - start > this.#longestNull) return false
    for (let i = 0; i < this.#nulls.length; i++) if (sameBytes(this.data, start, end, this.#nulls[i]!)) return true
    return false
  }

  equals(column: number, bytes: Uint8Array): boolean {
    return sameBytes(this.data, this.#starts[column]!, this.#ends[column]!, bytes)
  }

  /** False where the cell is null. */
  take(column: number): boolean {
    if (this.isNull(column)) {
      this.nullColumn = column
      return false
    }
    this.start = this.#starts[column]!
    this.end = this.#ends[column]!
    return true
  }

  /** As `take`, with the part's cuts; a cut that leaves nothing makes null. */
  cut(part: BoundPart): boolean {
    if (!this.take(part.column)) return false
    if (part.cuts === null) return true
    for (const { before, at } of part.cuts) {
      let found = this.start
      while (found + at.length <= this.end && !sameBytes(this.data, found, found + at.length, at)) found++
      if (found + at.length > this.end) this.end = this.start
      else if (before) this.end = found
      else this.start = found + at.length
    }
    if (this.start < this.end) return true
    this.nullColumn = part.column
    return false
  }

  /** At most the first 1000 bytes, for messages; '' where there is no such column. */
  text(column: number): string {
    const start = this.#starts[column]
    const end = this.#ends[column]
    return start === undefined || end === undefined ? '' : text(this.data, start, Math.min(end, start + 1000))
  }
}
