/** Propagation of risk as a job: store -> snapshot -> sources -> risk. */
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { LabelRecord } from '../model/product/labels.js'
import type { PropagateParameters, RiskField } from '../risk/propagation/propagate.js'
import type { GraphStore, RunRecord } from '../store/store.js'
import { WorkerPool } from './worker-pool.js'

export interface PropagationJob {
  /** The run whose rings are sources; null: the latest. The graph is read as of that run. */
  readonly run: string | null
  readonly labels: readonly LabelRecord[]
  readonly parameters: Partial<PropagateParameters>
  readonly signal?: AbortSignal
  readonly progress?: (done: number, stage: string) => void
}

export interface PropagationOutcome {
  readonly run: RunRecord | null
  readonly snapshot: Snapshot
  readonly field: RiskField
}

/** Throws `run.unknown`, `run.none` where there is neither a run nor a label, and what propagateRisk throws. Writes nothing. */
export const runPropagation = async (store: GraphStore, job: PropagationJob): Promise<PropagationOutcome> => {
  const rings = await store.readRun(job.run)
  if (rings === null && job.run !== null)
    throw new RingfenceError('run.unknown', `${store.location} has no run ${job.run}.`)
  if (rings === null && job.labels.length === 0)
    throw new RingfenceError('run.none', 'Risk needs sources: rings of a run, or labels.')
  const pool = new WorkerPool(1, job.signal ?? null)
  try {
    const raw = await store.readGraph(rings?.run.asOf ?? null, (done) => {
      if (job.signal?.aborted) throw new RingfenceError('job.cancelled', 'It was stopped; nothing was written.')
      job.progress?.(done * 0.2, 'read')
    })
    const { snapshot } = await pool.run({ name: 'snapshot', raw, without: null })
    const { labels, parameters } = job
    const { field } = await pool.run(
      { name: 'propagate', snapshot, sources: { rings, labels, scores: [] }, parameters },
      (step, done) => job.progress?.(0.3 + 0.7 * done, step),
    )
    return { run: rings?.run ?? null, snapshot, field }
  } finally {
    await pool.close()
  }
}
