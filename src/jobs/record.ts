/**
 * Entries of the audit log for what is not written in one transaction with them. The entry comes before the thing is done, so that nothing is done of
 * which the log knows nothing; where it then failed, a second entry says so.
 */
import { createHash } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import { canonicalJson } from '../store/audit-chain.js'
import type { AuditEntry } from '../store/decision-store.js'
import type { GraphStore, JobRecord } from '../store/store.js'

export type Recorded = Omit<AuditEntry, 'at' | 'before'> & { readonly before?: unknown }

/** Writes an entry by itself. */
export const record = async (store: GraphStore, { before = null, ...entry }: Recorded): Promise<void> => {
  await store.decide({ audit: [{ ...entry, before, at: new Date().toISOString() }] })
}

/** Writes the entry, then does the thing. */
export const recorded = async <T>(store: GraphStore, entry: Recorded, act: () => Promise<T>): Promise<T> => {
  await record(store, entry)
  try {
    return await act()
  } catch (error) {
    const code = error instanceof RingfenceError ? error.code : 'internal'
    // Where the store went away nothing more can be said, and what went wrong first is what counts.
    await record(store, { ...entry, action: `${entry.action}.failed`, before: null, after: { code } }).catch(() => {})
    throw error
  }
}

/** Parameters may be lists of a hundred thousand labels. */
const MOST_TEXT = 4000

/** As it is, or its SHA-256 and length where it is long. */
export const shortened = (value: unknown): unknown => {
  const text = canonicalJson(value)
  return text.length <= MOST_TEXT
    ? value
    : { sha256: createHash('sha256').update(text).digest('hex'), characters: text.length }
}

export const jobEntry = (who: string, action: string, { id, type, mode, parameters, state }: JobRecord): Recorded => ({
  who,
  action,
  subject: `job:${id}`,
  after: action === 'job.create' ? { type, mode, parameters: shortened(parameters) } : { type, mode, state },
})
