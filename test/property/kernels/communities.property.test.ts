import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitDisconnected } from '#src/kernels/communities.js'
import { reachComponents } from '#src/kernels/components.js'
import { type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { leiden } from '#src/kernels/leiden.js'
import { louvain } from '#src/kernels/louvain.js'
import { modularity } from '#src/kernels/modularity.js'
import { Random } from '#src/kernels/random.js'
import { edgeLists } from './arbitraries.js'

const options = fc.record({
  quality: fc.constantFrom('modularity' as const, 'cpm' as const),
  resolution: fc.constantFrom(0.2, 0.5, 1, 2),
  seed: fc.integer({ min: 0, max: 1000 }),
})

/** Sum over pairs as the definition says. */
const byDefinition = (graph: UndirectedCsr, community: ArrayLike<number>, resolution: number): number => {
  const n = graph.rowCount
  const matrix = Array.from({ length: n }, () => new Float64Array(n))
  for (let u = 0; u < n; u++) {
    for (let k = graph.offsets[u]!; k < graph.offsets[u + 1]!; k++)
      matrix[u]![graph.columns[k]!] = graph.weights ? graph.weights[k]! : 1
    matrix[u]![u] = graph.loops ? 2 * graph.loops[u]! : 0
  }
  const strength = matrix.map((row) => row.reduce((sum, w) => sum + w, 0))
  const all = strength.reduce((sum, s) => sum + s, 0)
  if (all === 0) return 0
  let q = 0
  for (let u = 0; u < n; u++)
    for (let v = 0; v < n; v++)
      if (community[u] === community[v]) q += matrix[u]![v]! - (resolution * strength[u]! * strength[v]!) / all
  return q / all
}

/** All partitions, as restricted growth strings. */
function* partitions(n: number, made: number[] = []): Generator<number[]> {
  if (made.length === n) yield made
  else {
    const next = made.length ? Math.max(...made) + 1 : 0
    for (let c = 0; c <= next; c++) yield* partitions(n, [...made, c])
  }
}

for (const [name, find] of [
  ['leiden', leiden],
  ['louvain', louvain],
] as const) {
  test(`${name}: no community is ever disconnected, and numbers go by smallest node`, () => {
    fc.assert(
      fc.property(edgeLists({ maxNodes: 60, maxEdges: 110, weighted: true }), options, (list, chosen) => {
        const graph = undirectedCsr(list.nodeCount, list)
        const { community, count } = find(graph, chosen)
        let pieces = 0
        for (let c = 0; c < count; c++)
          pieces += reachComponents(
            graph,
            Uint8Array.from(community, (own) => (own === c ? 1 : 0)),
          ).count
        expect(pieces).toBe(count)
        let seen = 0
        for (const c of community) {
          expect(c).toBeLessThanOrEqual(seen)
          if (c === seen) seen++
        }
        expect(seen).toBe(count)
      }),
      { numRuns: 300 },
    )
  })

  test(`${name}: any resolution of larger random graphs gives connected communities and the quality of its partition`, () => {
    fc.assert(
      fc.property(
        options,
        fc.constantFrom(0.005, 0.05, 1, 4, 20),
        fc.integer({ min: 100, max: 900 }),
        (chosen, factor, nodes) => {
          const random = new Random(chosen.seed)
          const edges = { source: new Int32Array(6 * nodes), target: new Int32Array(6 * nodes) }
          for (let e = 0; e < edges.source.length; e++) {
            edges.source[e] = Math.floor(random.float() ** 2 * nodes)
            edges.target[e] = random.below(nodes)
          }
          const graph = undirectedCsr(nodes, edges)
          const resolution = chosen.resolution * factor
          const { community, count, quality } = find(graph, { ...chosen, resolution })
          if (chosen.quality === 'modularity') expect(modularity(graph, community, resolution)).toBeCloseTo(quality, 10)
          const split = new Int32Array(nodes)
          const base = { nodeCount: nodes, ...graph, mass: new Float64Array(nodes) }
          expect(splitDisconnected(base, community, split, new Int32Array(nodes))).toBe(count)
        },
      ),
    )
  })

  test(`${name}: no community is disconnected from a bad start either`, () => {
    fc.assert(
      fc.property(edgeLists({ maxNodes: 40, maxEdges: 60 }), fc.integer({ min: 1, max: 5 }), (list, groups) => {
        const graph = undirectedCsr(list.nodeCount, list)
        const initial = Int32Array.from({ length: list.nodeCount }, (_, v) => v % Math.min(groups, list.nodeCount))
        const { community, count, quality } = find(graph, { initial })
        let pieces = 0
        for (let c = 0; c < count; c++)
          pieces += reachComponents(
            graph,
            Uint8Array.from(community, (own) => (own === c ? 1 : 0)),
          ).count
        expect(pieces).toBe(count)
        expect(quality).toBeGreaterThanOrEqual(modularity(graph, initial) - 1e-9)
      }),
    )
  })

  test(`${name}: the quality it reports is that of its partition, never above the optimum of all partitions`, () => {
    let reached = 0
    let graphs = 0
    fc.assert(
      fc.property(
        edgeLists({ maxNodes: 7, maxEdges: 14, weighted: true }),
        fc.constantFrom(0.5, 1, 2),
        (list, resolution) => {
          const graph = undirectedCsr(list.nodeCount, list)
          const found = find(graph, { resolution })
          expect(found.quality).toBeCloseTo(byDefinition(graph, found.community, resolution), 10)
          expect(modularity(graph, found.community, resolution)).toBeCloseTo(found.quality, 10)
          let best = Number.NEGATIVE_INFINITY
          for (const partition of partitions(list.nodeCount))
            best = Math.max(best, byDefinition(graph, partition, resolution))
          expect(found.quality).toBeLessThanOrEqual(best + 1e-10)
          graphs++
          if (found.quality > best - 1e-9) reached++
        },
      ),
      { numRuns: 60 },
    )
    expect(reached / graphs).toBeGreaterThan(0.8)
  })
}
