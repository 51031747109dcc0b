/** The worker's side of risk: one task spreads it, the next ones ask who has how much, over which paths, and what if. */
import type { EntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { findEntity, type Snapshot } from '../graph/snapshot.js'
import type { Couplings } from '../risk/propagation/couplings.js'
import { domainName } from '../risk/propagation/domains.js'
import { type DomainRisk, explainRisk } from '../risk/propagation/explain.js'
import { type RiskFlow, riskFlows } from '../risk/propagation/flows.js'
import { LiveRisk, type WhatIf } from '../risk/propagation/live-risk.js'
import {
  type PropagateHooks,
  type PropagateParameters,
  propagateRisk,
  type Recorded,
  type RiskField,
  restoreRisk,
} from '../risk/propagation/propagate.js'
import { type RowSource, roleCodesOf } from '../risk/propagation/risk-rows.js'
import type { SeedSources } from '../risk/propagation/seeds.js'

/** What a thread hands over: enough for rows and a record. The system itself, the largest part, stays in the thread. */
export interface SpreadRisk
  extends RowSource,
    Pick<RiskField, 'reference' | 'bound' | 'sweeps' | 'parameters' | 'notes'> {
  readonly roles: Uint8Array
  readonly couplings: Couplings
  readonly flows: readonly RiskFlow[]
}

export interface RiskQuestion {
  readonly kind: EntityKind
  readonly id: string
  /** `scenario/market`; null: all. */
  readonly domain: string | null
  /** Paths a domain at most. */
  readonly paths: number
  readonly whatIf: {
    readonly decision: WhatIf
    readonly kind: EntityKind
    readonly id: string
    /** Bound on the error of what follows; that of the first what-if holds for all. */
    readonly tolerance: number
  } | null
}

export interface RiskAnswer {
  /** Where the entity acts, also without risk. */
  readonly acts: readonly string[]
  readonly domains: readonly DomainRisk[]
  /** With a what-if: the same domains; null without, and where the supposed entity is not in the graph. */
  readonly after: readonly { readonly domain: string; readonly risk: number }[] | null
  /** No risk of `after` is further off. */
  readonly afterBound: number
}

export type SpreadInputs = { readonly snapshot: Snapshot; readonly least: number } & (
  | { readonly sources: SeedSources; readonly parameters: Partial<PropagateParameters> }
  | { readonly recorded: Recorded; readonly whatIfTolerance: number }
)

let ready: { readonly snapshot: Snapshot; readonly field: RiskField; live: LiveRisk | null } | null = null

export const spreadRisk = (inputs: SpreadInputs, hooks: PropagateHooks): SpreadRisk => {
  ready = null
  const { snapshot, least } = inputs
  const field =
    'recorded' in inputs
      ? restoreRisk(snapshot, inputs.recorded, hooks)
      : propagateRisk(snapshot, inputs.sources, inputs.parameters, hooks)
  // Made again to answer questions: the first what-if is not to wait for what all of them need.
  const live = 'recorded' in inputs ? new LiveRisk(snapshot, field, inputs.whatIfTolerance, hooks.check) : null
  ready = { snapshot, field, live }
  const { layers, seeds, couplings, reference, risk, harm, bound, sweeps, parameters, notes } = field
  return {
    layers,
    seeds: { explicit: seeds.explicit, absorbs: seeds.absorbs },
    couplings,
    reference,
    risk,
    harm,
    bound,
    sweeps,
    parameters,
    notes,
    roles: roleCodesOf(field, least),
    flows: riskFlows(snapshot, field, hooks.check),
  }
}

/** Null where the graph does not have the entity, or the one that something is supposed of. */
export const riskOf = ({ kind, id, domain, paths, whatIf }: RiskQuestion): RiskAnswer | null => {
  if (ready === null) throw new RingfenceError('internal', 'risk was asked for before it was spread')
  const { snapshot, field } = ready
  const entity = findEntity(snapshot, kind, id)
  if (entity < 0) return null
  const { domains, nodeOffsets, nodeDomain } = field.layers
  const acts = Array.from(nodeDomain.subarray(nodeOffsets[entity]!, nodeOffsets[entity + 1]!), (at) =>
    domainName(domains[at]!),
  )
  const told = explainRisk(snapshot, field, entity, { most: paths, only: domain })
  if (whatIf === null) return { acts, domains: told, after: null, afterBound: 0 }
  const supposed = findEntity(snapshot, whatIf.kind, whatIf.id)
  if (supposed < 0) return null
  ready.live ??= new LiveRisk(snapshot, field, whatIf.tolerance)
  const after = ready.live
    .supposing(supposed, whatIf.decision, entity)
    .map((each) => ({ domain: domainName(domains[each.domain]!), risk: each.risk }))
    .filter((each) => domain === null || each.domain === domain)
  return { acts, domains: told, after, afterBound: ready.live.tolerance }
}
