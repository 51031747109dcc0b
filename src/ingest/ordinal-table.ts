/**
 * Counts how often a fingerprint was seen before in one file, so that equal rows get the ordinals 0, 1, 2, ... Open
 * addressing over typed arrays: 9 bytes a slot, at most three quarters full, so 100 M distinct rows take 2^28 slots
 * at worst, 2.4 GB, and 1 M take 19 MB. Of the 128-bit fingerprint 64 bits are kept: should two different rows share
 * them, the second gets ordinal 1 under its own 128-bit id, which is unusual but loses nothing.
 */
const FIRST_SLOTS = 2 ** 12
const FULLEST = 0.75
/** A count that no longer fits a byte goes on in the map: at most one key in 255 rows gets there. */
const BYTE_LIMIT = 255

export class OrdinalTable {
  #slots = FIRST_SLOTS
  #size = 0
  #low = new Uint32Array(FIRST_SLOTS)
  #high = new Uint32Array(FIRST_SLOTS)
  /** 0 is an empty slot. */
  #seen = new Uint8Array(FIRST_SLOTS)
  readonly #many = new Map<number, number>()

  /** How often (low, high) was given before this call. */
  next(low: number, high: number): number {
    if (this.#size >= this.#slots * FULLEST) this.#grow()
    const slot = this.#find(low >>> 0, high >>> 0)
    const before = this.#seen[slot]!
    if (before === 0) {
      this.#low[slot] = low
      this.#high[slot] = high
      this.#seen[slot] = 1
      this.#size++
      return 0
    }
    if (before < BYTE_LIMIT) {
      this.#seen[slot] = before + 1
      return before
    }
    const many = this.#many.get(slot) ?? BYTE_LIMIT
    this.#many.set(slot, many + 1)
    return many
  }

  #find(low: number, high: number): number {
    const mask = this.#slots - 1
    let slot = low & mask
    while (this.#seen[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const low = this.#low
    const high = this.#high
    const seen = this.#seen
    const many = new Map(this.#many)
    this.#many.clear()
    this.#slots *= 2
    this.#low = new Uint32Array(this.#slots)
    this.#high = new Uint32Array(this.#slots)
    this.#seen = new Uint8Array(this.#slots)
    for (let old = 0; old < seen.length; old++) {
      if (seen[old] === 0) continue
      const slot = this.#find(low[old]!, high[old]!)
      this.#low[slot] = low[old]!
      this.#high[slot] = high[old]!
      this.#seen[slot] = seen[old]!
      const count = many.get(old)
      if (count !== undefined) this.#many.set(slot, count)
    }
  }
}
