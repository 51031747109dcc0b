/** Splits of labelled rows into train, validation and test where a table has none, or lacks a part. */
import { RingfenceError } from '../errors.js'
import { Random } from '../kernels/random.js'
import type { NodeSplit } from './node-table.js'

/** Of the training rows, where a split names none for validation. */
const validationShare = 0.2
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

/** The split itself where it has validation rows of both classes, else one whose validation rows come out of training, by class. */
export const withValidation = (split: NodeSplit, labels: Int8Array, seed: number): NodeSplit => {
  const has = (label: number): boolean => split.validation.some((row) => labels[row] === label)
  if (has(0) && has(1)) return split
  const rows = ascending([split.train, split.validation])
  const classes = shuffledByClass(rows, labels, new Random(seed, 11))
  const cuts = classes.map((own) => Math.max(1, Math.round(validationShare * own.length)))
  if (classes.some((own) => own.length < 2))
    throw new RingfenceError(
      'model.one-class',
      `The split ${split.name} has ${classes[1]!.length} positive and ${classes[0]!.length} negative rows to learn from; two of each are needed, one of them to stop by.`,
    )
  return {
    ...split,
    train: ascending(classes.map((own, at) => own.subarray(cuts[at]))),
    validation: ascending(classes.map((own, at) => own.subarray(0, cuts[at]))),
  }
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
