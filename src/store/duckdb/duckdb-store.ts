/** The embedded store: one DuckDB file, one owner process, one writer. What each call guarantees is said in ../store.ts. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { forward, Gate } from '../gate.js'
import type { GraphStore } from '../store.js'
import { createKey, listKeys, revokeKey } from './api-keys.js'
import { migrate, migrationStatus } from './apply-migrations.js'
import { type DuckDbOptions, type OpenFile, openFile, withConnection } from './connection.js'
import { decide, lastLabel, listAudit, listLabels, readAuditHead, readLabel } from './decisions.js'
import { changeDocuments, listDocuments, readDocument } from './documents.js'
import { statementError } from './errors.js'
import { readFindings } from './findings.js'
import { readEntity, readInteractions, resolveInteractions } from './interactions.js'
import {
  cancelJob,
  claimJob,
  createJob,
  dropLeases,
  endJob,
  keepJob,
  listJobs,
  readJob,
  readJobLog,
  releaseJob,
  retryJob,
} from './jobs.js'
import { keySql, refreshKeys } from './keys.js'
import { readHistory, readMemory, readRunEvents } from './lineage.js'
import { addModel, changeChampion, listModelChanges, listModels, readChampion, readModel } from './models.js'
import { readGraph } from './read-graph.js'
import { readPart } from './read-part.js'
import { listPropagations, readPropagation, readRisk, readRiskRows, savePropagation } from './risk.js'
import { listRuns, readRun, saveRun } from './runs.js'
import { listScorings, readScore, readScores, readScoring, saveScoring } from './scores.js'
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

const storeOn = (file: OpenFile, writer: DuckDBConnection, options: DuckDbStoreOptions): GraphStore => {
  const { path: location, instance, scratch } = file
  const key = keySql(options.keyBits)
  const gate = new Gate<DuckDBConnection>({
    location,
    writer,
    reading: (work) => withConnection(instance, work),
    errorOf: (error) => statementError(error, location),
  })
  const calls = forward(
    gate,
    {
      migrationStatus: (connection) => migrationStatus(connection, options.migrations),
      counts: async (connection) => ({
        entities: await numberOf(connection, 'SELECT count(*) FROM entities'),
        interactions: await numberOf(connection, 'SELECT count(*) FROM interactions'),
      }),
      readGraph,
      resolveInteractions: (connection, keys) => resolveInteractions(connection, key, keys),
      readInteractions: (connection, refs) => readInteractions(connection, key, refs),
      readEntity: (connection, kind, id) => readEntity(connection, key, kind, id),
      readPart: (connection, request, taker) => readPart(connection, key, request, taker),
      readRun,
      listRuns,
      readMemory,
      readHistory,
      readRunEvents,
      readFindings,
      readJob,
      listJobs,
      readJobLog,
      readDocument,
      listDocuments,
      listKeys,
      readModel,
      listModels,
      readChampion,
      listModelChanges,
      readScoring,
      listScorings,
      readScore,
      readScores,
      readPropagation,
      listPropagations,
      readRisk,
      readRiskRows,
      listLabels,
      readLabel,
      lastLabel,
      listAudit,
      readAuditHead,
    },
    {
      migrate: async (connection) => {
        const status = await migrate(connection, location, options.migrations)
        await refreshKeys(connection, key)
        return status
      },
      writeBatch: (connection, batch) => writeBatch({ connection, scratch, key }, batch),
      saveRun,
      createJob,
      claimJob,
      keepJob,
      endJob,
      releaseJob,
      dropLeases,
      cancelJob,
      retryJob,
      changeDocuments,
      createKey,
      revokeKey,
      addModel,
      changeChampion,
      saveScoring,
      savePropagation,
      decide,
    },
  )
  return {
    engine: 'duckdb',
    location,
    ...calls,
    async ping() {
      await gate.read((connection) => numberOf(connection, 'SELECT 1'))
    },
    async checkpoint() {
      await gate.write((connection) => connection.run('CHECKPOINT'))
    },
    async close() {
      if (!(await gate.close())) return
      writer.closeSync()
      file.release()
    },
  }
}

/** Opens or makes the file. Throws `store.locked`, `store.damaged`, `file.missing`. Migrations are the caller's next step. */
export const openDuckDbStore = async (path: string, options: DuckDbStoreOptions = {}): Promise<GraphStore> => {
  const file = await openFile(path, options)
  try {
    const writer = await file.instance.connect()
    for (const setting of writerSettings) await writer.run(setting)
    return storeOn(file, writer, options)
  } catch (error) {
    file.release()
    throw statementError(error, file.path)
  }
}
