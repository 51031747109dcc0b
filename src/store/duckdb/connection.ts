/**
 * Opens a DuckDB file for this process alone: one instance, one owner. A failed open is reported, never tried again here: DuckDB
 * gives no promise about a second instance on one file in one process.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import type { DuckDBConnection, DuckDBInstance as Instance } from '@duckdb/node-api'
import { RingfenceError } from '../../errors.js'
import { DuckDBInstance } from './engine.js'
import { lockHolder } from './errors.js'
import { isAlive, readOwner } from './owner.js'

export interface DuckDbOptions {
  /** What DuckDB itself may use, as in '1GB'; what does not fit goes to disk. */
  readonly memoryLimit?: string
  /** Default: as many as there are cores. */
  readonly threads?: number
  /** False: a file that is not there is an error. Default true. */
  readonly create?: boolean
  /**
   * For tests: how many bits of an id's hash are kept as its key. Few bits make different ids share a key, which must change
   * nothing but the speed.
   */
  readonly keyBits?: number
}

/** Enough for joins of batches of a million records in memory, small beside the 1.5 GB that a whole load may take. */
const defaultMemoryLimit = '768MB'

/** The write-ahead log is folded in at the end of a load, or when it is this long; most of a big batch goes past it anyway. */
const checkpointThreshold = '256MB'

/** Files that this process has open: DuckDB's lock holds between processes only. */
const openHere = new Set<string>()

export interface OpenFile {
  readonly instance: Instance
  /** Absolute. */
  readonly path: string
  /** For staging files and what DuckDB spills; emptied at open and at close. */
  readonly scratch: string
  readonly release: () => void
}

const settingsOf = (scratch: string, options: DuckDbOptions): Record<string, string> => ({
  threads: String(options.threads ?? availableParallelism()),
  memory_limit: options.memoryLimit ?? defaultMemoryLimit,
  temp_directory: join(scratch, 'spill'),
  checkpoint_threshold: checkpointThreshold,
  // Everything that is used is built in: nothing is ever fetched.
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
})

const openError = (error: unknown, path: string): RingfenceError => {
  const message = error instanceof Error ? error.message : String(error)
  const holder = lockHolder(error)
  if (holder !== null) {
    const owner = readOwner(path)
    const pid = holder.pid ?? owner?.pid ?? null
    const address = owner !== null && (pid === null || owner.pid === pid) ? owner.address : null
    const who = pid === null ? 'another process' : `process ${pid}`
    const serving = address === null ? '' : `, which serves it at ${address}; use --store ${address}`
    return new RingfenceError(
      'store.locked',
      `${path} is held by ${who}${serving}.`,
      { path, pid, address },
      { cause: error },
    )
  }
  if (/permission denied|read-only file system/i.test(message))
    return new RingfenceError('file.missing', `${path}: ${message}`, { path }, { cause: error })
  return new RingfenceError('store.damaged', `${path}: ${message}`, { path }, { cause: error })
}

const creating = (path: string, pid: number | string): string => `${path}.creating-${pid}`

/**
 * Makes an empty database under another name and links it into place, so that a kill leaves either no store or a whole one, and
 * two processes that start together make one.
 */
const createEmpty = async (path: string): Promise<void> => {
  const fresh = creating(path, process.pid)
  rmSync(fresh, { force: true })
  rmSync(`${fresh}.wal`, { force: true })
  try {
    const instance = await DuckDBInstance.create(fresh)
    const connection = await instance.connect()
    await connection.run('CHECKPOINT')
    connection.closeSync()
    instance.closeSync()
    linkSync(fresh, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw openError(error, path)
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** What processes that were killed have left beside the store: scratch files, and databases that never got its name. */
const removeLeftovers = (path: string, scratch: string): void => {
  rmSync(scratch, { recursive: true, force: true })
  const folder = dirname(path)
  const prefix = creating(basename(path), '')
  for (const file of readdirSync(folder)) {
    if (!file.startsWith(prefix)) continue
    const pid = Number.parseInt(file.slice(prefix.length), 10)
    if (!isAlive(pid)) rmSync(join(folder, file), { force: true })
  }
}

/** Throws `store.locked`, `store.damaged`, `file.missing`. */
export const openFile = async (location: string, options: DuckDbOptions): Promise<OpenFile> => {
  const given = resolve(location)
  if (!existsSync(dirname(given)))
    throw new RingfenceError('file.missing', `the folder ${dirname(given)} for the store does not exist.`, {
      path: given,
    })
  if (!existsSync(given)) {
    if (options.create === false)
      throw new RingfenceError('file.missing', `there is no store at ${given}; ringfence ingest makes one.`, {
        path: given,
      })
    await createEmpty(given)
  }
  if (!statSync(given).isFile()) throw new RingfenceError('store.damaged', `${given} is not a file.`, { path: given })
  const path = join(realpathSync(dirname(given)), basename(given))
  const key = realpathSync(given)
  if (openHere.has(key))
    throw new RingfenceError('store.locked', `${path} is already open in this process (${process.pid}).`, {
      path,
      pid: process.pid,
      address: readOwner(path)?.address ?? null,
    })
  openHere.add(key)
  const scratch = `${path}.tmp`
  let instance: Instance
  try {
    instance = await DuckDBInstance.create(path, settingsOf(scratch, options))
  } catch (error) {
    openHere.delete(key)
    throw openError(error, path)
  }
  // The lock is ours: no process that runs uses the scratch folder.
  removeLeftovers(path, scratch)
  mkdirSync(scratch)
  return {
    instance,
    path,
    scratch,
    release: () => {
      instance.closeSync()
      rmSync(scratch, { recursive: true, force: true })
      openHere.delete(key)
    },
  }
}

/** Runs `work` on a connection of its own: results that are read piece by piece must not meet another statement. */
export const withConnection = async <T>(
  instance: Instance,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> => {
  const connection = await instance.connect()
  try {
    return await work(connection)
  } finally {
    connection.closeSync()
  }
}

/** Runs `work` in a transaction that is undone when it throws. */
export const inTransaction = async <T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> => {
  await connection.run('BEGIN TRANSACTION')
  let result: T
  try {
    result = await work()
  } catch (error) {
    // The engine has already undone it where the error was its own; the first error is the one to report.
    await connection.run('ROLLBACK').catch(() => undefined)
    throw error
  }
  await connection.run('COMMIT')
  return result
}
