/** A scoring of all entities: by the champion unless told otherwise, the newest candidate in its shadow, written whole to the store. */
import { randomUUID } from 'node:crypto'
import { RingfenceError } from '../errors.js'
import { entityId, entityName } from '../graph/snapshot.js'
import type { Drift } from '../model/drift/measure-drift.js'
import type { KindDifference } from '../model/drift/shadow.js'
import type { LabelRecord } from '../model/product/labels.js'
import { type ProductModel, readModel } from '../model/registry/model-folder.js'
import { entityModels, findModel, loadModel, modelId, newestChallenger } from '../model/registry/registry.js'
import type { RegisteredModel, ScoreRow, ScoringRecord } from '../store/model-store.js'
import type { GraphStore, JobFence } from '../store/store.js'
import { version } from '../version.js'
import { type ModelJob, runScore, type ScoreOutcome } from './model-jobs.js'
import { modelSettings } from './model-settings.js'

/** `champion`: where there is none, the ranking that `unsupervised` asks for. */
export type ModelChoice = 'champion' | 'unsupervised' | { readonly id: string } | { readonly folder: string }
export type ChallengerChoice = 'newest' | 'none' | { readonly id: string }

export interface ScoringRequest extends ModelJob {
  readonly model: ModelChoice
  readonly challenger: ChallengerChoice
  /** Labels to judge probabilities by. */
  readonly records: readonly LabelRecord[]
  /** `dry-run` scores and compares, and writes nothing. */
  readonly mode: 'dry-run' | 'write'
  readonly job?: string
  /** Of the scoring; one of its own unless told. */
  readonly id?: string
  readonly fence?: JobFence
  /** Null: as set. */
  readonly threshold: number | null
}

export interface Shadow {
  readonly challenger: string
  readonly threshold: number
  /** Null where it could not score. */
  readonly kinds: readonly NamedDifference[] | null
}

export interface NamedDifference extends Omit<KindDifference, 'changed'> {
  readonly changed: readonly { readonly entity: string; readonly champion: number; readonly challenger: number }[]
}

export interface ScoringOutcome {
  readonly record: ScoringRecord
  readonly outcome: ScoreOutcome
}

interface Chosen {
  readonly model: ProductModel
  readonly digest: string
  readonly registered: RegisteredModel | null
}

const chooseModel = async (store: GraphStore, home: string, choice: ModelChoice): Promise<Chosen | null> => {
  if (choice === 'unsupervised') return null
  if (typeof choice === 'object' && 'folder' in choice) {
    const { model, digest } = await readModel(choice.folder)
    const known = await store.readModel(modelId(digest))
    return { model, digest, registered: known?.digest === digest ? known : null }
  }
  const registered = choice === 'champion' ? await store.readChampion(entityModels) : await findModel(store, choice.id)
  if (registered === null) return null
  return { ...(await loadModel(home, registered)), digest: registered.digest }
}

type Note = ScoringRecord['notes'][number]

/** A challenger that cannot be used is a note: the champion's scores do not wait for it. One that was named by a person is an error. */
const chooseChallenger = async (
  store: GraphStore,
  home: string,
  choice: ChallengerChoice,
  chosen: Chosen | null,
  notes: Note[],
): Promise<{ readonly id: string; readonly model: ProductModel } | null> => {
  if (choice === 'none' || chosen === null) return null
  if (choice !== 'newest') {
    const { id } = choice
    if (id === chosen.registered?.id)
      throw new RingfenceError('request.invalid', `challenger: ${id} is the model that scores itself.`)
    return { id, model: (await loadModel(home, await findModel(store, id))).model }
  }
  if (chosen.registered?.state !== 'champion') return null
  const newest = newestChallenger(await store.listModels(), chosen.registered)
  if (newest === null) return null
  try {
    return { id: newest.id, model: (await loadModel(home, newest)).model }
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    notes.push({ code: 'challenger.skipped', message: `Candidate ${newest.id} gave no scores: ${error.detail}` })
    return null
  }
}

/** By kind and then the bytes of the id, one by one. */
export function* scoreRows({ scores, snapshot }: Pick<ScoreOutcome, 'scores' | 'snapshot'>): Generator<ScoreRow> {
  for (const { kind, from, score, interval } of scores)
    for (let row = 0; row < score.length; row++)
      yield {
        kind,
        id: entityId(snapshot, from + row),
        score: score[row]!,
        low: interval?.low[row] ?? null,
        high: interval?.high[row] ?? null,
        labels: interval?.labels[row] ?? null,
      }
}

/**
 * Throws `model.missing`, `model.changed` and `model.features` for a model that cannot be used, never falling back from it to another;
 * `run.none` where there is neither a model nor a run.
 */
export const runScoring = async (store: GraphStore, request: ScoringRequest): Promise<ScoringOutcome> => {
  const startedAt = new Date().toISOString()
  const settings = modelSettings(store)
  const { home, limits, keep } = settings
  const threshold = request.threshold ?? settings.threshold
  const notes: Note[] = []
  const chosen = await chooseModel(store, home, request.model)
  const challenger = await chooseChallenger(store, home, request.challenger, chosen, notes)
  const { asOf, run, signal, progress, records, mode } = request
  const outcome = await runScore(store, {
    asOf,
    run,
    ...(signal ? { signal } : {}),
    ...(progress ? { progress } : {}),
    model: chosen?.model ?? null,
    challenger: challenger?.model ?? null,
    records,
    limits,
    threshold,
  })
  const { snapshot, drift } = outcome
  if (chosen === null)
    notes.push({
      code: 'score.unsupervised',
      message: 'Without a champion this is a ranking by the rings of a run, not a probability of anything.',
    })
  else if (drift === null)
    notes.push({ code: 'drift.unknown', message: 'The model was written before models kept what drift is told by.' })
  for (const { kind, why } of chosen?.model.skipped ?? [])
    notes.push({ code: 'score.skipped', message: `The model has no scores of a ${kind}: ${why}.` })
  notes.push(...(drift?.warnings ?? []))
  if (challenger && outcome.failure)
    notes.push({
      code: 'challenger.skipped',
      message: `Candidate ${challenger.id} gave no scores: ${outcome.failure.detail}`,
    })
  const shadow = challenger && {
    challenger: challenger.id,
    threshold,
    kinds:
      outcome.shadow?.map((each) => ({
        ...each,
        changed: each.changed.map(({ entity, ...scores }) => ({ entity: entityName(snapshot, entity), ...scores })),
      })) ?? null,
  }
  const record: ScoringRecord = {
    id: request.id ?? randomUUID(),
    job: request.job ?? null,
    startedAt,
    finishedAt: new Date().toISOString(),
    asOf,
    run: outcome.run,
    basis: chosen ? 'model' : 'unsupervised',
    model: chosen?.registered?.id ?? null,
    digest: chosen?.digest ?? null,
    version,
    counts: Object.fromEntries(outcome.scores.map(({ kind, score }) => [kind, score.length])),
    notes,
    report: { limits, ...(drift ? { drift: drift.kinds } : {}), ...(shadow ? { shadow } : {}) },
  }
  const check = (): void => {
    if (signal?.aborted) throw new RingfenceError('job.cancelled', 'Scoring was stopped; nothing was written.')
  }
  check()
  if (mode === 'write') {
    progress?.(0.9, 'save')
    await store.saveScoring(record, scoreRows(outcome), {
      keep,
      check,
      ...(request.fence ? { fence: request.fence } : {}),
    })
  }
  progress?.(1, 'done')
  return { record, outcome }
}

/** What a person or a program is told of a scoring: the job's result and the command's. */
export const scoringSummary = (record: ScoringRecord, isWritten: boolean) => ({
  scoring: isWritten ? record.id : null,
  basis: record.basis,
  model: record.model,
  digest: record.digest,
  run: record.run,
  entities: Object.values(record.counts).reduce((sum, count) => sum + count, 0),
  counts: record.counts,
  notes: record.notes,
  drift: (record.report.drift ?? null) as Drift['kinds'] | null,
  shadow: (record.report.shadow ?? null) as Shadow | null,
})

export type ScoringSummary = ReturnType<typeof scoringSummary>
