/**
 * What every store must do, tested on a real engine: the promises of src/store/store.ts and src/store/record-batch.ts. An adapter's
 * test file calls `describeStoreContract` with the way to open its engine.
 */
import type { GraphStore } from '#src/store/store.js'
import { describeBatches } from './batches.js'
import { describeDecisions } from './decisions.js'
import { describeDocuments } from './documents.js'
import { describeInteractions } from './interactions.js'
import { describeJobsAndKeys } from './jobs-and-keys.js'
import { describeLineage } from './lineage.js'
import { describeMigrations } from './migrations.js'
import { describeModels } from './models.js'
import { describeParts } from './parts.js'
import { describeRisk } from './risk.js'
import { describeRuns } from './runs.js'
import { describeSnapshots } from './snapshots.js'

export interface OpenOptions {
  /** True: without data, migrations and constraints of an earlier test. False: what the last store that was opened has left. */
  readonly empty: boolean
  /** Default true: `migrate()` has been called. */
  readonly migrate?: boolean
  /** A folder with duckdb/ and neo4j/ to read migrations from instead of graph-schema/migrations/. */
  readonly migrations?: URL
}

/** Opens the engine's one store for tests; the one opened before has been closed. */
export type OpenStore = (options: OpenOptions) => Promise<GraphStore>

export const describeStoreContract = (engine: 'duckdb' | 'neo4j', open: OpenStore): void => {
  describeMigrations(engine, open)
  describeBatches(open)
  describeSnapshots(open)
  describeInteractions(open)
  describeParts(open)
  describeRuns(open)
  describeLineage(open)
  describeJobsAndKeys(open)
  describeModels(open)
  describeRisk(open)
  describeDocuments(open)
  describeDecisions(open)
}
