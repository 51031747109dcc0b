/** From DuckDB's messages to coded errors. */
import { RingfenceError } from '../../errors.js'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const noSpace = /no space left|disk quota exceeded|file too large|max_temp_directory_size|ENOSPC|EDQUOT/i
const noMemory = /out of memory error|failed to allocate|could not allocate/i
const damaged =
  /corrupt|checksum.*(does not match|mismatch)|could not read enough bytes|database has been invalidated|fatal error/i

/** An error of a statement. Those that no one foresaw stay what they are and become `internal` where they surface. */
export const statementError = (error: unknown, location: string): unknown => {
  if (error instanceof RingfenceError) return error
  const message = messageOf(error)
  const cause = { cause: error }
  if (noSpace.test(message)) return new RingfenceError('store.full', `${location}: ${message}`, {}, cause)
  if (noMemory.test(message))
    return new RingfenceError('job.memory', `the store's part of the work in ${location}: ${message}`, {}, cause)
  if (damaged.test(message)) return new RingfenceError('store.damaged', `${location}: ${message}`, {}, cause)
  return error
}

/** The process that holds the lock, from DuckDB's message; null where it does not say. */
export const lockHolder = (error: unknown): { readonly pid: number | null } | null => {
  const message = messageOf(error)
  if (!/could not set lock|conflicting lock|being used by another process|already open in/i.test(message)) return null
  const pid = /\(PID (\d+)\)/i.exec(message)?.[1]
  return { pid: pid === undefined ? null : Number(pid) }
}
