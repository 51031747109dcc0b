/** Memory and time of training and scoring, before they start. */
import type { GraphStore } from '../store/store.js'

export interface ModelEstimate extends Readonly<Record<string, unknown>> {
  readonly entities: number
  readonly interactions: number
  /** Peak of the whole process. */
  readonly megabytes: number
  readonly seconds: number
}

/** Node.js with its libraries and TensorFlow.js, before any data. */
const BASE_BYTES = 500 * 2 ** 20
/**
 * Columns of features and their working space; the graph that GraphSAGE walks, with its gradients in training. Peaks that were seen on simulated
 * platforms: scoring 580 MB (11,154 entities, 150,000 interactions) and 954 MB (62,556 and 900,000), training 759 MB (the first).
 */
const BYTES = { train: { entity: 15_000, interaction: 700 }, score: { entity: 5000, interaction: 160 } }
const SECONDS = { train: { entity: 5e-3, interaction: 2e-4 }, score: { entity: 2e-4, interaction: 1e-5 } }

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
