/** The embedded store: one DuckDB file, one owner process, one writer. What each call guarantees is said in ../store.ts. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { EntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import type { RawGraph } from '../../graph/raw-graph.js'
import type { BatchResult, RecordBatch } from '../record-batch.js'
import type {
  ApiKeyRecord,
  EntityRecord,
  GraphStore,
  InteractionKey,
  InteractionRecord,
  InteractionRef,
  JobRecord,
  Lineage,
  MigrationStatus,
  RecordedRingEvent,
  RunMemory,
  RunRecord,
  RunWithRings,
  StoreCounts,
} from '../store.js'
import { WriteQueue } from '../write-queue.js'
import { migrate, migrationStatus } from './apply-migrations.js'
import { type DuckDbOptions, type OpenFile, openFile, withConnection } from './connection.js'
import { statementError } from './errors.js'
import { readEntity, readInteractions, resolveInteractions } from './interactions.js'
import { createJob, createKey, listJobs, listKeys, readJob, revokeKey, updateJob } from './jobs-keys.js'
import { type KeySql, keySql, refreshKeys } from './keys.js'
import { readHistory, readMemory } from './lineage.js'
import { readGraph } from './read-graph.js'
import { listRuns, readRun, saveRun } from './runs.js'
import { numberOf } from './sql.js'
import { writeBatch } from './write-batch.js'

const writerSettings = [
  // Row groups are compressed and written while others are made, on all threads; by default most of a batch waits for the commit,
  // which has one thread.
  'SET GLOBAL write_buffer_row_group_count = 1',
]

export interface DuckDbStoreOptions extends DuckDbOptions {
  /** Where the folder of migrations is; for tests. */
  readonly migrations?: URL
}

class DuckDbStore implements GraphStore {
  readonly engine = 'duckdb'
  readonly location: string
  readonly #file: OpenFile
  readonly #writer: DuckDBConnection
  readonly #key: KeySql
  readonly #migrations: URL | undefined
  readonly #queue = new WriteQueue()
  readonly #reads = new Set<Promise<unknown>>()
  #closed = false

  constructor(file: OpenFile, writer: DuckDBConnection, options: DuckDbStoreOptions) {
    this.location = file.path
    this.#file = file
    this.#writer = writer
    this.#key = keySql(options.keyBits)
    this.#migrations = options.migrations
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new RingfenceError('store.unreachable', `the store ${this.location} was closed by this process.`)
  }

  async #write<T>(work: (writer: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#checkOpen()
    try {
      return await this.#queue.run(() => work(this.#writer))
    } catch (error) {
      throw statementError(error, this.location)
    }
  }

  async #read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#checkOpen()
    const result = withConnection(this.#file.instance, work)
    this.#reads.add(result)
    try {
      return await result
    } catch (error) {
      throw statementError(error, this.location)
    } finally {
      this.#reads.delete(result)
    }
  }

  migrate(): Promise<readonly MigrationStatus[]> {
    return this.#write(async (writer) => {
      const status = await migrate(writer, this.location, this.#migrations)
      await refreshKeys(writer, this.#key)
      return status
    })
  }

  migrationStatus(): Promise<readonly MigrationStatus[]> {
    return this.#read((connection) => migrationStatus(connection, this.#migrations))
  }

  async ping(): Promise<void> {
    await this.#read((connection) => numberOf(connection, 'SELECT 1'))
  }

  counts(): Promise<StoreCounts> {
    return this.#read(async (connection) => ({
      entities: await numberOf(connection, 'SELECT count(*) FROM entities'),
      interactions: await numberOf(connection, 'SELECT count(*) FROM interactions'),
    }))
  }

  writeBatch(batch: RecordBatch): Promise<BatchResult> {
    return this.#write((connection) => writeBatch({ connection, scratch: this.#file.scratch, key: this.#key }, batch))
  }

  async checkpoint(): Promise<void> {
    await this.#write((writer) => writer.run('CHECKPOINT'))
  }

  readGraph(asOf: number | null, progress?: (done: number) => void): Promise<RawGraph> {
    return this.#read((connection) => readGraph(connection, asOf, progress))
  }

  resolveInteractions(
    keys: readonly InteractionKey[],
  ): Promise<readonly { readonly tag: number; readonly id: string }[]> {
    return this.#read((connection) => resolveInteractions(connection, this.#key, keys))
  }

  readInteractions(refs: readonly InteractionRef[]): Promise<readonly InteractionRecord[]> {
    return this.#read((connection) => readInteractions(connection, this.#key, refs))
  }

  readEntity(kind: EntityKind, id: string): Promise<EntityRecord | null> {
    return this.#read((connection) => readEntity(connection, this.#key, kind, id))
  }

  saveRun(run: RunWithRings, lineage: Lineage = { events: [], dormant: [] }): Promise<void> {
    return this.#write((writer) => saveRun(writer, run, lineage))
  }

  readRun(id: string | null): Promise<RunWithRings | null> {
    return this.#read((connection) => readRun(connection, id))
  }

  listRuns(limit: number): Promise<readonly RunRecord[]> {
    return this.#read((connection) => listRuns(connection, limit))
  }

  readMemory(id: string | null): Promise<RunMemory | null> {
    return this.#read((connection) => readMemory(connection, id))
  }

  readHistory(ring: string): Promise<readonly RecordedRingEvent[]> {
    return this.#read((connection) => readHistory(connection, ring))
  }

  createJob(job: JobRecord): Promise<JobRecord> {
    return this.#write((writer) => createJob(writer, job))
  }

  updateJob(job: JobRecord): Promise<void> {
    return this.#write((writer) => updateJob(writer, job))
  }

  readJob(id: string): Promise<JobRecord | null> {
    return this.#read((connection) => readJob(connection, id))
  }

  listJobs(limit: number): Promise<readonly JobRecord[]> {
    return this.#read((connection) => listJobs(connection, limit))
  }

  createKey(key: ApiKeyRecord): Promise<void> {
    return this.#write((writer) => createKey(writer, key))
  }

  revokeKey(id: string, at: string): Promise<boolean> {
    return this.#write((writer) => revokeKey(writer, id, at))
  }

  listKeys(): Promise<readonly ApiKeyRecord[]> {
    return this.#read((connection) => listKeys(connection))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.settled()
    await Promise.allSettled(this.#reads)
    this.#writer.closeSync()
    this.#file.release()
  }
}

/** Opens or makes the file. Throws `store.locked`, `store.damaged`, `file.missing`. Migrations are the caller's next step. */
export const openDuckDbStore = async (path: string, options: DuckDbStoreOptions = {}): Promise<GraphStore> => {
  const file = await openFile(path, options)
  try {
    const writer = await file.instance.connect()
    for (const setting of writerSettings) await writer.run(setting)
    return new DuckDbStore(file, writer, options)
  } catch (error) {
    file.release()
    throw statementError(error, file.path)
  }
}
