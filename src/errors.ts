/**
 * Every error that a person can meet, in one table: a stable code, the HTTP status, the command's exit code, and a sentence
 * that says what to do. `docs/errors.md` is made from it.
 */
import { accessAndData } from './errors/access-and-data.js'
import { runsAndWork } from './errors/runs-and-work.js'

export const errorTable = { ...accessAndData, ...runsAndWork } as const

export type ErrorCode = keyof typeof errorTable

/** An error with a stable code. `detail` says what was wrong and where, for the person who reads it. */
export class RingfenceError extends Error {
  readonly code: ErrorCode
  readonly detail: string
  /** Machine-readable rest: the field, the holder of a lock, a position. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, detail: string, facts: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(`${errorTable[code].title}: ${detail}`, options)
    this.name = 'RingfenceError'
    this.code = code
    this.detail = detail
    this.facts = facts
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get exitCode(): number {
    return errorTable[this.code].exit
  }

  get advice(): string {
    return errorTable[this.code].advice
  }
}

/** Codes of single rejected records, with the sentence that goes in the rejects file. */
export const rejectTable = {
  'record.syntax': 'The line cannot be read as a record.',
  'record.columns': 'The row has another number of columns than the header.',
  'record.encoding': 'The record is not valid UTF-8.',
  'record.too-long': 'The record is longer than 16 MB and was skipped.',
  'record.truncated': 'The file ends in the middle of this record.',
  'record.field': 'A field of the record is not known or has the wrong type.',
  'entity.kind': 'The entity kind is not one of the schema.',
  'entity.id': 'An id must have 1 to 512 bytes and no control characters.',
  'entity.attributes': 'Attributes must be a JSON object.',
  'interaction.id': 'An id must have 1 to 512 bytes and no control characters.',
  'interaction.type': 'The interaction type is not one of the schema.',
  'interaction.ends': 'The interaction type does not join these kinds.',
  'interaction.time': 'The time cannot be read: ISO 8601 with zone, or the unit that the mapping names.',
  'interaction.weight': 'The weight must be a finite number of 0 or more.',
  'interaction.market': 'A market has 1 to 32 bytes and no control characters.',
  'interaction.scenario': 'The scenario is not one of the schema.',
  'interaction.attributes': 'Attributes must be a JSON object with reserved keys of the right form.',
  'interaction.conflict': 'An interaction with this type and id is known with other content.',
} as const satisfies Record<string, string>

export type RejectCode = keyof typeof rejectTable

/** One line of the rejects file. */
export interface Reject {
  readonly file: string
  /** Line of the file, from 1; for Parquet the row, from 1. */
  readonly line: number
  readonly field: string
  /** At most 200 characters of what was there. */
  readonly value: string
  readonly code: RejectCode
  readonly message: string
}
