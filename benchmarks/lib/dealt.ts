/** A null model of a store's shares: objects dealt anew, every account's times and every object's number of shares kept. */
import type { RawGraph } from '#src/graph/raw-graph.js'
import { Random } from '#src/kernels/random.js'
import { shuffleTargets } from '#src/kernels/shuffle.js'

/** Bare ids of all entities. */
export const entityIds = ({ names, nameOffsets, entityCount }: RawGraph): string[] => {
  const bytes = Buffer.from(names.buffer, names.byteOffset, names.byteLength)
  return Array.from({ length: entityCount }, (_, i) => bytes.toString('utf8', nameOffsets[i]!, nameOffsets[i + 1]!))
}

/** What comes before the first `-` of an object's id, as `url` of `url-7`: objects are dealt only among those of their kind. */
const kindOfObject = (id: string): string => id.slice(0, Math.max(0, id.indexOf('-')))

/** The same interactions in an order that does not depend on how the store handed them over, so that a seed gives one deal. */
const inOrder = (raw: RawGraph, ids: readonly string[]): RawGraph => {
  const rank = new Int32Array(ids.length)
  const byName = Int32Array.from(ids.keys()).sort(
    (a, b) => raw.entityKind[a]! - raw.entityKind[b]! || compare(ids[a]!, ids[b]!),
  )
  byName.forEach((entity, place) => {
    rank[entity] = place
  })
  const { type, actor, target, at, market } = raw
  const order = Int32Array.from(actor.keys()).sort(
    (a, b) =>
      type[a]! - type[b]! ||
      rank[actor[a]!]! - rank[actor[b]!]! ||
      rank[target[a]!]! - rank[target[b]!]! ||
      at[a]! - at[b]! ||
      compare(raw.markets[market[a]!]!, raw.markets[market[b]!]!) ||
      raw.weight[a]! - raw.weight[b]!,
  )
  return {
    ...raw,
    type: type.map((_, i) => type[order[i]!]!),
    actor: actor.map((_, i) => actor[order[i]!]!),
    target: target.map((_, i) => target[order[i]!]!),
    at: at.map((_, i) => at[order[i]!]!),
    market: market.map((_, i) => market[order[i]!]!),
    weight: raw.weight.map((_, i) => raw.weight[order[i]!]!),
    scenario: raw.scenario.map((_, i) => raw.scenario[order[i]!]!),
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The deals of `given` by seed; `given` itself is left as it is. */
export const dealsOf = (given: RawGraph): ((seed: number) => RawGraph) => {
  const ids = entityIds(given)
  const raw = inOrder(given, ids)
  const kinds = new Map<string, number>()
  const kindOf = Int32Array.from(ids, (id) => {
    const kind = kindOfObject(id)
    if (!kinds.has(kind)) kinds.set(kind, kinds.size)
    return kinds.get(kind)!
  })
  // Interactions of different types never exchange their objects.
  const types = 1 + raw.type.reduce((most, type) => Math.max(most, type), 0)
  const stratum = Int32Array.from(raw.target, (target, i) => kindOf[target]! * types + raw.type[i]!)
  const strata = { stratum, count: kinds.size * types }
  return (seed) => ({ ...raw, target: shuffleTargets(raw.target, new Random(seed, 77), strata) })
}
