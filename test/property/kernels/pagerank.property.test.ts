import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { directedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { type PageRank, pageRank, pageRankUndirected } from '#src/kernels/pagerank.js'
import { PushScratch, personalizedPush, strengthsOf, sweepCut } from '#src/kernels/personalized-push.js'
import { edgeLists, type SmallGraph } from './arbitraries.js'

/** Power iteration on the dense matrix, dangling nodes jumping by the teleport distribution. */
const byPowerIteration = (matrix: Float64Array[], damping: number, teleport: Float64Array): Float64Array => {
  const n = matrix.length
  const out = matrix.map((row) => row.reduce((sum, w) => sum + w, 0))
  let x = teleport.slice()
  for (let round = 0; round < 400; round++) {
    const next = teleport.map((t) => (1 - damping) * t)
    for (let u = 0; u < n; u++)
      for (let v = 0; v < n; v++) next[v]! += damping * x[u]! * (out[u] === 0 ? teleport[v]! : matrix[u]![v]! / out[u]!)
    x = next
  }
  return x
}

const dense = ({ nodeCount, source, target, weight }: SmallGraph, undirected: boolean): Float64Array[] => {
  const matrix = Array.from({ length: nodeCount }, () => new Float64Array(nodeCount))
  for (let e = 0; e < source.length; e++) {
    matrix[source[e]!]![target[e]!]! += weight[e]!
    if (undirected) matrix[target[e]!]![source[e]!]! += weight[e]!
  }
  return matrix
}

const graphs = edgeLists({ maxNodes: 14, maxEdges: 40, weighted: true })
const dampings = fc.constantFrom(0, 0.5, 0.85, 0.95)

const agrees = ({ rank }: PageRank, expected: Float64Array) => {
  expect(rank.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12)
  for (let v = 0; v < rank.length; v++) expect(Math.abs(rank[v]! - expected[v]!)).toBeLessThan(2e-9)
}

test('directed PageRank equals power iteration on the dense matrix, dangling nodes and loops included', () => {
  fc.assert(
    fc.property(graphs, dampings, (list, damping) => {
      const uniform = new Float64Array(list.nodeCount).fill(1 / list.nodeCount)
      const csr = directedCsr(list.nodeCount, list.nodeCount, list)
      agrees(pageRank(csr, { damping }), byPowerIteration(dense(list, false), damping, uniform))
    }),
  )
})

test('undirected and personalized PageRank as well', () => {
  fc.assert(
    fc.property(graphs, dampings, fc.integer({ min: 1, max: 99 }), (list, damping, salt) => {
      const weights = Float64Array.from({ length: list.nodeCount }, (_, v) => ((v + 1) * salt) % 5)
      weights[salt % list.nodeCount] = 1
      const sum = weights.reduce((total, w) => total + w, 0)
      const matrix = dense(list, true)
      const graph = undirectedCsr(list.nodeCount, list)
      const uniform = new Float64Array(list.nodeCount).fill(1 / list.nodeCount)
      agrees(pageRankUndirected(graph, { damping }), byPowerIteration(matrix, damping, uniform))
      agrees(
        pageRankUndirected(graph, { damping, teleport: weights }),
        byPowerIteration(
          matrix,
          damping,
          weights.map((w) => w / sum),
        ),
      )
    }),
  )
})

test('a push is below personalized PageRank by at most epsilon a unit of strength, and loses no mass', () => {
  fc.assert(
    fc.property(
      graphs,
      fc.nat(),
      fc.constantFrom(0.05, 0.15, 0.5),
      fc.constantFrom(1e-2, 1e-3, 1e-5),
      (list, pick, alpha, epsilon) => {
        const graph = undirectedCsr(list.nodeCount, list)
        const strength = strengthsOf(graph)
        const seed = pick % list.nodeCount
        const scratch = new PushScratch(list.nodeCount)
        const push = personalizedPush(graph, strength, Int32Array.of(seed), null, { alpha, epsilon }, scratch)
        const teleport = new Float64Array(list.nodeCount)
        teleport[seed] = 1
        const exact = pageRankUndirected(graph, { damping: 1 - alpha, teleport, tolerance: 1e-12 }).rank
        const p = new Float64Array(list.nodeCount)
        push.nodes.forEach((v, i) => {
          p[v] = push.values[i]!
        })
        for (let v = 0; v < list.nodeCount; v++) {
          expect(p[v]!).toBeLessThanOrEqual(exact[v]! + 1e-9)
          if (strength[seed]! > 0) expect(exact[v]! - p[v]!).toBeLessThanOrEqual(epsilon * strength[v]! + 1e-9)
        }
        expect(push.residual + p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 10)
        for (const array of [scratch.p, scratch.r, scratch.seen, scratch.queued])
          expect(array.every((x) => x === 0)).toBe(true)
      },
    ),
  )
})

test('the sweep cut has the least conductance of all prefixes', () => {
  fc.assert(
    fc.property(graphs, fc.nat(), (list, pick) => {
      const graph = undirectedCsr(list.nodeCount, list)
      const strength = strengthsOf(graph)
      const push = personalizedPush(graph, strength, Int32Array.of(pick % list.nodeCount))
      const volume = strength.reduce((sum, s) => sum + s, 0)
      const order = [...push.nodes.keys()]
        .filter((i) => strength[push.nodes[i]!]! > 0)
        .sort(
          (i, j) => push.values[j]! / strength[push.nodes[j]!]! - push.values[i]! / strength[push.nodes[i]!]! || i - j,
        )
      const matrix = dense(list, true)
      let best = Infinity
      for (let length = 1; length <= order.length; length++) {
        const inside = new Set(order.slice(0, length).map((i) => push.nodes[i]!))
        let cut = 0
        let inner = 0
        for (const u of inside) {
          inner += strength[u]!
          for (let v = 0; v < list.nodeCount; v++) if (!inside.has(v)) cut += matrix[u]![v]!
        }
        const smaller = Math.min(inner, volume - inner)
        if (smaller > 0) best = Math.min(best, cut / smaller)
      }
      const found = sweepCut(graph, strength, push, volume)
      if (best === Infinity) expect(found).toEqual({ nodes: new Int32Array(0), conductance: 1 })
      else expect(found.conductance).toBeCloseTo(best, 9)
    }),
  )
})
