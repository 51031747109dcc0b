/** What detection is not to see: entities, identifiers and patterns of them, each with a reason, an owner and an end. */
import { randomBytes } from 'node:crypto'
import type { Note } from '../detectors/detector.js'
import { RingfenceError } from '../errors.js'
import { type AllowedName, type Hidden, matcherOf } from '../graph/allowed.js'
import type { GraphStore, RingRecord } from '../store/store.js'

export interface AllowEntry {
  readonly id: string
  /** `kind:id`, or a pattern with `*`. */
  readonly name: string
  readonly reason: string
  readonly owner: string
  readonly at: string
  /** From then on it does not count; null: it has no end. */
  readonly expiresAt: string | null
}

export interface GivenEntry {
  readonly name: string
  readonly reason: string
  readonly expiresAt: string | null
}

const COLLECTION = 'allow-list'
const PAGE = 1000

export const listAllowed = async (store: Pick<GraphStore, 'listDocuments'>): Promise<readonly AllowEntry[]> => {
  const found: AllowEntry[] = []
  let after: { readonly sort: string; readonly id: string } | undefined
  for (;;) {
    const page = await store.listDocuments(COLLECTION, { limit: PAGE, ...(after ? { after } : {}) })
    found.push(...page.map(({ value }) => value as unknown as AllowEntry))
    if (page.length < PAGE) return found
    const { sort, id } = page.at(-1)!
    after = { sort, id }
  }
}

/** Whether it was made and has not ended at `at`, epoch milliseconds. */
export const holdsAt = ({ at: made, expiresAt }: AllowEntry, at: number): boolean =>
  Date.parse(made) <= at && (expiresAt === null || Date.parse(expiresAt) > at)

/** What holds at `asOf`; null: now. */
export const allowedAt = async (
  store: Pick<GraphStore, 'listDocuments'>,
  asOf: number | null,
): Promise<readonly AllowEntry[]> => (await listAllowed(store)).filter((entry) => holdsAt(entry, asOf ?? Date.now()))

const logged = ({ name, reason, expiresAt }: AllowEntry) => ({ name, reason, expiresAt })

/** Throws `request.invalid`. */
export const allow = async (store: GraphStore, who: string, given: GivenEntry): Promise<AllowEntry> => {
  matcherOf(given.name)
  const now = new Date()
  const expiresAt = given.expiresAt === null ? null : new Date(given.expiresAt)
  if (expiresAt !== null && !(expiresAt > now))
    throw new RingfenceError('request.invalid', 'expiresAt: it must be a time that is to come.')
  const entry: AllowEntry = {
    id: `al-${randomBytes(6).toString('hex')}`,
    name: given.name,
    reason: given.reason,
    owner: who,
    at: now.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
  }
  await store.decide({
    documents: [{ collection: COLLECTION, id: entry.id, expected: null, value: { ...entry }, sort: entry.at }],
    audit: [
      {
        at: entry.at,
        who,
        action: 'allow.add',
        subject: entry.name,
        before: null,
        after: { id: entry.id, ...logged(entry) },
      },
    ],
  })
  return entry
}

/** Throws `allow.unknown`. */
export const disallow = async (store: GraphStore, who: string, id: string, reason: string): Promise<AllowEntry> => {
  const found = await store.readDocument(COLLECTION, id)
  const unknown = () => new RingfenceError('allow.unknown', `The allow-list has no entry ${id}.`)
  if (found === null) throw unknown()
  const entry = found.value as unknown as AllowEntry
  const gone = await store.decide({
    documents: [{ collection: COLLECTION, id, expected: found.version, value: null }],
    audit: [
      {
        at: new Date().toISOString(),
        who,
        action: 'allow.remove',
        subject: entry.name,
        before: { id, ...logged(entry), owner: entry.owner },
        after: { reason },
      },
    ],
  })
  if (!gone) throw unknown()
  return entry
}

export const allowedNames = (entries: readonly AllowEntry[]): readonly AllowedName[] =>
  entries.map(({ id, name }) => ({ id, name }))

/** What a run says of it: entries by their ids, as names may be of persons. */
export const hiddenNotes = (hidden: Hidden | null): Note[] => {
  if (hidden === null) return []
  const each = hidden.byEntry.map((entry) => `${entry.id} ${entry.entities} with ${entry.interactions}`)
  return [
    {
      code: 'allow-list.hidden',
      message: `The allow-list hid ${hidden.entities} entities with ${hidden.interactions} interactions from detection: ${each.join(', ')}.`,
    },
  ]
}

/** Entries that mean a member of the ring, with how many. */
export const allowedOf = (
  ring: RingRecord,
  entries: readonly AllowEntry[],
): readonly (AllowEntry & { readonly members: number })[] =>
  entries.flatMap((entry) => {
    const { kind, matches } = matcherOf(entry.name)
    const members = ring.members.filter((member) => member.kind === kind && matches(member.id)).length
    return members === 0 ? [] : [{ ...entry, members }]
  })
