/**
 * Measures: a feature's name, unit and sentence beside the function that takes its value from a summary of one entity. The same list
 * makes the columns and the pages that describe them, so they cannot part.
 */
import { sharedFloat32 } from '../../graph/shared-arrays.js'
import type { FeatureDefinition } from './definition.js'

export interface Measure<S> {
  /** The last part of the feature's name. */
  readonly name: string
  readonly unit: string
  /** `of` says in words which interactions or neighbours are meant. */
  readonly sentence: (of: string) => string
  /** NaN where it cannot be known. `summary` is used again for the next entity. */
  readonly value: (summary: S) => number
}

/** What measures are taken of: a side, a path, or the entity as a whole. */
export interface Scope {
  /** First part of the features' names. */
  readonly name: string
  readonly words: string
}

export const definitionsOf = (
  measures: readonly Omit<Measure<never>, 'value'>[],
  { name, words }: Scope,
  asOf: string,
): readonly FeatureDefinition[] =>
  measures.map((measure) => ({
    name: `${name}.${measure.name}`,
    unit: measure.unit,
    sentence: measure.sentence(words),
    asOf,
  }))

/** One column a measure. `summarize` makes row `row`'s summary, in place. */
export const columnsOf = <S>(
  measures: readonly Measure<S>[],
  rows: number,
  summarize: (row: number) => S,
): readonly Float32Array[] => {
  // A single row is for this thread alone, and shared memory is slow to get.
  const columns = measures.map(() => (rows === 1 ? new Float32Array(1) : sharedFloat32(rows)))
  for (let row = 0; row < rows; row++) {
    const summary = summarize(row)
    for (let m = 0; m < measures.length; m++) columns[m]![row] = measures[m]!.value(summary)
  }
  return columns
}

/** Columns that are the same in every row share one array for each value: most types of interaction are absent from most data. */
export class ConstantColumns {
  readonly #rows: number
  readonly #kept = new Map<number, Float32Array>()

  constructor(rows: number) {
    this.#rows = rows
  }

  of(value: number): Float32Array {
    let column = this.#kept.get(value)
    if (column === undefined) {
      column = (this.#rows === 1 ? new Float32Array(1) : sharedFloat32(this.#rows)).fill(value)
      this.#kept.set(value, column)
    }
    return column
  }
}
