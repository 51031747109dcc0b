/** What the entities at the other end of a side are like, in the few numbers that every entity has. */
import type { Csr } from '../../../kernels/csr.js'
import type { FeatureDefinition } from '../definition.js'
import type { ConstantColumns, Scope } from '../measure.js'
import { neighbourStatistics } from '../neighbour-statistics.js'

/** A number that entities of every kind have; its values are those of all entities of the snapshot. */
export interface CommonMeasure {
  readonly name: string
  readonly unit: string
  readonly words: string
}

export const commonMeasures = [
  {
    name: 'degree',
    unit: 'log count',
    words: 'the logarithm of one more than the number of neighbours by any interaction',
  },
  {
    name: 'first-seen',
    unit: 'days',
    words: 'the time from the first interaction in the data to the first of its own',
  },
  { name: 'hours', unit: 'nats', words: 'the entropy of the hours of its interactions' },
  { name: 'burst', unit: 'share', words: 'the largest share of its interactions that lies within one hour' },
] as const satisfies readonly CommonMeasure[]

const statistics = [
  { name: 'mean', sentence: (what: string, of: string) => `Mean over the other ends of ${of}: ${what}.` },
  {
    name: 'deviation',
    sentence: (what: string, of: string) => `Standard deviation over the other ends of ${of}: ${what}.`,
  },
  { name: 'least', sentence: (what: string, of: string) => `Least over the other ends of ${of}: ${what}.` },
  { name: 'greatest', sentence: (what: string, of: string) => `Greatest over the other ends of ${of}: ${what}.` },
  {
    name: 'minus-mean',
    sentence: (what: string, of: string) => `Its own less the mean over the other ends of ${of}: ${what}.`,
  },
] as const

export const neighbourDefinitions = ({ name, words }: Scope, asOf: string): readonly FeatureDefinition[] =>
  commonMeasures.flatMap((common) =>
    statistics.map((statistic) => ({
      name: `${name}.${common.name}.${statistic.name}`,
      unit: common.unit,
      sentence: statistic.sentence(common.words, words),
      asOf,
    })),
  )

/** `pairs` from rows to entities (null: none at all); `common` in the order of `commonMeasures`; row 0 is entity `from`. */
export const neighbourColumns = (
  pairs: Csr | null,
  common: readonly Float32Array[],
  from: number,
  constants: ConstantColumns,
): readonly Float32Array[] =>
  common.flatMap((values) => {
    if (pairs === null) return statistics.map(() => constants.of(Number.NaN))
    const { mean, deviation, least, greatest } = neighbourStatistics(pairs, values)
    const minusMean = mean.map((m, row) => values[from + row]! - m)
    return [mean, deviation, least, greatest, minusMean]
  })
