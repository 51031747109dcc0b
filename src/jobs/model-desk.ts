/** What people are told of models on record, by the command and by the service alike, and what they may do with them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RingfenceError } from '../errors.js'
import {
  entityModels,
  findModel,
  folderOf,
  loadModel,
  newestChallenger,
  promoteModel,
  rollBackModel,
} from '../model/registry/registry.js'
import type { ModelStore, RegisteredModel, ScoringRecord } from '../store/model-store.js'
import type { GraphStore } from '../store/store.js'
import { modelSettings } from './model-settings.js'
import { isoTime } from './read-view.js'
import { recorded } from './record.js'

export const shownModel = ({ asOf, window, kinds, changes, ...model }: RegisteredModel, home: string) => ({
  ...model,
  kinds: kinds.map(({ measured, ...kind }) => ({ ...kind, measured: [...measured] })),
  changes: [...changes],
  folder: folderOf(home, model),
  asOf: isoTime(asOf),
  window: window && { from: isoTime(window.from), to: isoTime(window.to) },
})
export type ShownModel = ReturnType<typeof shownModel>

export const shownScoring = ({ asOf, notes, ...scoring }: ScoringRecord) => ({
  ...scoring,
  notes: [...notes],
  asOf: isoTime(asOf),
})

export const listedModels = async (store: GraphStore) => {
  const { home } = modelSettings(store)
  return { home, models: (await store.listModels()).map((model) => shownModel(model, home)) }
}

/** Null where the folder can be used, else why not. */
const folderProblem = async (home: string, model: RegisteredModel) => {
  try {
    await loadModel(home, model)
    return null
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    return { code: error.code, detail: error.detail, advice: error.advice }
  }
}
export type FolderProblem = NonNullable<Awaited<ReturnType<typeof folderProblem>>>

/** One model with its card, and whether its folder can be used. Throws `model.unknown`. */
export const describedModel = async (store: GraphStore, id: string) => {
  const { home } = modelSettings(store)
  const model = await findModel(store, id)
  const card = await readFile(join(folderOf(home, model), 'card.md'), 'utf8').catch(() => null)
  return { ...shownModel(model, home), problem: await folderProblem(home, model), card }
}
export type DescribedModel = Awaited<ReturnType<typeof describedModel>>

/** The latest scoring that says how far the champion is from what it learned; null while there is none. */
const latestOfChampion = async (store: ModelStore, champion: RegisteredModel | null): Promise<ScoringRecord | null> => {
  const latest = await store.readScoring(null)
  return latest !== null && champion !== null && latest.model === champion.id ? latest : null
}

/** The champion, the newest candidate, and what the latest scoring by the champion has shown. */
export const modelStatus = async (store: GraphStore) => {
  const { home, limits, threshold, keep } = modelSettings(store)
  const champion = await store.readChampion(entityModels)
  const candidate = champion && newestChallenger(await store.listModels(), champion)
  const scoring = await latestOfChampion(store, champion)
  return {
    home,
    champion: champion && shownModel(champion, home),
    problem: champion && (await folderProblem(home, champion)),
    candidate: candidate && shownModel(candidate, home),
    scoring: scoring && shownScoring(scoring),
    settings: { drift: { ...limits }, threshold, keepScores: keep },
  }
}
export type ModelStatus = Awaited<ReturnType<typeof modelStatus>>

interface Asked {
  readonly who: string
  readonly why: string
}

const noted = (asked: Asked) => ({ ...asked, at: new Date().toISOString() })

/** Throws what `promoteModel` throws. */
export const promote = async (store: GraphStore, id: string, asked: Asked): Promise<ShownModel> => {
  const { home } = modelSettings(store)
  const { who, why } = asked
  const champion = (await store.readChampion(entityModels))?.id ?? null
  const entry = { who, action: 'model.promote', subject: `model:${id}`, before: { champion }, after: { why } }
  return shownModel(await recorded(store, entry, () => promoteModel(store, home, id, noted(asked))), home)
}

/** Throws what `rollBackModel` throws. */
export const rollBack = async (store: GraphStore, asked: Asked): Promise<ShownModel> => {
  const { home } = modelSettings(store)
  const { who, why } = asked
  const champion = (await store.readChampion(entityModels))?.id ?? null
  const entry = { who, action: 'model.roll-back', subject: '', before: { champion }, after: { why } }
  return shownModel(await recorded(store, entry, () => rollBackModel(store, home, entityModels, noted(asked))), home)
}
