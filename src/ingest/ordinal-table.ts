/**
 * Counts how often a fingerprint was seen before in one file, so that equal rows get the ordinals 0, 1, 2, ... Open
 * addressing over typed arrays, 9 bytes a slot, at most three quarters full: 19 MB for 1 M distinct rows, 2.4 GB at most for
 * 100 M. A row that is new touches one place in memory only. Of the 128-bit fingerprint 64 bits are kept: should two different
 * rows share them, the second gets ordinal 1 under its own 128-bit id, which is unusual but loses nothing.
 */
const FIRST_SLOTS = 2 ** 12
const FULLEST = 0.75
/** A count that no longer fits a byte goes on in the map: at most one key in 255 rows gets there. */
const BYTE_LIMIT = 255

export class OrdinalTable {
  #slots = FIRST_SLOTS
  #size = 0
  /** Two words a slot; both 0 is an empty slot. */
  #keys = new Int32Array(2 * FIRST_SLOTS)
  /** How often the slot's key was seen again. */
  #again = new Uint8Array(FIRST_SLOTS)
  readonly #many = new Map<number, number>()

  /** How often (low, high), two 32-bit integers, was given before this call. */
  next(low: number, high: number): number {
    if (this.#size >= this.#slots * FULLEST) this.#grow()
    const second = low === 0 && high === 0 ? 1 : high
    const slot = this.#find(low, second)
    if (this.#keys[2 * slot] === 0 && this.#keys[2 * slot + 1] === 0) {
      this.#keys[2 * slot] = low
      this.#keys[2 * slot + 1] = second
      this.#size++
      return 0
    }
    const again = this.#again[slot]!
    if (again < BYTE_LIMIT) {
      this.#again[slot] = again + 1
      return again + 1
    }
    const many = (this.#many.get(slot) ?? BYTE_LIMIT) + 1
    this.#many.set(slot, many)
    return many
  }

  /** The slot of the key, or the empty one where it belongs. */
  #find(low: number, high: number): number {
    const keys = this.#keys
    const mask = this.#slots - 1
    let slot = low & mask
    for (;;) {
      const first = keys[2 * slot]!
      const second = keys[2 * slot + 1]!
      if ((first === low && second === high) || (first === 0 && second === 0)) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const keys = this.#keys
    const again = this.#again
    const many = new Map(this.#many)
    this.#many.clear()
    this.#slots *= 2
    this.#keys = new Int32Array(2 * this.#slots)
    this.#again = new Uint8Array(this.#slots)
    for (let old = 0; old < again.length; old++) {
      const low = keys[2 * old]!
      const high = keys[2 * old + 1]!
      if (low === 0 && high === 0) continue
      const slot = this.#find(low, high)
      this.#keys[2 * slot] = low
      this.#keys[2 * slot + 1] = high
      if (again[old] !== 0) this.#again[slot] = again[old]!
      const count = many.get(old)
      if (count !== undefined) this.#many.set(slot, count)
    }
  }
}
