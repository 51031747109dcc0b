/** A training from labels to a model on record: trained, written as a folder, registered as a candidate, and promoted where that was asked. */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { modelCard } from '../model/registry/model-card.js'
import { type ProductModel, writeModel } from '../model/registry/model-folder.js'
import { modelId, promoteModel, registerModel } from '../model/registry/registry.js'
import type { RegisteredModel } from '../store/model-store.js'
import type { GraphStore, JobFence } from '../store/store.js'
import { version } from '../version.js'
import { runTrain, type TrainOutcome } from './model-jobs.js'
import { modelSettings } from './model-settings.js'
import { recorded } from './record.js'

export interface TrainingRequest {
  readonly training: Omit<Parameters<typeof runTrain>[1], 'checkpoint'>
  /** `dry-run` trains and measures, and writes nothing. */
  readonly mode: 'dry-run' | 'write'
  /** Null: under its id where this installation keeps models. */
  readonly folder: string | null
  readonly promote: boolean
  readonly who: string
  readonly fence?: JobFence
}

export interface TrainingOutcome extends TrainOutcome {
  readonly model: ProductModel
  /** Null in a dry run. */
  readonly written: { readonly folder: string; readonly registered: RegisteredModel } | null
}

const UNFINISHED = '.unfinished-'
/** A folder is written in seconds: one that is unfinished for so long was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 3_600_000
/** Finished steps of trainings that were stopped: the same training goes on from them within a week. */
const PARTIAL = '.partial-'
const FORGOTTEN_MS = 7 * 86_400_000
/** Why a model is champion that nobody has looked at yet. */
const ASKED_WITH_TRAINING = 'asked for with its training'

const removeLeftBehind = async (home: string): Promise<void> => {
  for (const name of await readdir(home)) {
    if (!name.startsWith(UNFINISHED) && !name.startsWith(PARTIAL)) continue
    const path = join(home, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    const most = name.startsWith(PARTIAL) ? FORGOTTEN_MS : LEFT_BEHIND_MS
    if (Date.now() - mtimeMs > most) await rm(path, { recursive: true, force: true })
  }
}

/** Writes a model under its own id: what is there under an id is whole. Returns the folder. */
const writeUnderId = async (home: string, model: ProductModel): Promise<string> => {
  await mkdir(home, { recursive: true })
  await removeLeftBehind(home)
  const unfinished = join(home, `${UNFINISHED}${randomUUID()}`)
  const folder = join(home, modelId(await writeModel(unfinished, model, modelCard(model))))
  await rename(unfinished, folder)
  return folder
}

/** Throws what training throws, and `model.folder`. Until the folder is whole and registered, nothing is known of it. */
export const runTraining = async (store: GraphStore, request: TrainingRequest): Promise<TrainingOutcome> => {
  const { training, mode, folder, promote, who, fence } = request
  const { home } = modelSettings(store)
  const beside = folder === null ? join(home, PARTIAL) : `${folder.replace(/\/+$/, '')}${PARTIAL}`
  const outcome = await runTrain(store, { ...training, checkpoint: mode === 'dry-run' ? null : beside })
  const { trained, baseline, run } = outcome
  const model: ProductModel = {
    version,
    trainedAt: new Date().toISOString(),
    seed: training.seed,
    asOf: training.asOf,
    window: trained.window,
    run,
    labels: trained.labels,
    models: trained.models,
    networks: trained.networks,
    skipped: trained.skipped,
    baseline,
  }
  if (mode === 'dry-run') return { ...outcome, model, written: null }
  if (folder !== null) await writeModel(folder, model, modelCard(model))
  const written = folder === null ? await writeUnderId(home, model) : resolve(folder)
  await outcome.checkpoint?.remove()
  const note = { at: new Date().toISOString(), who }
  const why = `trained from ${model.labels.length} labels`
  const after = { folder: written, labels: model.labels.length, run, asOf: model.asOf, seed: model.seed }
  const entryOfTraining = { who, action: 'model.train', subject: '', after }
  const candidate = await recorded(store, entryOfTraining, () =>
    registerModel(store, home, written, { ...note, why }, fence),
  )
  if (!promote) return { ...outcome, model, written: { folder: written, registered: candidate } }
  const entry = { who, action: 'model.promote', subject: `model:${candidate.id}`, after: { why: ASKED_WITH_TRAINING } }
  const registered = await recorded(store, entry, () =>
    promoteModel(store, home, candidate.id, { ...note, why: ASKED_WITH_TRAINING }),
  )
  return { ...outcome, model, written: { folder: written, registered } }
}

/** What a person or a program is told of a training: the job's result and the command's. */
export const trainingSummary = ({ model, trained, forward, evaluation, run, written }: TrainingOutcome) => ({
  model: written?.registered.id ?? null,
  state: written?.registered.state ?? null,
  folder: written?.folder ?? null,
  digest: written?.registered.digest ?? null,
  run,
  labels: model.labels.length,
  pieces: trained.pieces,
  absent: trained.absent,
  later: trained.later,
  contradictory: trained.contradictory,
  kinds: model.models.map(({ kind, bad, good, measured, parts, stack, featureList }) => ({
    kind,
    bad,
    good,
    featureList,
    measured,
    parts: parts.map((part, at) => ({ ...part, weight: stack.coefficients[at] })),
  })),
  skipped: trained.skipped,
  forward,
  evaluation,
})

export type TrainingSummary = ReturnType<typeof trainingSummary>
