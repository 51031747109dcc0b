/**
 * Ties between copies of entities: within a domain by interactions, between the copies of one entity by the couplings of their domains.
 *
 * Each interaction adds  weight * atanh(strength) * 2^(-age / half-life)  to the weight of evidence of its pair; a tie's strength is the
 * hyperbolic tangent of the sum, as parallel factors between two nodes of a binary Markov random field make one.
 */

import { type Carried, carriageOf, type RiskCarriage } from '../../../graph-schema/risk.js'
import { type EntityKind, entityKindByCode } from '../../../graph-schema/schema.js'
import type { Relation, Snapshot } from '../../graph/snapshot.js'
import { onGrid, strengthOf, type Ties } from '../../kernels/belief-system.js'
import type { Check } from '../../kernels/check.js'
import { actingRelations, domainOfEdge, eachInteraction, type Layers } from './domains.js'

export const DAY_MS = 86_400_000

/** Harm of one end by the other: kept beside the ties, since nothing goes on from a victim. */
export interface HarmTies {
  readonly victim: Int32Array
  readonly source: Int32Array
  readonly strength: Float32Array
}

export interface LayeredTies {
  readonly ties: Ties
  /** Share, in 1/255, of what the row's node is told that makes it a helper; the rest makes it exposed. */
  readonly helping: Uint8Array
  readonly harm: HarmTies
  /** Epoch milliseconds that ages are counted from; null where no time is known. */
  readonly reference: number | null
}

/** The snapshot's time, or its latest interaction's. */
export const referenceTime = (snapshot: Snapshot): number | null => {
  if (snapshot.asOf !== null) return snapshot.asOf
  let latest = Number.NEGATIVE_INFINITY
  for (const { at, count } of snapshot.relations)
    for (let edge = 0; edge < count; edge++) if (at[edge]! > latest) latest = at[edge]!
  return latest === Number.NEGATIVE_INFINITY ? null : latest
}

/** How much evidence of that age counts; unknown times count as fresh. */
export const decayAt = (at: number, reference: number | null, halfLifeDays: number): number => {
  const age = reference === null || Number.isNaN(at) ? 0 : reference - at
  return age > 0 ? 2 ** (-age / (halfLifeDays * DAY_MS)) : 1
}

interface Weights {
  readonly toTarget: number
  readonly toActor: number
  readonly harmTarget: number
  readonly harmActor: number
  readonly targetHelps: boolean
  readonly actorHelps: boolean
  readonly halfLifeDays: number
}

const weightsOf = ({ toTarget, toActor, halfLifeDays }: RiskCarriage): Weights => {
  const told = (carried: Carried) => (carried.role === 'victim' ? 0 : Math.atanh(carried.strength))
  const harm = (carried: Carried) => (carried.role === 'victim' ? carried.strength : 0)
  return {
    toTarget: told(toTarget),
    toActor: told(toActor),
    harmTarget: harm(toTarget),
    harmActor: harm(toActor),
    targetHelps: toTarget.role === 'helper',
    actorHelps: toActor.role === 'helper',
    halfLifeDays,
  }
}

/** Weights by the kind code of the target. */
const weightsByKind = ({ type }: Relation): readonly (Weights | null)[] =>
  entityKindByCode.map((kind) => {
    const carriage = carriageOf(type, kind as EntityKind)
    return carriage && weightsOf(carriage)
  })

/** Raw entries by row, in the order they come in; one an interaction and end. */
class Entries {
  readonly offsets: Int32Array
  readonly column: Int32Array
  readonly incoming: Float32Array
  readonly outgoing: Float32Array
  readonly helping: Uint8Array
  readonly #at: Int32Array

  /** `counts[row + 1]` entries are to come for each row. */
  constructor(counts: Int32Array) {
    for (let row = 1; row < counts.length; row++) counts[row]! += counts[row - 1]!
    this.offsets = counts
    this.#at = counts.slice()
    const size = counts[counts.length - 1]!
    this.column = new Int32Array(size)
    this.incoming = new Float32Array(size)
    this.outgoing = new Float32Array(size)
    this.helping = new Uint8Array(size)
  }

  add(row: number, column: number, incoming: number, outgoing: number, helping: number): void {
    const place = this.#at[row]!++
    this.column[place] = column
    this.incoming[place] = incoming
    this.outgoing[place] = outgoing
    this.helping[place] = helping
  }
}

/** Bit 0: the row's end is made a helper; bit 1: the column's end. */
const ROW_HELPS = 1
const COLUMN_HELPS = 2

/** Rows ascending: read row by row and written by column, a symmetric set of entries comes out sorted (Gustavson 1978, see kernels/csr.ts). */
const sorted = (raw: Entries, check: Check): Entries => {
  const counts = new Int32Array(raw.offsets.length)
  for (let row = 1; row < counts.length; row++) counts[row] = raw.offsets[row]! - raw.offsets[row - 1]!
  const result = new Entries(counts)
  const { offsets, column, incoming, outgoing, helping } = raw
  for (let row = 0; row + 1 < offsets.length; row++) {
    if ((row & 0xffff) === 0) check()
    for (let k = offsets[row]!; k < offsets[row + 1]!; k++) {
      const bits = helping[k]!
      result.add(column[k]!, row, outgoing[k]!, incoming[k]!, ((bits & 1) << 1) | (bits >> 1))
    }
  }
  return result
}

/** Entries of one pair become one tie, in place. */
const merged = ({ offsets, column, incoming, outgoing, helping }: Entries, check: Check) => {
  const rowCount = offsets.length - 1
  const evidence = new Float32Array(column.length)
  let to = 0
  let from = 0
  for (let row = 0; row < rowCount; row++) {
    if ((row & 0xffff) === 0) check()
    const end = offsets[row + 1]!
    while (from < end) {
      const other = column[from]!
      let told = 0
      let tells = 0
      let weight = 0
      let helps = 0
      for (; from < end && column[from] === other; from++) {
        told += incoming[from]!
        tells += outgoing[from]!
        const size = Math.abs(incoming[from]!)
        weight += size
        if ((helping[from]! & ROW_HELPS) !== 0) helps += size
      }
      column[to] = other
      evidence[to] = onGrid(told)
      incoming[to] = strengthOf(evidence[to]!)
      outgoing[to] = strengthOf(onGrid(tells))
      helping[to++] = weight > 0 ? Math.round((255 * helps) / weight) : 0
    }
    offsets[row + 1] = to
  }
  return {
    ties: {
      rowCount,
      offsets,
      columns: column.subarray(0, to),
      incoming: incoming.subarray(0, to),
      outgoing: outgoing.subarray(0, to),
      evidence: evidence.subarray(0, to),
    },
    helping: helping.subarray(0, to),
  }
}

/**
 * `coupling[from * domains + to]`: what a copy in `to` is told by the copy of the same entity in `from`, 0 to below 1. Loops are left out.
 * Memory: 26 bytes an interaction and pair of copies while it runs, half of it stays.
 */
export const layeredTies = (snapshot: Snapshot, layers: Layers, coupling: Float64Array, check: Check): LayeredTies => {
  const { nodeOffsets, nodeDomain, domains } = layers
  const { kindOffsets } = snapshot.entities
  const reference = referenceTime(snapshot)
  const nodes = nodeDomain.length
  const relations = actingRelations(snapshot)
  const kindAt = (entity: number): number => {
    let code = 0
    while (entity >= kindOffsets[code + 1]!) code++
    return code
  }
  const place = (entity: number, domain: number): number => {
    let node = nodeOffsets[entity]!
    while (nodeDomain[node] !== domain) node++
    return node
  }
  const counts = new Int32Array(nodes + 1)
  let harms = 0
  for (const relation of relations) {
    const weights = weightsByKind(relation)
    const { target, weight } = relation
    eachInteraction(relation, check, (actor, edge) => {
      const other = target[edge]!
      const of = weights[kindAt(other)]
      if (!of || other === actor || weight[edge] === 0) return
      const domain = domainOfEdge(layers, relation, edge)
      if (of.harmActor > 0 || of.harmTarget > 0) harms++
      if (of.toTarget === 0 && of.toActor === 0) return
      counts[place(actor, domain) + 1]!++
      counts[place(other, domain) + 1]!++
    })
  }
  const copies = (entity: number): number => nodeOffsets[entity + 1]! - nodeOffsets[entity]!
  const couples = (a: number, b: number): boolean =>
    coupling[nodeDomain[a]! * domains.length + nodeDomain[b]!]! > 0 ||
    coupling[nodeDomain[b]! * domains.length + nodeDomain[a]!]! > 0
  for (let entity = 0; entity + 1 < nodeOffsets.length; entity++)
    if (copies(entity) > 1)
      for (let a = nodeOffsets[entity]!; a < nodeOffsets[entity + 1]!; a++)
        for (let b = nodeOffsets[entity]!; b < nodeOffsets[entity + 1]!; b++)
          if (a !== b && couples(a, b)) counts[a + 1]!++
  const raw = new Entries(counts)
  const harm = {
    victim: new Int32Array(harms),
    source: new Int32Array(harms),
    strength: new Float32Array(harms),
  }
  let harmed = 0
  for (const relation of relations) {
    const weights = weightsByKind(relation)
    const { target, weight, at } = relation
    eachInteraction(relation, check, (actor, edge) => {
      const other = target[edge]!
      const of = weights[kindAt(other)]
      if (!of || other === actor || weight[edge] === 0) return
      const domain = domainOfEdge(layers, relation, edge)
      const a = place(actor, domain)
      const b = place(other, domain)
      const counted = weight[edge]! * decayAt(at[edge]!, reference, of.halfLifeDays)
      if (of.harmActor > 0 || of.harmTarget > 0) {
        const toActor = of.harmActor > 0
        harm.victim[harmed] = toActor ? a : b
        harm.source[harmed] = toActor ? b : a
        harm.strength[harmed++] = (toActor ? of.harmActor : of.harmTarget) * Math.min(1, counted)
      }
      if (of.toTarget === 0 && of.toActor === 0) return
      const bits = (of.actorHelps ? ROW_HELPS : 0) | (of.targetHelps ? COLUMN_HELPS : 0)
      const toActor = onGrid(of.toActor * counted)
      const toTarget = onGrid(of.toTarget * counted)
      raw.add(a, b, toActor, toTarget, bits)
      raw.add(b, a, toTarget, toActor, ((bits & 1) << 1) | (bits >> 1))
    })
  }
  for (let entity = 0; entity + 1 < nodeOffsets.length; entity++)
    if (copies(entity) > 1)
      for (let a = nodeOffsets[entity]!; a < nodeOffsets[entity + 1]!; a++)
        for (let b = nodeOffsets[entity]!; b < nodeOffsets[entity + 1]!; b++)
          if (a !== b && couples(a, b)) {
            const into = coupling[nodeDomain[b]! * domains.length + nodeDomain[a]!]!
            const out = coupling[nodeDomain[a]! * domains.length + nodeDomain[b]!]!
            raw.add(a, b, onGrid(Math.atanh(into)), onGrid(Math.atanh(out)), ROW_HELPS | COLUMN_HELPS)
          }
  return { ...merged(sorted(raw, check), check), harm, reference }
}
