import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import type { GraphStore, StoreCounts } from '#src/store/store.js'

/** What a store holds, for comparing: entities that nothing refers to are counted, all others are in the snapshot. */
export const stateOf = async (store: GraphStore): Promise<StoreCounts & { readonly digest: string }> => ({
  ...(await store.counts()),
  digest: snapshotDigest(buildSnapshot(await store.readGraph(null))),
})
