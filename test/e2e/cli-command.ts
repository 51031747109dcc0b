/** Runs the real command in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../../bin/ringfence.js', import.meta.url))

export interface Ended {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array
  /** Leaves standard input open and silent. */
  readonly keepOpen?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when standard error or output matches; rejects when the command ends before. */
  readonly says: (pattern: RegExp) => Promise<RegExpMatchArray>
}

/** Settings of the person who runs the tests must not reach the command. */
const cleanEnvironment = (): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('RINGFENCE_'))
  return Object.fromEntries(kept)
}

export const start = (args: readonly string[], { input, keepOpen, env, cwd }: RunOptions = {}): Running => {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...cleanEnvironment(), ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // A command that ends before it has read all its input is what some tests are about.
  child.stdin.on('error', () => {})
  if (!keepOpen) child.stdin.end(input ?? '')
  const ended = once(child, 'close').then(([exit, signal]): Ended => ({ exit, signal, stdout, stderr }))
  const says = (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stderr + stdout)
        if (match) resolve(match)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      look()
      ended.then(() => reject(new Error(`the command ended without saying ${pattern}: ${stderr}`)), reject)
    })
  return { child, ended, says }
}

/** Where a command that serves listens. */
export const addressOf = async (service: Running): Promise<string> =>
  (await service.says(/Listening on (http:\/\/[\d.:]+)\n/))[1]!

export const stop = (service: Running, signal: NodeJS.Signals): Promise<Ended> => {
  service.child.kill(signal)
  return service.ended
}

export const ringfence = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  start(args, options).ended

/** The one line of standard output as an object; anything else there is a failure. */
export const oneObject = ({ stdout, stderr }: Ended): Record<string, unknown> => {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`not one line of JSON: ${stdout}\n${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** A fresh directory and the call that removes it. */
export const temporary = (): { readonly path: (name: string) => string; readonly remove: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-cli-'))
  return {
    path: (name) => join(directory, name),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const HEADER = 'id,type,actor,target,at,market,scenario,weight,attributes'

/** Native CSV of `count` likes, each by another user, from number `from` on. */
export const likes = (count: number, from = 0): string => {
  const lines = Array.from(
    { length: count },
    (_, i) => `l${from + i},like,user:u${from + i},video:v${(from + i) % 7},2026-01-05T10:00:00Z,US,,,`,
  )
  return `${[HEADER, ...lines].join('\n')}\n`
}
