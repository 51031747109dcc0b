/** Training and scoring as jobs: store -> snapshot -> features -> model or scores, numeric work in a worker thread. */
import { createHash } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { ModelBaseline } from '../model/drift/baseline.js'
import { featureListDigest } from '../model/features/product/product-features.js'
import { scoredKinds } from '../model/features/product/sides.js'
import type { Evaluated } from '../model/product/evaluate.js'
import type { LabelledTraining } from '../model/product/labelled-training.js'
import type { LabelRecord } from '../model/product/labels.js'
import type { ProductModel } from '../model/registry/model-folder.js'
import type { GraphStore, RunWithRings } from '../store/store.js'
import { version } from '../version.js'
import { Checkpoint } from './checkpoint.js'
import type { ResultOf, Task } from './tasks.js'
import { WorkerPool } from './worker-pool.js'

export interface ModelJob {
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  /** A run by id; null: the latest one that is not later than `asOf`, where there is one. */
  readonly run: string | null
  readonly signal?: AbortSignal
  readonly progress?: (done: number, stage: string) => void
}

/** Runs looked at for one that is not later than the features. */
const RUNS_LOOKED_AT = 100

/** Throws `run.unknown`. */
const ringsFor = async (store: GraphStore, { asOf, run }: ModelJob): Promise<RunWithRings | null> => {
  if (run !== null) {
    const named = await store.readRun(run)
    if (named === null) throw new RingfenceError('run.unknown', `${store.location} has no run ${run}.`)
    return named
  }
  const runs = await store.listRuns(RUNS_LOOKED_AT)
  const fitting = runs.find((each) => asOf === null || (each.asOf !== null && each.asOf <= asOf))
  return fitting ? store.readRun(fitting.id) : null
}

/** The snapshot and the rings that a job asks for, and a thread to work on them. */
export const withSnapshot = async <T>(
  store: GraphStore,
  job: ModelJob,
  work: (pool: WorkerPool, snapshot: Snapshot, rings: RunWithRings | null) => Promise<T>,
): Promise<T> => {
  const pool = new WorkerPool(1, job.signal ?? null)
  try {
    const raw = await store.readGraph(job.asOf, (done) => {
      if (job.signal?.aborted) throw new RingfenceError('job.cancelled', 'It was stopped; nothing was written.')
      job.progress?.(done * 0.1, 'read')
    })
    const { snapshot } = await pool.run({ name: 'snapshot', raw, without: null })
    return await work(pool, snapshot, await ringsFor(store, job))
  } finally {
    await pool.close()
  }
}

export interface TrainOutcome {
  readonly trained: LabelledTraining
  /** Empty where it was not asked for. */
  readonly forward: readonly Evaluated[]
  /** On rings that were hidden whole, the mean over rounds; empty where it was not asked for. */
  readonly evaluation: readonly Evaluated[]
  readonly baseline: ModelBaseline
  /** To be removed when the model is written. */
  readonly checkpoint: Checkpoint | null
  /** The run whose rings were read. */
  readonly run: string | null
}

/** Of all that a trained model follows from but the backend, which steps name themselves. */
const openCheckpoint = async (
  prefix: string,
  pool: WorkerPool,
  {
    snapshot,
    rings,
    records,
    seed,
  }: {
    readonly snapshot: Snapshot
    readonly rings: RunWithRings | null
    readonly records: readonly LabelRecord[]
    readonly seed: number
  },
): Promise<Checkpoint> => {
  const { digest } = await pool.run({ name: 'digest', snapshot })
  const lists = scoredKinds.map(featureListDigest)
  const inputs = [version, digest, rings?.run.id ?? null, seed, lists, records]
  return Checkpoint.open(prefix, createHash('sha256').update(JSON.stringify(inputs)).digest('hex'))
}

export const runTrain = (
  store: GraphStore,
  job: ModelJob & {
    readonly records: readonly LabelRecord[]
    readonly seed: number
    /** Epoch milliseconds: a model of what was known then is measured by what was decided since. */
    readonly measureFrom: number | null
    /** Rounds of training without some rings, to be judged by them; 0: none. */
    readonly rounds: number
    /** First part of the name of the folder in which finished steps are kept until the result is written; null: nowhere. */
    readonly checkpoint: string | null
  },
): Promise<TrainOutcome> =>
  withSnapshot(store, job, async (pool, snapshot, rings) => {
    const { records, seed, measureFrom, rounds } = job
    const forward =
      measureFrom === null
        ? null
        : { from: measureFrom, earlierRings: await ringsFor(store, { asOf: measureFrom, run: null }) }
    const kept =
      job.checkpoint === null ? null : await openCheckpoint(job.checkpoint, pool, { snapshot, rings, records, seed })
    const task = {
      name: 'train',
      snapshot,
      rings,
      records,
      seed,
      forward,
      rounds,
      kept: kept?.steps ?? new Map(),
    } as const
    const { name: _, ...measured } = await pool
      .run(
        task,
        (step, done) => job.progress?.(0.1 + 0.9 * done, step),
        (step, bytes) => kept?.put(step, bytes),
      )
      .finally(() => kept?.flush())
    return { ...measured, checkpoint: kept, run: rings?.run.id ?? null }
  })

export interface ScoreOutcome extends Omit<ResultOf<Extract<Task, { name: 'score' }>>, 'name'> {
  /** Names of entities are its. */
  readonly snapshot: Snapshot
  readonly run: string | null
}

export interface ScoreJob
  extends ModelJob,
    Pick<Extract<Task, { name: 'score' }>, 'challenger' | 'records' | 'limits' | 'threshold'> {
  /** Null: a ranking by rings. */
  readonly model: ProductModel | null
}

/** Throws `run.none` where there is neither a model nor a run. */
export const runScore = (store: GraphStore, job: ScoreJob): Promise<ScoreOutcome> =>
  withSnapshot(store, job, async (pool, snapshot, rings) => {
    const { model, challenger, records, limits, threshold } = job
    const run = rings?.run.id ?? null
    if (model === null) {
      if (rings === null)
        throw new RingfenceError('run.none', `Without a model ${store.location} needs a run to rank by.`)
      const { scores } = await pool.run({ name: 'rank', snapshot, rings })
      return { scores, drift: null, shadow: null, failure: null, snapshot, run }
    }
    const { name: _, ...scored } = await pool.run(
      { name: 'score', snapshot, rings, model, challenger, records, limits, threshold },
      (step, done) => job.progress?.(0.1 + 0.8 * done, step),
    )
    return { ...scored, snapshot, run }
  })
