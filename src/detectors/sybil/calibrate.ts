/**
 * From a set's surprise to nats that are right for the whole search.
 *
 * The surprise of a set S is s = -ln P(at least as many inside pairs as seen) - (cost of naming S): a weighted Bonferroni bound
 * over all sets that could have been named, so exp(-s) bounds the chance that any set reaches s (Christopher R. Genovese, Kathryn
 * Roeder and Larry Wasserman, "False Discovery Control with p-Value Weighting", Biometrika 93(3), 2006). It holds for any search, and is far
 * too strict for one that only looks at connected sets. The same search on degree-keeping shuffles of the same data shows by
 * how much: with M the largest surprise in R shuffles, a run of the null passes M with chance 1 / (R + 1), and beyond it the tail
 * falls at least as fast as exp(-s).
 */
import type { Random } from '../../kernels/random.js'

export const calibrate = (surprise: number, strongestShuffled: number, shuffles: number): number => {
  const rank = Math.log(shuffles + 1)
  const relative = shuffles === 0 ? 0 : strongestShuffled === -Infinity ? rank : rank + (surprise - strongestShuffled)
  return Math.max(0, surprise, relative)
}

/** Below this (chance one in three) a candidate is noise that no rate would name, and reporting it would only fill the list. */
export const leastNats = 1

/** Uniformly random order (Fisher-Yates), in place, with a chance to stop. */
export const deal = (values: Int32Array, random: Random, checkCancelled: () => void): void => {
  for (let i = values.length - 1; i > 0; i--) {
    if (i % 65536 === 0) checkCancelled()
    const j = random.below(i + 1)
    const held = values[i]!
    values[i] = values[j]!
    values[j] = held
  }
}
