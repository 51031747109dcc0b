/** The shared store: a database of a Neo4j server, Community Edition. What each call guarantees is said in ../store.ts. */
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
import { type Connection, connect, inRead, type Neo4jOptions } from './connection.js'
import { serverError } from './errors.js'
import { counts, readEntity, readInteractions, resolveInteractions } from './interactions.js'
import { createJob, createKey, listJobs, listKeys, readJob, revokeKey, updateJob } from './jobs-keys.js'
import { readHistory, readMemory } from './lineage.js'
import { readGraph } from './read-graph.js'
import { listRuns, readRun, saveRun } from './runs.js'
import { writeBatch } from './write-batch.js'

export interface Neo4jStoreOptions extends Neo4jOptions {
  /** Where the folder of migrations is; for tests. */
  readonly migrations?: URL
}

class Neo4jStore implements GraphStore {
  readonly engine = 'neo4j'
  readonly location: string
  readonly #connection: Connection
  readonly #migrations: URL | undefined
  readonly #queue = new WriteQueue()
  readonly #reads = new Set<Promise<unknown>>()
  #closed = false

  constructor(connection: Connection, migrations: URL | undefined) {
    this.location = connection.location
    this.#connection = connection
    this.#migrations = migrations
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new RingfenceError('store.unreachable', `the store ${this.location} was closed by this process.`)
  }

  async #write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#checkOpen()
    try {
      return await this.#queue.run(() => work(this.#connection))
    } catch (error) {
      throw serverError(error, this.#connection)
    }
  }

  async #read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#checkOpen()
    const result = work(this.#connection)
    this.#reads.add(result)
    try {
      return await result
    } catch (error) {
      throw serverError(error, this.#connection)
    } finally {
      this.#reads.delete(result)
    }
  }

  migrate(): Promise<readonly MigrationStatus[]> {
    return this.#write((connection) => migrate(connection, this.#migrations))
  }

  migrationStatus(): Promise<readonly MigrationStatus[]> {
    return this.#read((connection) => migrationStatus(connection, this.#migrations))
  }

  async ping(): Promise<void> {
    await this.#read((connection) => inRead(connection, (tx) => tx.run('RETURN 1')))
  }

  counts(): Promise<StoreCounts> {
    return this.#read(counts)
  }

  writeBatch(batch: RecordBatch): Promise<BatchResult> {
    return this.#write((connection) => writeBatch(connection, batch))
  }

  /** Nothing to do: the server's log holds every commit, and the server makes its own checkpoints. */
  async checkpoint(): Promise<void> {
    this.#checkOpen()
    await this.#queue.settled()
  }

  readGraph(asOf: number | null, progress?: (done: number) => void): Promise<RawGraph> {
    return this.#read((connection) => readGraph(connection, asOf, progress))
  }

  resolveInteractions(
    keys: readonly InteractionKey[],
  ): Promise<readonly { readonly tag: number; readonly id: string }[]> {
    return this.#read((connection) => resolveInteractions(connection, keys))
  }

  readInteractions(refs: readonly InteractionRef[]): Promise<readonly InteractionRecord[]> {
    return this.#read((connection) => readInteractions(connection, refs))
  }

  readEntity(kind: EntityKind, id: string): Promise<EntityRecord | null> {
    return this.#read((connection) => readEntity(connection, kind, id))
  }

  saveRun(run: RunWithRings, lineage: Lineage = { events: [], dormant: [] }): Promise<void> {
    return this.#write((connection) => saveRun(connection, run, lineage))
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
    return this.#write((connection) => createJob(connection, job))
  }

  updateJob(job: JobRecord): Promise<void> {
    return this.#write((connection) => updateJob(connection, job))
  }

  readJob(id: string): Promise<JobRecord | null> {
    return this.#read((connection) => readJob(connection, id))
  }

  listJobs(limit: number): Promise<readonly JobRecord[]> {
    return this.#read((connection) => listJobs(connection, limit))
  }

  createKey(key: ApiKeyRecord): Promise<void> {
    return this.#write((connection) => createKey(connection, key))
  }

  revokeKey(id: string, at: string): Promise<boolean> {
    return this.#write((connection) => revokeKey(connection, id, at))
  }

  listKeys(): Promise<readonly ApiKeyRecord[]> {
    return this.#read(listKeys)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.settled()
    await Promise.allSettled(this.#reads)
    await this.#connection.driver.close()
  }
}

/** Throws `store.unreachable` and `usage`. Migrations are the caller's next step. */
export const openNeo4jStore = async (uri: string, options: Neo4jStoreOptions): Promise<GraphStore> =>
  new Neo4jStore(await connect(uri, options), options.migrations)
