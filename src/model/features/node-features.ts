/**
 * Features of every node of a table of nodes and a table of links: own columns, neighbours' columns, place in the graph, known labels
 * around. Nothing is fitted, and no label of the rows that are measured is among `known`.
 */
import type { UndirectedCsr } from '../../kernels/csr.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { FeatureColumn } from './definition.js'
import { type KnownLabels, labelFeatures } from './known-labels.js'
import { neighbourMean, neighbourStatistics } from './neighbour-statistics.js'
import { structureFeatures } from './structure.js'

const asOf = 'Columns and links as given.'

/** Own value, neighbours' mean, deviation, least, greatest, own minus mean, mean of means, mean minus mean of means. */
export const columnFeatures = (
  graph: UndirectedCsr,
  own: FeatureMatrix,
  check: () => void = () => {},
): readonly FeatureColumn[] =>
  own.columns.flatMap((values, j) => {
    check()
    const of = own.names[j]!
    const { mean, deviation, least, greatest } = neighbourStatistics(graph, values)
    check()
    const twice = neighbourMean(graph, mean)
    const part = (name: string, sentence: string, column: Float32Array): FeatureColumn => ({
      name: `${of}.${name}`,
      unit: `as ${of}`,
      sentence,
      asOf,
      values: column,
    })
    return [
      part('own', `Its ${of}.`, values),
      part('mean', `Mean ${of} of its neighbours.`, mean),
      part('deviation', `Standard deviation of its neighbours' ${of}.`, deviation),
      part('least', `Least ${of} of its neighbours.`, least),
      part('greatest', `Greatest ${of} of its neighbours.`, greatest),
      part(
        'minus-mean',
        `Its ${of} less the mean of its neighbours.`,
        values.map((x, v) => x - mean[v]!),
      ),
      part('two-steps', `Mean over neighbours of their neighbours' mean ${of}.`, twice),
      part(
        'mean-minus-two-steps',
        `Mean ${of} of its neighbours less the mean over theirs.`,
        mean.map((x, v) => x - twice[v]!),
      ),
    ]
  })

export interface NodeTable {
  readonly own: FeatureMatrix
  /** Each pair of neighbours once. */
  readonly graph: UndirectedCsr
}

/** All features of a table that do not depend on labels: made once for all splits. */
export const unlabelledFeatures = (
  { own, graph }: NodeTable,
  seed: number,
  check?: () => void,
): readonly FeatureColumn[] => [...columnFeatures(graph, own, check), ...structureFeatures(graph, seed, check)]

export const matrixOf = (columns: readonly FeatureColumn[], rows: number): FeatureMatrix => ({
  rows,
  names: columns.map((column) => column.name),
  columns: columns.map((column) => column.values),
})

/** Every feature, those of the labels in `known` last. */
export const nodeFeatures = (
  table: NodeTable,
  known: KnownLabels,
  seed: number,
  unlabelled: readonly FeatureColumn[] = unlabelledFeatures(table, seed),
  check?: () => void,
): FeatureMatrix => matrixOf([...unlabelled, ...labelFeatures(table.graph, known, seed, check)], table.graph.rowCount)
