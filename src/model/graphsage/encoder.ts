/**
 * Piecewise-linear encoding of features by quantiles, fitted on training rows.
 *
 * A feature with borders b_0 < ... < b_T becomes T numbers, clip((x - b_{t-1}) / (b_t - b_{t-1}), 0, 1), so that a network sees where in the
 * distribution a value stands and an average over neighbours is a histogram, not a mean of ages 60 and 6. A value that is not known
 * stands at the median; where training rows had such, one more number says so.
 *
 * Yury Gorishniy, Ivan Rubachev, Artem Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022,
 * arXiv:2203.05556, equation 1.
 */
import type { FeatureMatrix } from '../feature-matrix.js'

export interface FeatureEncoding {
  readonly name: string
  /** Ascending; null for a feature that is constant on the training rows, which then says nothing. */
  readonly borders: readonly number[] | null
  readonly median: number
  readonly tellsMissing: boolean
}

export interface Encoder {
  readonly features: readonly FeatureEncoding[]
  readonly width: number
}

/** Numbers of an encoding at most: wide inputs get fewer pieces each, so that the first layer stays small. */
const standardBudget = 160
const mostPieces = 12

const fitFeature = (name: string, known: Float32Array, rows: number, pieces: number): FeatureEncoding => {
  const tellsMissing = known.length > 0 && known.length < rows
  if (known.length === 0) return { name, borders: null, median: 0, tellsMissing }
  known.sort()
  const median = known[known.length >> 1]!
  const borders: number[] = []
  for (let t = 0; t <= pieces; t++) {
    const value = known[Math.round((t * (known.length - 1)) / pieces)]!
    if (borders.length === 0 || value > borders.at(-1)!) borders.push(value)
  }
  // A few large values among many equal ones fall between the quantiles: they keep the piece up to the greatest.
  return { name, borders: borders.length > 1 ? borders : null, median, tellsMissing }
}

/** Finite values of a column at the rows; infinite ones count as the greatest and least finite number of float32. */
const knownValues = (column: Float32Array, rows: Int32Array): Float32Array => {
  const known = new Float32Array(rows.length)
  let count = 0
  for (const row of rows) {
    const value = column[row]!
    if (!Number.isNaN(value)) known[count++] = bounded(value)
  }
  return known.subarray(0, count)
}

const greatest = 3e38
const bounded = (value: number): number => Math.max(-greatest, Math.min(greatest, value))

export const encodingWidth = ({ borders, tellsMissing }: FeatureEncoding): number =>
  (borders ? borders.length - 1 : 0) + (tellsMissing ? 1 : 0)

/** Looks at the given rows alone. */
export const fitEncoder = (
  { names, columns }: FeatureMatrix,
  rows: Int32Array,
  widthBudget = standardBudget,
): Encoder => {
  const pieces = Math.max(2, Math.min(mostPieces, Math.floor(widthBudget / Math.max(1, names.length))))
  const features = names.map((name, j) => fitFeature(name, knownValues(columns[j]!, rows), rows.length, pieces))
  return { features, width: features.reduce((sum, feature) => sum + encodingWidth(feature), 0) }
}

/** Of a graph's two matrices; `own` is null where there is none. */
export interface Encoders {
  readonly features: Encoder
  readonly own: Encoder | null
}

/** Read of a node alone: no aggregates are made of it, so that it may be wide. */
const ownBudget = 600

export const fitEncoders = (
  { features, own }: { readonly features: FeatureMatrix; readonly own: FeatureMatrix | null },
  rows: Int32Array,
): Encoders => ({
  features: fitEncoder(features, rows),
  own: own && fitEncoder(own, rows, ownBudget),
})

/** Row-major, rows x encoder.width, all in [0, 1]. The matrix must have the encoder's features in its order. */
export const encode = ({ features, width }: Encoder, { rows, names, columns }: FeatureMatrix): Float32Array => {
  if (names.length !== features.length || features.some(({ name }, j) => name !== names[j]))
    throw new RangeError(
      `the encoder knows the features ${features.map(({ name }) => name).join(', ')}, not ${names.join(', ')}`,
    )
  const encoded = new Float32Array(rows * width)
  let from = 0
  features.forEach((feature, j) => {
    const { borders, median, tellsMissing } = feature
    const column = columns[j]!
    const pieces = borders ? borders.length - 1 : 0
    if (pieces === 0 && !tellsMissing) return
    for (let r = 0; r < rows; r++) {
      const at = r * width + from
      const given = column[r]!
      const missing = Number.isNaN(given)
      const value = missing ? median : bounded(given)
      for (let t = 0; t < pieces; t++) {
        const low = borders![t]!
        if (value <= low) break
        const share = (value - low) / (borders![t + 1]! - low)
        encoded[at + t] = share < 1 ? share : 1
      }
      if (missing && tellsMissing) encoded[at + pieces] = 1
    }
    from += encodingWidth(feature)
  })
  return encoded
}
