/** Members of rings as Cypher returns them. */
import { type EntityKind, isEntityKind } from '../../../graph-schema/schema.js'
import type { MemberRecord } from '../store.js'
import { kindOfLabels } from './names.js'

export interface MemberRow extends Record<string, unknown> {
  readonly ring: string
  readonly labels: readonly string[]
  readonly kind: string | null
  readonly id: string
  readonly role: string
  readonly score: number
}

const memberKind = ({ kind, labels }: MemberRow): EntityKind =>
  kind !== null && isEntityKind(kind) ? kind : kindOfLabels(labels)

export const memberOf = (row: MemberRow): MemberRecord => ({
  kind: memberKind(row),
  id: row.id,
  role: row.role,
  score: row.score,
})
