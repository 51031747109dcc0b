/** What several blocks of features need, computed once and when first asked for. */
import { interactionType } from '../../../../graph-schema/schema.js'
import { actorsOfEdges } from '../../../graph/interactions-at.js'
import { sharedFloat32 } from '../../../graph/shared-arrays.js'
import type { Snapshot } from '../../../graph/snapshot.js'
import type { Check } from '../../../kernels/check.js'
import { type UndirectedCsr, undirectedCsr } from '../../../kernels/csr.js'
import { weightedCores } from '../../../kernels/weighted-cores.js'
import type { RunWithRings } from '../../../store/store.js'
import type { KnownLabels } from '../known-labels.js'
import { ConstantColumns } from '../measure.js'
import { structureFeatures } from '../structure.js'
import { type CountedLabels, countLabels } from './label-rates.js'
import { type Memberships, membershipsOf } from './membership.js'
import { commonMeasures } from './neighbours.js'
import { type MetaPath, type Walk, Walks } from './paths.js'
import { type Clock, clockOf, rhythmColumns, rhythmMeasures } from './rhythm.js'
import { type Range, rangeOf, type ScoredKind } from './sides.js'
import { trustColumns } from './trust.js'

export interface FeatureInputs {
  /** Its own time is the scoring time: all that is read of the graph is in it. */
  readonly snapshot: Snapshot
  /** Null: no rings are known, and features of rings say so. */
  readonly rings: RunWithRings | null
  readonly seed: number
  /** Throws when the job was cancelled. */
  readonly check?: Check
  /** Share done, 0 to 1, of a named step. */
  readonly progress?: (step: string, done: number) => void
}

/** Every interaction but enforcement, whatever its direction, each pair once. */
const wholeGraph = ({ entities, relations }: Snapshot, check: Check): UndirectedCsr => {
  const used = relations.filter(({ type }) => !interactionType(type).enforcement)
  const count = used.reduce((sum, relation) => sum + relation.count, 0)
  const source = new Int32Array(count)
  const target = new Int32Array(count)
  let at = 0
  for (const relation of used) {
    source.set(actorsOfEdges(relation), at)
    target.set(relation.target, at)
    at += relation.count
  }
  return undirectedCsr(entities.count, { source, target }, 'one', check)
}

/** What blocks of features read: of all entities of a kind (FeatureContext), or of one (entity-features.ts). */
export interface FeatureReader {
  readonly snapshot: Snapshot
  readonly check: Check
  readonly clock: Clock
  readonly memberships: Memberships
  /** Entities of the kind that there is one row for, one after the other. */
  readonly rows: (kind: ScoredKind) => Range
  readonly constants: (kind: ScoredKind) => ConstantColumns
  /** One column a common measure (neighbours.ts), of all entities. */
  readonly common: () => readonly Float32Array[]
  readonly walk: (path: MetaPath) => Walk | null
  readonly rhythm: (kind: ScoredKind, direction: 'out' | 'in') => readonly Float32Array[]
  /** One column a measure of structure.ts, then the dense rank. */
  readonly structure: (kind: ScoredKind) => readonly Float32Array[]
  readonly trust: (kind: ScoredKind, labels: CountedLabels | null) => readonly Float32Array[]
}

const kept = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

export class FeatureContext implements FeatureReader {
  readonly snapshot: Snapshot
  readonly check: Check
  readonly clock: Clock
  readonly memberships: Memberships
  /** Whole graph first, as all others stand on it. */
  readonly graph: () => UndirectedCsr
  /** One column a common measure (neighbours.ts), of all entities. */
  readonly common: () => readonly Float32Array[]
  readonly #walks: Walks
  readonly standing: () => readonly Float32Array[]
  readonly #denseRanks = new Map<ScoredKind, Float32Array>()
  readonly #seed: number
  #trust: { readonly labels: CountedLabels | null; readonly columns: readonly Float32Array[] } | null = null
  #counted: { readonly known: KnownLabels; readonly labels: CountedLabels } | null = null
  readonly #cores: () => Float64Array
  readonly #rhythms = new Map<string, readonly Float32Array[]>()
  readonly #constants = new Map<ScoredKind, ConstantColumns>()

  constructor({ snapshot, rings, seed, check = () => {} }: FeatureInputs) {
    this.snapshot = snapshot
    this.check = check
    this.clock = clockOf(snapshot)
    this.#walks = new Walks(snapshot, check)
    this.memberships = membershipsOf(snapshot, rings)
    this.graph = kept(() => wholeGraph(snapshot, check))
    this.standing = kept(() => structureFeatures(this.graph(), seed, check).map(({ values }) => values))
    this.#seed = seed
    this.common = kept(() => this.#commonColumns())
    this.#cores = kept(() => weightedCores(this.graph(), check))
  }

  readonly constants = (kind: ScoredKind): ConstantColumns => {
    const known = this.#constants.get(kind)
    if (known) return known
    const { from, to } = rangeOf(this.snapshot, kind)
    const made = new ConstantColumns(to - from)
    this.#constants.set(kind, made)
    return made
  }

  readonly rows = (kind: ScoredKind): Range => rangeOf(this.snapshot, kind)

  readonly walk = (path: MetaPath): Walk | null => this.#walks.of(path)

  /** The last labels that were asked for are kept, as each kind asks with them. */
  counted(known: KnownLabels | null): CountedLabels | null {
    if (known === null) return null
    if (this.#counted?.known !== known) this.#counted = { known, labels: countLabels(known) }
    return this.#counted.labels
  }

  readonly trust = (kind: ScoredKind, labels: CountedLabels | null): readonly Float32Array[] => {
    if (this.#trust === null || this.#trust.labels !== labels)
      this.#trust = { labels, columns: trustColumns(this.graph(), labels, this.#seed, this.check) }
    return this.#trust.columns.map((column) => this.#ofKind(kind, column))
  }

  /** What all entities have in common, of a range of them: `commonMeasures`, then the measures of structure.ts. */
  plain({ from, to }: Range): readonly Float32Array[] {
    return [...this.common(), ...this.standing()].map((column) => column.subarray(from, to))
  }

  readonly structure = (kind: ScoredKind): readonly Float32Array[] => [
    ...this.standing().map((column) => this.#ofKind(kind, column)),
    this.#denseRank(kind),
  ]

  /** A kind's part of a column of all entities. */
  #ofKind(kind: ScoredKind, column: Float32Array): Float32Array {
    const { from, to } = this.rows(kind)
    return column.subarray(from, to)
  }

  readonly rhythm = (kind: ScoredKind, direction: 'out' | 'in'): readonly Float32Array[] => {
    const key = `${kind} ${direction}`
    const known = this.#rhythms.get(key)
    if (known) return known
    const made = rhythmColumns(this.snapshot, this.clock, direction, rangeOf(this.snapshot, kind), this.check)
    this.#rhythms.set(key, made)
    return made
  }

  /** Share of the kind with a lower number of weightedCores. */
  #denseRank(kind: ScoredKind): Float32Array {
    const known = this.#denseRanks.get(kind)
    if (known) return known
    const { from, to } = rangeOf(this.snapshot, kind)
    const own = this.#cores().subarray(from, to)
    const sorted = own.slice().sort()
    const ranks = Float32Array.from(own, (value) => {
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (sorted[middle]! < value) low = middle + 1
        else high = middle
      }
      return low / sorted.length
    })
    this.#denseRanks.set(kind, ranks)
    return ranks
  }

  /** Times are those of what accounts do, and of what is done to everything else. */
  #commonColumns(): readonly Float32Array[] {
    const { snapshot, clock, check } = this
    const { offsets } = this.graph()
    const columns = commonMeasures.map(() => sharedFloat32(snapshot.entities.count))
    const rest = rangeOf(snapshot, 'device', 'address')
    const parts: readonly { readonly range: Range; readonly rhythm: readonly Float32Array[] }[] = [
      { range: rangeOf(snapshot, 'creator'), rhythm: this.rhythm('creator', 'out') },
      { range: rangeOf(snapshot, 'user'), rhythm: this.rhythm('user', 'out') },
      { range: rangeOf(snapshot, 'video'), rhythm: this.rhythm('video', 'in') },
      { range: rangeOf(snapshot, 'product'), rhythm: this.rhythm('product', 'in') },
      { range: rest, rhythm: rhythmColumns(snapshot, clock, 'in', rest, check) },
    ]
    commonMeasures.forEach(({ name }, c) => {
      const column = columns[c]!
      if (name === 'degree')
        for (let v = 0; v < column.length; v++) column[v] = Math.log1p(offsets[v + 1]! - offsets[v]!)
      else {
        const place = rhythmMeasures.findIndex((measure) => measure.name === name)
        for (const { range, rhythm } of parts) column.set(rhythm[place]!, range.from)
      }
    })
    return columns
  }
}
