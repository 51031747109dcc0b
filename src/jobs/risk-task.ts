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
import { Arrivals, type Repair } from './arrivals.js'

/** What a thread hands over: enough for rows and a record. The system itself, the largest part, stays in the thread. */
export interface SpreadRisk
  extends RowSource,
    Pick<RiskField, 'reference' | 'bound' | 'sweeps' | 'parameters' | 'choice' | 'notes'> {
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
  /** With what has arrived since the graph was read; null where nothing is taken in. */
  readonly live: readonly { readonly domain: string; readonly risk: number }[] | null
}

export type SpreadInputs = { readonly snapshot: Snapshot; readonly least: number } & (
  | { readonly sources: SeedSources; readonly parameters: Partial<PropagateParameters> }
  /** `repaired`: interactions that arrive will be taken in. */
  | { readonly recorded: Recorded; readonly whatIfTolerance: number; readonly repaired: boolean }
)

let ready: {
  readonly snapshot: Snapshot
  readonly field: RiskField
  live: LiveRisk | null
  readonly arrivals: Arrivals | null
} | null = null

/** A field with ties of its own, so that what is repaired changes no path of the propagation. */
const apart = (field: RiskField): RiskField => {
  const { evidence, incoming, outgoing } = field.system
  const own = { evidence: evidence.slice(), incoming: incoming.slice(), outgoing: outgoing.slice() }
  return { ...field, system: { ...field.system, ...own } }
}

export const spreadRisk = (inputs: SpreadInputs, hooks: PropagateHooks): SpreadRisk => {
  ready = null
  const { snapshot, least } = inputs
  const field =
    'recorded' in inputs
      ? restoreRisk(snapshot, inputs.recorded, hooks)
      : propagateRisk(snapshot, inputs.sources, inputs.parameters, hooks)
  // Made again to answer questions: the first what-if is not to wait for what all of them need.
  const isRepaired = 'recorded' in inputs && inputs.repaired
  const live =
    'recorded' in inputs
      ? new LiveRisk(snapshot, isRepaired ? apart(field) : field, inputs.whatIfTolerance, hooks.check)
      : null
  ready = { snapshot, field, live, arrivals: isRepaired && live ? new Arrivals(snapshot, field, live) : null }
  const { layers, seeds, couplings, reference, risk, harm, bound, sweeps, parameters, choice, notes } = field
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
    choice,
    notes,
    roles: roleCodesOf(field, least),
    flows: riskFlows(snapshot, field, hooks.check),
  }
}

/** Takes in lines of interactions that are new to the store. */
export const repairRisk = (lines: Uint8Array): Repair => {
  if (!ready?.arrivals) throw new RingfenceError('internal', 'interactions came for risk that is not repaired')
  return ready.arrivals.take(lines)
}

/** Null where the graph does not have the entity, or the one that something is supposed of. */
export const riskOf = ({ kind, id, domain, paths, whatIf }: RiskQuestion): RiskAnswer | null => {
  if (ready === null) throw new RingfenceError('internal', 'risk was asked for before it was spread')
  const { snapshot, field, arrivals } = ready
  const entity = findEntity(snapshot, kind, id)
  const repaired = arrivals?.riskOf(kind, id).filter((each) => domain === null || each.domain === domain) ?? null
  // One that came since: what the propagation says of it is nothing.
  if (entity < 0)
    return repaired?.length && whatIf === null
      ? { acts: [], domains: [], after: null, afterBound: 0, live: repaired }
      : null
  const { domains, nodeOffsets, nodeDomain } = field.layers
  const acts = Array.from(nodeDomain.subarray(nodeOffsets[entity]!, nodeOffsets[entity + 1]!), (at) =>
    domainName(domains[at]!),
  )
  const told = explainRisk(snapshot, field, entity, { most: paths, only: domain })
  // What-ifs put the repaired risk back within its bound; where nothing has come it is that of the propagation.
  const live = arrivals?.isEmpty ? told.map((each) => ({ domain: each.domain, risk: each.risk })) : repaired
  if (whatIf === null) return { acts, domains: told, after: null, afterBound: 0, live }
  const supposed = findEntity(snapshot, whatIf.kind, whatIf.id)
  if (supposed < 0) return null
  ready.live ??= new LiveRisk(snapshot, field, whatIf.tolerance)
  const after = ready.live
    .supposing(supposed, whatIf.decision, entity)
    .map((each) => ({ domain: domainName(domains[each.domain]!), risk: each.risk }))
    .filter((each) => domain === null || each.domain === domain)
  return { acts, domains: told, after, afterBound: ready.live.tolerance, live }
}
