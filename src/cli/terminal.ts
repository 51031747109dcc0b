/**
 * Where a command writes. Standard output carries the result alone (with --json exactly one line); everything else goes to
 * standard error, and nothing but errors with --quiet.
 */
import type { ErrorCode } from '../errors.js'
import { RingfenceError } from '../errors.js'

export interface Terminal {
  readonly json: boolean
  readonly quiet: boolean
  /** A line for the person who waits: standard error. */
  readonly say: (line: string) => void
  /** The result: an object as one line with --json, else the text. */
  readonly result: (value: Readonly<Record<string, unknown>>, text: string) => Promise<void>
  /** Raw result text, for tables and files of text. Waits where the reader is slow. */
  readonly write: (text: string) => Promise<void>
}

const writeOut = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })

export const openTerminal = (json: boolean, quiet: boolean): Terminal => ({
  json,
  quiet,
  say: (line) => {
    if (!quiet) process.stderr.write(`${line}\n`)
  },
  result: (value, text) => writeOut(json ? `${JSON.stringify(value)}\n` : text === '' ? '' : `${text}\n`),
  write: writeOut,
})

export interface ErrorReport {
  readonly exit: number
  readonly error: { readonly code: ErrorCode; readonly detail: string; readonly advice: string }
}

/** Errors without a code are faults of ours: their stack goes to standard error when asked for. */
export const reportOf = (thrown: unknown): ErrorReport => {
  const error =
    thrown instanceof RingfenceError
      ? thrown
      : new RingfenceError('internal', thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown))
  return { exit: error.exitCode, error: { code: error.code, detail: error.detail, advice: error.advice } }
}

/** Says what was wrong, where, and what to do; with --json the same as one line on standard output. */
export const showError = async (thrown: unknown, json: boolean): Promise<number> => {
  const { exit, error } = reportOf(thrown)
  const title = thrown instanceof RingfenceError ? thrown.message : `Internal error: ${error.detail}`
  process.stderr.write(`ringfence: ${title}\n  What to do: ${error.advice}\n`)
  if (process.env.RINGFENCE_DEBUG && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`)
  if (json) await writeOut(`${JSON.stringify({ error })}\n`)
  return exit
}
