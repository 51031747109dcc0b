/** The detection job: store -> snapshot -> candidates -> rings -> store. One execution is a run. */
import { randomUUID } from 'node:crypto'
import type { Note } from '../detectors/detector.js'
import { selectDetectors } from '../detectors/registry.js'
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import { type RingDifference, ringDifference } from '../rings/difference.js'
import { completeRings } from '../rings/evidence.js'
import type { GraphStore, JobFence, Lineage, RunRecord, RunWithRings } from '../store/store.js'
import { version } from '../version.js'
import { allowedAt, allowedNames, hiddenNotes } from './allow-list.js'
import { estimateDetect, type JobEstimate } from './detect-estimate.js'
import { type DetectParameters, whatIfNotes } from './detect-parameters.js'
import { look } from './look.js'
import { WorkerPool } from './worker-pool.js'

export { estimateDetect, type JobEstimate } from './detect-estimate.js'
export { type DetectParameters, defaultDetectParameters } from './detect-parameters.js'

export interface DetectProgress {
  /** Share of the whole job, 0 to 1. */
  readonly done: number
  readonly stage: string
}

export interface DetectOptions {
  /** `dry-run` does everything and writes nothing. */
  readonly mode: 'dry-run' | 'write'
  /** The job that this run belongs to. */
  readonly job?: string
  /** Default: a new one. */
  readonly runId?: string
  /** The start of the job that may write the run. */
  readonly fence?: JobFence
  readonly signal?: AbortSignal
  readonly progress?: (progress: DetectProgress) => void
}

export interface DetectOutcome {
  readonly run: RunRecord
  readonly rings: RunWithRings['rings']
  /** What happened to rings, against the base run. */
  readonly lineage: Lineage
  /** A what-if's: how it differs from the base run. */
  readonly difference: RingDifference | null
  readonly snapshot: Snapshot
  /** False: the snapshot is without what the allow-list hides, and queries want to see that too. */
  readonly isWhole: boolean
  readonly estimate: JobEstimate
  readonly seconds: number
  /** Peak resident memory of the process so far. */
  readonly peakMb: number
}

/** Where each stage starts and ends on the job's bar: shares of the time that a run of a million interactions takes. */
const STAGES = {
  read: [0, 0.15],
  snapshot: [0.15, 0.25],
  detect: [0.25, 0.9],
  rings: [0.9, 0.93],
  evidence: [0.93, 0.97],
  save: [0.97, 1],
} as const

/**
 * Runs detection. Throws `job.cancelled` within a second of the signal, `job.memory` before anything starts, and what the
 * store throws. With mode `write` the run is in the store, whole, when this resolves.
 */
export const runDetect = async (
  store: GraphStore,
  parameters: DetectParameters,
  options: DetectOptions,
): Promise<DetectOutcome> => {
  const begin = performance.now()
  const startedAt = new Date().toISOString()
  const { signal } = options
  const stages: { name: string; seconds: number }[] = []
  const report = (stage: keyof typeof STAGES, share: number, step: string = stage): void => {
    const [from, to] = STAGES[stage]
    options.progress?.({ done: from + (to - from) * share, stage: step })
  }
  const stopIfCancelled = (): void => {
    if (signal?.aborted) throw new RingfenceError('job.cancelled', 'Detection was stopped; nothing was written.')
  }
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    stopIfCancelled()
    const from = performance.now()
    // Its place is taken at the start, so that the order does not depend on which detector ends first.
    const stage = { name, seconds: 0 }
    stages.push(stage)
    const result = await work()
    stage.seconds = (performance.now() - from) / 1000
    return result
  }

  if (parameters.whatIf && options.mode === 'write')
    throw new RingfenceError('request.invalid', 'whatIf: a what-if writes nothing; ask for a dry run.')
  const estimate = await estimateDetect(store, parameters)
  if (estimate.megabytes > parameters.memoryLimitMb)
    throw new RingfenceError(
      'job.memory',
      `It would need ${estimate.megabytes} MB; the limit is ${parameters.memoryLimitMb} MB.`,
      { estimate },
    )

  const pool = new WorkerPool(Math.max(1, parameters.workers), signal ?? null)
  try {
    const base = parameters.whatIf ? await store.readRun(null) : null
    if (parameters.whatIf && !base)
      throw new RingfenceError('run.none', 'A what-if is compared with the latest run, and there is none.')
    const notes: Note[] = []
    let raw: Awaited<ReturnType<GraphStore['readGraph']>> | null = await timed('read', () =>
      store.readGraph(parameters.asOf, (done) => {
        stopIfCancelled()
        report('read', done)
      }),
    )
    const recorded = raw.count
    const allowed = allowedNames(await allowedAt(store, parameters.asOf))
    const { snapshot, hidden } = await timed('snapshot', async () => {
      report('snapshot', 0)
      const task = { name: 'snapshot', raw: raw!, without: parameters.whatIf, allowed } as const
      raw = null
      return pool.run(task)
    })
    if (base) notes.push(...whatIfNotes(base.run, parameters, recorded - (hidden?.interactions ?? 0)))
    notes.push(...hiddenNotes(hidden))
    const selected = selectDetectors(parameters.detectors)
    const id = options.runId ?? randomUUID()
    const { results, start, toKeep } = await look({
      snapshot,
      parameters,
      detectors: selected,
      findings: parameters.full ? [] : await store.readFindings(),
      run: id,
      keeps: options.mode === 'write',
      pool,
      timed,
      progress: (share, step) => report('detect', share, step),
    })
    const candidates = results.flatMap((result) => result.candidates)
    notes.push(...results.flatMap((result) => result.notes))
    const silentDetectors = results.filter((result) => result.candidates.length === 0).length

    const memory = await store.readMemory(base?.run.id ?? null)
    const { drafts } = await timed('rings', async () => {
      report('rings', 0)
      const lineage = {
        memory,
        detectors: selected.map(({ id }) => id),
        asOf: parameters.asOf,
        dissolveAfter: parameters.dissolveAfter,
      }
      return pool.run({ name: 'rings', snapshot, candidates, silentDetectors, fdr: parameters.fdr, lineage })
    })
    const rings = await timed('evidence', async () => {
      report('evidence', 0)
      return completeRings(store, drafts)
    })

    const run: RunRecord = {
      id,
      job: options.job ?? null,
      startedAt,
      finishedAt: new Date().toISOString(),
      asOf: parameters.asOf,
      seed: parameters.seed,
      baseRun: memory?.run.id ?? null,
      ...start,
      backend: 'typescript',
      version,
      parameters: {
        detectors: selected.map((d) => d.id),
        fdr: parameters.fdr,
        dissolveAfter: parameters.dissolveAfter,
        settings: parameters.settings,
        ...(parameters.whatIf ? { whatIf: parameters.whatIf } : {}),
        ...(allowed.length > 0 ? { allowList: allowed.map(({ id }) => id) } : {}),
        ...(parameters.publish ? {} : { publish: false }),
      },
      counts: {
        entities: snapshot.entities.count,
        interactions: snapshot.relations.reduce((sum, relation) => sum + relation.count, 0),
        candidates: candidates.length,
        rings: rings.length,
        members: rings.reduce((sum, ring) => sum + ring.members.length, 0),
      },
      notes,
      stages,
    }
    if (options.mode === 'write')
      await timed('save', async () => {
        report('save', 0)
        await store.saveRun({ run, rings }, drafts.lineage, await toKeep(), options.fence)
      })
    options.progress?.({ done: 1, stage: 'done' })
    return {
      run,
      rings,
      lineage: drafts.lineage,
      difference: base && ringDifference(base, rings, drafts.lineage),
      snapshot,
      isWhole: (hidden?.entities ?? 0) === 0,
      estimate,
      seconds: (performance.now() - begin) / 1000,
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    }
  } finally {
    await pool.close()
  }
}
