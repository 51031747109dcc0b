import type { RejectCode } from '../errors.js'

/** What a reader found wrong with a record before any cell of it was looked at. */
export interface RecordFault {
  readonly code: RejectCode
  readonly field: string
  /** The record's beginning. */
  readonly value: string
  readonly detail: string
}

/** Takes what a reader finds. Slices are valid during the call only. */
export interface RecordHandler {
  row(data: Uint8Array, starts: Int32Array, ends: Int32Array, rowBytes: number, line: number): void
  fault(fault: RecordFault, line: number): void
}

/**
 * Splits bytes into records. The caller gives a buffer and gets back how far it was read: up to the end of the last whole
 * record. The rest must come again at the front of the next buffer, with more behind it.
 */
export interface RecordReader {
  /** Number of the line that comes next, from 1. */
  readonly line: number
  /** Reads data[start, end). `final`: nothing follows, so the last record may lack its line end. */
  read(data: Uint8Array, start: number, end: number, final: boolean): number
  /** Instead of a final read, where the input breaks off behind data[start, end), which `read` left over. */
  cutOff(data: Uint8Array, start: number, end: number, detail: string): void
}

/** Bytes of a record that go in a fault's value. */
export const VALUE_BYTES = 1000
