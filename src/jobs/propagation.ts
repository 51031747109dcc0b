/** Propagation of risk as a job: store -> snapshot -> sources -> risk -> rows. */
import { randomUUID } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { LabelRecord } from '../model/product/labels.js'
import { Difference, type RiskDifference } from '../risk/propagation/difference.js'
import type { PropagateParameters } from '../risk/propagation/propagate.js'
import { riskRows } from '../risk/propagation/risk-rows.js'
import { LEAST_SCORE, type ScoredEntity } from '../risk/propagation/seeds.js'
import type { PropagationRecord } from '../store/risk-store.js'
import type { GraphStore, JobFence, RunWithRings } from '../store/store.js'
import { version } from '../version.js'
import { readLabelRecords } from './label-records.js'
import { publishedRun } from './publication.js'
import type { SpreadRisk } from './risk-task.js'
import { WorkerPool } from './worker-pool.js'

/** Propagations that keep their rows: the latest, and those that it may be compared with. */
const KEPT_PROPAGATIONS = 3
/** Rows with less say that next to nothing has arrived, and would be most of all rows. */
export const LEAST_RISK = 0.001
/** Half of what a certain source gives itself. */
export const RISK_THRESHOLD = 0.5

export interface PropagationRequest {
  /** `published`: the one that queries see; or an id. The graph is read as of that run. */
  readonly run: 'published' | 'latest' | { readonly id: string }
  /** Null: the store's, as they stood at the time of the graph. */
  readonly labels: readonly LabelRecord[] | null
  /** Whether scores of the latest scoring are sources too. */
  readonly scores: boolean
  readonly parameters: Partial<PropagateParameters>
  readonly least?: number
  readonly threshold?: number
  readonly signal?: AbortSignal
  readonly progress?: (done: number, stage: string) => void
}

export interface WriteRequest {
  /** `dry-run` compares, and writes nothing. */
  readonly mode: 'dry-run' | 'write'
  readonly job?: string
  readonly id?: string
  readonly fence?: JobFence
}

export interface PropagationOutcome {
  readonly record: PropagationRecord
  readonly snapshot: Snapshot
  readonly spread: SpreadRisk
  /** Against the one before; null where there is none. */
  readonly difference: RiskDifference | null
}

/** Throws `run.unknown`; null where there is none. */
export const chosenRun = async (store: GraphStore, run: PropagationRequest['run']): Promise<RunWithRings | null> => {
  if (run === 'latest') return store.readRun(null)
  const id = run === 'published' ? await publishedRun(store) : run.id
  const found = id === null ? null : await store.readRun(id)
  if (found === null && id !== null) throw new RingfenceError('run.unknown', `${store.location} has no run ${id}.`)
  return found
}

type Note = PropagationRecord['notes'][number]

/** Of the latest scoring by a model, unless it knew more than the graph that is read. */
const chosenScores = async (
  store: GraphStore,
  asOf: number | null,
  notes: Note[],
): Promise<{ readonly scoring: string | null; readonly scores: readonly ScoredEntity[] }> => {
  const none = { scoring: null, scores: [] }
  const scoring = await store.readScoring(null)
  if (scoring === null || scoring.basis !== 'model') return none
  if (asOf !== null && (scoring.asOf === null || scoring.asOf > asOf)) {
    notes.push({
      code: 'risk.scores-unused',
      message: `Scoring ${scoring.id} knew of more than the graph of the run: its scores are not used.`,
    })
    return none
  }
  return { scoring: scoring.id, scores: await store.readScores(scoring.id, LEAST_SCORE) }
}

export interface OpenRisk {
  readonly rings: RunWithRings | null
  readonly labels: readonly LabelRecord[]
  readonly snapshot: Snapshot
  readonly spread: SpreadRisk
  readonly scoring: string | null
  readonly notes: readonly Note[]
  /** Answers `risk-of`; whoever opened it closes it. */
  readonly pool: WorkerPool
}

/** Throws `run.unknown`, `run.none` where there is neither a run nor a label, and what propagateRisk throws. Writes nothing. */
export const openRisk = async (store: GraphStore, request: PropagationRequest): Promise<OpenRisk> => {
  const { parameters, signal, progress } = request
  const rings = await chosenRun(store, request.run)
  const asOf = rings?.run.asOf ?? null
  const labels = request.labels ?? (await readLabelRecords(store, asOf))
  if (rings === null && labels.length === 0)
    throw new RingfenceError('run.none', 'Risk needs sources: rings of a run, or labels.')
  const notes: Note[] = []
  const { scoring, scores } = request.scores
    ? await chosenScores(store, asOf, notes)
    : { scoring: null, scores: [] as readonly ScoredEntity[] }
  const pool = new WorkerPool(1, signal ?? null)
  try {
    const raw = await store.readGraph(asOf, (done) => {
      if (signal?.aborted) throw new RingfenceError('job.cancelled', 'It was stopped; nothing was written.')
      progress?.(done * 0.2, 'read')
    })
    const { snapshot } = await pool.run({ name: 'snapshot', raw, without: null })
    const least = request.least ?? LEAST_RISK
    const { spread } = await pool.run(
      { name: 'propagate', snapshot, least, sources: { rings, labels, scores }, parameters },
      (step, done) => progress?.(0.3 + 0.5 * done, step),
    )
    return { rings, labels, snapshot, spread, scoring, notes: [...notes, ...spread.notes], pool }
  } catch (error) {
    await pool.close()
    throw error
  }
}

const differenceOf = async (
  store: GraphStore,
  snapshot: Snapshot,
  spread: SpreadRisk,
  least: number,
  threshold: number,
): Promise<RiskDifference | null> => {
  const before = await store.readPropagation(null)
  if (before === null) return null
  const difference = new Difference(snapshot, spread)
  await store.readRiskRows(before.id, (rows) => difference.take(rows))
  return difference.result(before.id, least, before.least, threshold)
}

/** Throws what `openRisk` and `savePropagation` throw. */
export const runPropagation = async (
  store: GraphStore,
  request: PropagationRequest & WriteRequest,
): Promise<PropagationOutcome> => {
  const startedAt = new Date().toISOString()
  const { signal, progress, mode, fence } = request
  const least = request.least ?? LEAST_RISK
  const check = (): void => {
    if (signal?.aborted) throw new RingfenceError('job.cancelled', 'It was stopped; nothing was written.')
  }
  const { rings, labels, snapshot, spread, scoring, notes, pool } = await openRisk(store, request)
  await pool.close()
  check()
  progress?.(0.85, 'compare')
  const difference = await differenceOf(store, snapshot, spread, least, request.threshold ?? RISK_THRESHOLD)
  const counts: Record<string, number> = {}
  let rows = 0
  for (const { role } of riskRows(snapshot, spread, spread.roles, least)) {
    counts[role ?? 'none'] = (counts[role ?? 'none'] ?? 0) + 1
    if ((++rows & 0xffff) === 0) check()
  }
  const { layers, couplings, reference, parameters, choice, sweeps, bound, flows } = spread
  const record: PropagationRecord = {
    id: request.id ?? randomUUID(),
    job: request.job ?? null,
    startedAt,
    finishedAt: new Date().toISOString(),
    asOf: rings?.run.asOf ?? null,
    run: rings?.run.id ?? null,
    scoring,
    labels: labels.length,
    version,
    parameters: { ...parameters, form: choice.form },
    choice: { heldOut: choice.heldOut, scores: choice.scores },
    least,
    domains: layers.domains,
    couplings: Array.from(couplings.strength),
    pooled: couplings.pooled,
    reference,
    copies: layers.nodeDomain.length,
    sweeps,
    bound,
    counts,
    flows,
    notes,
  }
  check()
  if (mode === 'write') {
    progress?.(0.9, 'save')
    await store.savePropagation(record, riskRows(snapshot, spread, spread.roles, least), {
      keep: KEPT_PROPAGATIONS,
      check,
      ...(fence ? { fence } : {}),
    })
  }
  progress?.(1, 'done')
  return { record, snapshot, spread, difference }
}

/** Node.js with its libraries, before any data. */
const BASE_BYTES = 300 * 2 ** 20
/** The graph, two entries of 26 bytes an interaction while ties are made, the system, and copies of entities in about two domains each. */
const BYTES = { entity: 400, interaction: 170 }
const SECONDS = { entity: 2e-6, interaction: 3e-6 }

/** Memory and time before it starts. */
export const estimatePropagation = async (store: GraphStore) => {
  const { entities, interactions } = await store.counts()
  const bytes = BASE_BYTES + entities * BYTES.entity + interactions * BYTES.interaction
  return {
    entities,
    interactions,
    megabytes: Math.ceil(bytes / 2 ** 20),
    seconds: 1 + entities * SECONDS.entity + interactions * SECONDS.interaction,
  }
}

/** What a person or a program is told of a propagation. */
export const propagationSummary = (record: PropagationRecord, isWritten: boolean) => ({
  propagation: isWritten ? record.id : null,
  run: record.run,
  scoring: record.scoring,
  domains: record.domains.map(({ scenario, market }) => `${scenario}/${market}`),
  form: record.parameters.form,
  copies: record.copies,
  rows: Object.values(record.counts).reduce((sum, count) => sum + count, 0),
  roles: record.counts,
  sweeps: record.sweeps,
  bound: record.bound,
  notes: record.notes,
})
