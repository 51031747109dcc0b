import type { Snapshot } from '../graph/snapshot.js'
import type { GraphStore } from '../store/store.js'
import { WorkerPool } from './worker-pool.js'

/** The graph as it was known at `asOf`, built in a worker thread. Throws `job.cancelled` and what the store throws. */
export const graphAt = async (store: GraphStore, asOf: number | null, signal: AbortSignal): Promise<Snapshot> => {
  const pool = new WorkerPool(1, signal)
  try {
    const raw = await store.readGraph(asOf)
    return (await pool.run({ name: 'snapshot', raw, without: null })).snapshot
  } finally {
    await pool.close()
  }
}
