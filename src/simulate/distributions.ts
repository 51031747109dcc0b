/**
 * Draws from the distributions that the simulated ecosystem is made of, on the kernels' seeded generator.
 *
 * The alias method draws from n weights in constant time: Alastair J. Walker, "An Efficient Method for Generating Discrete
 * Random Variables with General Distributions", ACM Transactions on Mathematical Software 3(3), 1977; set up in linear time as
 * in Michael D. Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", IEEE Transactions on
 * Software Engineering 17(9), 1991.
 */
import type { Random } from '../kernels/random.js'

const TWO_TO_MINUS_32 = 2 ** -32

/** Uniform in [0, 1), in steps of 2^-32: half the cost of `Random.float`, and fine enough for behaviour. */
export const unit = (random: Random): number => random.uint32() * TWO_TO_MINUS_32

export const chance = (random: Random, probability: number): boolean => unit(random) < probability

export const between = (random: Random, from: number, to: number): number => from + (to - from) * unit(random)

/** A whole number in from .. to, both included. */
export const wholeBetween = (random: Random, from: number, to: number): number =>
  from + Math.floor(unit(random) * (to - from + 1))

/** Standard normal, by Box and Muller's transform. */
export const gaussian = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - unit(random))) * Math.cos(2 * Math.PI * unit(random))

/** Log-normal with median 1: the heavy tail of popularity and activity. */
export const logNormal = (random: Random, sigma: number): number => Math.exp(sigma * gaussian(random))

export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - unit(random))

/** Whole number with this mean: 0, 1, 2 … with falling chance. */
export const geometric = (random: Random, mean: number): number =>
  Math.floor(Math.log(1 - unit(random)) / Math.log(mean / (1 + mean)))

/** Entries `count` of `values`, each at most once, in random order. */
export const sample = <T>(random: Random, values: readonly T[], count: number): T[] => {
  const pool = [...values]
  const taken = Math.min(count, pool.length)
  for (let i = 0; i < taken; i++) {
    const j = i + random.below(pool.length - i)
    const held = pool[i]!
    pool[i] = pool[j]!
    pool[j] = held
  }
  return pool.slice(0, taken)
}

/** Alias tables over consecutive ranges of one pair of arrays: group g has the items offsets[g] .. offsets[g + 1] - 1. */
export class AliasGroups {
  /** Sum of the weights of each group; a group with 0 cannot be drawn from. */
  readonly totals: Float64Array
  readonly #offsets: Int32Array
  readonly #keep: Float32Array
  readonly #alias: Int32Array
  readonly #stack: Int32Array

  constructor(offsets: Int32Array) {
    const count = offsets[offsets.length - 1]!
    this.#offsets = offsets
    this.totals = new Float64Array(offsets.length - 1)
    this.#keep = new Float32Array(count)
    this.#alias = new Int32Array(count)
    this.#stack = new Int32Array(count)
  }

  /** Sets all weights, one an item, each >= 0. */
  build(weights: Float64Array): this {
    for (let group = 0; group < this.totals.length; group++) this.#buildGroup(group, weights)
    return this
  }

  #buildGroup(group: number, weights: Float64Array): void {
    const from = this.#offsets[group]!
    const to = this.#offsets[group + 1]!
    let total = 0
    for (let i = from; i < to; i++) total += weights[i]!
    this.totals[group] = total
    if (total === 0) return
    // One stack from both ends: items below the mean grow from the front, those above from the back.
    const stack = this.#stack
    let small = from
    let large = to
    for (let i = from; i < to; i++) {
      this.#keep[i] = (weights[i]! * (to - from)) / total
      this.#alias[i] = i
      if (this.#keep[i]! < 1) stack[small++] = i
      else stack[--large] = i
    }
    while (small > from && large < to) {
      const poor = stack[--small]!
      const rich = stack[large]!
      this.#alias[poor] = rich
      this.#keep[rich] = this.#keep[rich]! - (1 - this.#keep[poor]!)
      if (this.#keep[rich]! < 1) {
        large++
        stack[small++] = rich
      }
    }
    while (small > from) this.#keep[stack[--small]!] = 1
  }

  /** An item of the group; -1 where the group is empty or weighs nothing. */
  draw(random: Random, group: number): number {
    if (this.totals[group]! === 0) return -1
    const from = this.#offsets[group]!
    const item = from + Math.floor(unit(random) * (this.#offsets[group + 1]! - from))
    return unit(random) < this.#keep[item]! ? item : this.#alias[item]!
  }
}

/** One alias table over all the weights. */
export class AliasTable {
  readonly #groups: AliasGroups

  constructor(weights: Float64Array) {
    this.#groups = new AliasGroups(Int32Array.of(0, weights.length)).build(weights)
  }

  draw(random: Random): number {
    return this.#groups.draw(random, 0)
  }
}
