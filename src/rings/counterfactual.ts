/**
 * What a ring hangs on: the facts without which it would not have been named, and the few entities without whom its facts would not be there.
 *
 * A ring may lose `slack` = ln(limit / fdr) nats before its false-discovery rate is above the limit, the other candidates of the run being
 * as they are. Each fact surprises by itself, s = -ln P(X >= observed) for X Poisson with the expected mean (P(X <= observed) where
 * less was seen than expected). Surprises are not added, since facts may show the same interactions, so the strongest carries the
 * ring, and the smallest set whose removal takes it above the limit is every fact with s >= max s - slack. Entities are taken away one by one, each time
 * the one that lowers the strongest remaining count the most; the facts are counted again without their interactions, and expected less in
 * proportion. This is a reading of the facts, not a new search: `detect` on the changed data may find another ring.
 */
import { recount } from '../graph/fact-count.js'
import { poissonSurprise } from '../kernels/gamma-poisson.js'
import type { FactRecord, InteractionRecord, RingRecord, RunRecord } from '../store/store.js'
import { refKey } from './evidence.js'
import { countedOf } from './verify.js'

export interface Counterfactual {
  /** The rate above which a ring is not named. */
  readonly limit: number
  /** Nats that the ring can lose. */
  readonly slackNats: number
  /** Positions in the ring's facts, ascending. */
  readonly facts: readonly number[]
}

/** Of runs that were written by other software. */
const DEFAULT_LIMIT = 0.05

/** The rate at which a run named rings. */
export const limitOf = ({ parameters }: RunRecord): number =>
  typeof parameters.fdr === 'number' ? parameters.fdr : DEFAULT_LIMIT

/** -ln P(X <= n) for X Poisson with mean mu. */
const fewSurprise = (n: number, mu: number): number => {
  let term = Math.exp(-mu)
  let sum = term
  for (let k = 1; k <= n; k++) {
    term *= mu / k
    sum += term
  }
  // Where the sum underflows, its largest term stands for it.
  return sum > 0 ? Math.max(0, -Math.log(sum)) : mu - (n > 0 ? n * Math.log(mu / n) + n : 0)
}

const surpriseOf = ({ observed, expected }: Pick<FactRecord, 'observed' | 'expected'>): number =>
  observed >= expected ? poissonSurprise(observed, expected) : fewSurprise(observed, expected)

const slackOf = (ring: RingRecord, limit: number): number =>
  Math.max(0, Math.min(ring.score, ring.fdr > 0 ? Math.log(limit / ring.fdr) : ring.score))

/** Null for a ring without facts. */
export const hangsOn = (ring: RingRecord, limit: number): Counterfactual | null => {
  if (ring.facts.length === 0) return null
  const surprises = ring.facts.map(surpriseOf)
  const least = Math.max(...surprises) - slackOf(ring, limit)
  return {
    limit,
    slackNats: slackOf(ring, limit),
    facts: surprises.flatMap((surprise, place) => (surprise >= least ? [place] : [])),
  }
}

/** More than so many are not few. */
const MOST_ENTITIES = 5
/** Entities that are tried at each step: those at most interactions. */
const TRIED = 50

/**
 * `kind:id` of the entities without whom the ring would not have been named, the weightiest first; null where these would be more
 * than five, or where a fact that matters is not kept whole. `records`: the interactions of the ring's facts.
 */
export const hangsOnEntities = (
  ring: RingRecord,
  limit: number,
  records: readonly InteractionRecord[],
): readonly string[] | null => {
  const carried = hangsOn(ring, limit)
  if (carried === null) return null
  const byRef = new Map(records.map((record) => [refKey(record), countedOf(record)]))
  const facts = carried.facts
    .map((place) => ring.facts[place]!)
    .filter(({ observed, expected }) => observed >= expected)
    .map((fact) => ({ fact, shown: fact.interactions.flatMap((ref) => byRef.get(refKey(ref)) ?? []) }))
  if (facts.length === 0) return null
  for (const { fact, shown } of facts)
    if (fact.count === null || recount(fact.count, shown) !== fact.observed) return null

  const strongest = Math.max(...facts.map(({ fact }) => surpriseOf(fact)))
  const remaining = (without: ReadonlySet<string>): number =>
    Math.max(
      ...facts.map(({ fact, shown }) => {
        const left = shown.filter(({ actor, target }) => !without.has(actor) && !without.has(target))
        if (left.length === 0) return 0
        return poissonSurprise(recount(fact.count!, left), (fact.expected * left.length) / shown.length)
      }),
    )
  const ends = new Map<string, number>()
  for (const { shown } of facts)
    for (const { actor, target } of shown) for (const name of [actor, target]) ends.set(name, (ends.get(name) ?? 0) + 1)
  const tried = [...ends].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, TRIED)

  const gone = new Set<string>()
  while (gone.size < MOST_ENTITIES) {
    let best = ''
    let least = Number.POSITIVE_INFINITY
    for (const [name] of tried) {
      if (gone.has(name)) continue
      const left = remaining(new Set(gone).add(name))
      if (left < least) {
        best = name
        least = left
      }
    }
    if (best === '') return null
    gone.add(best)
    if (least < strongest - carried.slackNats) return [...gone]
  }
  return null
}
