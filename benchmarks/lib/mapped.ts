/** A real table through its shipped mapping into a store of its own that is gone when the work is done. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ingest } from '#src/ingest/ingest.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'

const mappingPath = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/mappings/${name}.yaml`, import.meta.url))

export const withNewStore = async <T>(work: (store: GraphStore) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-bench-'))
  try {
    const store = await openStore(join(folder, 'store.duckdb'))
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Throws where a record of the file is rejected: a shipped mapping fits its data. */
export const withMapped = <T>(file: string, mapping: string, work: (store: GraphStore) => Promise<T>): Promise<T> =>
  withNewStore(async (store) => {
    const { outcome, rejected } = await ingest([file], { mapping: mappingPath(mapping), sink: store })
    if (outcome !== 'done') throw new Error(`${file}: ${rejected} records did not fit the mapping ${mapping}`)
    return work(store)
  })
