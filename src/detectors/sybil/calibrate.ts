/**
 * From a set's surprise to nats that are right for the whole search.
 *
 * The surprise of a set S is s = -ln P(at least as many inside pairs as seen) - (cost of naming S): a weighted Bonferroni bound
 * over all sets that could have been named, so exp(-s) bounds the chance that any set reaches s (Christopher R. Genovese, Kathryn
 * Roeder and Larry Wasserman, "False Discovery Control with p-Value Weighting", Biometrika 93(3), 2006). It holds for any search,
 * and is far too strict for one that only looks at connected sets. The same search on R degree-keeping shuffles of the same data
 * shows by how much: where k of them have a set as strong, p is (k + 1) / (R + 1) (Bernard V. North, David Curtis and Pak C.
 * Sham, "A Note on the Calculation of Empirical P Values from Monte Carlo Procedures", American Journal of Human Genetics 71(2),
 * 2002); x nats beyond the strongest of them it is 1 / (1 + R exp(x)), which is exact where the tail falls as exp(-s), as the bound
 * does: then the largest surprise of a search follows a Gumbel distribution, and that of R searches the same, ln R further up.
 */
import type { Random } from '../../kernels/random.js'
import type { Candidate } from '../detector.js'

/** Candidates of one search, and the largest surprise of each shuffle that they were calibrated with; null where none was needed. */
export interface Calibrated {
  readonly candidates: readonly Candidate[]
  readonly strongest: Float64Array | null
}

/** `strongest` is the largest surprise of each shuffle, -Infinity where a shuffle has no set. */
export const calibrate = (surprise: number, strongest: Float64Array): number => {
  let asStrong = 0
  let most = -Infinity
  for (const shuffled of strongest) {
    if (shuffled >= surprise) asStrong++
    if (shuffled > most) most = shuffled
  }
  const beyond = most > -Infinity ? Math.max(0, surprise - most) : 0
  const relative =
    asStrong > 0
      ? Math.log((strongest.length + 1) / (asStrong + 1))
      : // ln(1 + R exp(x)) without overflow.
        beyond + Math.log(Math.exp(-beyond) + strongest.length)
  return Math.max(0, surprise, relative)
}

/** So many pairs are searched over in shuffles where the data is small: a second's work, and a chance told to 1 in 40. */
const pairsShuffled = 2_000_000
const mostShuffles = 39

/** At least `least`, more where they cost little. */
export const shufflesFor = (pairs: number, least: number): number =>
  least === 0 ? 0 : Math.max(least, Math.min(mostShuffles, Math.ceil(pairsShuffled / Math.max(1, pairs))))

/** Below this (chance one in three) a candidate is noise that no rate would name, and reporting it would only fill the list. */
export const leastNats = 1

/** The strongest set of all shuffles of the same data differs by so many nats from one seed to the next. */
const luck = 10

/**
 * What shuffles of an earlier run gave, for a graph that has grown a little; null where they must be made anew, as a set is so near to them that chance
 * decides what it is worth. `surprise`: of each set.
 */
export const usable = (learned: Float64Array | null, surprise: Float64Array): Float64Array | null => {
  const near = (each: number): boolean => {
    const nats = each === -Infinity ? 0 : calibrate(each, learned!)
    return nats >= leastNats && nats < luck
  }
  return learned && !surprise.some(near) ? learned : null
}

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
