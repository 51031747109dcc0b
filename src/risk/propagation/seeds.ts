/**
 * Where risk comes from: rings by score and role, labels, decisions of the platform and scores of a model; and where it ends: entities that were
 * decided on and those on the allow list.
 */

import { enforcementRisk, ringRoleSeed } from '../../../graph-schema/risk.js'
import type { EntityKind } from '../../../graph-schema/schema.js'
import { findEntity, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Ties } from '../../kernels/belief-system.js'
import { type LabelRecord, placeLabels } from '../../model/product/labels.js'
import type { RunWithRings } from '../../store/store.js'
import { type Layers, nodeOf } from './domains.js'

export interface RiskNote {
  readonly code: string
  readonly message: string
}

export interface ScoredEntity {
  readonly kind: EntityKind
  readonly id: string
  /** Calibrated probability, 0 to 1. */
  readonly score: number
}

export interface SeedSources {
  readonly rings: RunWithRings | null
  readonly labels: readonly LabelRecord[]
  readonly scores: readonly ScoredEntity[]
}

export interface Everywhere {
  readonly value: number
  readonly absorbs: boolean
}

export interface Seeds {
  /** What each node is given, 0 to 1. */
  readonly explicit: Float64Array
  /** 1: takes nothing from others. */
  readonly absorbs: Uint8Array
  /** 1 where what is given was observed in this domain itself, not said of the entity as a whole. */
  readonly own: Uint8Array
  /** What was said of entities as a whole, by entity: it holds for copies that come later too. */
  readonly everywhere: ReadonlyMap<number, Everywhere>
  /** When what was observed in a domain began, epoch milliseconds; NaN is unknown. */
  readonly at: Float64Array
  readonly notes: readonly RiskNote[]
}

/** A model's score below says less than that most others are worse. */
export const LEAST_SCORE = 0.5

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

class Placing {
  readonly explicit: Float64Array
  readonly absorbs: Uint8Array
  readonly own: Uint8Array
  readonly at: Float64Array
  readonly seeded = new Set<number>()
  readonly everywhere = new Map<number, Everywhere>()
  outside = 0
  readonly #layers: Layers

  constructor(layers: Layers) {
    const nodes = layers.nodeDomain.length
    this.#layers = layers
    this.explicit = new Float64Array(nodes)
    this.absorbs = new Uint8Array(nodes)
    this.own = new Uint8Array(nodes)
    this.at = new Float64Array(nodes).fill(Number.NaN)
  }

  nodesOf(entity: number): readonly number[] {
    const { nodeOffsets } = this.#layers
    return Array.from({ length: nodeOffsets[entity + 1]! - nodeOffsets[entity]! }, (_, i) => nodeOffsets[entity]! + i)
  }

  /** The same for all copies, those to come too. */
  giveAll(entity: number, value: number, absorbs: boolean): void {
    const before = this.everywhere.get(entity)
    this.everywhere.set(entity, {
      value: Math.max(value, before?.value ?? 0),
      absorbs: absorbs || before?.absorbs === true,
    })
    const nodes = this.nodesOf(entity)
    this.give(entity, nodes, value)
    if (absorbs) for (const node of nodes) this.absorbs[node] = 1
  }

  give(entity: number, nodes: readonly number[], value: number): void {
    if (!(value > 0)) return
    this.seeded.add(entity)
    if (this.nodesOf(entity).length === 0) this.outside++
    for (const node of nodes) this.explicit[node] = Math.max(this.explicit[node]!, value)
  }
}

const placeRings = (snapshot: Snapshot, layers: Layers, rings: RunWithRings | null, placing: Placing): void => {
  for (const ring of rings?.rings ?? []) {
    const domains = layers.domains.flatMap(({ scenario, market }, domain) =>
      ring.scenarios.includes(scenario) && ring.markets.includes(market) ? [domain] : [],
    )
    for (const member of ring.members) {
      const entity = findEntity(snapshot, member.kind, member.id)
      if (entity < 0) continue
      const value = member.score * (1 - ring.fdr) * (ringRoleSeed[member.role] ?? 1)
      const here = domains.map((domain) => nodeOf(layers, entity, domain)).filter((node) => node >= 0)
      if (here.length > 0) placing.give(entity, here, value)
      else placing.giveAll(entity, value, false)
      for (const node of here) {
        placing.own[node] = 1
        const from = ring.window?.from ?? Number.NaN
        if (!(placing.at[node]! <= from)) placing.at[node] = from
      }
    }
  }
}

const placeEnforcement = (snapshot: Snapshot, layers: Layers, placing: Placing): void => {
  for (const type of ['warn', 'restrict', 'ban'] as const) {
    const relation = relationOf(snapshot, type)
    if (!relation) continue
    const { seed, absorbs } = enforcementRisk[type]
    for (let edge = 0; edge < relation.count; edge++) {
      const entity = relation.target[edge]!
      // A decision in one market says nothing of the others; one without a market is meant for all.
      const market = snapshot.markets[relation.market[edge]!]!
      if (market === '') {
        placing.giveAll(entity, seed, absorbs)
        continue
      }
      const nodes = placing
        .nodesOf(entity)
        .filter((node) => layers.domains[layers.nodeDomain[node]!]!.market === market)
      placing.give(entity, nodes, seed)
      if (absorbs) for (const node of nodes) placing.absorbs[node] = 1
    }
  }
}

/** The allow list, that is labels of good entities, is stronger than anything that says otherwise. */
export const placeSeeds = (snapshot: Snapshot, layers: Layers, { rings, labels, scores }: SeedSources): Seeds => {
  const placing = new Placing(layers)
  const notes: RiskNote[] = []
  placeRings(snapshot, layers, rings, placing)
  for (const { kind, id, score } of scores)
    if (score >= LEAST_SCORE) {
      const entity = findEntity(snapshot, kind, id)
      if (entity >= 0) placing.giveAll(entity, score, false)
    }
  placeEnforcement(snapshot, layers, placing)
  const { label, absent, later } = placeLabels(snapshot, labels)
  let both = 0
  for (let entity = 0; entity < label.length; entity++) {
    if (label[entity] === 1) placing.giveAll(entity, 1, false)
    else if (label[entity] === 0) {
      if (placing.seeded.delete(entity)) both++
      placing.everywhere.set(entity, { value: 0, absorbs: true })
      for (const node of placing.nodesOf(entity)) {
        placing.explicit[node] = 0
        placing.absorbs[node] = 1
        placing.own[node] = 0
      }
    }
  }
  if (both > 0)
    notes.push({
      code: 'risk.seed-allowed',
      message: `${plural(both, 'entity').replace('entitys', 'entities')} in a ring, enforced or scored high, but labelled good: the label counts, so nothing comes from there and nothing passes through.`,
    })
  if (placing.outside > 0)
    notes.push({
      code: 'risk.no-domain',
      message: `${plural(placing.outside, 'source')} without any interaction: in no domain, so nothing comes from there.`,
    })
  if (absent + later > 0)
    notes.push({
      code: 'risk.labels-unused',
      message: `${plural(absent, 'label')} of entities that are not in the graph, ${later} decided after its time: not used.`,
    })
  if (placing.seeded.size === 0)
    notes.push({
      code: 'risk.no-source',
      message: 'There is no source: no ring, label, decision or score says anything.',
    })
  const { explicit, absorbs, own, at, everywhere } = placing
  return { explicit, absorbs, own, at, everywhere, notes }
}

/** Says so where all sources are in one connected part of the graph: entities elsewhere have no risk because nothing can reach them. */
export const oneComponentNote = ({ rowCount, offsets, columns }: Ties, explicit: Float64Array): RiskNote | null => {
  const first = explicit.findIndex((value) => value > 0)
  if (first < 0) return null
  const seen = new Uint8Array(rowCount)
  const queue = new Int32Array(rowCount)
  queue[0] = first
  seen[first] = 1
  let reached = 1
  for (let next = 0; next < reached; next++) {
    const node = queue[next]!
    for (let k = offsets[node]!, end = offsets[node + 1]!; k < end; k++) {
      const other = columns[k]!
      if (seen[other] === 1) continue
      seen[other] = 1
      queue[reached++] = other
    }
  }
  let sources = 0
  for (let node = 0; node < rowCount; node++)
    if (explicit[node]! > 0) {
      sources++
      if (seen[node] === 0) return null
    }
  if (sources < 2 || reached === rowCount) return null
  return {
    code: 'risk.one-component',
    message: `All sources are in one connected part of ${reached} of ${rowCount} copies of entities: elsewhere no risk means that nothing is known.`,
  }
}
