/** Decisions on entities and rings, and what is hidden from detection: what was said, and how to say it. */
import { get, type Request, send } from './client.js'

export const decisions = ['confirmed', 'cleared', 'unsure', 'escalated'] as const
export type Decision = (typeof decisions)[number]

export interface Label {
  readonly id: string
  readonly subject: string
  /** Null of a record that takes another one back. */
  readonly label: Decision | null
  readonly reason: string
  readonly owner: string
  readonly at: string
  readonly expiresAt: string | null
  readonly evidence: readonly string[]
  readonly batch: string | null
  readonly takesBack: string | null
  readonly state: 'counts' | 'replaced' | 'expired' | 'taken-back' | 'later' | 'undo'
  readonly takenBack: { readonly owner: string; readonly at: string; readonly reason: string } | null
}

export interface LabelList {
  readonly total: number
  readonly labels: readonly Label[]
  readonly next: number | null
}

export interface GivenLabel {
  readonly subject: string
  readonly label: Decision
  readonly reason: string
  readonly expiresAt: string | null
  readonly evidence?: readonly string[]
}

export interface BulkEstimate {
  readonly count: number
  readonly byLabel: Readonly<Record<string, number>>
  readonly sample: readonly { readonly subject: string; readonly label: string; readonly now: string | null }[]
  readonly decided: number
  readonly decidedSample: readonly { readonly subject: string; readonly label: string; readonly owner: string }[]
  readonly seen: string
}

/** As many as the service takes at once. */
export const MOST_AT_ONCE = 10_000

export const labelsOf = (subject: string, request: Request) =>
  get<LabelList>('/v1/labels', { subject, limit: 100 }, request)
export const latestLabels = (owner: string | null, request: Request) =>
  get<LabelList>('/v1/labels', { owner, limit: 50 }, request)
/** `after`: the last decision on the subject that was seen, so that nobody decides past another. */
export const decide = (given: GivenLabel, after: string | null) =>
  send<Label>('POST', '/v1/labels', { ...given, after })
export const takeBack = (id: string, reason: string) =>
  send<unknown>('POST', `/v1/labels/${encodeURIComponent(id)}/undo`, { reason })
export const estimateBulk = (labels: readonly GivenLabel[]) =>
  send<BulkEstimate>('POST', '/v1/labels/bulk', { mode: 'estimate', labels })
export const writeBulk = (labels: readonly GivenLabel[], seen: string) =>
  send<{ readonly batch: string; readonly count: number }>('POST', '/v1/labels/bulk', { mode: 'write', labels, seen })
export const takeBulkBack = (batch: string, reason: string) =>
  send<{ readonly count: number }>('POST', `/v1/labels/bulk/${encodeURIComponent(batch)}/undo`, { reason })

export interface AllowEntry {
  readonly id: string
  readonly name: string
  readonly reason: string
  readonly owner: string
  readonly at: string
  readonly expiresAt: string | null
  readonly holds: boolean
}

export const allowList = (request: Request) =>
  get<{ readonly entries: readonly AllowEntry[] }>('/v1/allow-list', {}, request)
export const allow = (entry: Pick<AllowEntry, 'name' | 'reason' | 'expiresAt'>) =>
  send<AllowEntry>('POST', '/v1/allow-list', entry)
export const disallow = (id: string, reason: string) =>
  send<unknown>('DELETE', `/v1/allow-list/${encodeURIComponent(id)}?${new URLSearchParams({ reason })}`)

export interface Quality {
  readonly decided: number
  readonly agreement: {
    readonly together: number
    readonly alpha: number | null
    readonly pairs: readonly {
      readonly owners: readonly string[]
      readonly together: number
      readonly agreed: number
      readonly kappa: number | null
    }[]
  }
  readonly detectors: readonly {
    readonly detector: string
    readonly confirmed: number
    readonly cleared: number
    readonly unsure: number
    readonly escalated: number
    readonly precision: number | null
    readonly low: number
    readonly high: number
  }[]
}

export const quality = (request: Request) => get<Quality>('/v1/quality', {}, request)
