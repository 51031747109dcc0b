/** Memory and time of training and scoring, before they start: bytes and seconds an entity and interaction, as measured (docs/model.md). */
import type { GraphStore } from '../store/store.js'

export interface ModelEstimate extends Readonly<Record<string, unknown>> {
  readonly entities: number
  readonly interactions: number
  /** Peak of the whole process. */
  readonly megabytes: number
  readonly seconds: number
}

/** Node.js with its libraries and TensorFlow.js, before any data. */
const BASE_BYTES = 420 * 2 ** 20
/** Columns of features and their working space; the graph that GraphSAGE walks, with its gradients in training. */
const BYTES = { train: { entity: 3200, interaction: 260 }, score: { entity: 2200, interaction: 200 } }
const SECONDS = { train: { entity: 4e-4, interaction: 1e-4 }, score: { entity: 6e-5, interaction: 2e-5 } }

const estimate = async (store: GraphStore, what: keyof typeof BYTES): Promise<ModelEstimate> => {
  const { entities, interactions } = await store.counts()
  const bytes = BASE_BYTES + entities * BYTES[what].entity + interactions * BYTES[what].interaction
  return {
    entities,
    interactions,
    megabytes: Math.ceil(bytes / 2 ** 20),
    seconds: entities * SECONDS[what].entity + interactions * SECONDS[what].interaction,
  }
}

export const estimateTraining = (store: GraphStore): Promise<ModelEstimate> => estimate(store, 'train')
export const estimateScoring = (store: GraphStore): Promise<ModelEstimate> => estimate(store, 'score')
