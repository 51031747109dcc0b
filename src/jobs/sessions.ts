/**
 * Sessions of people who have signed in: records of the store, so that they outlive a restart and hold in every process on it. The browser has a token,
 * the store its SHA-256 alone. The token is renewed from time to time, so that one that was copied is of use for minutes; the one before is
 * taken for a while yet, for requests that were under way.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import type { DocumentChange } from '../store/document-store.js'
import type { GraphStore } from '../store/store.js'
import type { KeyRole } from './api-keys.js'

export interface Person {
  /** Name of what has told who it is: `key`, or another authenticator. */
  readonly source: string
  /** There: the id of a key, or an account. */
  readonly subject: string
  readonly role: KeyRole
  readonly name: string
  /** For the record of what was done. */
  readonly who: string
}

export interface SessionRecord extends Person {
  readonly id: string
  /** Of the token, 64 hex digits. */
  readonly hash: string
  readonly previous: { readonly hash: string; readonly until: string } | null
  /** To be sent with what changes something: a page from elsewhere cannot read it. */
  readonly csrf: string
  readonly openedAt: string
  readonly seenAt: string
  readonly renewedAt: string
  /** However much it is used. */
  readonly expiresAt: string
  readonly ended: { readonly at: string; readonly why: string } | null
}

export interface SessionLimits {
  readonly lifetimeMs: number
  readonly idleMs: number
}

interface Known {
  readonly record: SessionRecord
  readonly version: number
  readonly readAt: number
}

const COLLECTION = 'sessions'
/** A session that another process has ended stops working within this, as a revoked key does. */
const FRESH_MS = 2000
const RENEW_MS = 15 * 60_000
/** Slow answers, downloads among them, begin with the token that was theirs when they were asked. */
const PREVIOUS_MS = 2 * 60_000
/** That it is in use is written this often at most. */
const SEEN_MS = 60_000
const MOST_KNOWN = 10_000
const SWEPT_AT_ONCE = 100

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

export const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const secret = (): string => randomBytes(32).toString('base64url')

export class Sessions {
  readonly #store: GraphStore
  readonly #limits: SessionLimits
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  /** `now`: epoch milliseconds. */
  constructor(store: GraphStore, limits: SessionLimits, now: () => number = Date.now) {
    this.#store = store
    this.#limits = limits
    this.#now = now
  }

  #iso(later = 0): string {
    return new Date(this.#now() + later).toISOString()
  }

  #keep(record: SessionRecord, version: number): void {
    this.#known.delete(record.id)
    this.#known.set(record.id, { record, version, readAt: this.#now() })
    if (this.#known.size > MOST_KNOWN) for (const id of [...this.#known.keys()].slice(0, 1)) this.#known.delete(id)
  }

  async #read(id: string, fresh: boolean): Promise<Known | null> {
    const known = this.#known.get(id)
    if (!fresh && known && this.#now() - known.readAt < FRESH_MS) return known
    const found = await this.#store.readDocument(COLLECTION, id)
    this.#known.delete(id)
    if (found === null) return null
    this.#keep(found.value as unknown as SessionRecord, found.version)
    return this.#known.get(id)!
  }

  #change(record: SessionRecord, expected: number | null): DocumentChange {
    return { collection: COLLECTION, id: record.id, expected, value: { ...record }, sort: record.expiresAt }
  }

  /** False where another has changed it since; then it is read anew. */
  async #write({ record, version }: Known, change: Partial<SessionRecord>): Promise<boolean> {
    const after = { ...record, ...change }
    const written = await this.#store.changeDocuments([this.#change(after, version)])
    if (written) this.#keep(after, version + 1)
    else this.#known.delete(record.id)
    return written
  }

  /** `address`: where it was asked for. */
  async open(person: Person, address: string): Promise<{ readonly record: SessionRecord; readonly token: string }> {
    await this.#sweep()
    const token = secret()
    const at = this.#iso()
    const record: SessionRecord = {
      ...person,
      id: `s-${randomBytes(8).toString('hex')}`,
      hash: hashToken(token),
      previous: null,
      csrf: secret(),
      openedAt: at,
      seenAt: at,
      renewedAt: at,
      expiresAt: this.#iso(this.#limits.lifetimeMs),
      ended: null,
    }
    const { who, role, id: session, expiresAt } = record
    await this.#store.decide({
      documents: [this.#change(record, null)],
      audit: [
        {
          at,
          who,
          action: 'session.open',
          subject: `${person.source}:${person.subject}`,
          before: null,
          after: { session, role, address, expiresAt },
        },
      ],
    })
    this.#keep(record, 1)
    return { record, token }
  }

  /** When it ends where it is not used any more. */
  idleUntil({ seenAt }: SessionRecord): string {
    return new Date(Date.parse(seenAt) + this.#limits.idleMs).toISOString()
  }

  /** The session whose token this is; null: nobody's. Throws `session.ended`. */
  async find(id: string, token: string): Promise<SessionRecord | null> {
    const known = await this.#read(id, false)
    if (known === null) return null
    const hash = hashToken(token)
    const fits = ({ hash: current, previous }: SessionRecord): boolean =>
      isSame(current, hash) ||
      (previous !== null && isSame(previous.hash, hash) && Date.parse(previous.until) > this.#now())
    // Another process may have renewed it meanwhile.
    const found = fits(known.record) ? known : await this.#read(id, true)
    if (found === null || !fits(found.record)) return null
    const { ended, expiresAt, openedAt } = found.record
    if (ended !== null) throw new RingfenceError('session.ended', `The session has ended: ${ended.why}.`)
    if (Date.parse(expiresAt) <= this.#now())
      throw new RingfenceError('session.ended', `The session has ended: it was opened at ${openedAt}.`)
    const idle = this.idleUntil(found.record)
    if (Date.parse(idle) <= this.#now())
      throw new RingfenceError('session.ended', `The session has ended: it was not used until ${idle}.`)
    return found.record
  }

  /** Says that it is in use. A new token where the old one is to be replaced, else null. */
  async use(id: string): Promise<{ readonly record: SessionRecord; readonly token: string } | null> {
    const known = await this.#read(id, false)
    if (known === null || known.record.ended !== null) return null
    const { record } = known
    const now = this.#now()
    const at = this.#iso()
    if (now - Date.parse(record.renewedAt) < RENEW_MS) {
      if (now - Date.parse(record.seenAt) >= SEEN_MS) await this.#write(known, { seenAt: at })
      return null
    }
    const token = secret()
    const previous = { hash: record.hash, until: this.#iso(PREVIOUS_MS) }
    const written = await this.#write(known, { hash: hashToken(token), previous, renewedAt: at, seenAt: at })
    return written ? { record: this.#known.get(id)!.record, token } : null
  }

  /** Ends it for good; the second time nothing happens. `who` and `why` are for the record. */
  async end(id: string, who: string, why: string): Promise<void> {
    for (;;) {
      const known = await this.#read(id, true)
      if (known === null || known.record.ended !== null) return
      const { record, version } = known
      const at = this.#iso()
      const after = { ...record, ended: { at, why } }
      const written = await this.#store.decide({
        documents: [this.#change(after, version)],
        audit: [
          {
            at,
            who,
            action: 'session.end',
            subject: `${record.source}:${record.subject}`,
            before: { session: id, role: record.role },
            after: { why },
          },
        ],
      })
      if (written) return this.#keep(after, version + 1)
    }
  }

  /** Records of sessions whose time is over say nothing any more; the log has that they were. */
  async #sweep(): Promise<void> {
    const past = await this.#store.listDocuments(COLLECTION, { upTo: this.#iso(), limit: SWEPT_AT_ONCE })
    for (const { id, version } of past)
      await this.#store.changeDocuments([{ collection: COLLECTION, id, expected: version, value: null }])
  }
}
