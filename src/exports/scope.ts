/** From what is asked for to what is exported: rings of a run, an entity with what is around it, or a whole run. */
import { RingfenceError } from '../errors.js'
import { neighbourhoodOf } from '../graph/neighbourhood.js'
import { entityId, findEntity, kindOf, type Snapshot } from '../graph/snapshot.js'
import { lifeText, readLife } from '../rings/life.js'
import type { EntityRef, GraphStore, RingRecord, RunWithRings } from '../store/store.js'
import type { ExportScope } from './content.js'

export interface ExportQuestion {
  /** Rings by id; a ring that was merged stands for the one that goes on, where no run is named. */
  readonly rings?: readonly string[]
  readonly entity?: EntityRef
  /** Around the entity: 1 is what it interacts with, 2 also who else does. */
  readonly steps?: 1 | 2
  /** At two steps, places where more meet are not followed. */
  readonly maxShared?: number
  /** A run by id; null or absent: the latest finished one. */
  readonly run?: string | null
  /** Of a whole run: rings at or below the rate. */
  readonly fdr?: number
  /** Of a whole run: all entities and interactions that it read, not those of its rings alone. */
  readonly everything?: boolean
}

export const DEFAULT_MAX_SHARED = 200

/** Throws `ring.unknown`. `notes` gets a sentence for each ring that stands for another. */
const pickRings = async (
  store: GraphStore,
  { run, rings }: RunWithRings,
  question: ExportQuestion,
  notes: string[],
): Promise<RingRecord[]> => {
  const byId = new Map(rings.map((ring) => [ring.id, ring]))
  const wanted = new Set<RingRecord>()
  for (const id of question.rings ?? []) {
    let ring = byId.get(id)
    if (!ring) {
      const life = question.run ? null : await readLife(store, id, (each) => byId.has(each))
      ring = life?.mergedInto ? byId.get(life.mergedInto) : undefined
      if (!ring)
        throw new RingfenceError('ring.unknown', `Run ${run.id} has no ring ${id}.${life ? ` ${lifeText(life)}` : ''}`)
      notes.push(`${lifeText(life!)} That ring is exported.`)
    }
    wanted.add(ring)
  }
  return rings.filter((ring) => wanted.has(ring))
}

/**
 * `graphOf` gives the graph of the run, and is called for an entity alone. Throws `run.none`, `run.unknown`, `ring.unknown`,
 * `entity.unknown`, `usage`.
 */
export const scopeOf = async (
  store: GraphStore,
  question: ExportQuestion,
  graphOf: (asOf: number | null) => Promise<Snapshot>,
): Promise<ExportScope> => {
  const { rings, entity, run: runId = null, fdr, everything = false } = question
  if (rings && entity) throw new RingfenceError('usage', 'Name rings or an entity, not both.')
  if ((rings || entity) && (fdr !== undefined || everything))
    throw new RingfenceError('usage', 'A rate or everything is for a whole run, not with rings or an entity.')
  const found = await store.readRun(runId)
  if (!found)
    throw runId === null
      ? new RingfenceError('run.none', 'Nothing was detected in this store yet.')
      : new RingfenceError('run.unknown', `There is no run ${runId}.`)
  const { run } = found
  const leftOut: string[] = []
  if (rings) {
    const picked = await pickRings(store, found, question, leftOut)
    return { asked: { rings, run: run.id }, run, rings: picked, more: [], leftOut }
  }
  if (entity) {
    const { steps = 1, maxShared = DEFAULT_MAX_SHARED } = question
    const snapshot = await graphOf(run.asOf)
    const index = findEntity(snapshot, entity.kind, entity.id)
    if (index < 0) throw new RingfenceError('entity.unknown', `Nothing names this ${entity.kind} in run ${run.id}.`)
    const { entities, crowdedPlaces } = neighbourhoodOf(snapshot, index, { steps, maxShared })
    const more = Array.from(
      entities,
      (each): EntityRef => ({ kind: kindOf(snapshot, each), id: entityId(snapshot, each) }),
    )
    if (crowdedPlaces > 0)
      leftOut.push(`At ${crowdedPlaces} places more than ${maxShared} meet; who else is there is not in the export.`)
    const own = found.rings.filter((ring) =>
      ring.members.some(({ kind, id }) => kind === entity.kind && id === entity.id),
    )
    return { asked: { entity, steps, maxShared, run: run.id }, run, rings: own, more, leftOut }
  }
  const picked = fdr === undefined ? found.rings : found.rings.filter((ring) => ring.fdr <= fdr)
  const asked = { run: run.id, everything, ...(fdr === undefined ? {} : { fdr }) }
  return { asked, run, rings: picked, more: everything ? null : [], leftOut }
}
