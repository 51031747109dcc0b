/** What every command gets: where it writes, which store it works on, and a signal that Ctrl-C aborts. */
import type { Command } from 'commander'
import { openTerminal, type Terminal } from './terminal.js'

export interface Context extends Terminal {
  /** As given: a path, or an address. */
  readonly store: string
  readonly signal: AbortSignal
  /** The exit code of a command that ended well but not clean, as 3 for rejects. */
  exit: number
}

/** How a command is run: with its context, inside the one place that shows errors. */
export type Act = (command: Command, run: (context: Context) => Promise<void>) => Promise<void>

export const DEFAULT_STORE = './ringfence.duckdb'

interface GlobalOptions {
  readonly store?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export const isService = (store: string): boolean => /^https?:\/\//.test(store)

export const makeContext = (command: Command, signal: AbortSignal): Context => {
  const { store, json, quiet } = command.optsWithGlobals<GlobalOptions>()
  return {
    ...openTerminal(json === true, quiet === true),
    store: store ?? (process.env.RINGFENCE_STORE || DEFAULT_STORE),
    signal,
    exit: 0,
  }
}
