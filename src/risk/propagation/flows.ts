/** How much risk went from domain to domain, through entities of which kinds, and when they were first seen where it arrived. */
import { kindOf, type Snapshot } from '../../graph/snapshot.js'
import { eachTold } from '../../kernels/belief-chains.js'
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { FlowRecord } from '../../store/risk-store.js'
import { actingRelations, domainName, domainOfEdge, eachInteraction, nodeOf } from './domains.js'
import type { RiskField } from './propagate.js'

/**
 * `month` (as in `2026-01`) is that of the first interaction of the entity in `to`, null where no time is known; `amount` the sum over entities of what the copy in
 * `to` was told by the one in `from`.
 */
export type RiskFlow = FlowRecord

/** Less than this is no flow worth a row. */
const LEAST = 1e-4

/** First known interaction of each node, epoch milliseconds; Infinity where none is. */
const firstSeen = (snapshot: Snapshot, { layers }: RiskField, check: Check): Float64Array => {
  const first = new Float64Array(layers.nodeDomain.length).fill(Number.POSITIVE_INFINITY)
  const see = (node: number, at: number): void => {
    if (at < first[node]!) first[node] = at
  }
  for (const relation of actingRelations(snapshot))
    eachInteraction(relation, check, (actor, edge) => {
      const at = relation.at[edge]!
      if (Number.isNaN(at)) return
      const domain = domainOfEdge(layers, relation, edge)
      see(nodeOf(layers, actor, domain), at)
      see(nodeOf(layers, relation.target[edge]!, domain), at)
    })
  return first
}

/** By from, to, kind, month. Risk that comes back from where it went to is not counted (belief-chains.ts). */
export const riskFlows = (snapshot: Snapshot, field: RiskField, check: Check = neverCancelled): readonly RiskFlow[] => {
  const { layers, system, risk } = field
  const first = firstSeen(snapshot, field, check)
  const flows = new Map<string, { amount: number; entities: number } & Omit<RiskFlow, 'amount' | 'entities'>>()
  for (let node = 0; node < layers.nodeDomain.length; node++) {
    const entity = layers.nodeEntity[node]!
    if (layers.nodeOffsets[entity + 1]! - layers.nodeOffsets[entity]! < 2 || risk[node] === 0) continue
    eachTold(system, risk, node, (other, _share, amount) => {
      if (layers.nodeEntity[other] !== entity || amount < LEAST) return
      const from = domainName(layers.domains[layers.nodeDomain[other]!]!)
      const to = domainName(layers.domains[layers.nodeDomain[node]!]!)
      const kind = kindOf(snapshot, entity)
      const month = first[node]! < Number.POSITIVE_INFINITY ? new Date(first[node]!).toISOString().slice(0, 7) : null
      const key = `${from}\t${to}\t${kind}\t${month ?? ''}`
      const known = flows.get(key)
      if (known) {
        known.amount += amount
        known.entities++
      } else flows.set(key, { from, to, kind, month, amount, entities: 1 })
    })
  }
  return [...flows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flow]) => flow)
}
