/**
 * The features of one entity at a time, without those of all others: the same blocks read its own rows alone. What needs the whole
 * graph (times and degrees of neighbours, structure, trust, bonds) is computed once for a snapshot, its rings and labels.
 *
 * With a change (one entity or one ring left out) everything that follows from the entity's own interactions and memberships is
 * computed anew. What only the whole graph tells - `structure.` but degrees, and `trust.` - stays as it is.
 */
import { ownInteractions } from '../../../graph/own-interactions.js'
import { findEntity, kindOf, type Snapshot } from '../../../graph/snapshot.js'
import { neverCancelled } from '../../../kernels/check.js'
import type { MemberRecord, RingRecord } from '../../../store/store.js'
import { ConstantColumns } from '../measure.js'
import { structureDefinitions } from '../structure.js'
import { blocksOf, type FeatureBlock } from './blocks.js'
import { FeatureContext, type FeatureReader } from './context.js'
import type { CountedLabels } from './label-rates.js'
import { membershipIn } from './membership.js'
import { commonMeasures } from './neighbours.js'
import { type MetaPath, metaPaths, type Walk } from './paths.js'
import type { LabelledInputs } from './product-features.js'
import { rhythmColumns, rhythmMeasures } from './rhythm.js'
import { type ScoredKind, scoredKinds } from './sides.js'

/** What is left out of what is read of an entity. */
export type Change =
  | { readonly without: 'entity'; readonly entity: number }
  | { readonly without: 'ring'; readonly ring: string }

export interface Belonging {
  readonly ring: RingRecord
  readonly member: MemberRecord
}

/** What a change leaves as it was, by the beginning of the feature's name. */
const wholeGraphNames = ['structure.', 'trust.']
const degreeNames: ReadonlySet<string> = new Set(['structure.degree', 'structure.neighbours-degree'])

/** Whether a feature follows from the entity's own interactions and rings, so that a change moves it. */
export const followsChanges = (name: string): boolean =>
  degreeNames.has(name) || !wholeGraphNames.some((start) => name.startsWith(start))

/** Rows of a walk from one entity, `without` left out; middles are numbered anew, so that nothing of the graph's size is needed. */
const walkFrom = (walk: Walk, row: number, without: number): Walk => {
  const { out, onward, middle } = walk
  const kept: number[] = []
  for (let k = out.offsets[row]!, end = out.offsets[row + 1]!; k < end; k++)
    if (middle + out.columns[k]! !== without) kept.push(out.columns[k]!)
  const offsets = new Int32Array(kept.length + 1)
  kept.forEach((u, i) => {
    offsets[i + 1] = offsets[i]! + onward.offsets[u + 1]! - onward.offsets[u]!
  })
  const columns = new Int32Array(offsets[kept.length]!)
  kept.forEach((u, i) => {
    columns.set(onward.columns.subarray(onward.offsets[u]!, onward.offsets[u + 1]!), offsets[i]!)
  })
  return {
    ...walk,
    out: {
      rowCount: 1,
      columnCount: kept.length,
      offsets: Int32Array.of(0, kept.length),
      columns: Int32Array.from(kept.keys()),
      weights: null,
    },
    onward: { rowCount: kept.length, columnCount: onward.columnCount, offsets, columns, weights: null },
  }
}

const standingPlace = (name: string): number => structureDefinitions.findIndex((each) => each.name === name)
const degreePlace = standingPlace('structure.degree')
const neighboursPlace = standingPlace('structure.neighbours-degree')

export class EntityFeatures {
  readonly snapshot: Snapshot
  readonly names: ReadonlyMap<ScoredKind, readonly string[]>
  readonly labels: CountedLabels | null
  readonly #context: FeatureContext
  readonly #belongings = new Map<number, Belonging[]>()
  readonly #blocks: ReadonlyMap<ScoredKind, readonly FeatureBlock[]>

  /** Computes what all entities need, for the given kinds. Throws `model.later-run` and what `check` throws. */
  constructor(inputs: LabelledInputs, kinds: readonly ScoredKind[] = scoredKinds) {
    const { snapshot, progress } = inputs
    this.snapshot = snapshot
    this.#context = new FeatureContext(inputs)
    this.labels = this.#context.counted(inputs.labels)
    this.#blocks = new Map(kinds.map((kind) => [kind, blocksOf(kind)]))
    this.names = new Map(
      [...this.#blocks].map(([kind, blocks]) => [
        kind,
        blocks.flatMap(({ definitions }) => definitions.map(({ name }) => name)),
      ]),
    )
    for (const ring of inputs.rings?.rings ?? [])
      for (const member of ring.members) {
        const entity = findEntity(snapshot, member.kind, member.id)
        if (entity < 0) continue
        const known = this.#belongings.get(entity)
        if (known) known.push({ ring, member })
        else this.#belongings.set(entity, [{ ring, member }])
      }
    // The slow parts now, so that no question waits for them.
    const steps: readonly (readonly [string, () => void])[] = [
      ['neighbours', () => this.#context.common()],
      ['structure', () => kinds.map((kind) => this.#context.structure(kind))],
      ['trust', () => kinds.map((kind) => this.#context.trust(kind, this.labels))],
      ['walks', () => metaPaths.map((path) => this.#context.walk(path))],
    ]
    steps.forEach(([name, work], at) => {
      progress?.(name, at / steps.length)
      work()
    })
  }

  /** Places of the features of a kind that no label is in, in their order. */
  unlabelled(kind: ScoredKind): readonly number[] {
    let at = 0
    return this.#blocks.get(kind)!.flatMap(({ readsLabels, definitions }) => {
      const from = at
      at += definitions.length
      return readsLabels ? [] : definitions.map((_, j) => from + j)
    })
  }

  belongings(entity: number): readonly Belonging[] {
    return this.#belongings.get(entity) ?? []
  }

  /** Neighbours by any interaction but enforcement, ascending. */
  neighbours(entity: number): Int32Array {
    const { offsets, columns } = this.#context.graph()
    return columns.subarray(offsets[entity]!, offsets[entity + 1]!)
  }

  /** Ends of all walks from an entity, each as often as it is reached: what most of the time of a row goes into. */
  walkEnds(entity: number): number {
    const kind = kindOf(this.snapshot, entity)
    let ends = 0
    for (const path of metaPaths) {
      const walk = path.kind === kind ? this.#context.walk(path) : null
      if (walk === null) continue
      const { offsets } = walk.onward
      for (const u of this.middles(path, entity)) ends += offsets[u - walk.middle + 1]! - offsets[u - walk.middle]!
    }
    return ends
  }

  /** What the entity has in common with others on a path, each once. */
  middles(path: MetaPath, entity: number): readonly number[] {
    const walk = this.#context.walk(path)
    if (walk === null) return []
    const row = entity - this.#context.rows(path.kind).from
    const { offsets, columns } = walk.out
    return Array.from(columns.subarray(offsets[row]!, offsets[row + 1]!), (u) => walk.middle + u)
  }

  /** One value a feature of the entity's kind, in their order. */
  row(entity: number, change: Change | null = null): Float32Array {
    const kind = kindOf(this.snapshot, entity)
    const blocks = this.#blocks.get(kind as ScoredKind)
    if (!blocks) throw new RangeError(`a ${kind} has no features here`)
    const read = () => {
      const reader = this.#reader(entity, change)
      return Float32Array.from(
        blocks.flatMap((block) => block.columns(reader, this.labels)),
        (column) => column[0]!,
      )
    }
    return change?.without === 'entity' ? this.#withCommon(entity, change.entity, read) : read()
  }

  #reader(entity: number, change: Change | null): FeatureReader {
    const context = this.#context
    const without = change?.without === 'entity' ? change.entity : -1
    const snapshot = without < 0 ? this.snapshot : ownInteractions(this.snapshot, entity, without)
    const constants = new ConstantColumns(1)
    const walks = new Map<string, Walk | null>()
    const own = (kind: ScoredKind, columns: readonly Float32Array[]) => {
      const row = entity - context.rows(kind).from
      return columns.map((column) => column.subarray(row, row + 1))
    }
    const isRing = change?.without === 'ring'
    const rings = isRing && this.belongings(entity).filter(({ ring }) => ring.id !== change.ring)
    return {
      snapshot,
      check: neverCancelled,
      clock: context.clock,
      memberships: rings ? new Map([[entity, membershipIn(rings)]]) : context.memberships,
      rows: () => ({ from: entity, to: entity + 1 }),
      constants: () => constants,
      common: context.common,
      walk: (path: MetaPath) => {
        const known = walks.get(path.name)
        if (known !== undefined) return known
        const whole = context.walk(path)
        const walk = whole && walkFrom(whole, entity - context.rows(path.kind).from, without)
        walks.set(path.name, walk)
        return walk
      },
      rhythm: (_kind, direction) =>
        rhythmColumns(snapshot, context.clock, direction, { from: entity, to: entity + 1 }, neverCancelled),
      structure: (kind) => {
        const columns = own(kind, context.structure(kind))
        return without < 0 ? columns : this.#degreesWithout(columns, entity, without)
      },
      trust: (kind, labels) => own(kind, context.trust(kind, labels)),
    }
  }

  #degreesWithout(columns: readonly Float32Array[], entity: number, without: number): readonly Float32Array[] {
    const { offsets } = this.#context.graph()
    let degree = 0
    let sum = 0
    for (const u of this.neighbours(entity)) {
      if (u === without) continue
      degree++
      sum += Math.log1p(offsets[u + 1]! - offsets[u]!)
    }
    return columns.map((column, place) => {
      if (place === degreePlace) return Float32Array.of(Math.log1p(degree))
      return place === neighboursPlace ? Float32Array.of(sum / degree) : column
    })
  }

  /** Runs `read` while the common measures of both ends are what they are without each other. */
  #withCommon<T>(entity: number, other: number, read: () => T): T {
    const common = this.#context.common()
    const ends = [
      { index: entity, values: this.#commonWithout(entity, other) },
      { index: other, values: this.#commonWithout(other, entity) },
    ]
    const before = ends.map(({ index }) => common.map((column) => column[index]!))
    const put = (index: number, values: readonly number[]): void => {
      for (let c = 0; c < common.length; c++) common[c]![index] = values[c]!
    }
    try {
      for (const { index, values } of ends) put(index, values)
      return read()
    } finally {
      for (let at = 0; at < ends.length; at++) put(ends[at]!.index, before[at]!)
    }
  }

  #commonWithout(entity: number, without: number): readonly number[] {
    const kind = kindOf(this.snapshot, entity)
    const neighbours = this.neighbours(entity)
    const rhythm = rhythmColumns(
      ownInteractions(this.snapshot, entity, without),
      this.#context.clock,
      kind === 'creator' || kind === 'user' ? 'out' : 'in',
      { from: entity, to: entity + 1 },
      neverCancelled,
    )
    return commonMeasures.map(({ name }) =>
      name === 'degree'
        ? Math.log1p(neighbours.length - Number(neighbours.includes(without)))
        : rhythm[rhythmMeasures.findIndex((measure) => measure.name === name)]![0]!,
    )
  }
}
