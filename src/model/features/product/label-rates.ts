/**
 * Shares of known bad among neighbours and among the ends of walks, the own label and those of the own fold left out. Rates are
 * shrunk to that of all known labels (see known-labels.ts).
 */
import type { Csr } from '../../../kernels/csr.js'
import type { FeatureDefinition } from '../definition.js'
import { type KnownLabels, labelTotals, shrunkRate } from '../known-labels.js'
import type { ConstantColumns, Scope } from '../measure.js'
import type { Walk } from './paths.js'

const asOf = 'Labels decided by the scoring time; never the own one, nor one of the own fold in training.'

export const sideLabelDefinitions = ({ name, words }: Scope): readonly FeatureDefinition[] => [
  {
    name: `${name}.known-bad`,
    unit: 'share',
    sentence: `Share of known bad among the other ends of ${words} with a known label, shrunk to the rate of all.`,
    asOf,
  },
  {
    name: `${name}.known`,
    unit: 'log count',
    sentence: `Logarithm of one more than the number of other ends of ${words} with a known label.`,
    asOf,
  },
]

export const pathLabelDefinitions = ({ name, words }: Scope): readonly FeatureDefinition[] => [
  {
    name: `${name}.known-bad`,
    unit: 'share',
    sentence: `Mean over what it has in common with ${words} of the share of known bad among those, shrunk to the rate of all.`,
    asOf,
  },
]

/** Labels beside what is said of all of them together, counted once. */
export interface CountedLabels extends KnownLabels {
  /** Share of bad among all known ones. */
  readonly rate: number
  /** Parts within which labels are hidden; 1 where they are hidden from the own entity alone. */
  readonly folds: number
}

export const countLabels = (known: KnownLabels): CountedLabels => ({
  ...known,
  rate: labelTotals(known.label).rate,
  folds: known.fold === null ? 1 : known.fold.reduce((most, f) => Math.max(most, f), 0) + 1,
})

const hidden = ({ label, fold }: KnownLabels, v: number, u: number): boolean =>
  u === v || (fold !== null && label[v]! >= 0 && fold[u] === fold[v])

export const sideLabelColumns = (
  pairs: Csr | null,
  known: CountedLabels | null,
  first: number,
  constants: ConstantColumns,
): readonly Float32Array[] => {
  if (known === null || pairs === null) return [constants.of(Number.NaN), constants.of(known === null ? Number.NaN : 0)]
  const { rate } = known
  const bad = new Float32Array(pairs.rowCount)
  const seen = new Float32Array(pairs.rowCount)
  for (let row = 0; row < pairs.rowCount; row++) {
    let sum = 0
    let count = 0
    for (let k = pairs.offsets[row]!, end = pairs.offsets[row + 1]!; k < end; k++) {
      const u = pairs.columns[k]!
      const y = known.label[u]!
      if (y < 0 || hidden(known, first + row, u)) continue
      sum += y
      count++
    }
    bad[row] = count ? shrunkRate(sum, count, rate) : Number.NaN
    seen[row] = Math.log1p(count)
  }
  return [bad, seen]
}

export const pathLabelColumns = (
  walk: Walk | null,
  known: CountedLabels | null,
  first: number,
  constants: ConstantColumns,
): readonly Float32Array[] => {
  if (known === null || walk === null) return [constants.of(Number.NaN)]
  const { label, fold, rate, folds } = known
  const { out, onward, ends, returns } = walk
  const bad = new Float32Array(onward.rowCount * folds)
  const count = new Float32Array(onward.rowCount * folds)
  for (let u = 0; u < onward.rowCount; u++)
    for (let k = onward.offsets[u]!, end = onward.offsets[u + 1]!; k < end; k++) {
      const v = ends.from + onward.columns[k]!
      const y = label[v]!
      if (y < 0) continue
      const at = u * folds + (fold === null ? 0 : fold[v]!)
      count[at]!++
      bad[at]! += y
    }
  const values = new Float32Array(out.rowCount)
  for (let row = 0; row < out.rowCount; row++) {
    const own = label[first + row]!
    const without = fold !== null && own >= 0 ? fold[first + row]! : -1
    const isCounted = fold === null && returns && own >= 0
    let sum = 0
    let mass = 0
    for (let k = out.offsets[row]!, end = out.offsets[row + 1]!; k < end; k++) {
      const u = out.columns[k]!
      let b = isCounted ? -own : 0
      let n = isCounted ? -1 : 0
      for (let f = 0; f < folds; f++) {
        if (f === without) continue
        b += bad[u * folds + f]!
        n += count[u * folds + f]!
      }
      if (n <= 0) continue
      sum += shrunkRate(b, n, rate)
      mass++
    }
    values[row] = sum / mass
  }
  return [values]
}
