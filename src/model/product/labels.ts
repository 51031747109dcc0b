/** Labels as people give them, placed on the entities of a snapshot, and parts of them that may be held out together. */
import type { EntityKind } from '../../../graph-schema/schema.js'
import { actorsOfEdges } from '../../graph/interactions-at.js'
import { findEntity, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { connectedComponents } from '../../kernels/components.js'
import { Random } from '../../kernels/random.js'
import type { RunWithRings } from '../../store/store.js'

export interface LabelRecord {
  readonly kind: EntityKind
  readonly id: string
  /** 1 bad, 0 good. */
  readonly label: 0 | 1
  /** When it was decided, epoch milliseconds; null: not known, and then part of every snapshot. */
  readonly at: number | null
  /** Entities of one group are held out together; empty: none is named. */
  readonly group: string
}

export interface PlacedLabels {
  /** 1 bad, 0 good, -1 none; one entry an entity. */
  readonly label: Int8Array
  /** Records of entities that the snapshot does not have. */
  readonly absent: number
  /** Records that were decided after the snapshot's time. */
  readonly later: number
  /** Entities with both labels of one time: they are left out. */
  readonly contradictory: number
}

/** Of several labels of an entity the one decided last counts. */
export const placeLabels = (snapshot: Snapshot, records: readonly LabelRecord[]): PlacedLabels => {
  const label = new Int8Array(snapshot.entities.count).fill(-1)
  const time = new Float64Array(snapshot.entities.count).fill(-Infinity)
  const torn = new Set<number>()
  let absent = 0
  let later = 0
  for (const record of records) {
    const entity = findEntity(snapshot, record.kind, record.id)
    const at = record.at ?? Number.MIN_SAFE_INTEGER
    if (entity < 0) absent++
    else if (snapshot.asOf !== null && at > snapshot.asOf) later++
    else if (at > time[entity]!) {
      time[entity] = at
      label[entity] = record.label
      torn.delete(entity)
    } else if (at === time[entity] && label[entity] !== record.label) torn.add(entity)
  }
  for (const entity of torn) label[entity] = -1
  return { label, absent, later, contradictory: torn.size }
}

/** Labels that a model learned from and the parts that they were held out with, as scoring must see them. */
export const placeParts = (
  snapshot: Snapshot,
  records: readonly (LabelRecord & { readonly fold: number })[],
): { readonly label: Int8Array; readonly fold: Uint8Array } => {
  const { label } = placeLabels(snapshot, records)
  const fold = new Uint8Array(label.length)
  for (const { kind, id, fold: part } of records) {
    const entity = findEntity(snapshot, kind, id)
    if (entity >= 0) fold[entity] = part
  }
  return { label, fold }
}

/** An identifier with more accounts than this is a place, such as a carrier's network, and ties nobody to anybody. */
const mostSharing = 20

/**
 * Pieces of the graph that know nothing of one another by what they share: members of one ring, of one named group, accounts with one
 * identifier, and a creator with its videos are in one piece. One number an entity.
 */
export const disjointPieces = (
  snapshot: Snapshot,
  records: readonly LabelRecord[],
  rings: RunWithRings | null,
): Int32Array => {
  const source: number[] = []
  const target: number[] = []
  const chain = (members: readonly number[]) => {
    for (let i = 1; i < members.length; i++) {
      source.push(members[i - 1]!)
      target.push(members[i]!)
    }
  }
  const known = (entities: readonly number[]) => entities.filter((entity) => entity >= 0)
  for (const ring of rings?.rings ?? [])
    chain(known(ring.members.map(({ kind, id }) => findEntity(snapshot, kind, id))))
  const named = new Map<string, number[]>()
  for (const { group, kind, id } of records)
    if (group !== '') named.set(group, [...(named.get(group) ?? []), findEntity(snapshot, kind, id)])
  for (const members of named.values()) chain(known(members))
  const uses = relationOf(snapshot, 'uses')
  for (let row = 0; uses && row + 1 < uses.inOffsets.length; row++) {
    const accounts = [...new Set(uses.source.subarray(uses.inOffsets[row]!, uses.inOffsets[row + 1]!))]
    if (accounts.length <= mostSharing) chain(accounts)
  }
  const publish = relationOf(snapshot, 'publish')
  if (publish) {
    const actors = actorsOfEdges(publish)
    for (let e = 0; e < publish.count; e++) chain([actors[e]!, publish.target[e]!])
  }
  return connectedComponents(snapshot.entities.count, Int32Array.from(source), Int32Array.from(target)).component
}

/**
 * Parts of the labelled entities for holding out, 0 .. folds - 1, each of whole pieces (see above) with about as many bad and good as
 * these allow. Entities without a label are in part 0, where they do no harm.
 */
export const disjointFolds = (
  label: Int8Array,
  component: Int32Array,
  folds: number,
  seed: number,
): { readonly fold: Uint8Array; readonly pieces: number } => {
  const n = label.length
  const pieces = new Map<number, { bad: number; good: number; readonly tie: number; readonly members: number[] }>()
  const random = new Random(seed, 61)
  for (let v = 0; v < n; v++) {
    if (label[v]! < 0) continue
    const piece = pieces.get(component[v]!) ?? { bad: 0, good: 0, tie: random.uint32(), members: [] }
    pieces.set(component[v]!, piece)
    piece.members.push(v)
    if (label[v] === 1) piece.bad++
    else piece.good++
  }
  const fold = new Uint8Array(n)
  const bad = new Float64Array(folds)
  const good = new Float64Array(folds)
  // Largest first, each to the part that has least of what it brings most of.
  const order = [...pieces.values()].sort((a, b) => b.bad - a.bad || b.good - a.good || a.tie - b.tie)
  for (const piece of order) {
    const load = piece.bad > 0 ? bad : good
    let least = 0
    for (let f = 1; f < folds; f++) if (load[f]! < load[least]!) least = f
    bad[least]! += piece.bad
    good[least]! += piece.good
    for (const v of piece.members) fold[v] = least
  }
  return { fold, pieces: pieces.size }
}
