/** A simulated ecosystem with labels, as an investigator's desk might have them, and its rings as of now and as of an earlier time. */
import type { InteractionType } from '#graph-schema/schema.js'
import { entityName, findEntity, kindOf, type Snapshot } from '#src/graph/snapshot.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { Random } from '#src/kernels/random.js'
import { halfOf, rowEnd, rowStart } from '#src/model/features/product/sides.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { difficulties } from '#src/simulate/truth.js'
import type { RunWithRings } from '#src/store/store.js'
import { withNewStore } from './mapped.js'

export interface LabelledWorld {
  readonly snapshot: Snapshot
  readonly rings: RunWithRings
  /** Epoch milliseconds, a month before the end, and the rings of a run as of then. */
  readonly then: number
  readonly ringsThen: RunWithRings
  readonly records: readonly LabelRecord[]
}

const day = 86_400_000
const days = 56
const forwardDays = 28
/** All planted and innocent members are labelled, and of the rest this share. */
const labelledShare = 0.3
/** A decision comes so long after the middle of what a group did. */
const decisionDelay = 3 * day

/** Middle of the times of all that entities did or that was done to them; the start where nothing has a time. */
const middleTime = ({ relations }: Snapshot, entities: readonly number[], start: number): number => {
  const times: number[] = []
  for (const relation of relations)
    for (const direction of ['out', 'in'] as const) {
      const half = halfOf(relation, direction)
      for (const v of entities)
        for (let k = rowStart(half, v), end = rowEnd(half, v); k < end; k++)
          times.push(relation.at[half.edge === null ? k : half.edge[k]!]!)
    }
  const known = times.filter((time) => !Number.isNaN(time)).sort((a, b) => a - b)
  return known[known.length >> 1] ?? start
}

const enforcement: ReadonlySet<InteractionType> = new Set<InteractionType>(['warn', 'restrict', 'ban'])

export const labelledWorld = (interactions: number, seed: number, ringsEach: number): Promise<LabelledWorld> => {
  const simulation = new Simulation({ ...defaultSimulation(interactions), days, difficulties, ringsEach, seed })
  return withNewStore(async (store) => {
    for (const batch of recordBatches(simulation)) await store.writeBatch(batch)
    const detected = async (asOf: number | null) => {
      const { run, rings, snapshot } = await runDetect(
        store,
        { ...defaultDetectParameters(), asOf },
        { mode: 'dry-run' },
      )
      return { rings: { run, rings }, snapshot }
    }
    const { rings, snapshot } = await detected(null)
    const { start } = defaultSimulation(interactions)
    const then = start + (days - forwardDays) * day
    const acted = { ...snapshot, relations: snapshot.relations.filter(({ type }) => !enforcement.has(type)) }
    const records: LabelRecord[] = []
    const known = new Set<number>()
    const decide = (entities: readonly number[], label: 0 | 1, group: string): void => {
      const at = middleTime(acted, entities, start) + decisionDelay
      for (const entity of entities) {
        if (known.has(entity)) continue
        known.add(entity)
        const name = entityName(snapshot, entity)
        const kind = kindOf(snapshot, entity)
        records.push({ kind, id: name.slice(kind.length + 1), label, at, group })
      }
    }
    const placed = (members: readonly { readonly kind: LabelRecord['kind']; readonly index: number }[]) =>
      members
        .map(({ kind, index }) => findEntity(snapshot, kind, simulation.names.name(kind, index).slice(kind.length + 1)))
        .filter((entity) => entity >= 0)
    for (const { id, members } of simulation.rings) decide(placed(members), 1, id)
    for (const { id, members } of simulation.innocents) decide(placed(members), 0, id)
    const random = new Random(seed, 91)
    for (let v = 0; v < snapshot.entities.count; v++) if (random.float() < labelledShare) decide([v], 0, '')
    return { snapshot, rings, then, ringsThen: (await detected(then)).rings, records }
  })
}
