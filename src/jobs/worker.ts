/** Runs in a worker thread: one numeric task after the other, on data in shared memory. Started by worker-pool.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { detectorById } from '../detectors/all.js'
import { carriedOver } from '../detectors/focus.js'
import { RingfenceError } from '../errors.js'
import { graphWithoutAllowed } from '../graph/allowed.js'
import { buildSnapshot } from '../graph/build-snapshot.js'
import type { Snapshot } from '../graph/snapshot.js'
import { changeBetween, type SnapshotTrace, traceOf } from '../graph/snapshot-change.js'
import { snapshotDigest } from '../graph/snapshot-digest.js'
import { graphWithout } from '../graph/without.js'
import { loadBackend } from '../model/backend.js'
import { baselineOf } from '../model/drift/baseline.js'
import { observe } from '../model/drift/observe.js'
import { evaluated, judgeHeldOut } from '../model/product/evaluate.js'
import { measureForward } from '../model/product/forward.js'
import { trainOnLabels } from '../model/product/labelled-training.js'
import { unsupervisedScores } from '../model/product/unsupervised.js'
import { mergeCandidates } from '../rings/merge.js'
import { draftRings } from '../rings/ring-records.js'
import { explainEntity, openScorer } from './explain-task.js'
import { makeForecast } from './forecast-task.js'
import { repairRisk, riskOf, spreadRisk } from './risk-task.js'
import { scoreBeside } from './score-task.js'
import type { Task, TaskResult } from './tasks.js'

const port = parentPort!
const cancelFlag = new Int32Array((workerData as { cancel: SharedArrayBuffer }).cancel)

/** Often enough for a smooth bar, seldom enough to cost nothing. */
const PROGRESS_INTERVAL_MS = 100

const checkCancelled = (): void => {
  if (Atomics.load(cancelFlag, 0) !== 0)
    throw new RingfenceError('job.cancelled', 'A worker stopped at the request to cancel.')
}

let lastProgress = 0
const progress = (step: string, done: number): void => {
  const now = performance.now()
  if (now - lastProgress < PROGRESS_INTERVAL_MS && done < 1) return
  lastProgress = now
  port.postMessage({ progress: { step, done } })
}

const compare = (snapshot: Snapshot, earlier: SnapshotTrace | null): TaskResult => {
  const trace = traceOf(snapshot)
  return { name: 'compare', digest: snapshotDigest(snapshot), trace, change: earlier && changeBetween(earlier, trace) }
}

const perform = async (task: Task): Promise<TaskResult> => {
  checkCancelled()
  switch (task.name) {
    case 'open-scorer': {
      const { snapshot, rings, model } = task
      openScorer({ snapshot, rings, model, backend: await loadBackend(), check: checkCancelled, progress })
      return { name: 'open-scorer' }
    }
    case 'explain':
      return { name: 'explain', ...explainEntity(task.kind, task.id, task.reasons) }
    case 'snapshot': {
      const { allowed = [], without } = task
      const seen = allowed.length > 0 ? graphWithoutAllowed(task.raw, allowed, checkCancelled) : null
      const shown = seen?.raw ?? task.raw
      const raw = without ? graphWithout(shown, without, checkCancelled) : shown
      return { name: 'snapshot', snapshot: buildSnapshot(raw, checkCancelled), hidden: seen?.hidden ?? null }
    }
    case 'propagate': {
      const { name, ...inputs } = task
      return { name, spread: spreadRisk(inputs, { check: checkCancelled, progress }) }
    }
    case 'forecast': {
      const { name, ...inputs } = task
      return { name, ...makeForecast(inputs, { check: checkCancelled, progress }) }
    }
    case 'risk-of':
      return { name: 'risk-of', answer: riskOf(task) }
    case 'risk-arrived':
      return { name: 'risk-arrived', ...repairRisk(task.lines) }
    case 'digest':
      return { name: 'digest', digest: snapshotDigest(task.snapshot) }
    case 'compare':
      return compare(task.snapshot, task.earlier)
    case 'rank':
      return { name: 'rank', scores: unsupervisedScores(task.snapshot, task.rings, checkCancelled) }
    case 'detector': {
      const { snapshot, seed, parameters } = task
      const focus = task.focus && { ...task.focus, candidates: carriedOver(task.focus.candidates, task.focus.change) }
      const context = { snapshot, seed, progress, checkCancelled, focus }
      return { name: 'detector', ...detectorById(task.detector).run(context, parameters) }
    }
    case 'rings': {
      const merged = mergeCandidates(task.candidates, task.silentDetectors)
      const named = merged.filter((ring) => ring.fdr <= task.fdr)
      return { name: 'rings', drafts: draftRings(task.snapshot, named, task.lineage) }
    }
    case 'train': {
      const { snapshot, rings, records, seed, forward, rounds, kept } = task
      const keep = {
        get: (step: string) => kept.get(step),
        put: (step: string, bytes: Uint8Array) => port.postMessage({ kept: { step, bytes } }),
      }
      const backend = await loadBackend()
      const inputs = { snapshot, rings, records, seed, backend, check: checkCancelled, progress }
      const trained = trainOnLabels({ ...inputs, keep })
      const { kinds } = observe({ ...inputs, model: { ...trained, seed } }, null)
      return {
        name: 'train',
        trained,
        baseline: baselineOf(snapshot, kinds),
        forward: forward ? measureForward({ ...inputs, ...forward }) : [],
        evaluation: rounds > 0 ? evaluated(judgeHeldOut({ ...inputs, rounds })) : [],
      }
    }
    case 'score': {
      const backend = await loadBackend()
      return { name: 'score', ...scoreBeside(task, { backend, check: checkCancelled, progress }) }
    }
  }
}

port.on('message', async (task: Task) => {
  try {
    port.postMessage({ result: await perform(task) })
  } catch (error) {
    if (error instanceof RingfenceError)
      port.postMessage({ error: { code: error.code, detail: error.detail, facts: error.facts } })
    else
      port.postMessage({
        error: {
          code: 'internal',
          detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
          facts: {},
        },
      })
  }
})
