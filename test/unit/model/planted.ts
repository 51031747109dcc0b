import { undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import type { SageGraph, SageTask } from '#src/model/graphsage/graph.js'

export interface Planted {
  readonly task: SageTask
  readonly test: Int32Array
}

/**
 * Nodes whose own features say little: a positive one has neighbours whose second feature is high. `signal` 0 makes labels chance.
 * One node in ten has a feature that is not known.
 */
export const plantedGraph = (nodes: number, seed: number, signal = 1): Planted => {
  const random = new Random(seed, 40)
  const labels = Int8Array.from({ length: nodes }, () => (random.float() < 0.3 ? 1 : 0))
  const first = Float32Array.from({ length: nodes }, () => (random.float() < 0.1 ? Number.NaN : random.float()))
  const second = Float32Array.from({ length: nodes }, () => random.float())
  const source: number[] = []
  const target: number[] = []
  for (let v = 0; v < nodes; v++)
    for (let k = 0; k < 6; k++) {
      let u = random.below(nodes)
      for (let tries = 0; tries < 8 && signal > 0 && second[u]! > 0.5 !== (labels[v] === 1); tries++)
        u = random.below(nodes)
      source.push(v)
      target.push(u)
    }
  const { offsets, columns } = undirectedCsr(
    nodes,
    { source: Int32Array.from(source), target: Int32Array.from(target) },
    'one',
  )
  const graph: SageGraph = {
    features: { rows: nodes, names: ['first', 'second', 'same'], columns: [first, second, new Float32Array(nodes)] },
    own: null,
    relations: [{ name: 'associate', csr: { rowCount: nodes, columnCount: nodes, offsets, columns, weights: null } }],
  }
  const rows = Int32Array.from({ length: nodes }, (_, v) => v)
  const cut = [Math.floor(0.5 * nodes), Math.floor(0.7 * nodes)] as const
  return {
    task: { graph, labels, train: rows.slice(0, cut[0]), validation: rows.slice(cut[0], cut[1]) },
    test: rows.slice(cut[1]),
  }
}
