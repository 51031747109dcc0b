/**
 * Features of every node of a table of nodes and a table of links: own columns, neighbours' columns, place in the graph, known labels
 * around. Nothing is fitted, and no label of the rows that are measured is among `known`.
 */
import type { Csr, UndirectedCsr } from '../../kernels/csr.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { FeatureColumn } from './definition.js'
import { type KnownLabels, labelFeatures } from './known-labels.js'
import { neighbourStatistics, twoStepMean } from './neighbour-statistics.js'
import { named, type Relation, relationsOf, unionGraph } from './relation.js'
import { structureFeatures } from './structure.js'

const asOf = 'Columns and links as given.'

/** With more columns times relations than this, spread and extremes of neighbours are left out: width would cost more than they tell. */
const narrow = 160

const columnOf = (of: string, name: string, sentence: string, values: Float32Array): FeatureColumn => ({
  name: `${of}.${name}`,
  unit: `as ${of}`,
  sentence,
  asOf,
  values,
})

const relationFeatures = (
  { out, back }: Relation,
  of: string,
  values: Float32Array,
  isNarrow: boolean,
): readonly FeatureColumn[] => {
  const { mean, deviation, least, greatest } = neighbourStatistics(out, values)
  const twice = twoStepMean(out, back, values)
  const column = (name: string, sentence: string, data: Float32Array) => columnOf(of, name, sentence, data)
  const always = [
    column('mean', `Mean ${of} of its neighbours.`, mean),
    column(
      'minus-mean',
      `Its ${of} less the mean of its neighbours.`,
      values.map((x, v) => x - mean[v]!),
    ),
    column('two-steps', `Mean ${of} of those who share a neighbour with it.`, twice),
  ]
  if (!isNarrow) return always
  return [
    ...always,
    column('deviation', `Standard deviation of its neighbours' ${of}.`, deviation),
    column('least', `Least ${of} of its neighbours.`, least),
    column('greatest', `Greatest ${of} of its neighbours.`, greatest),
    column(
      'mean-minus-two-steps',
      `Mean ${of} of its neighbours less that of those who share a neighbour with it.`,
      mean.map((x, v) => x - twice[v]!),
    ),
  ]
}

/** Columns and links of the nodes of a table. */
export interface GraphTable {
  readonly own: FeatureMatrix
  /** Square, each pair once, without loops. */
  readonly relations: readonly { readonly name: string; readonly csr: Csr }[]
}

/** What all splits of a table share. */
export interface TableFeatures {
  readonly relations: readonly Relation[]
  readonly all: UndirectedCsr
  /** Features that do not depend on labels. */
  readonly columns: readonly FeatureColumn[]
}

export const tableFeatures = (table: GraphTable, seed: number, check: () => void = () => {}): TableFeatures => {
  const { own } = table
  const relations = relationsOf(table.relations)
  const all = unionGraph(relations, own.rows)
  const isNarrow = own.columns.length * relations.length <= narrow
  const columns: FeatureColumn[] = []
  own.columns.forEach((values, j) => {
    const of = own.names[j]!
    columns.push(columnOf(of, 'own', `Its ${of}.`, values))
    for (const relation of relations) {
      check()
      columns.push(...named(relation, relationFeatures(relation, of, values, isNarrow)))
    }
  })
  for (const relation of relations.length > 1 ? relations : []) {
    const { offsets } = relation.out
    const degree = Float32Array.from({ length: own.rows }, (_, v) => Math.log1p(offsets[v + 1]! - offsets[v]!))
    const sentence = 'Logarithm of one more than the number of its neighbours.'
    columns.push(...named(relation, [{ name: 'degree', unit: 'log count', sentence, asOf, values: degree }]))
  }
  columns.push(...structureFeatures(all, seed, check))
  return { relations, all, columns }
}

export const matrixOf = (columns: readonly FeatureColumn[], rows: number): FeatureMatrix => ({
  rows,
  names: columns.map((column) => column.name),
  columns: columns.map((column) => column.values),
})

/** Every feature, those of the known labels last. */
export const nodeFeatures = (
  { relations, all, columns }: TableFeatures,
  known: KnownLabels,
  seed: number,
  check?: () => void,
): FeatureMatrix => matrixOf([...columns, ...labelFeatures(relations, all, known, seed, check)], all.rowCount)
