/** Opens the store that a command works on, and lets go of it whatever happens. */
import { type OpenStoreOptions, openStore } from '../store/open.js'
import type { GraphStore } from '../store/store.js'
import type { Context } from './context.js'

export const withStore = async <T>(
  context: Context,
  options: OpenStoreOptions,
  work: (store: GraphStore) => Promise<T>,
): Promise<T> => {
  const store = await openStore(context.store, options)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
