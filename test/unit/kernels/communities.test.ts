import { expect, test } from '@jest/globals'
import graphology from 'graphology'
import graphologyLouvainModule from 'graphology-communities-louvain'
import { adjustedRandIndex } from '#src/kernels/ari.js'
import { conductance } from '#src/kernels/conductance.js'
import { undirectedCsr } from '#src/kernels/csr.js'
import { leiden } from '#src/kernels/leiden.js'
import { louvain } from '#src/kernels/louvain.js'
import { modularity } from '#src/kernels/modularity.js'
import { Random } from '#src/kernels/random.js'
import { karateClub, plantedPartition } from './graphs.js'

/** Its types say `default`, but the CommonJS module is the function itself. */
const graphologyLouvain = graphologyLouvainModule as unknown as typeof graphologyLouvainModule.default

const none = new Int32Array(0)
const both = [
  ['leiden', leiden],
  ['louvain', louvain],
] as const

// Ulrik Brandes et al., "On Modularity Clustering", IEEE TKDE 20(2), 2008: the optimum of the karate club is .4198, 4 clusters.
test('Leiden finds the proven optimum of the karate club', () => {
  const club = karateClub()
  expect(club.columns).toHaveLength(156)
  const best = Math.max(...[0, 1, 2, 3, 4].map((seed) => leiden(club, { seed }).quality))
  expect(best).toBeCloseTo(0.4198, 4)
  for (let seed = 0; seed < 5; seed++) expect(leiden(club, { seed }).quality).toBeGreaterThan(0.41)
})

test('modularity of the two factions of the karate club is the published .3582 after 1 and .3715 of the split', () => {
  // The faction split of Zachary has Q = .3715 when node 8 (the ninth member) goes with the officer's side, .3582 otherwise.
  const club = karateClub()
  const hi = new Set([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 16, 17, 19, 21])
  const faction = Int32Array.from({ length: 34 }, (_, v) => (hi.has(v) ? 0 : 1))
  expect(modularity(club, faction)).toBeCloseTo(0.3715, 4)
  faction[8] = 0
  expect(modularity(club, faction)).toBeCloseTo(0.3582, 4)
})

test.each(both)('%s finds each clique of a ring of cliques, weighted or not', (_, find) => {
  const cliques = 30
  const size = 6
  const source: number[] = []
  const target: number[] = []
  for (let c = 0; c < cliques; c++) {
    for (let i = 0; i < size; i++)
      for (let j = i + 1; j < size; j++) {
        source.push(c * size + i)
        target.push(c * size + j)
      }
    source.push(c * size)
    target.push(((c + 1) % cliques) * size + 1)
  }
  const edges = { source: Int32Array.from(source), target: Int32Array.from(target) }
  // Modularity merges neighbouring cliques here (its resolution limit); the constant Potts model does not.
  const found = find(undirectedCsr(cliques * size, edges), { quality: 'cpm', resolution: 0.3, seed: 1 })
  expect(found.count).toBe(cliques)
  for (let v = 0; v < cliques * size; v++) expect(found.community[v]).toBe(Math.floor(v / size))
  const weight = new Float64Array(source.length).fill(2.5)
  expect(find(undirectedCsr(cliques * size, { ...edges, weight }), { resolution: 4, seed: 1 }).count).toBe(cliques)
})

test.each(both)('%s is at least as good as graphology-communities-louvain on planted blocks', (_, find) => {
  const { nodeCount, source, target } = plantedPartition(40, 50, 8, 4, 3)
  const seen = new Set<string>()
  const graph = new graphology.UndirectedGraph()
  for (let v = 0; v < nodeCount; v++) graph.addNode(v)
  for (let e = 0; e < source.length; e++) {
    const key = [source[e]!, target[e]!].sort((a, b) => a - b).join()
    if (source[e] === target[e] || seen.has(key)) continue
    seen.add(key)
    graph.addEdge(source[e]!, target[e]!)
  }
  const random = new Random(7)
  const reference = graphologyLouvain.detailed(graph, { rng: () => random.float() })
  const simple = undirectedCsr(nodeCount, { source, target }, 'one')
  const ours = find({ ...simple, loops: null }, { seed: 2 })
  expect(ours.quality).toBeGreaterThan(reference.modularity - 0.005)
  const theirs = Int32Array.from({ length: nodeCount }, (_, v) => reference.communities[v]!)
  expect(modularity({ ...simple, loops: null }, theirs)).toBeCloseTo(reference.modularity, 10)
})

test.each(both)('%s answers on graphs that are hardly any', (_, find) => {
  expect(find(undirectedCsr(0, { source: none, target: none }))).toEqual({ count: 0, community: none, quality: 0 })
  const alone = find(undirectedCsr(3, { source: none, target: none }))
  expect(alone).toEqual({ count: 3, community: Int32Array.of(0, 1, 2), quality: 0 })
  const loop = find(undirectedCsr(1, { source: Int32Array.of(0), target: Int32Array.of(0) }))
  expect(loop).toEqual({ count: 1, community: Int32Array.of(0), quality: 0 })
  const many = 1_000_000
  const pair = find(undirectedCsr(2, { source: new Int32Array(many), target: new Int32Array(many).fill(1) }))
  expect(pair).toEqual({ count: 1, community: Int32Array.of(0, 0), quality: 0 })
  const star = find(
    undirectedCsr(many + 1, {
      source: new Int32Array(many),
      target: Int32Array.from({ length: many }, (_, i) => i + 1),
    }),
  )
  expect(star.quality).toBeGreaterThanOrEqual(0)
  const n = 200
  const complete = { source: new Int32Array((n * (n - 1)) / 2), target: new Int32Array((n * (n - 1)) / 2) }
  for (let u = 0, e = 0; u < n; u++)
    for (let v = u + 1; v < n; v++, e++) {
      complete.source[e] = u
      complete.target[e] = v
    }
  expect(find(undirectedCsr(n, complete)).count).toBe(1)
})

test.each(both)('%s is deterministic for a seed, starts where it is told, and stops when cancelled', (_, find) => {
  const { graph } = plantedPartition(30, 40, 8, 4, 5)
  const first = find(graph, { seed: 4 })
  expect(find(graph, { seed: 4 })).toEqual(first)
  const warm = find(graph, { seed: 9, initial: first.community })
  expect(warm.quality).toBeGreaterThanOrEqual(first.quality - 1e-12)
  const still = find(graph, { seed: 9, initial: first.community, frontier: none })
  expect(still.quality).toBeGreaterThanOrEqual(first.quality - 1e-12)
  const stop = () => {
    throw new Error('cancelled')
  }
  const { graph: large } = plantedPartition(100, 100, 8, 4, 5)
  expect(() => find(large, { check: stop })).toThrow('cancelled')
})

test.each(both)('%s keeps up with a change of one edge in a hundred from the last partition', (_, find) => {
  const { nodeCount, source, target } = plantedPartition(100, 50, 10, 4, 6)
  const before = find(undirectedCsr(nodeCount, { source, target }), { seed: 1 })
  const random = new Random(8)
  const changed = Math.floor(source.length / 100)
  const touched = new Set<number>()
  for (let i = 0; i < changed; i++) {
    const e = random.below(source.length)
    for (const v of [source[e]!, target[e]!]) touched.add(v)
    source[e] = random.below(nodeCount)
    target[e] = random.below(nodeCount)
    for (const v of [source[e]!, target[e]!]) touched.add(v)
  }
  const graph = undirectedCsr(nodeCount, { source, target })
  const full = find(graph, { seed: 1 })
  const frontier = Int32Array.from(touched)
  for (const levels of [0, 64]) {
    const warm = find(graph, { seed: 1, initial: before.community, frontier, levels })
    expect(warm.quality).toBeGreaterThan(full.quality - 0.003)
    expect(adjustedRandIndex(warm.community, before.community)).toBeGreaterThan(0.97)
  }
})

test('options outside their ranges are refused', () => {
  const club = karateClub()
  expect(() => leiden(club, { resolution: 0 })).toThrow(/resolution/)
  expect(() => leiden(club, { resolution: Number.NaN })).toThrow(/resolution/)
  expect(() => leiden(club, { initial: new Int32Array(3) })).toThrow(/3 nodes/)
  expect(() => leiden(club, { initial: new Int32Array(34).fill(34) })).toThrow(/initial\[0\]/)
  expect(() => leiden(club, { frontier: Int32Array.of(0) })).toThrow(/frontier needs/)
  expect(() => leiden(club, { levels: -1 })).toThrow(/levels/)
  expect(() => leiden(club, { seed: 0.5 })).toThrow(/seed/)
  expect(() => modularity(club, new Int32Array(2))).toThrow(/2 nodes/)
})

test('conductance of two triangles joined by an edge', () => {
  const source = Int32Array.of(0, 0, 1, 3, 3, 4, 2)
  const target = Int32Array.of(1, 2, 2, 4, 5, 5, 3)
  const {
    conductance: values,
    volume,
    cut,
  } = conductance(undirectedCsr(6, { source, target }), Int32Array.of(0, 0, 0, 1, 1, 1), 2)
  expect([...values, ...volume, ...cut]).toEqual([1 / 7, 1 / 7, 7, 7, 1, 1])
  const whole = conductance(undirectedCsr(6, { source, target }), new Int32Array(6), 2)
  expect([...whole.conductance]).toEqual([0, 0])
})
