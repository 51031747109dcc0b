/** Decisions on entities and rings: added one by one or many at once, and taken back. Each is in the audit log, or it is not at all. */
import { createHash, randomBytes } from 'node:crypto'
import { isEntityKind, limits } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { canonicalJson } from '../store/audit-chain.js'
import type { AuditEntry, LabelDecision, LabelRecord, LabelRow } from '../store/decision-store.js'
import type { GraphStore, RingRecord } from '../store/store.js'
import { labelDigest } from './audit.js'
import type { LabelBook, LabelState } from './label-book.js'
import { labelMessages, toTell } from './webhooks/decisions.js'

export interface GivenLabel {
  /** `kind:id`, or `ring:id`. */
  readonly subject: string
  readonly label: LabelDecision
  readonly reason: string
  /** When it was decided, ISO 8601; default: now. */
  readonly at?: string
  readonly expiresAt?: string | null
  readonly evidence?: readonly string[]
}

/** What a decision is about, as it is known when it is made. */
export interface Subjects {
  /** The ring of the run that queries see, and that run; null where there is none. */
  ring(id: string): { readonly run: string; readonly ring: RingRecord } | null
  hasEntity(kind: string, id: string): Promise<boolean>
}

export interface Deciding {
  readonly store: GraphStore
  readonly book: LabelBook
  readonly subjects: Subjects
  readonly who: string
}

/** Others may decide elsewhere meanwhile; with so many misses something is wrong. */
const MOST_TRIES = 50
const SAMPLE = 10

const newId = (prefix: string): string => `${prefix}-${randomBytes(8).toString('hex')}`

const parts = (subject: string): readonly [string, string] => {
  const colon = subject.indexOf(':')
  return [subject.slice(0, colon), subject.slice(colon + 1)]
}

const timeOf = (field: string, text: string): number => {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new RingfenceError('request.invalid', `${field}: "${text}" is no time in ISO 8601.`)
  return time
}

/** Throws `request.invalid`, `entity.unknown` and `ring.unknown`. */
const checkedRing = async ({ subjects }: Deciding, subject: string): Promise<LabelRow['ring']> => {
  const [kind, id] = parts(subject)
  if (id === '' || Buffer.byteLength(id) > limits.idBytes || (kind !== 'ring' && !isEntityKind(kind)))
    throw new RingfenceError('request.invalid', `subject: ${subject} is neither kind:id nor ring:id.`, { subject })
  if (kind !== 'ring') {
    if (await subjects.hasEntity(kind, id)) return null
    throw new RingfenceError('entity.unknown', `Nothing names ${subject}.`, { subject })
  }
  const found = subjects.ring(id)
  if (found === null)
    throw new RingfenceError('ring.unknown', `The run that queries see has no ring ${id}.`, { subject })
  const { run, ring } = found
  // What a ring acted on, or who bought from it, does no wrong by that alone.
  const accounts = ring.members.filter(({ role }) => role !== 'beneficiary').map((each) => `${each.kind}:${each.id}`)
  return { run, accounts, detectors: ring.detectors }
}

const makeRow = async (deciding: Deciding, given: GivenLabel, now: number, batch: string | null): Promise<LabelRow> => {
  const at = given.at === undefined ? now : timeOf('at', given.at)
  if (at > now) throw new RingfenceError('request.invalid', 'at: nothing is decided in the future.')
  const expires = given.expiresAt ? timeOf('expiresAt', given.expiresAt) : null
  if (expires !== null && expires <= at)
    throw new RingfenceError('request.invalid', 'expiresAt: it must be after the decision.')
  return {
    id: newId('l'),
    subject: given.subject,
    decision: given.label,
    takesBack: null,
    reason: given.reason,
    owner: deciding.who,
    at: new Date(at).toISOString(),
    recordedAt: new Date(now).toISOString(),
    expiresAt: expires === null ? null : new Date(expires).toISOString(),
    evidence: given.evidence ?? [],
    batch,
    ring: await checkedRing(deciding, given.subject),
  }
}

const loggedOf = (label: LabelRow) => {
  const { id, decision, reason, at, expiresAt, batch, takesBack } = label
  return { id, label: decision, reason, at, expiresAt, batch, takesBack, digest: labelDigest(label) }
}

const entryOf = (action: string, label: LabelRow, before: LabelRecord | null, who: string): AuditEntry => ({
  at: label.recordedAt,
  who,
  action,
  subject: label.subject,
  before: before && { id: before.id, label: before.decision, owner: before.owner, reason: before.reason },
  after: loggedOf(label),
})

export const shownLabel = (book: LabelBook, label: LabelRecord, at = Date.now()) => {
  const { decision, evidence, ring, ...rest } = label
  const undo = book.undoOf(label.id)
  return {
    ...rest,
    label: decision,
    evidence: [...evidence],
    ring: ring && { run: ring.run, accounts: ring.accounts.length, detectors: [...ring.detectors] },
    state: book.state(label, at),
    takenBack: undo ? { id: undo.id, owner: undo.owner, at: undo.at, reason: undo.reason } : null,
  }
}
export type ShownLabel = ReturnType<typeof shownLabel>

/** Tries again where something else was decided between the look and the write. */
const decided = async <T>(
  { store, book }: Deciding,
  prepare: () => Promise<{
    readonly labels: readonly LabelRow[]
    readonly audit: readonly AuditEntry[]
    readonly done: T
  }>,
): Promise<T> => {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await book.refresh()
    const labelsSeen = book.last
    const { labels, audit, done } = await prepare()
    const documents = await toTell(store, labelMessages(labels))
    if (await store.decide({ labels, audit, labelsSeen, documents })) {
      await book.refresh()
      return done
    }
  }
  throw new RingfenceError('label.conflict', 'Others decide all the time; try again.')
}

const conflict = (book: LabelBook, latest: LabelRecord): RingfenceError =>
  new RingfenceError(
    'label.conflict',
    `${latest.owner} decided on ${latest.subject}: ${latest.decision}, ${latest.at} (${latest.reason}).`,
    { decisions: book.of(latest.subject).map((label) => shownLabel(book, label)) },
  )

/**
 * `after`: the id of the last decision on the subject that the person has seen, null for none; left out, a decision of somebody else that counts is in
 * the way. Throws `label.conflict` with `facts.decisions`, and what is wrong with the subject.
 */
export const addLabel = async (
  deciding: Deciding,
  given: GivenLabel,
  after: string | null | undefined,
): Promise<ShownLabel> => {
  const { book, who } = deciding
  const id = await decided(deciding, async () => {
    const now = Date.now()
    const current = book.current(given.subject, now)
    const last = book.of(given.subject).at(-1) ?? null
    if (after === undefined ? current !== null && current.owner !== who : (last?.id ?? null) !== after)
      throw conflict(book, current ?? last ?? unseen(after))
    const row = await makeRow(deciding, given, now, null)
    return { labels: [row], audit: [entryOf('label.add', row, current, who)], done: row.id }
  })
  return shownLabel(book, book.get(id)!)
}

const unseen = (after: string | null | undefined): never => {
  throw new RingfenceError('label.unknown', `There is no label ${String(after)} of this subject.`)
}

export interface BulkEstimate {
  readonly count: number
  readonly byLabel: Readonly<Record<string, number>>
  /** The first ones. */
  readonly sample: readonly { readonly subject: string; readonly label: string; readonly now: string | null }[]
  /** Subjects on which something is decided already, and by whom: the first ones. */
  readonly decided: number
  readonly decidedSample: readonly { readonly subject: string; readonly label: string; readonly owner: string }[]
  /** To be sent with `mode` write. */
  readonly seen: string
}

const digestOf = (given: readonly GivenLabel[]): string =>
  createHash('sha256').update(canonicalJson(given)).digest('hex').slice(0, 32)

/** What a bulk would do. Throws what is wrong with any of it; nothing is written. */
export const estimateLabels = async (deciding: Deciding, given: readonly GivenLabel[]): Promise<BulkEstimate> => {
  const { book } = deciding
  await book.refresh()
  const now = Date.now()
  const byLabel: Record<string, number> = {}
  const subjects = new Set<string>()
  const held: LabelRecord[] = []
  for (const each of given) {
    if (subjects.has(each.subject))
      throw new RingfenceError('request.invalid', `labels: ${each.subject} is there more than once.`)
    subjects.add(each.subject)
    await makeRow(deciding, each, now, null)
    byLabel[each.label] = (byLabel[each.label] ?? 0) + 1
    const current = book.current(each.subject, now)
    if (current !== null) held.push(current)
  }
  return {
    count: given.length,
    byLabel,
    sample: given.slice(0, SAMPLE).map(({ subject, label }) => ({
      subject,
      label,
      now: book.current(subject, now)?.decision ?? null,
    })),
    decided: held.length,
    decidedSample: held.slice(0, SAMPLE).map(({ subject, decision, owner }) => ({ subject, label: decision!, owner })),
    seen: `${book.last}-${digestOf(given)}`,
  }
}

/**
 * Writes a bulk whole or not at all. `seen` is what its estimate gave: null where the labels come from a file that a person chose. Throws
 * `label.changed` where it is of other labels, and `label.conflict` where somebody has decided on one of them since.
 */
export const addLabels = async (
  deciding: Deciding,
  given: readonly GivenLabel[],
  seen: string | null,
): Promise<{ readonly batch: string; readonly count: number }> => {
  const { book, who } = deciding
  const [place, digest] = seen?.split('-') ?? []
  if (seen !== null && digest !== digestOf(given))
    throw new RingfenceError('label.changed', 'These are not the labels that were estimated.')
  const wanted = new Set(given.map(({ subject }) => subject))
  return decided(deciding, async () => {
    const since =
      seen === null ? [] : book.all.filter((label) => label.place > Number(place) && wanted.has(label.subject))
    const latest = since.at(-1)
    if (latest) throw conflict(book, book.get(latest.takesBack ?? latest.id)!)
    const now = Date.now()
    const batch = newId('b')
    const labels: LabelRow[] = []
    for (const each of given) labels.push(await makeRow(deciding, each, now, batch))
    const audit = labels.map((row) => entryOf('label.add', row, book.current(row.subject, now), who))
    return { labels, audit, done: { batch, count: labels.length } }
  })
}

/**
 * Takes labels back by new records, from now on: at earlier times they stood. Those that were taken back before stay so. Throws `label.unknown`,
 * `label.taken-back` where none is left, and `auth.role` for those of others unless `anyOwner`.
 */
export const undoLabels = async (
  deciding: Deciding,
  chosen: { readonly id: string } | { readonly batch: string },
  reason: string,
  anyOwner: boolean,
): Promise<{ readonly batch: string | null; readonly count: number; readonly undone: readonly string[] }> => {
  const { book, who } = deciding
  return decided(deciding, async () => {
    const all =
      'id' in chosen
        ? [book.get(chosen.id)].filter((label) => label !== undefined)
        : book.all.filter(({ batch, takesBack }) => batch === chosen.batch && takesBack === null)
    if (all.length === 0)
      throw new RingfenceError(
        'label.unknown',
        `There is no label ${'id' in chosen ? chosen.id : `of bulk ${chosen.batch}`}.`,
      )
    if (all[0]!.takesBack !== null)
      throw new RingfenceError('label.unknown', `${all[0]!.id} takes a label back; decide anew instead.`)
    if (!anyOwner && all.some(({ owner }) => owner !== who))
      throw new RingfenceError('auth.role', `The label is ${all[0]!.owner}'s: a lead may take it back, or who decided.`)
    const left = all.filter(({ id }) => book.undoOf(id) === undefined)
    if (left.length === 0) {
      const undo = book.undoOf(all[0]!.id)!
      throw new RingfenceError('label.taken-back', `${undo.owner} took it back, ${undo.at} (${undo.reason}).`)
    }
    const now = new Date().toISOString()
    const batch = 'id' in chosen ? null : newId('b')
    const labels = left.map(
      (label): LabelRow => ({
        id: newId('l'),
        subject: label.subject,
        decision: null,
        takesBack: label.id,
        reason,
        owner: who,
        at: now,
        recordedAt: now,
        expiresAt: null,
        evidence: [],
        batch,
        ring: null,
      }),
    )
    const audit = labels.map((row, i) => entryOf('label.undo', row, left[i]!, who))
    return { labels, audit, done: { batch, count: labels.length, undone: left.map(({ id }) => id) } }
  })
}

export interface LabelFilter {
  readonly subject?: string | undefined
  readonly owner?: string | undefined
  readonly batch?: string | undefined
  readonly state?: LabelState | undefined
}

/** Newest first, as things stood at `at`; `after`: only those written before this place. */
export const listedLabels = (
  book: LabelBook,
  filter: LabelFilter,
  at: number,
  limit: number,
  after: number | null,
): { readonly total: number; readonly labels: readonly ShownLabel[]; readonly next: number | null } => {
  const found = book.all.filter(
    (label) =>
      (filter.subject === undefined || label.subject === filter.subject) &&
      (filter.owner === undefined || label.owner === filter.owner) &&
      (filter.batch === undefined || label.batch === filter.batch) &&
      (filter.state === undefined || book.state(label, at) === filter.state),
  )
  const rest = found.filter(({ place }) => after === null || place < after).reverse()
  const page = rest.slice(0, limit)
  return {
    total: found.length,
    labels: page.map((label) => shownLabel(book, label, at)),
    next: rest.length > limit ? page.at(-1)!.place : null,
  }
}
