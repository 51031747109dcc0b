/** Who stands behind a feature: the neighbours, shared things or rings that its value was read from. */
import { entityName, type Snapshot } from '../../graph/snapshot.js'
import type { EntityFeatures } from '../features/product/entity-features.js'
import { metaPaths } from '../features/product/paths.js'
import { type ScoredKind, type Side, sideRows, sidesOf } from '../features/product/sides.js'

export interface Behind {
  /** `kind:id`, or ids of rings: the telling ones first. */
  readonly ids: readonly string[]
  /** How many more there are. */
  readonly more: number
}

const shown = 5
const nobody: Behind = { ids: [], more: 0 }

const partners = (snapshot: Snapshot, side: Side, entity: number): readonly number[] => {
  const rows = sideRows(snapshot, side, { from: entity, to: entity + 1 })
  return rows === null ? [] : [...rows.neighbour].filter((u, k) => k === 0 || u !== rows.neighbour[k - 1])
}

/** Those who meet few come first, as what is rare tells more; for a greatest value those who meet many. */
const listed = (features: EntityFeatures, name: string, entities: readonly number[]): Behind => {
  const sign = name.endsWith('.greatest') ? -1 : 1
  const ordered = entities
    .map((entity) => ({ entity, degree: features.neighbours(entity).length }))
    .sort((a, b) => sign * (a.degree - b.degree) || a.entity - b.entity)
  return {
    ids: ordered.slice(0, shown).map(({ entity }) => entityName(features.snapshot, entity)),
    more: Math.max(0, ordered.length - shown),
  }
}

/** Empty for features of the entity as a whole, such as its rhythm or its place in the graph. */
export const behindOf = (features: EntityFeatures, kind: ScoredKind, entity: number, name: string): Behind => {
  if (name.startsWith('rings.')) {
    const ids = features.belongings(entity).map(({ ring }) => ring.id)
    return { ids: ids.slice(0, shown), more: Math.max(0, ids.length - shown) }
  }
  const side = sidesOf(kind).find((each) => name.startsWith(`${each.name}.`))
  if (side) {
    const { labels, snapshot } = features
    const all = partners(snapshot, side, entity)
    const isOfLabels = name.endsWith('.known-bad') || name.endsWith('.known')
    return listed(features, name, isOfLabels ? all.filter((u) => labels !== null && labels.label[u]! >= 0) : all)
  }
  const path = metaPaths.find((each) => each.kind === kind && name.startsWith(`${each.name}.`))
  return path ? listed(features, name, features.middles(path, entity)) : nobody
}
