/** A ranking without any label: by the rings of a run, and among those in none by how unlike one another their neighbours are. */
import { findEntity, type Snapshot } from '../../graph/snapshot.js'
import type { Check } from '../../kernels/check.js'
import type { RunWithRings } from '../../store/store.js'
import { FeatureContext } from '../features/product/context.js'
import { rangeOf, scoredKinds } from '../features/product/sides.js'
import { auroc } from '../metrics.js'
import { neighbourDiversity } from './neighbour-diversity.js'
import type { EntityScores } from './score-entities.js'

/** Members of rings, and others, that it takes to tell which end of diversity is unusual here. */
const fewestToOrient = 10
const seed = 1

/** 1 where members of rings have the more diverse neighbours, -1 where the less; 0 where too few can be told. */
const orientation = (diversity: Float64Array, strength: Float64Array): number => {
  const known = [...diversity.keys()].filter((row) => !Number.isNaN(diversity[row]!))
  const members = known.reduce((sum, row) => sum + Number(strength[row]! > 0), 0)
  if (members < fewestToOrient || known.length - members < fewestToOrient) return 0
  const apart = auroc({
    scores: Float64Array.from(known, (row) => diversity[row]!),
    labels: Uint8Array.from(known, (row) => Number(strength[row]! > 0)),
  })
  return apart >= 0.5 ? 1 : -1
}

/** Entities in no ring get a share of the least score of those that are in one, by their place in the order. */
const rankOthers = (score: Float64Array, diversity: Float64Array): void => {
  const sign = orientation(diversity, score)
  if (sign === 0) return
  const least = score.reduce((low, value) => (value > 0 && value < low ? value : low), 1)
  const others = Array.from(score.keys()).filter((row) => score[row] === 0 && !Number.isNaN(diversity[row]!))
  others.sort((a, b) => sign * (diversity[a]! - diversity[b]!) || a - b)
  for (let from = 0; from < others.length; ) {
    let to = from
    while (to < others.length && diversity[others[to]!] === diversity[others[from]!]) to++
    for (let at = from; at < to; at++) score[others[at]!] = (least * to) / (others.length + 1)
    from = to
  }
}

/**
 * The greatest strength of an entity's memberships, each times one less the ring's false-discovery rate; below all of these the others
 * by the diversity of their neighbours, at the end at which members of rings stand, and 0 where that cannot be told. A ranking, not a
 * probability of anything.
 */
export const unsupervisedScores = (
  snapshot: Snapshot,
  { rings }: RunWithRings,
  check: Check = () => {},
): readonly EntityScores[] => {
  const all = new Float64Array(snapshot.entities.count)
  for (const ring of rings)
    for (const { kind, id, score } of ring.members) {
      const entity = findEntity(snapshot, kind, id)
      if (entity >= 0) all[entity] = Math.max(all[entity]!, score * (1 - ring.fdr))
    }
  const context = new FeatureContext({ snapshot, rings: null, seed, check })
  return scoredKinds.map((kind) => {
    const range = rangeOf(snapshot, kind)
    const score = all.slice(range.from, range.to)
    rankOthers(score, neighbourDiversity(context.graph(), context.common(), range, seed, check))
    return { kind, from: range.from, score, interval: null }
  })
}
