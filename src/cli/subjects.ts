/** What may be decided on in a store that no service holds. */
import { isEntityKind } from '../../graph-schema/schema.js'
import type { Subjects } from '../jobs/labels.js'
import { publishedRun } from '../jobs/publication.js'
import { ReadView } from '../jobs/read-view.js'
import type { GraphStore } from '../store/store.js'

export const subjectsIn = async (store: GraphStore): Promise<Subjects> => {
  const run = await publishedRun(store)
  const view = new ReadView(run === null ? null : await store.readRun(run))
  return {
    ring(id) {
      const ring = view.ring(id)
      return ring && view.run ? { run: view.run.id, ring } : null
    },
    hasEntity: async (kind, id) => isEntityKind(kind) && (await store.readEntity(kind, id)) !== null,
  }
}
