/** A store that tells of each batch that was written through it. */
import type { BatchResult, RecordBatch } from '../store/record-batch.js'
import type { GraphStore } from '../store/store.js'

/** `written` is called before the writer goes on, which may then use the batch's bytes again. */
export const watchedStore = (
  store: GraphStore,
  written: (batch: RecordBatch, result: BatchResult) => void,
): GraphStore =>
  new Proxy(store, {
    get(target, name) {
      if (name === 'writeBatch')
        return async (batch: RecordBatch) => {
          const result = await target.writeBatch(batch)
          written(batch, result)
          return result
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
