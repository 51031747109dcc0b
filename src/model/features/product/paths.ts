/**
 * Walks of two steps through the graph of interactions (meta-paths): from an entity over what it shares with others to those others.
 *
 * Meta-paths: Yizhou Sun, Jiawei Han, Xifeng Yan, Philip S. Yu and Tianyi Wu, "PathSim: Meta Path-Based Top-K Similarity Search in
 * Heterogeneous Information Networks", PVLDB 4(11), 2011. A walk takes a neighbour of the middle at random, never back to where it began.
 */
import type { EntityKind, InteractionType } from '../../../../graph-schema/schema.js'
import { actorsOfEdges } from '../../../graph/interactions-at.js'
import type { Snapshot } from '../../../graph/snapshot.js'
import type { Check } from '../../../kernels/check.js'
import { type Bipartite, bipartiteCsr, type Csr } from '../../../kernels/csr.js'
import type { FeatureDefinition } from '../definition.js'
import type { ConstantColumns, Scope } from '../measure.js'
import { commonMeasures } from './neighbours.js'
import { type Range, rangeOf, type ScoredKind } from './sides.js'

interface Bond {
  /** First and last kind, in the order of the schema's codes. */
  readonly actors: readonly [EntityKind, EntityKind]
  readonly targets: readonly [EntityKind, EntityKind]
  readonly types: readonly InteractionType[]
}

const shopping = ['click', 'cart', 'order', 'review', 'refund'] as const
const bonds = {
  engagement: {
    actors: ['user', 'user'],
    targets: ['video', 'video'],
    types: ['view', 'like', 'comment', 'share', 'favorite'],
  },
  shopping: { actors: ['user', 'user'], targets: ['product', 'product'], types: shopping },
  identity: { actors: ['creator', 'user'], targets: ['device', 'address'], types: ['uses'] },
  following: { actors: ['user', 'user'], targets: ['creator', 'creator'], types: ['follow'] },
  publishing: { actors: ['creator', 'creator'], targets: ['video', 'video'], types: ['publish'] },
  selling: { actors: ['creator', 'creator'], targets: ['product', 'product'], types: ['sell'] },
  promoting: { actors: ['video', 'video'], targets: ['product', 'product'], types: ['promote'] },
} as const satisfies Record<string, Bond>

type BondName = keyof typeof bonds

/** A bond walked from actors to targets (`>`) or back (`<`). */
interface Step {
  readonly bond: BondName
  readonly isBack: boolean
}

export interface MetaPath extends Scope {
  readonly kind: ScoredKind
  readonly first: Step
  readonly second: Step
}

const along = (bond: BondName): Step => ({ bond, isBack: false })
const back = (bond: BondName): Step => ({ bond, isBack: true })
const path = (kind: ScoredKind, name: string, words: string, first: Step, second: Step): MetaPath => ({
  kind,
  name: `path.${name}`,
  words,
  first,
  second,
})

export const metaPaths: readonly MetaPath[] = [
  path('creator', 'creator-video-user', 'users of its videos', along('publishing'), back('engagement')),
  path('creator', 'creator-product-user', 'shoppers of its products', along('selling'), back('shopping')),
  path('creator', 'creator-product-creator', 'creators who sell what it sells', along('selling'), back('selling')),
  path('creator', 'creator-user-creator', 'creators whom its followers follow', back('following'), along('following')),
  path('creator', 'creator-identifier-account', 'accounts that use what it uses', along('identity'), back('identity')),
  path('user', 'user-video-user', 'users of the same videos', along('engagement'), back('engagement')),
  path('user', 'user-product-user', 'shoppers of the same products', along('shopping'), back('shopping')),
  path('user', 'user-creator-user', 'followers of the same creators', along('following'), back('following')),
  path('user', 'user-video-creator', 'creators of the videos it uses', along('engagement'), back('publishing')),
  path('user', 'user-identifier-account', 'accounts that use what it uses', along('identity'), back('identity')),
  path('video', 'video-user-video', 'videos of the same users', back('engagement'), along('engagement')),
  path('video', 'video-creator-video', 'videos of the same creator', back('publishing'), along('publishing')),
  path('video', 'video-product-video', 'videos that show the same products', along('promoting'), back('promoting')),
  path('product', 'product-user-product', 'products of the same shoppers', back('shopping'), along('shopping')),
  path('product', 'product-creator-product', 'products of the same sellers', back('selling'), along('selling')),
  path('product', 'product-video-user', 'users of the videos that show it', back('promoting'), back('engagement')),
]

/** The two steps of a path as graphs: rows are the entities of the path's kind, ends those of `ends`. */
export interface Walk {
  readonly out: Csr
  /** Columns of `out` and rows of `onward` are entities middle, middle + 1, ... */
  readonly middle: number
  /** From the middle to the ends. */
  readonly onward: Csr
  readonly ends: Range
  /** Whether a walk may come back to where it began. */
  readonly returns: boolean
}

/** Bonds are built when first needed and kept, as several paths share one. */
export class Walks {
  readonly #snapshot: Snapshot
  readonly #check: Check
  readonly #built = new Map<BondName, Bipartite | null>()

  constructor(snapshot: Snapshot, check: Check) {
    this.#snapshot = snapshot
    this.#check = check
  }

  #range([first, last]: readonly [EntityKind, EntityKind]): Range {
    return rangeOf(this.#snapshot, first, last)
  }

  /** Null where the data has none. */
  #bond(name: BondName): Bipartite | null {
    const known = this.#built.get(name)
    if (known !== undefined) return known
    const bond: Bond = bonds[name]
    const relations = this.#snapshot.relations.filter(({ type }) => bond.types.includes(type))
    const count = relations.reduce((sum, relation) => sum + relation.count, 0)
    const actors = this.#range(bond.actors)
    const targets = this.#range(bond.targets)
    const source = new Int32Array(count)
    const target = new Int32Array(count)
    let at = 0
    for (const relation of relations) {
      const actorAt = actorsOfEdges(relation)
      for (let e = 0; e < relation.count; e++) {
        source[at] = actorAt[e]! - actors.from
        target[at++] = relation.target[e]! - targets.from
      }
    }
    const built =
      count === 0
        ? null
        : bipartiteCsr(actors.to - actors.from, targets.to - targets.from, { source, target }, 'one', this.#check)
    this.#built.set(name, built)
    return built
  }

  of({ kind, first, second }: MetaPath): Walk | null {
    const leaving = this.#bond(first.bond)
    const going = this.#bond(second.bond)
    if (leaving === null || going === null) return null
    const rows = rangeOf(this.#snapshot, kind)
    const starts = this.#range(first.isBack ? bonds[first.bond].targets : bonds[first.bond].actors)
    const whole = first.isBack ? leaving.columns : leaving.rows
    return {
      out: {
        ...whole,
        rowCount: rows.to - rows.from,
        offsets: whole.offsets.subarray(rows.from - starts.from, rows.to - starts.from + 1),
      },
      middle: this.#range(first.isBack ? bonds[first.bond].actors : bonds[first.bond].targets).from,
      onward: second.isBack ? going.columns : going.rows,
      ends: this.#range(second.isBack ? bonds[second.bond].actors : bonds[second.bond].targets),
      returns: first.bond === second.bond,
    }
  }
}

export const pathDefinitions = ({ name, words }: Scope, asOf: string): readonly FeatureDefinition[] =>
  commonMeasures.map((common) => ({
    name: `${name}.${common.name}`,
    unit: common.unit,
    sentence: `Mean over ${words} (each thing in common alike): ${common.words}.`,
    asOf,
  }))

/** Mean over the middle of the mean over its ends but the row's own entity; NaN where no walk ends at a known value. */
const walkMean = ({ out, onward, ends, returns }: Walk, values: Float32Array, first: number): Float32Array => {
  const sums = new Float64Array(onward.rowCount)
  const counts = new Int32Array(onward.rowCount)
  for (let u = 0; u < onward.rowCount; u++)
    for (let k = onward.offsets[u]!, end = onward.offsets[u + 1]!; k < end; k++) {
      const x = values[ends.from + onward.columns[k]!]!
      if (Number.isNaN(x)) continue
      sums[u]! += x
      counts[u]!++
    }
  const means = new Float32Array(out.rowCount)
  for (let row = 0; row < out.rowCount; row++) {
    const own = returns ? values[first + row]! : Number.NaN
    const isKnown = Number(!Number.isNaN(own))
    let sum = 0
    let mass = 0
    for (let k = out.offsets[row]!, end = out.offsets[row + 1]!; k < end; k++) {
      const u = out.columns[k]!
      const others = counts[u]! - isKnown
      if (others <= 0) continue
      sum += (sums[u]! - (isKnown ? own : 0)) / others
      mass++
    }
    means[row] = sum / mass
  }
  return means
}

export const pathColumns = (
  walk: Walk | null,
  common: readonly Float32Array[],
  first: number,
  constants: ConstantColumns,
): readonly Float32Array[] =>
  common.map((values) => (walk === null ? constants.of(Number.NaN) : walkMean(walk, values, first)))
