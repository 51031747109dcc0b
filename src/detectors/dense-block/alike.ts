/** Blocks whose accounts and columns are mostly the same are one. */

const SAME = 0.5

const commonOf = (a: Int32Array, b: Int32Array): number => {
  let common = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i]! === b[j]!) {
      common++
      i++
      j++
    } else if (a[i]! < b[j]!) i++
    else j++
  }
  return common
}

const isMostly = (common: number, one: number, other: number): boolean => common > SAME * (one + other - common)

/** Of ascending sets. */
export const alike = (a: Int32Array, b: Int32Array): boolean => isMostly(commonOf(a, b), a.length, b.length)

/** Sets that were seen, by what they hold, so that one more is compared with those alone that share something with it. */
export class SeenSets {
  readonly #sizes: number[] = []
  readonly #holding = new Map<number, number[]>()

  has(items: Int32Array): boolean {
    const common = new Map<number, number>()
    for (const item of items)
      for (const set of this.#holding.get(item) ?? []) common.set(set, (common.get(set) ?? 0) + 1)
    for (const [set, count] of common) if (isMostly(count, items.length, this.#sizes[set]!)) return true
    return false
  }

  add(items: Int32Array): void {
    const set = this.#sizes.push(items.length) - 1
    for (const item of items) {
      const sets = this.#holding.get(item)
      if (sets) sets.push(set)
      else this.#holding.set(item, [set])
    }
  }
}
