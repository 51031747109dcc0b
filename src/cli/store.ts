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

/**
 * The same for work that has something to do before the store is open. Work must await `opening` before it ends well; where the
 * store cannot be opened, that is the error.
 */
export const withOpening = async <T>(
  context: Context,
  options: OpenStoreOptions,
  work: (opening: Promise<GraphStore>) => Promise<T>,
): Promise<T> => {
  const opening = openStore(context.store, options)
  // Awaited in any case below; until then a failure must not count as unhandled.
  opening.catch(() => {})
  let result: T
  try {
    result = await work(opening)
  } catch (error) {
    await (await opening).close()
    throw error
  }
  await (await opening).close()
  return result
}
