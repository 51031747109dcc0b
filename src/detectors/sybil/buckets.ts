/** Items grouped by key in one array, ascending within each group; an item may be put under several keys or none. */
export class Buckets {
  readonly #offsets: Int32Array
  readonly #items: Int32Array

  /** Items are 0 .. length - 1, keys 0 .. count - 1. */
  constructor(
    count: number,
    length: number,
    keysOf: (item: number, put: (key: number) => void) => void,
    checkCancelled: () => void,
  ) {
    const offsets = new Int32Array(count + 1)
    const tally = (key: number) => {
      offsets[key + 1]!++
    }
    for (let i = 0; i < length; i++) {
      if (i % 65536 === 0) checkCancelled()
      keysOf(i, tally)
    }
    for (let k = 0; k < count; k++) offsets[k + 1]! += offsets[k]!
    const at = offsets.slice()
    const items = new Int32Array(offsets[count]!)
    let item = 0
    const place = (key: number) => {
      items[at[key]!++] = item
    }
    for (item = 0; item < length; item++) {
      if (item % 65536 === 0) checkCancelled()
      keysOf(item, place)
    }
    this.#offsets = offsets
    this.#items = items
  }

  of(key: number): Int32Array {
    return this.#items.subarray(this.#offsets[key]!, this.#offsets[key + 1]!)
  }
}
