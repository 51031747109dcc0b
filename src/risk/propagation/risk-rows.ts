/** What a propagation says of each entity in each domain, as rows: one for risk and one, kept apart, for harm. */
import type { RiskRole } from '../../../graph-schema/risk.js'
import { entityId, kindOf, type Snapshot } from '../../graph/snapshot.js'
import type { RiskRow } from '../../store/risk-store.js'
import { type RiskField, roleOf } from './propagate.js'

/** Roles as bytes, so that a thread can hand over those of all nodes. */
const roleCodes: readonly (RiskRole | null)[] = [null, 'source', 'helper', 'exposed']

/** What rows are made of: the field, or the parts of it that a thread hands over. */
export type RowSource = Pick<RiskField, 'layers' | 'risk' | 'harm'> & {
  readonly seeds: Pick<RiskField['seeds'], 'explicit' | 'absorbs'>
}

/** The role of each node with risk of at least `least`, or that was given something: its place in `roleCodes`. */
export const roleCodesOf = (field: RiskField, least: number): Uint8Array =>
  Uint8Array.from(field.risk, (risk, node) =>
    risk >= least || field.seeds.explicit[node]! > 0 ? roleCodes.indexOf(roleOf(field, node)) : 0,
  )

/**
 * By kind, then entity, then domain: risk or harm of at least `least`, and all nodes that were given something or take nothing, which is what the
 * propagation can be made again from.
 */
export function* riskRows(
  snapshot: Snapshot,
  { layers, seeds, risk, harm }: RowSource,
  roles: Uint8Array,
  least: number,
): Generator<RiskRow> {
  for (let node = 0; node < layers.nodeDomain.length; node++) {
    const given = seeds.explicit[node]!
    const absorbs = seeds.absorbs[node] === 1
    const isRisky = risk[node]! >= least || given > 0 || absorbs
    const isHarmed = harm[node]! >= least
    if (!isRisky && !isHarmed) continue
    const entity = layers.nodeEntity[node]!
    const place = {
      kind: kindOf(snapshot, entity),
      id: entityId(snapshot, entity),
      ...layers.domains[layers.nodeDomain[node]!]!,
    }
    if (isRisky) yield { ...place, role: roleCodes[roles[node]!]!, risk: risk[node]!, given, absorbs }
    if (isHarmed) yield { ...place, role: 'victim', risk: harm[node]!, given: 0, absorbs: false }
  }
}
