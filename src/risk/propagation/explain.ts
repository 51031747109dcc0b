/** Why an entity has its risk: the chains that carry it, step by step, each with the interactions that it goes over and their ages. */

import type { RiskRole } from '../../../graph-schema/risk.js'
import type { InteractionType } from '../../../graph-schema/schema.js'
import { entityName, type Relation, type Snapshot } from '../../graph/snapshot.js'
import { beliefChains, type ChainOptions } from '../../kernels/belief-chains.js'
import { actingRelations, domainName, domainOfEdge } from './domains.js'
import { DAY_MS } from './layered-ties.js'
import { type RiskField, roleOf } from './propagate.js'

export interface StepInteractions {
  readonly type: InteractionType
  readonly actor: string
  readonly target: string
  readonly count: number
  /** Epoch milliseconds; null where no time is known. */
  readonly first: number | null
  readonly last: number | null
  /** Of the latest, when the risk was computed. */
  readonly ageDays: number | null
}

export interface PathStep {
  readonly from: string
  readonly to: string
  /** Domain that the step ends in. */
  readonly domain: string
  /** Where the step goes from one domain of an entity to another: the domain it begins in. */
  readonly fromDomain: string | null
  /** Empty for a step from domain to domain. */
  readonly interactions: readonly StepInteractions[]
}

export interface RiskPath {
  /** The entity that the risk comes from, and what it was given there. */
  readonly source: string
  readonly sourceDomain: string
  readonly given: number
  readonly amount: number
  /** Of the whole risk, 0 to 1 where nothing speaks against it. */
  readonly share: number
  /** In order from the source; empty where the entity is a source itself. */
  readonly steps: readonly PathStep[]
}

export interface DomainRisk {
  readonly domain: string
  readonly risk: number
  readonly role: Exclude<RiskRole, 'victim'> | null
  /** Of a victim: kept apart from risk. */
  readonly harm: number
  readonly paths: readonly RiskPath[]
  /** Share of the risk that the paths do not carry. */
  readonly rest: number
}

const between = (
  snapshot: Snapshot,
  field: RiskField,
  relation: Relation,
  domain: number,
  a: number,
  b: number,
): StepInteractions | null => {
  const { actorFrom, outOffsets, targetFrom, inOffsets, target, at, type } = relation
  const row = a - actorFrom
  // Most types do not join these kinds: no search of a row for them.
  if (row < 0 || row + 1 >= outOffsets.length || b < targetFrom || b - targetFrom + 1 >= inOffsets.length) return null
  let low = outOffsets[row]!
  let high = outOffsets[row + 1]!
  while (low < high) {
    const middle = (low + high) >> 1
    if (target[middle]! < b) low = middle + 1
    else high = middle
  }
  let count = 0
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let edge = low; edge < outOffsets[row + 1]! && target[edge] === b; edge++) {
    if (domainOfEdge(field.layers, relation, edge) !== domain) continue
    count++
    if (at[edge]! < first) first = at[edge]!
    if (at[edge]! > last) last = at[edge]!
  }
  if (count === 0) return null
  const known = last > Number.NEGATIVE_INFINITY
  return {
    type,
    actor: entityName(snapshot, a),
    target: entityName(snapshot, b),
    count,
    first: known ? first : null,
    last: known ? last : null,
    ageDays: known && field.reference !== null ? Math.max(0, (field.reference - last) / DAY_MS) : null,
  }
}

const stepOf = (
  snapshot: Snapshot,
  field: RiskField,
  relations: readonly Relation[],
  from: number,
  to: number,
): PathStep => {
  const { nodeEntity, nodeDomain, domains } = field.layers
  const a = nodeEntity[from]!
  const b = nodeEntity[to]!
  const domain = nodeDomain[to]!
  const across = a === b
  const interactions = across
    ? []
    : relations.flatMap((relation) =>
        [between(snapshot, field, relation, domain, a, b), between(snapshot, field, relation, domain, b, a)].flatMap(
          (found) => found ?? [],
        ),
      )
  return {
    from: entityName(snapshot, a),
    to: entityName(snapshot, b),
    domain: domainName(domains[domain]!),
    fromDomain: across ? domainName(domains[nodeDomain[from]!]!) : null,
    interactions,
  }
}

export interface ExplainOptions extends ChainOptions {
  /** `scenario/market`: only there. */
  readonly only?: string | null
}

/** Every domain that the entity acts in, by falling risk; none where it acts in none. */
export const explainRisk = (
  snapshot: Snapshot,
  field: RiskField,
  entity: number,
  { only = null, ...options }: ExplainOptions = {},
): readonly DomainRisk[] => {
  const { layers, seeds, system, risk, harm } = field
  const found: DomainRisk[] = []
  const relations = actingRelations(snapshot)
  // Paths meet on their last steps.
  const steps = new Map<number, PathStep>()
  const step = (from: number, to: number): PathStep => {
    const key = from * layers.nodeDomain.length + to
    const known = steps.get(key)
    if (known) return known
    const made = stepOf(snapshot, field, relations, from, to)
    steps.set(key, made)
    return made
  }
  for (let node = layers.nodeOffsets[entity]!; node < layers.nodeOffsets[entity + 1]!; node++) {
    const domain = domainName(layers.domains[layers.nodeDomain[node]!]!)
    if (only !== null && domain !== only) continue
    const total = risk[node]!
    const { chains, rest } = beliefChains(system, seeds.explicit, risk, node, options)
    found.push({
      domain,
      risk: total,
      role: total > 0 ? roleOf(field, node) : null,
      harm: harm[node]!,
      paths: chains.map(({ nodes, amount }) => ({
        source: entityName(snapshot, layers.nodeEntity[nodes[0]!]!),
        sourceDomain: domainName(layers.domains[layers.nodeDomain[nodes[0]!]!]!),
        given: seeds.explicit[nodes[0]!]!,
        amount,
        share: total === 0 ? 0 : amount / total,
        steps: Array.from({ length: nodes.length - 1 }, (_, at) => step(nodes[at]!, nodes[at + 1]!)),
      })),
      rest: total === 0 ? 0 : rest / total,
    })
  }
  return found.sort((a, b) => b.risk - a.risk || (a.domain < b.domain ? -1 : 1))
}
