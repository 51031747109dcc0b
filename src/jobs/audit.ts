/** The audit log as a person reads it, and the proof that it is as it was written. */
import { createHash } from 'node:crypto'
import { type AuditEntry, type AuditHead, canonicalJson, emptyChain, entryOf, linkHash } from '../store/audit-chain.js'
import type { AuditQuery, AuditRecord, LabelRow } from '../store/decision-store.js'
import type { GraphStore } from '../store/store.js'

const PAGE = 5000
/** More say nothing new: somebody has been at the log. All are counted. */
const MOST_FAULTS = 100

export interface AuditFault {
  /** Of the entry; null where it is about a label's record. */
  readonly place: number | null
  readonly message: string
}

export interface AuditProof {
  readonly holds: boolean
  readonly entries: number
  readonly labels: number
  /** To be kept elsewhere: with it a log that was cut off or written anew as a whole is told too. */
  readonly head: AuditHead
  readonly faults: readonly AuditFault[]
  readonly faultCount: number
}

/** What the log keeps of a label's record, so that a change of the record shows. */
export const labelDigest = (label: LabelRow): string => createHash('sha256').update(canonicalJson(label)).digest('hex')

class Faults {
  readonly told: AuditFault[] = []
  count = 0

  add(place: number | null, message: string): void {
    this.count++
    if (this.told.length < MOST_FAULTS) this.told.push({ place, message })
  }
}

const parsed = (record: AuditRecord): AuditEntry | null => {
  try {
    return entryOf(record)
  } catch {
    return null
  }
}

interface DigestedLabel {
  readonly id?: unknown
  readonly digest?: unknown
}

/** Entry by entry; collects what the log says of labels. */
const verifyEntries = async (
  store: GraphStore,
  expected: AuditHead | null,
  faults: Faults,
): Promise<{ readonly last: AuditHead; readonly entries: number; readonly labels: Map<string, string> }> => {
  const labels = new Map<string, string>()
  let last = emptyChain
  let entries = 0
  for (;;) {
    const page = await store.listAudit({ order: 'oldest', after: last.place, limit: PAGE })
    for (const record of page) {
      const { place, hash, text } = record
      if (place !== last.place + 1) {
        const missing = place - last.place - 1
        faults.add(
          place,
          missing === 1 ? `Entry ${place - 1} is missing.` : `Entries ${last.place + 1} to ${place - 1} are missing.`,
        )
      } else if (linkHash(last.hash, place, text) !== hash)
        faults.add(
          place,
          `Entry ${place} is not what was written: its text, its hash or the hash before it was changed.`,
        )
      const entry = parsed(record)
      if (entry === null) faults.add(place, `Entry ${place} is not JSON any more.`)
      else {
        for (const column of ['at', 'who', 'action', 'subject'] as const)
          if (entry[column] !== record[column])
            faults.add(place, `Entry ${place}: what it is found by (${column}) is not what it says.`)
        const { id, digest } = (entry.action.startsWith('label.') ? (entry.after ?? {}) : {}) as DigestedLabel
        if (typeof id === 'string' && typeof digest === 'string') labels.set(id, digest)
      }
      if (expected?.place === place && expected.hash !== hash)
        faults.add(place, `Entry ${place} has another hash than the one that was kept.`)
      last = { place, hash }
      entries++
    }
    if (page.length < PAGE) return { last, entries, labels }
  }
}

const verifyLabels = async (store: GraphStore, logged: Map<string, string>, faults: Faults): Promise<number> => {
  let after = 0
  let count = 0
  for (;;) {
    const page = await store.listLabels({ order: 'oldest', after, limit: PAGE })
    for (const { place, ...label } of page) {
      const digest = logged.get(label.id)
      if (digest === undefined) faults.add(null, `Label ${label.id} of ${label.subject} is not in the log.`)
      else if (digest !== labelDigest(label))
        faults.add(null, `Label ${label.id} of ${label.subject} is not what the log says.`)
      logged.delete(label.id)
      after = place
      count++
    }
    if (page.length < PAGE) break
  }
  for (const id of logged.keys()) faults.add(null, `Label ${id} is in the log, but its record is gone.`)
  return count
}

/**
 * Reads the whole log and says where it is not what was written. `expected`: the head of an earlier time, kept elsewhere. A log that was cut off at its
 * end with its head set back, or written anew from some entry on, is told by it alone.
 */
export const verifyAudit = async (store: GraphStore, expected: AuditHead | null = null): Promise<AuditProof> => {
  const faults = new Faults()
  // What is written while the log is read is after this head; it is looked at as far as it comes in.
  const head = await store.readAuditHead()
  const { last, entries, labels } = await verifyEntries(store, expected, faults)
  if (last.place < head.place)
    faults.add(head.place, `The log ends with entry ${last.place}; it went as far as ${head.place}.`)
  else if (last.place === head.place && last.hash !== head.hash)
    faults.add(head.place, `The head of the log has another hash than entry ${head.place}.`)
  if (expected !== null && expected.place > last.place)
    faults.add(expected.place, `Entry ${expected.place}, which was kept elsewhere, is not in the log.`)
  const count = await verifyLabels(store, labels, faults)
  return { holds: faults.count === 0, entries, labels: count, head, faults: faults.told, faultCount: faults.count }
}

export const shownAudit = (record: AuditRecord) => {
  const { before, after } = entryOf(record)
  const { place, hash, at, who, action, subject } = record
  return { place, at, who, action, subject, before, after, hash }
}
export type ShownAudit = ReturnType<typeof shownAudit>

export const listedAudit = async (store: GraphStore, query: AuditQuery): Promise<readonly ShownAudit[]> =>
  (await store.listAudit(query)).map(shownAudit)
