/** The model that a service answers with: a folder that RINGFENCE_MODEL names, else the champion on record in the store. */
import { resolve } from 'node:path'
import { RingfenceError } from '../errors.js'
import { type ProductModel, readModel } from '../model/registry/model-folder.js'
import { entityModels, loadModel, modelId } from '../model/registry/registry.js'
import type { GraphStore } from '../store/store.js'
import { modelSettings } from './model-settings.js'

export interface ServedModel {
  readonly id: string
  readonly model: ProductModel
}

export interface ModelSource {
  /** What tells one model from another; null while there is none. */
  key(): Promise<string | null>
  /** Throws `model.none`, and why the model cannot be used. */
  load(): Promise<ServedModel>
}

export const servedFrom = async (folder: string): Promise<ServedModel> => {
  const { model, digest } = await readModel(folder)
  return { id: modelId(digest), model }
}

/** `named`: a folder in place of the champion. */
export const modelSource = (store: GraphStore, named = process.env.RINGFENCE_MODEL): ModelSource => {
  if (named) return { key: async () => named, load: () => servedFrom(resolve(named)) }
  return {
    key: async () => (await store.readChampion(entityModels))?.digest ?? null,
    async load() {
      const champion = await store.readChampion(entityModels)
      if (champion === null) throw new RingfenceError('model.none', 'No model is champion.')
      const { model } = await loadModel(modelSettings(store).home, champion)
      return { id: champion.id, model }
    },
  }
}
