/**
 * What people decided, for those who have a case tool: messages that are written with the decision itself, so that none is lost and none comes twice.
 * They name what was decided on, by whom and when; reasons and comments may be of persons and stay here. Identifiers of persons are masked.
 */
import type { EntityKind } from '../../../graph-schema/schema.js'
import { Names, processMaskKey } from '../../exports/names.js'
import type { LabelRow } from '../../store/decision-store.js'
import type { DocumentChange } from '../../store/document-store.js'
import type { GraphStore } from '../../store/store.js'
import type { CaseRecord } from '../cases.js'
import { changesFor } from './outbox.js'
import { listWebhooks, type WebhookMessage } from './webhooks.js'

/** As it may leave the house. */
const shown = (subject: string): string => {
  const colon = subject.indexOf(':')
  const kind = subject.slice(0, colon)
  if (kind === 'ring') return subject
  return new Names(processMaskKey()).name({ kind: kind as EntityKind, id: subject.slice(colon + 1) })
}

/** `version`: of the case after the change. */
export const caseMessages = (
  before: CaseRecord | null,
  after: CaseRecord,
  version: number,
  { who, appeal }: { readonly who: string; readonly appeal: boolean },
): readonly WebhookMessage[] => {
  const { id, status, assignee, dueAt, changedAt: at } = after
  const subject = shown(after.subject)
  const message = (event: 'opened' | 'assigned' | 'status' | 'reopened', more: object = {}): WebhookMessage => ({
    id: `case ${id} ${version} ${event}`,
    type: `case.${event}`,
    at,
    data: { case: id, version, subject, status, assignee, dueAt, who, ...more },
  })
  if (before === null) return [message('opened')]
  const isReopened = appeal || (before.status === 'closed' && status !== 'closed')
  return [
    ...(before.assignee === assignee ? [] : [message('assigned', { before: before.assignee })]),
    ...(before.status === status ? [] : [message('status', { before: before.status })]),
    ...(isReopened ? [message('reopened', { before: before.status, appeal })] : []),
  ]
}

/** One for each; of a bulk one for all of it, with their count. */
export const labelMessages = (labels: readonly LabelRow[]): readonly WebhookMessage[] => {
  const [first] = labels
  if (first === undefined) return []
  const type = first.takesBack === null ? 'label.made' : 'label.undone'
  const { batch, owner: who, recordedAt: at } = first
  if (batch !== null) {
    const byLabel: Record<string, number> = {}
    for (const { decision } of labels) if (decision !== null) byLabel[decision] = (byLabel[decision] ?? 0) + 1
    const counts = first.takesBack === null ? { byLabel } : {}
    return [{ id: `labels ${batch}`, type, at, data: { batch, count: labels.length, ...counts, who } }]
  }
  return labels.map(({ id, subject, decision, takesBack, expiresAt }) => ({
    id: `label ${id}`,
    type,
    at,
    data: { label: id, subject: shown(subject), decision, takesBack, decidedAt: first.at, expiresAt, who },
  }))
}

/** To be written with the decision. */
export const toTell = async (
  store: GraphStore,
  messages: readonly WebhookMessage[],
): Promise<readonly DocumentChange[]> =>
  messages.length === 0 ? [] : changesFor(await listWebhooks(store), messages, new Date())
