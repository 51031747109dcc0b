/** A snapshot as the heterogeneous GraphSAGE reads it: every kind with features that no label is in, every side of every kind. */
import { entityKindNames } from '../../../graph-schema/schema.js'
import type { Snapshot } from '../../graph/snapshot.js'
import type { Csr } from '../../kernels/csr.js'
import type { FeatureMatrix } from '../feature-matrix.js'
import type { FeatureSource } from '../features/product/product-features.js'
import { distinctPairs, rangeOf, sideRows, sidesOf } from '../features/product/sides.js'
import type { KindGraph, KindRelation } from '../graphsage/kinds-graph.js'
import type { KindModels } from '../graphsage/kinds-score.js'

/** The entries in columns from .. to - 1, numbered from 0. */
const columnsWithin = ({ rowCount, offsets, columns }: Csr, from: number, to: number): Csr => {
  const kept = new Int32Array(columns.length)
  const keptOffsets = new Int32Array(rowCount + 1)
  let count = 0
  for (let row = 0; row < rowCount; row++) {
    for (let k = offsets[row]!, end = offsets[row + 1]!; k < end; k++)
      if (columns[k]! >= from && columns[k]! < to) kept[count++] = columns[k]! - from
    keptOffsets[row + 1] = count
  }
  return { rowCount, columnCount: to - from, offsets: keptOffsets, columns: kept.slice(0, count), weights: null }
}

/** A side with several kinds at its other end has a part for each, so that every relation has one kind at each end. */
export const productGraph = (snapshot: Snapshot, source: FeatureSource, check: () => void): KindGraph => {
  const kinds = entityKindNames.filter((kind) => {
    const { from, to } = rangeOf(snapshot, kind)
    return to > from
  })
  const relations: KindRelation[] = []
  kinds.forEach((kind, of) => {
    for (const side of sidesOf(kind)) {
      check()
      const rows = sideRows(snapshot, side, rangeOf(snapshot, kind), check)
      if (!rows) continue
      const pairs = distinctPairs(rows, snapshot.entities.count)
      kinds.forEach((other, to) => {
        const range = rangeOf(snapshot, other)
        const csr = columnsWithin(pairs, range.from, range.to)
        if (csr.columns.length > 0) relations.push({ name: `${kind} ${side.name} ${other}`, of, to, csr })
      })
    }
  })
  return { kinds: kinds.map((name) => ({ name, features: source.unlabelled(name) })), relations }
}

const noRows = (rowCount: number, columnCount: number): Csr => ({
  rowCount,
  columnCount,
  offsets: new Int32Array(rowCount + 1),
  columns: new Int32Array(0),
  weights: null,
})

/**
 * The graph in a model's order of kinds and relations: what the model never saw is left out, what the graph does not have is empty.
 * A kind without entities has no features to compare.
 */
export const alignGraph = (graph: KindGraph, { shape, inputs }: Pick<KindModels, 'shape' | 'inputs'>): KindGraph => {
  const kinds = shape.kinds.map(
    ({ name }, k) =>
      graph.kinds.find((kind) => kind.name === name) ?? {
        name,
        features: emptyFeatures(inputs[k]!.encoder.features.map((feature) => feature.name)),
      },
  )
  const known = new Map(graph.relations.map((relation) => [relation.name, relation.csr]))
  return {
    kinds,
    relations: shape.relations.map(({ name, of, to }) => ({
      name,
      of,
      to,
      csr: known.get(name) ?? noRows(kinds[of]!.features.rows, kinds[to]!.features.rows),
    })),
  }
}

const emptyFeatures = (names: readonly string[]): FeatureMatrix => ({
  rows: 0,
  names,
  columns: names.map(() => new Float32Array(0)),
})
