/** Light cases: who looks at what until when, and what was said of it. Every change is in the audit log. */
import { randomBytes } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import type { GraphStore } from '../store/store.js'
import type { Subjects } from './labels.js'
import { caseMessages, toTell } from './webhooks/decisions.js'

export const caseStatuses = ['open', 'in-review', 'closed'] as const
export type CaseStatus = (typeof caseStatuses)[number]

export interface CaseComment {
  readonly at: string
  readonly who: string
  readonly text: string
  /** An appeal opens a case again. */
  readonly appeal: boolean
}

export interface CaseRecord {
  readonly id: string
  /** `kind:id`, or `ring:id`. */
  readonly subject: string
  readonly title: string
  readonly status: CaseStatus
  readonly assignee: string | null
  readonly dueAt: string | null
  readonly openedBy: string
  readonly at: string
  readonly changedAt: string
  /** Absent where it was last changed before that was kept. */
  readonly changedBy?: string
  readonly comments: readonly CaseComment[]
}

export type Versioned = CaseRecord & { readonly version: number }

export interface CaseFields {
  readonly title?: string
  readonly status?: CaseStatus
  readonly assignee?: string | null
  readonly dueAt?: string | null
}

const COLLECTION = 'cases'
const PAGE = 1000
/** Of one case: beyond that it wants a tool of its own. */
const MOST_COMMENTS = 500
/** Others may write meanwhile. */
const MOST_TRIES = 20

/** Throws `case.unknown`. */
export const readCase = async (store: GraphStore, id: string): Promise<Versioned> => {
  const found = await store.readDocument(COLLECTION, id)
  if (found === null) throw new RingfenceError('case.unknown', `There is no case ${id}.`)
  return { ...(found.value as unknown as CaseRecord), version: found.version }
}

/** Oldest first. */
export const listCases = async (store: GraphStore): Promise<readonly Versioned[]> => {
  const all: Versioned[] = []
  let after: { readonly sort: string; readonly id: string } | undefined
  for (;;) {
    const page = await store.listDocuments(COLLECTION, { limit: PAGE, ...(after ? { after } : {}) })
    all.push(...page.map(({ value, version }) => ({ ...(value as unknown as CaseRecord), version })))
    if (page.length < PAGE) return all
    const { sort, id } = page.at(-1)!
    after = { sort, id }
  }
}

export interface CaseFilter {
  readonly status?: CaseStatus
  readonly assignee?: string
  readonly subject?: string
}

/** Oldest first. */
export const filteredCases = async (
  store: GraphStore,
  { status, assignee, subject }: CaseFilter,
): Promise<readonly Versioned[]> =>
  (await listCases(store)).filter(
    (each) =>
      (status === undefined || each.status === status) &&
      (assignee === undefined || each.assignee === assignee) &&
      (subject === undefined || each.subject === subject),
  )

const fieldsOf = ({ title, status, assignee, dueAt }: CaseRecord) => ({ title, status, assignee, dueAt })

/** False where another has changed it since. */
const write = async (
  store: GraphStore,
  before: Versioned | null,
  after: CaseRecord,
  who: string,
  action: string,
  said: unknown,
): Promise<boolean> => {
  const { id, at: sort } = after
  const expected = before?.version ?? null
  const messages = caseMessages(before, after, (expected ?? 0) + 1, { who, appeal: action === 'case.appeal' })
  return store.decide({
    documents: [
      { collection: COLLECTION, id, expected, value: { ...after, changedBy: who }, sort },
      ...(await toTell(store, messages)),
    ],
    audit: [
      {
        at: after.changedAt,
        who,
        action,
        subject: after.subject,
        before: before && { id: before.id, ...fieldsOf(before) },
        after: { id, ...(said ? { said } : fieldsOf(after)) },
      },
    ],
  })
}

const utc = (dueAt: string | null | undefined): string | null => (dueAt ? new Date(dueAt).toISOString() : null)

export const openCase = async (
  store: GraphStore,
  who: string,
  given: CaseFields & { readonly subject: string; readonly title: string },
): Promise<Versioned> => {
  const at = new Date().toISOString()
  const opened: CaseRecord = {
    id: `c-${randomBytes(6).toString('hex')}`,
    subject: given.subject,
    title: given.title,
    status: given.status ?? 'open',
    assignee: given.assignee ?? null,
    dueAt: utc(given.dueAt),
    openedBy: who,
    at,
    changedAt: at,
    comments: [],
  }
  await write(store, null, opened, who, 'case.open', null)
  return { ...opened, version: 1 }
}

/** Throws `entity.unknown` and `ring.unknown` where there is nothing to open it on. */
export const openCaseOn = async (
  store: GraphStore,
  subjects: Subjects,
  who: string,
  given: Parameters<typeof openCase>[2],
): Promise<Versioned> => {
  const colon = given.subject.indexOf(':')
  const [kind, id] = [given.subject.slice(0, colon), given.subject.slice(colon + 1)]
  const isKnown = kind === 'ring' ? subjects.ring(id) !== null : await subjects.hasEntity(kind, id)
  if (!isKnown)
    throw new RingfenceError(kind === 'ring' ? 'ring.unknown' : 'entity.unknown', `There is no ${given.subject}.`)
  return openCase(store, who, given)
}

/** `version`: the one that the person has seen. Throws `case.unknown`, and `case.conflict` with `facts.case` where there is a later one. */
export const changeCase = async (
  store: GraphStore,
  who: string,
  id: string,
  version: number,
  fields: CaseFields,
): Promise<Versioned> => {
  const before = await readCase(store, id)
  const { version: seen, ...record } = before
  const due = fields.dueAt === undefined ? {} : { dueAt: utc(fields.dueAt) }
  const after: CaseRecord = { ...record, ...fields, ...due, changedAt: new Date().toISOString() }
  if (seen === version && (await write(store, before, after, who, 'case.change', null)))
    return { ...after, version: version + 1 }
  const now = await readCase(store, id)
  throw new RingfenceError('case.conflict', `${now.changedBy ?? 'Somebody'} changed case ${id} at ${now.changedAt}.`, {
    case: now,
  })
}

/** Throws `case.unknown` and `case.full`. Comments of two people at once are both kept. */
export const commentCase = async (
  store: GraphStore,
  who: string,
  id: string,
  text: string,
  appeal: boolean,
): Promise<Versioned> => {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await readCase(store, id)
    if (before.comments.length >= MOST_COMMENTS)
      throw new RingfenceError('case.full', `Case ${id} has ${MOST_COMMENTS} comments.`)
    const { version, ...record } = before
    const at = new Date().toISOString()
    const after: CaseRecord = {
      ...record,
      ...(appeal ? { status: 'open' as const } : {}),
      changedAt: at,
      comments: [...record.comments, { at, who, text, appeal }],
    }
    const said = appeal ? { text, status: after.status } : { text }
    if (await write(store, before, after, who, appeal ? 'case.appeal' : 'case.comment', said))
      return { ...after, version: version + 1 }
  }
  throw new RingfenceError('case.conflict', `Case ${id} is changed all the time; try again.`)
}
