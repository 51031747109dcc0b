/**
 * Models on record: a folder is registered as a candidate under the digest it had; whoever uses it later checks that it still has it. One model of
 * a type is champion; promoting and rolling back change the store in one step, after the folder was checked.
 */
import { access } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { RingfenceError } from '../../errors.js'
import type { ChangeNote, ModelChange, ModelRecord, ModelStore, RegisteredModel } from '../../store/model-store.js'
import type { JobFence } from '../../store/store.js'
import { checkFeatureList } from '../product/score-entities.js'
import { type ProductModel, readModel } from './model-folder.js'

/** The type of models that score entities. */
export const entityModels = 'entities'

/** Enough of the digest that two models of one store never share it. */
const ID_DIGITS = 12

export const modelId = (digest: string): string => `m-${digest.slice(0, ID_DIGITS)}`
export const isModelId = (text: string): boolean => /^m-[0-9a-f]{12}$/.test(text)

/** As the store keeps it: relative to where this installation has its models, so that both can be moved together. */
const storedFolder = (home: string, folder: string): string => {
  const inside = relative(home, resolve(folder))
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? resolve(folder) : inside.split(sep).join('/')
}

export const folderOf = (home: string, { folder }: Pick<ModelRecord, 'folder'>): string => resolve(home, folder)

/** Of a folder that was read. */
const modelRecord = (home: string, folder: string, model: ProductModel, digest: string): ModelRecord => ({
  id: modelId(digest),
  type: entityModels,
  folder: storedFolder(home, folder),
  digest,
  trainedAt: model.trainedAt,
  version: model.version,
  seed: model.seed,
  asOf: model.asOf,
  window: model.window,
  run: model.run,
  labels: model.labels.length,
  kinds: model.models.map(({ kind, bad, good, featureList, measured }) => ({ kind, bad, good, featureList, measured })),
})

/** Adds a folder as a candidate; one with the same content that is known stays as it is. Throws `model.format`. */
export const registerModel = async (
  store: ModelStore,
  home: string,
  folder: string,
  note: ChangeNote,
  fence?: JobFence,
): Promise<RegisteredModel> => {
  const { model, digest } = await readModel(folder)
  return store.addModel(modelRecord(home, folder, model, digest), note, fence)
}

export interface LoadedModel {
  readonly registered: RegisteredModel
  readonly model: ProductModel
}

/**
 * The folder of a registered model, checked against what was registered. Throws `model.missing`, `model.changed`, `model.format`, and
 * `model.features` where it reads other features than this version computes.
 */
export const loadModel = async (home: string, registered: RegisteredModel): Promise<LoadedModel> => {
  const folder = folderOf(home, registered)
  const is = `${registered.state} ${registered.id}`
  const present = await access(folder).then(
    () => true,
    () => false,
  )
  if (!present)
    throw new RingfenceError('model.missing', `${folder}, the folder of the ${is}, is not there.`, { folder })
  const { model, digest } = await readModel(folder).catch((error: unknown) => {
    if (!(error instanceof RingfenceError)) throw error
    throw new RingfenceError('model.changed', `the folder of the ${is}: ${error.detail}.`, { folder }, { cause: error })
  })
  if (digest !== registered.digest)
    throw new RingfenceError(
      'model.changed',
      `${folder} holds another model than the ${is}, which was registered there.`,
      {
        folder,
        digest,
        registered: registered.digest,
      },
    )
  for (const own of model.models) checkFeatureList(own)
  return { registered, model }
}

/** Throws `model.unknown`. */
export const findModel = async (store: ModelStore, id: string): Promise<RegisteredModel> => {
  const found = await store.readModel(id)
  if (found === null) throw new RingfenceError('model.unknown', `no model has the id ${id}.`, { id })
  return found
}

/** The champion now first, then whom rolling back leads to, one after the other. */
export const championLine = (changes: readonly ModelChange[]): readonly string[] => {
  const line: string[] = []
  for (const { model, action, to } of changes) {
    if (to !== 'champion') continue
    if (action === 'roll-back') line.shift()
    else line.unshift(model)
  }
  return line
}

/** Throws `model.unknown`, `model.state`, `model.conflict`, and what `loadModel` does: what cannot be used is never champion. */
export const promoteModel = async (
  store: ModelStore,
  home: string,
  id: string,
  note: ChangeNote,
): Promise<RegisteredModel> => {
  const wanted = await findModel(store, id)
  if (wanted.state === 'champion') throw new RingfenceError('model.state', `${id} is the champion already.`, { id })
  await loadModel(home, wanted)
  const champion = await store.readChampion(wanted.type)
  await store.changeChampion({ ...note, action: 'promote', model: id, instead: champion?.id ?? null })
  return findModel(store, id)
}

/** Makes the champion before this one champion again. Throws as `promoteModel` does. */
export const rollBackModel = async (
  store: ModelStore,
  home: string,
  type: string,
  note: ChangeNote,
): Promise<RegisteredModel> => {
  const champion = await store.readChampion(type)
  if (champion === null) throw new RingfenceError('model.state', 'there is no champion to go back from.')
  const [, before] = championLine(await store.listModelChanges(type))
  if (before === undefined)
    throw new RingfenceError('model.state', `there was no champion before ${champion.id} to go back to.`)
  await loadModel(home, await findModel(store, before))
  await store.changeChampion({ ...note, action: 'roll-back', model: before, instead: champion.id })
  return findModel(store, before)
}

/** The newest candidate that was trained after the champion; null where there is none. Of `listModels`. */
export const newestChallenger = (
  models: readonly RegisteredModel[],
  champion: RegisteredModel,
): RegisteredModel | null =>
  models.find(({ type, state, trainedAt }) => {
    return type === champion.type && state === 'candidate' && trainedAt >= champion.trainedAt
  }) ?? null
