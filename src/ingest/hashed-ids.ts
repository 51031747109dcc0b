/**
 * Ids for interactions whose file has none: `x`, 32 hexadecimal digits that hash the content, `-`, and the ordinal among
 * equals in the file. The same file twice gives the same ids, and two equal rows of a file count twice.
 */
import type { ByteWriter } from './byte-writer.js'
import { MINUS, TAB, ZERO } from './bytes.js'
import { murmurHash3 } from './murmur-hash3.js'
import { OrdinalTable } from './ordinal-table.js'

const LETTER_X = 120
const ORDINAL_OFFSET = 2 + 32 + 1
/** An id with its tab before it and one digit for the ordinal, which may become more. */
export const HASHED_ID_BYTES = ORDINAL_OFFSET + 1
const FIRST_WAITING = 1024

export class HashedIds {
  readonly #ordinals = new OrdinalTable()
  readonly #hash = new Int32Array(4)
  /** Ids that wait for their ordinal: position of the tab before it, and half of the hash. */
  #at = new Float64Array(FIRST_WAITING)
  #low = new Int32Array(FIRST_WAITING)
  #high = new Int32Array(FIRST_WAITING)
  /** How many wait. To be set back when a row is not taken after all: it must not use up an ordinal. */
  waiting = 0

  /** Writes the id in the gap at `idAt`. The content, which with `type` makes the hash, begins at `contentAt` and ends here. */
  write(out: ByteWriter, idAt: number, contentAt: number, type: number): void {
    const hash = this.#hash
    const end = out.length
    murmurHash3(out.bytes, contentAt, end, type, hash)
    out.length = idAt
    out.byte(TAB)
    out.byte(LETTER_X)
    out.hexWords(hash)
    out.byte(MINUS)
    out.byte(ZERO)
    out.length = end
    if (this.waiting === this.#at.length) this.#grow()
    this.#at[this.waiting] = idAt
    this.#low[this.waiting] = hash[0]!
    this.#high[this.waiting] = hash[1]!
    this.waiting++
  }

  #grow(): void {
    const size = this.#at.length * 2
    const copies = { at: new Float64Array(size), low: new Int32Array(size), high: new Int32Array(size) }
    copies.at.set(this.#at)
    copies.low.set(this.#low)
    copies.high.set(this.#high)
    this.#at = copies.at
    this.#low = copies.low
    this.#high = copies.high
  }

  /**
   * Gives the ids that wait their ordinals. To be called after many rows: then the table's cache misses overlap, which is
   * twice as fast as one look-up a row.
   */
  settle(out: ByteWriter): void {
    const wide: { readonly at: number; readonly ordinal: string }[] = []
    const { waiting } = this
    const at = this.#at
    const low = this.#low
    const high = this.#high
    const ordinals = this.#ordinals
    for (let i = 0; i < waiting; i++) {
      const ordinal = ordinals.next(low[i]!, high[i]!)
      if (ordinal === 0) continue
      if (ordinal < 10) out.bytes[at[i]! + ORDINAL_OFFSET] = ZERO + ordinal
      else wide.push({ at: at[i]! + ORDINAL_OFFSET, ordinal: String(ordinal) })
    }
    this.waiting = 0
    if (wide.length > 0) this.#widen(out, wide)
  }

  /** Makes room for ordinals of more than one digit, from the last to the first, so that each byte moves once. */
  #widen(out: ByteWriter, wide: readonly { readonly at: number; readonly ordinal: string }[]): void {
    let shift = wide.reduce((sum, { ordinal }) => sum + ordinal.length - 1, 0)
    out.reserve(shift)
    const { bytes } = out
    let end = out.length
    out.length += shift
    for (let i = wide.length - 1; i >= 0; i--) {
      const { at, ordinal } = wide[i]!
      bytes.copyWithin(at + 1 + shift, at + 1, end)
      shift -= ordinal.length - 1
      for (let digit = 0; digit < ordinal.length; digit++) bytes[at + shift + digit] = ordinal.charCodeAt(digit)
      end = at
    }
  }
}
