/** What a run of propagation says of each entity in each domain, as rows: one for risk and one, kept apart, for harm. */
import type { RiskRole } from '../../../graph-schema/risk.js'
import type { EntityKind } from '../../../graph-schema/schema.js'
import { entityId, kindOf, type Snapshot } from '../../graph/snapshot.js'
import type { Domain } from './domains.js'
import { type RiskField, roleOf } from './propagate.js'

export interface RiskRow extends Domain {
  readonly kind: EntityKind
  readonly id: string
  readonly role: RiskRole
  /** Of a victim: the harm. */
  readonly risk: number
}

/** By entity, then domain; risk or harm of at least `least`. */
export function* riskRows(snapshot: Snapshot, field: RiskField, least: number): Generator<RiskRow> {
  const { layers, risk, harm } = field
  for (let node = 0; node < layers.nodeDomain.length; node++) {
    const isRisky = risk[node]! >= least
    const isHarmed = harm[node]! >= least
    if (!isRisky && !isHarmed) continue
    const entity = layers.nodeEntity[node]!
    const place = {
      kind: kindOf(snapshot, entity),
      id: entityId(snapshot, entity),
      ...layers.domains[layers.nodeDomain[node]!]!,
    }
    if (isRisky) yield { ...place, role: roleOf(field, node), risk: risk[node]! }
    if (isHarmed) yield { ...place, role: 'victim', risk: harm[node]! }
  }
}
