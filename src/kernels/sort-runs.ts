/**
 * Sorts many short runs of keys, each with a value beside it: insertion within blocks, then merges from the bottom up (John von Neumann's
 * merge sort; Donald E. Knuth, The Art of Computer Programming, volume 3, section 5.2.4). Stable. Rows and columns of a sparse matrix are such runs, and
 * stay in the cache, where one sort of all their keys would go through memory many times.
 */

/** Up to so many, insertion is quickest. */
const BLOCK = 16

const insertion = (keys: Float64Array, values: Int32Array, from: number, to: number): void => {
  for (let i = from + 1; i < to; i++) {
    const key = keys[i]!
    if (keys[i - 1]! <= key) continue
    const value = values[i]!
    let j = i - 1
    for (; j >= from && keys[j]! > key; j--) {
      keys[j + 1] = keys[j]!
      values[j + 1] = values[j]!
    }
    keys[j + 1] = key
    values[j + 1] = value
  }
}

export class RunSorter {
  #keys = new Float64Array(1024)
  #values = new Int32Array(1024)

  /** Puts places `from` .. `to - 1` of both in the order of rising keys; of equal keys the first stays first. Keys are not NaN. */
  sort(keys: Float64Array, values: Int32Array, from: number, to: number): void {
    for (let begin = from; begin < to; begin += BLOCK) insertion(keys, values, begin, Math.min(to, begin + BLOCK))
    for (let width = BLOCK; width < to - from; width *= 2)
      for (let begin = from; begin + width < to; begin += 2 * width)
        this.#merge(keys, values, begin, begin + width, Math.min(to, begin + 2 * width))
  }

  #merge(keys: Float64Array, values: Int32Array, begin: number, middle: number, end: number): void {
    if (keys[middle - 1]! <= keys[middle]!) return
    const count = middle - begin
    if (this.#keys.length < count) {
      this.#keys = new Float64Array(2 * count)
      this.#values = new Int32Array(2 * count)
    }
    const left = this.#keys
    const leftValues = this.#values
    for (let i = 0; i < count; i++) {
      left[i] = keys[begin + i]!
      leftValues[i] = values[begin + i]!
    }
    let at = begin
    let i = 0
    let j = middle
    while (i < count && j < end) {
      if (keys[j]! < left[i]!) {
        keys[at] = keys[j]!
        values[at++] = values[j++]!
      } else {
        keys[at] = left[i]!
        values[at++] = leftValues[i++]!
      }
    }
    for (; i < count; i++) {
      keys[at] = left[i]!
      values[at++] = leftValues[i]!
    }
  }
}
