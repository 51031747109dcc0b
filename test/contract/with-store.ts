import type { GraphStore } from '#src/store/store.js'
import type { OpenStore } from './store-contract.js'

/** A test body on an empty store that is closed afterwards. */
export const withStore = (open: OpenStore, body: (store: GraphStore) => Promise<void>) => async (): Promise<void> => {
  const store = await open({ empty: true })
  try {
    await body(store)
  } finally {
    await store.close()
  }
}
