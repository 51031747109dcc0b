/**
 * Households: a few accounts that share a phone, a card, a home. What those who live together do together is no evidence of anything else: they
 * watch the same screen in the same minute, night after night.
 */
import { relationOf, type Snapshot } from '../graph/snapshot.js'

/** Accounts of one household at most: a couple with their children and a grandparent. What more accounts share is a place, or a ring's. */
export const HOUSEHOLD = 6

/** For each entity, an entity that stands for its household: itself where it has none. */
export type Households = Int32Array

/** Entities that identifiers of at most `HOUSEHOLD` accounts join, where they are no more than that together. */
export const householdsOf = (snapshot: Snapshot): Households => {
  const of = Int32Array.from({ length: snapshot.entities.count }, (_, entity) => entity)
  const uses = relationOf(snapshot, 'uses')
  if (!uses) return of
  const size = new Int32Array(of.length).fill(1)
  const root = (entity: number): number => {
    let at = entity
    while (of[at] !== at) {
      of[at] = of[of[at]!]!
      at = of[at]!
    }
    return at
  }
  const join = (x: number, y: number): void => {
    const a = root(x)
    const b = root(y)
    if (a === b) return
    const [low, high] = a < b ? [a, b] : [b, a]
    of[high] = low
    size[low]! += size[high]!
  }
  const { inOffsets, source } = uses
  for (let identifier = 0; identifier + 1 < inOffsets.length; identifier++) {
    const from = inOffsets[identifier]!
    const to = inOffsets[identifier + 1]!
    let accounts = to > from ? 1 : 0
    for (let k = from + 1; k < to && accounts <= HOUSEHOLD; k++) if (source[k] !== source[k - 1]) accounts++
    if (accounts > HOUSEHOLD) continue
    for (let k = from + 1; k < to; k++) join(source[from]!, source[k]!)
  }
  for (let entity = 0; entity < of.length; entity++) of[entity] = root(entity)
  // Identifiers that tie more accounts together, each to the next, are no home.
  for (let entity = of.length - 1; entity >= 0; entity--) if (size[of[entity]!]! > HOUSEHOLD) of[entity] = entity
  return of
}

/** Whether so many accounts are of `least` households or more, or more than a household is. */
export const outnumberHousehold = (accounts: readonly number[], households: Households, least: number): boolean =>
  accounts.length > HOUSEHOLD || new Set(accounts.map((account) => households[account]!)).size >= least
