/** The shared store: a database of a Neo4j server, Community Edition. What each call guarantees is said in ../store.ts. */
import { forward, Gate } from '../gate.js'
import type { GraphStore } from '../store.js'
import { createKey, listKeys, revokeKey } from './api-keys.js'
import { migrate, migrationStatus } from './apply-migrations.js'
import { type Connection, connect, inRead, type Neo4jOptions } from './connection.js'
import { decide, lastLabel, listAudit, listLabels, readAuditHead, readLabel } from './decisions.js'
import { changeDocuments, listDocuments, readDocument } from './documents.js'
import { serverError } from './errors.js'
import { readFindings } from './findings.js'
import { counts, readEntity, readInteractions, resolveInteractions } from './interactions.js'
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
import { readHistory, readMemory, readRunEvents } from './lineage.js'
import { addModel, changeChampion, listModelChanges, listModels, readChampion, readModel } from './models.js'
import { readGraph } from './read-graph.js'
import { readPart } from './read-part.js'
import { listPropagations, readPropagation, readRisk, readRiskRows, savePropagation } from './risk.js'
import { listRuns, readRun, saveRun } from './runs.js'
import { listScorings, readScore, readScores, readScoring, saveScoring } from './scores.js'
import { writeBatch } from './write-batch.js'

export interface Neo4jStoreOptions extends Neo4jOptions {
  /** Where the folder of migrations is; for tests. */
  readonly migrations?: URL
}

const storeOn = (connection: Connection, migrations: URL | undefined): GraphStore => {
  const { location } = connection
  const gate = new Gate<Connection>({
    location,
    writer: connection,
    reading: (work) => work(connection),
    errorOf: (error) => serverError(error, connection),
  })
  const calls = forward(
    gate,
    {
      migrationStatus: (server) => migrationStatus(server, migrations),
      counts,
      readGraph,
      resolveInteractions,
      readInteractions,
      readEntity,
      readPart,
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
      migrate: (server) => migrate(server, migrations),
      writeBatch,
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
    engine: 'neo4j',
    location,
    ...calls,
    async ping() {
      await gate.read((server) => inRead(server, (tx) => tx.run('RETURN 1')))
    },
    /** Nothing to do: the server's log holds every commit, and the server makes its own checkpoints. */
    async checkpoint() {
      gate.checkOpen()
      await gate.written()
    },
    async close() {
      if (await gate.close()) await connection.driver.close()
    },
  }
}

/** Throws `store.unreachable` and `usage`. Migrations are the caller's next step. */
export const openNeo4jStore = async (uri: string, options: Neo4jStoreOptions): Promise<GraphStore> =>
  storeOn(await connect(uri, options), options.migrations)
