/** A table of nodes and links as GraphSAGE reads it: columns of node and neighbours, and what is told of a node's surroundings. */
import type { FeatureColumn } from '../features/definition.js'
import { type GraphTable, matrixOf, tableFeatures } from '../features/node-features.js'
import type { SageGraph } from './graph.js'

/** With more columns of surroundings than this, only those that are made of links alone are read: the first layer grows with each. */
const mostColumns = 250

/** The columns that are not the table's own, which the network reads anyway. */
const surroundings = (columns: readonly FeatureColumn[], { own, relations }: GraphTable): readonly FeatureColumn[] => {
  const plain = new Set(own.names.map((name) => `${name}.own`))
  const around = columns.filter(({ name }) => !plain.has(name))
  if (around.length <= mostColumns) return around
  const prefixes = ['', ...relations.map(({ name }) => `${name}: `)]
  const ofColumns = own.names.flatMap((name) => prefixes.map((prefix) => `${prefix}${name}.`))
  return around.filter(({ name }) => !ofColumns.some((start) => name.startsWith(start)))
}

/** `seed` is for the sampled ones among the structural features. No label is read. */
export const sageGraphOf = (table: GraphTable, seed: number, check?: () => void): SageGraph => ({
  features: table.own,
  own: matrixOf(surroundings(tableFeatures(table, seed, check).columns, table), table.own.rows),
  relations: table.relations,
})
