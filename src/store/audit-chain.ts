/**
 * The audit log's chain: each entry's hash covers its place, its text and the hash of the one before, as in the linked time-stamps of
 * S. Haber and W. S. Stornetta, "How to time-stamp a digital document", Journal of Cryptology 3 (1991). With p the place, t the text (canonical
 * JSON) and h(0) = 64 zeros: h(p) = SHA-256(h(p - 1) LF p LF t), hex.
 */
import { createHash } from 'node:crypto'

/** Who did what on what, with what before and after. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  /** A key's id, or the name of a person at a command. */
  readonly who: string
  /** As `label.add`. */
  readonly action: string
  /** `kind:id`, `ring:id`, or another thing's name; empty where there is no single one. */
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}

export interface AuditRecord extends Omit<AuditEntry, 'before' | 'after'> {
  /** 1, 2, 3 ... without a gap. */
  readonly place: number
  readonly hash: string
  /** Canonical JSON of the entry: what the hash covers. */
  readonly text: string
}

/** The last entry; place 0 where there is none. */
export interface AuditHead {
  readonly place: number
  readonly hash: string
}

export const emptyChain: AuditHead = { place: 0, hash: '0'.repeat(64) }

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, each]) => [name, sorted(each)]))
}

/** The same text for the same value: keys in the order of their UTF-16 code units, no blanks, nothing undefined. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value))

export const linkHash = (previous: string, place: number, text: string): string =>
  createHash('sha256').update(`${previous}\n${place}\n${text}`).digest('hex')

/** Entries as they follow on `head`. */
export const chain = (head: AuditHead, entries: readonly AuditEntry[]): readonly AuditRecord[] => {
  let { place, hash } = head
  return entries.map((entry) => {
    const { at, who, action, subject, before, after } = entry
    const text = canonicalJson({ at, who, action, subject, before: before ?? null, after: after ?? null })
    place++
    hash = linkHash(hash, place, text)
    return { place, hash, at, who, action, subject, text }
  })
}

/** The entry of a record's text. */
export const entryOf = ({ text }: Pick<AuditRecord, 'text'>): AuditEntry => JSON.parse(text) as AuditEntry
