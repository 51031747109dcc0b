/** Who sees whom by one kind of link, each pair once and without loops. */
import { type Csr, transpose, type UndirectedCsr, undirectedCsr } from '../../kernels/csr.js'
import type { FeatureColumn } from './definition.js'

export interface Relation {
  /** Part of the names of features; empty where there is one relation only. */
  readonly name: string
  readonly out: Csr
  /** The transpose of `out`; the same object where links have no direction. */
  readonly back: Csr
}

export const relationsOf = (given: readonly { readonly name: string; readonly csr: Csr }[]): readonly Relation[] =>
  given.map(({ name, csr }) => ({ name: given.length === 1 ? '' : name, out: csr, back: transpose(csr) }))

/** All links of all relations, whatever their direction, each pair once. */
export const unionGraph = (relations: readonly Relation[], nodes: number): UndirectedCsr => {
  const entries = relations.reduce((sum, { out }) => sum + out.columns.length, 0)
  const source = new Int32Array(entries)
  const target = new Int32Array(entries)
  let at = 0
  for (const { out } of relations)
    for (let v = 0; v < out.rowCount; v++)
      for (let k = out.offsets[v]!, end = out.offsets[v + 1]!; k < end; k++) {
        source[at] = v
        target[at++] = out.columns[k]!
      }
  return undirectedCsr(nodes, { source, target }, 'one')
}

/** Puts the relation's name before those of its features. */
export const named = ({ name }: Relation, columns: readonly FeatureColumn[]): readonly FeatureColumn[] =>
  name === ''
    ? columns
    : columns.map((column) => ({
        ...column,
        name: `${name}: ${column.name}`,
        sentence: `By ${name}: ${column.sentence}`,
      }))
