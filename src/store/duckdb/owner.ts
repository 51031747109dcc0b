/**
 * Who serves a DuckDB file: a serving process writes its address to STORE.owner.json, so that another process that finds the
 * file locked can say where to ask instead.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export interface StoreOwner {
  readonly pid: number
  /** Where the service answers, as in http://127.0.0.1:8080; null where it serves no address. */
  readonly address: string | null
  /** ISO 8601. */
  readonly since: string
}

const ownerFile = (path: string): string => `${path}.owner.json`

/** Whether a process of this number runs on this machine. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const isOwner = (value: unknown): value is StoreOwner => {
  const owner = value as Partial<StoreOwner> | null
  return typeof owner === 'object' && Number.isInteger(owner?.pid) && typeof owner?.since === 'string'
}

/** The process that says it serves the store; null where there is none, or where it has ended without saying so. */
export const readOwner = (path: string): StoreOwner | null => {
  try {
    const owner: unknown = JSON.parse(readFileSync(ownerFile(path), 'utf8'))
    return isOwner(owner) && isAlive(owner.pid) ? owner : null
  } catch {
    return null
  }
}

/** Says that this process serves the store, which it must have open. Returns the call that takes it back. */
export const claimOwner = (path: string, { address }: { readonly address: string | null }): (() => void) => {
  const file = ownerFile(path)
  const owner: StoreOwner = { pid: process.pid, address, since: new Date().toISOString() }
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(owner)}\n`)
  renameSync(fresh, file)
  return () => {
    if (readOwner(path)?.pid === process.pid) rmSync(file, { force: true })
  }
}
