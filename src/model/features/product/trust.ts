/**
 * How near known good and known bad entities are by short walks, those of the own fold never among where walks begin.
 * Early-ended walks: see kernels/trust.ts (SybilRank).
 */
import type { UndirectedCsr } from '../../../kernels/csr.js'
import { Random } from '../../../kernels/random.js'
import { sybilRank } from '../../../kernels/trust.js'
import type { FeatureDefinition } from '../definition.js'
import type { KnownLabels } from '../known-labels.js'

const asOf =
  'Interactions and labels known at the scoring time; never the own label, nor one of the own fold in training.'

export const trustDefinitions: readonly FeatureDefinition[] = [
  {
    name: 'trust.good',
    unit: 'log ratio',
    sentence: 'Logarithm of one more than how often a short walk from a known good entity ends here, over chance.',
    asOf,
  },
  {
    name: 'trust.bad',
    unit: 'log ratio',
    sentence: 'Logarithm of one more than how often a short walk from a known bad entity ends here, over chance.',
    asOf,
  },
  {
    name: 'trust.push',
    unit: 'log ratio',
    sentence:
      'How much nearer short walks from known bad come than those from known good: `trust.bad` less `trust.good`.',
    asOf,
  },
]

/** Three accounts far, over what they share: beyond that a walk in a small world is nearly everywhere. */
const steps = 6
/** Where labels are hidden from the own entity alone: random fifths of the entities. */
const chanceFolds = 5

/** Parts of the entities whose labels are hidden from one another. */
export const foldsOf = (
  { label, fold }: KnownLabels,
  seed: number,
): { readonly of: Uint8Array; readonly count: number } => {
  const random = new Random(seed, 43)
  const of = fold ?? Uint8Array.from(label, () => random.below(chanceFolds))
  return { of, count: of.reduce((most, f) => Math.max(most, f), -1) + 1 }
}

/** One column a definition over all entities. All are NaN where no label is known; a side without labels is far from everybody. */
export const trustColumns = (
  graph: UndirectedCsr,
  known: KnownLabels | null,
  seed: number,
  check: () => void,
): readonly Float32Array[] => {
  const n = graph.rowCount
  if (known === null || !known.label.some((y) => y >= 0))
    return trustDefinitions.map(() => new Float32Array(n).fill(Number.NaN))
  const { label } = known
  const folds = foldsOf(known, seed)
  /** What a unit of trust spread evenly gives; the kernel's total is n. */
  const even = n / Math.max(1, graph.columns.length)
  const walksFrom = (wanted: number): Float32Array => {
    const sums = new Float64Array(n)
    const begun = new Float64Array(n)
    for (let f = 0; f < folds.count; f++) {
      const seeds: number[] = []
      for (let v = 0; v < n; v++) if (label[v] === wanted && folds.of[v] === f) seeds.push(v)
      if (seeds.length === 0) continue
      const trust = sybilRank(graph, Int32Array.from(seeds), { steps, check })
      // Walks add up. The own fold is never added, rather than taken away again: rounding would let it be seen.
      for (let v = 0; v < n; v++)
        if (label[v]! < 0 || folds.of[v] !== f) {
          sums[v]! += trust[v]! * seeds.length
          begun[v]! += seeds.length
        }
    }
    return Float32Array.from(sums, (sum, v) => (begun[v]! > 0 ? Math.log1p(sum / begun[v]! / even) : 0))
  }
  const good = walksFrom(0)
  const bad = walksFrom(1)
  return [good, bad, bad.map((value, v) => value - good[v]!)]
}
