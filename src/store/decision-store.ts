/**
 * The part of the port that keeps what people decide: labels on entities and rings, and the audit log. Both only grow. What decides and what
 * the log says of it are written together or not at all.
 */
import type { AuditEntry, AuditHead, AuditRecord } from './audit-chain.js'
import type { DocumentChange } from './document-store.js'

export type { AuditEntry, AuditHead, AuditRecord } from './audit-chain.js'

export const labelDecisions = ['confirmed', 'cleared', 'unsure', 'escalated'] as const
export type LabelDecision = (typeof labelDecisions)[number]

/** What a person or a system said of an entity or a ring, or that it is taken back: a fact of the past, never changed. */
export interface LabelRow {
  readonly id: string
  /** `kind:id` of an entity, `ring:id` of a ring. */
  readonly subject: string
  /** Null in a record that takes one back. */
  readonly decision: LabelDecision | null
  /** Id of the label that this record takes back. */
  readonly takesBack: string | null
  readonly reason: string
  /** Who decided. */
  readonly owner: string
  /** When it was decided, ISO 8601: from then on it counts. */
  readonly at: string
  /** When it came into the store. */
  readonly recordedAt: string
  /** From then on it does not count any more. */
  readonly expiresAt: string | null
  /** Interactions (`type:id`), facts, addresses or ids of cases that it rests on. */
  readonly evidence: readonly string[]
  /** Those of one bulk. */
  readonly batch: string | null
  /** Of a ring: the run in which it was seen, its accounts (`kind:id`) and its detectors then; else null. */
  readonly ring: {
    readonly run: string
    readonly accounts: readonly string[]
    readonly detectors: readonly string[]
  } | null
}

export interface LabelRecord extends LabelRow {
  /** 1, 2, 3 ... in the order of writing. */
  readonly place: number
}

export interface Decision {
  /** At least one. */
  readonly audit: readonly AuditEntry[]
  readonly labels?: readonly LabelRow[]
  /** The last label's place as the caller knows it: nothing is written where there is a later one. */
  readonly labelsSeen?: number
  /** As in `changeDocuments`. */
  readonly documents?: readonly DocumentChange[]
}

export interface Paging {
  /** By rising place, or by falling. */
  readonly order: 'oldest' | 'newest'
  /** Only those that come after this place in that order. */
  readonly after?: number
  readonly limit: number
}

export interface LabelQuery extends Paging {
  readonly subject?: string
  readonly batch?: string
  readonly owner?: string
}

export interface AuditQuery extends Paging {
  readonly who?: string
  readonly action?: string
  readonly subject?: string
  /** ISO 8601, UTC, both ends included. */
  readonly from?: string
  readonly to?: string
}

export interface DecisionStore {
  /**
   * Writes labels, documents and entries of the audit log, all of it or nothing. Of decisions at once, also of several processes, one follows on the
   * other, so that the log is one chain. False, and nothing is written, where a document's version is not the expected one or there is a label
   * after `labelsSeen`.
   */
  decide(decision: Decision): Promise<boolean>
  listLabels(query: LabelQuery): Promise<readonly LabelRecord[]>
  readLabel(id: string): Promise<LabelRecord | null>
  /** The place of the last label; 0 where there is none. */
  lastLabel(): Promise<number>
  listAudit(query: AuditQuery): Promise<readonly AuditRecord[]>
  readAuditHead(): Promise<AuditHead>
}
