/** What detection is not to see: entities, identifiers and patterns of them, each with a reason, an owner and an end. */
import { createHash, randomBytes } from 'node:crypto'
import type { Note } from '../detectors/detector.js'
import { RingfenceError } from '../errors.js'
import { type AllowedName, type Hidden, matcherOf } from '../graph/allowed.js'
import { entryOf } from '../store/audit-chain.js'
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

/** One document a name says which entry is in force, so that of two that are made at once one is refused. */
const NAMES = 'allow-list-names'
const MOST_TRIES = 20
/** Entries of the log that are looked through for one that was taken off. */
const LOOKED_THROUGH = 1000

const nameId = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32)

const readEntry = async (store: GraphStore, id: string): Promise<AllowEntry | null> =>
  ((await store.readDocument(COLLECTION, id))?.value as unknown as AllowEntry | undefined) ?? null

/** Throws `request.invalid`, and `allow.conflict` with `facts.entry` where an entry of this name is in force. */
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
  const named = { collection: NAMES, id: nameId(entry.name), value: { entry: entry.id } }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const taken = await store.readDocument(NAMES, named.id)
    const known = taken === null ? null : await readEntry(store, String(taken.value.entry))
    if (known !== null && holdsAt(known, Date.now()))
      throw new RingfenceError(
        'allow.conflict',
        `${known.owner} put ${known.name} on the allow-list at ${known.at}, until ${known.expiresAt ?? 'further notice'} (${known.reason}).`,
        { entry: known },
      )
    const written = await store.decide({
      documents: [
        { collection: COLLECTION, id: entry.id, expected: null, value: { ...entry }, sort: entry.at },
        { ...named, expected: taken?.version ?? null },
      ],
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
    if (written) return entry
  }
  throw new RingfenceError('allow.conflict', `${given.name} is put on the list and taken off all the time; try again.`)
}

/** That there is no such entry, and who took it off where somebody did. */
const gone = async (store: GraphStore, id: string): Promise<RingfenceError> => {
  const removals = await store.listAudit({ order: 'newest', limit: LOOKED_THROUGH, action: 'allow.remove' })
  const removal = removals.map(entryOf).find(({ before }) => (before as { readonly id?: unknown } | null)?.id === id)
  const { who, at } = removal ?? {}
  const { reason } = (removal?.after ?? {}) as { readonly reason?: string }
  return new RingfenceError(
    'allow.unknown',
    removal ? `${who} took ${id} off the allow-list at ${at} (${reason}).` : `The allow-list has no entry ${id}.`,
  )
}

/** Throws `allow.unknown`. */
export const disallow = async (store: GraphStore, who: string, id: string, reason: string): Promise<AllowEntry> => {
  const found = await store.readDocument(COLLECTION, id)
  if (found === null) throw await gone(store, id)
  const entry = found.value as unknown as AllowEntry
  const removed = await store.decide({
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
  if (!removed) throw await gone(store, id)
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
