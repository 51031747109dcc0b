/** Splits of labelled rows into train, validation and test where a table has none, and the parts that models of a table are cross-fitted over. */
import { RingfenceError } from '../errors.js'
import { Random } from '../kernels/random.js'
import type { NodeSplit } from './node-table.js'

/** As in most published node-classification sets. */
const randomShares = { train: 0.5, validation: 0.25 } as const

/** Rows of each class in random order. */
const shuffledByClass = (rows: Int32Array, labels: Int8Array, random: Random): readonly Int32Array[] =>
  [0, 1].map((label) => {
    const own = rows.filter((row) => labels[row] === label)
    random.shuffle(own)
    return own
  })

const ascending = (parts: readonly Int32Array[]): Int32Array =>
  Int32Array.from(parts.flatMap((part) => [...part])).sort()

/** Labelled rows in parts, each of which is scored by models of the others. */
export interface LabelledParts {
  /** Ascending. */
  readonly rows: Int32Array
  /** 0 .. count - 1 at each of the rows; not to be read elsewhere. */
  readonly part: Uint8Array
  readonly count: number
}

/** As many as models are trained: each learns from four fifths. */
const mostParts = 5

/** Deals the rows of each class out evenly; fewer parts where a class has fewer rows. Throws `model.one-class` below two of each. */
export const partsByClass = (rows: Int32Array, labels: Int8Array, seed: number): LabelledParts => {
  const classes = shuffledByClass(rows, labels, new Random(seed, 11))
  const [negatives, positives] = classes.map((own) => own.length) as [number, number]
  const count = Math.min(mostParts, positives, negatives)
  if (count < 2)
    throw new RingfenceError(
      'model.one-class',
      `There are ${positives} positive and ${negatives} negative rows to learn from; two of each are needed, to learn from one and check by the other.`,
    )
  const part = new Uint8Array(labels.length)
  for (const own of classes)
    own.forEach((row, at) => {
      part[row] = at % count
    })
  return { rows: ascending([rows]), part, count }
}

/** Rows outside of a part, and in it. */
export const learnAndHold = (
  { rows, part }: LabelledParts,
  held: number,
): { readonly learned: Int32Array; readonly held: Int32Array } => ({
  learned: rows.filter((row) => part[row] !== held),
  held: rows.filter((row) => part[row] === held),
})

/** Of either class, for a part to choose how long models learn: with fewer, luck would choose. */
const fewestToChoose = 10

export const canChoose = (rows: Int32Array, labels: Int8Array): boolean => {
  const positives = rows.reduce((sum, row) => sum + labels[row]!, 0)
  return Math.min(positives, rows.length - positives) >= fewestToChoose
}

/** Random splits of all labelled rows, by class: only for comparison with the literature, as they tear rings apart. */
export const randomSplits = (labels: Int8Array, count: number, seed: number): readonly NodeSplit[] => {
  const labelled = Int32Array.from(labels.keys()).filter((row) => labels[row]! >= 0)
  return Array.from({ length: count }, (_, n) => {
    const classes = shuffledByClass(labelled, labels, new Random(seed, 100 + n))
    const part = (from: number, to: number): Int32Array =>
      ascending(classes.map((own) => own.subarray(Math.round(from * own.length), Math.round(to * own.length))))
    const { train, validation } = randomShares
    return {
      name: `random${n}`,
      train: part(0, train),
      validation: part(train, train + validation),
      test: part(train + validation, 1),
    }
  })
}
