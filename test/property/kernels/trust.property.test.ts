import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { undirectedCsr } from '#src/kernels/csr.js'
import { labelPropagation } from '#src/kernels/label-propagation.js'
import { sybilRank, sybilScar } from '#src/kernels/trust.js'
import { edgeLists } from './arbitraries.js'

const graphs = edgeLists({ maxNodes: 14, maxEdges: 40, weighted: true })

test('SybilRank is its definition on the dense matrix', () => {
  fc.assert(
    fc.property(graphs, fc.nat(), fc.integer({ min: 0, max: 6 }), (list, pick, steps) => {
      const n = list.nodeCount
      const matrix = Array.from({ length: n }, () => new Float64Array(n))
      for (let e = 0; e < list.source.length; e++) {
        if (list.source[e] === list.target[e]) continue
        matrix[list.source[e]!]![list.target[e]!]! += list.weight[e]!
        matrix[list.target[e]!]![list.source[e]!]! += list.weight[e]!
      }
      const strength = matrix.map((row) => row.reduce((sum, w) => sum + w, 0))
      let trust = new Float64Array(n)
      trust[pick % n] = n
      for (let step = 0; step < steps; step++) {
        const before: Float64Array = trust
        trust = Float64Array.from({ length: n }, (_, v) =>
          matrix.reduce((sum, row, u) => sum + (strength[u] ? (row[v]! * before[u]!) / strength[u]! : 0), 0),
        )
      }
      const found = sybilRank(undirectedCsr(n, list), Int32Array.of(pick % n), { steps })
      for (let v = 0; v < n; v++) expect(found[v]).toBeCloseTo(strength[v] ? trust[v]! / strength[v]! : 0, 9)
    }),
  )
})

test('SybilSCAR converges, to a point that its own rule leaves where it is', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 14, maxLength: 14 }), (list, priors) => {
      const n = list.nodeCount
      const graph = undirectedCsr(n, list)
      const prior = Float64Array.from({ length: n }, (_, v) => priors[v]! / 10)
      const { belief, converged } = sybilScar(graph, prior, { damping: 0.8, tolerance: 1e-10, maxRounds: 300 })
      expect(converged).toBe(true)
      for (let v = 0; v < n; v++) {
        let sum = 0
        let strength = 0
        for (let k = graph.offsets[v]!; k < graph.offsets[v + 1]!; k++) {
          const w = graph.weights ? graph.weights[k]! : 1
          strength += w
          sum += w * (belief[graph.columns[k]!]! - 0.5)
        }
        const next = prior[v]! - 0.5 + (strength > 0 ? (0.8 * sum) / strength : 0)
        expect(belief[v]).toBeCloseTo(Math.max(-0.5, Math.min(0.5, next)) + 0.5, 8)
      }
    }),
  )
})

test('label propagation ends where each node has a label that none beats among its neighbours', () => {
  fc.assert(
    fc.property(graphs, fc.integer(), (list, seed) => {
      const graph = undirectedCsr(list.nodeCount, list)
      const { community, count } = labelPropagation(graph, { seed })
      expect(Math.max(...community) + 1).toBe(count)
      // Every node with a neighbour stands with one of them: alone, any neighbour's label would be heavier.
      for (let v = 0; v < list.nodeCount; v++) {
        const neighbours = graph.columns.subarray(graph.offsets[v]!, graph.offsets[v + 1]!)
        if (neighbours.length > 0) expect(neighbours.some((u) => community[u] === community[v])).toBe(true)
      }
      expect(labelPropagation(graph, { seed }).community).toEqual(community)
    }),
  )
})
