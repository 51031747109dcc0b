import { expect, test } from '@jest/globals'
import { adjustedRandIndex } from '#src/kernels/ari.js'
import { directedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { coreNumbers } from '#src/kernels/k-core.js'
import { labelPropagation } from '#src/kernels/label-propagation.js'
import { normalizedMutualInformation } from '#src/kernels/nmi.js'
import { pageRank, pageRankUndirected } from '#src/kernels/pagerank.js'
import { personalizedPush, strengthsOf, sweepCut } from '#src/kernels/personalized-push.js'
import { Random } from '#src/kernels/random.js'
import { sybilRank, sybilScar } from '#src/kernels/trust.js'
import { karateClub, plantedPartition } from './graphs.js'

const none = new Int32Array(0)
const empty = undirectedCsr(0, { source: none, target: none })
const alone = undirectedCsr(3, { source: none, target: none })
const stop = () => {
  throw new Error('cancelled')
}

// python-igraph 1.0.0: Graph.Famous('Zachary').pagerank() and .coreness()
const igraphPageRank = [0.0969973, 0.0528769, 0.0570785, 0.0358599, 0.021978, 0.0291112, 0.0291112, 0.0244905]
const igraphCores = [
  4, 4, 4, 4, 3, 3, 3, 4, 4, 2, 3, 1, 2, 4, 2, 2, 2, 2, 2, 3, 2, 2, 2, 3, 3, 3, 2, 3, 3, 3, 4, 3, 4, 4,
]

test('PageRank and cores of the karate club are those of igraph', () => {
  const club = karateClub()
  const { rank } = pageRankUndirected(club)
  igraphPageRank.forEach((expected, v) => {
    expect(rank[v]).toBeCloseTo(expected, 6)
  })
  expect([...coreNumbers(club).core]).toEqual(igraphCores)
  expect(coreNumbers(club).degeneracy).toBe(4)
})

// networkx 3.6.1 on Python 3.11, karate_club_graph() without weights: the pure Python form of pagerank() with personalization {4: 1, 16: 1}, alpha=.85, tol=1e-15
const networkxPersonalized = [
  0.146715408, 0.035739487, 0.030264568, 0.025463714, 0.126249275, 0.103014207, 0.117220335, 0.0173495, 0.014905231,
  0.003982506, 0.065455403, 0.007794256, 0.011401615, 0.018759517, 0.002707433, 0.002707433, 0.12179984, 0.011169652,
  0.002707433, 0.012579669, 0.002707433, 0.011169652, 0.002707433, 0.00638169, 0.004753374, 0.004536652, 0.002435875,
  0.006414182, 0.006087481, 0.004827568, 0.008616719, 0.01485865, 0.018316464, 0.028200344,
]
// The same with alpha=.9 and personalization degree x (prior - 1/2), sum s, gives x:  1/2 + x(v) / degree(v) s / (1 - alpha)  solves the equations of SybilSCAR-D where no belief is clipped.
const networkxScar = [
  0.546083672, 0.52443191, 0.519601413, 0.525745298, 0.679400299, 0.604757463, 0.619511561, 0.526069016, 0.518991027,
  0.514498283, 0.59907243, 0.541475305, 0.532323036, 0.523126271, 0.511038945, 0.511038945, 0.700921061, 0.531732012,
  0.511038945, 0.524939773, 0.511038945, 0.531732012, 0.511038945, 0.510589343, 0.512132441, 0.511723472, 0.510273803,
  0.512361543, 0.514572458, 0.51021368, 0.515289633, 0.516356455, 0.511913995, 0.512616994,
]

test('personalized PageRank and SybilSCAR of the karate club are those of networkx', () => {
  const club = karateClub()
  const teleport = new Float64Array(34)
  const prior = new Float64Array(34).fill(0.5)
  for (const v of [4, 16]) {
    teleport[v] = 1
    prior[v] = 0.6
  }
  const { rank } = pageRankUndirected(club, { teleport, tolerance: 1e-12 })
  networkxPersonalized.forEach((expected, v) => {
    expect(rank[v]).toBeCloseTo(expected, 8)
  })
  const { belief, converged } = sybilScar(club, prior, { damping: 0.9, tolerance: 1e-12, maxRounds: 1000 })
  expect(converged).toBe(true)
  networkxScar.forEach((expected, v) => {
    expect(belief[v]).toBeCloseTo(expected, 8)
  })
})

test('cores of a graph with one huge hub, and of a clique, whose levels below are empty', () => {
  const many = 1_000_000
  const hub = undirectedCsr(many + 1, {
    source: new Int32Array(many),
    target: Int32Array.from({ length: many }, (_, i) => i + 1),
  })
  expect(coreNumbers(hub).degeneracy).toBe(1)
  const n = 300
  const source: number[] = []
  const target: number[] = []
  for (let u = 0; u < n; u++)
    for (let v = u + 1; v < n; v++) {
      source.push(u)
      target.push(v)
    }
  expect(
    coreNumbers(undirectedCsr(n, { source: Int32Array.from(source), target: Int32Array.from(target) })).core.every(
      (c) => c === n - 1,
    ),
  ).toBe(true)
  expect(coreNumbers(empty)).toEqual({ core: none, degeneracy: 0 })
  expect(coreNumbers(alone).degeneracy).toBe(0)
})

test('PageRank without edges is the teleport, and wrong options are refused', () => {
  expect(pageRankUndirected(empty).rank).toHaveLength(0)
  expect([...pageRankUndirected(alone).rank]).toEqual([1 / 3, 1 / 3, 1 / 3])
  const chain = directedCsr(3, 3, { source: Int32Array.of(0, 1), target: Int32Array.of(1, 2) })
  const { rank } = pageRank(chain)
  expect(rank[0]! < rank[1]! && rank[1]! < rank[2]!).toBe(true)
  expect(() => pageRank(chain, { damping: 1 })).toThrow(/damping/)
  expect(() => pageRank(chain, { tolerance: 0 })).toThrow(/tolerance/)
  expect(() => pageRank(chain, { teleport: new Float64Array(3) })).toThrow(/teleport has no weight/)
  expect(() => pageRank(chain, { teleport: Float64Array.of(1, Number.NaN, 1) })).toThrow(/teleport\[1\]/)
  expect(() => pageRankUndirected(karateClub(), { maxSweeps: 1 })).toThrow(/did not settle/)
  const { graph } = plantedPartition(200, 50, 6, 3, 1)
  expect(() => pageRankUndirected(graph, { check: stop })).toThrow('cancelled')
})

test('a push from one block and its sweep cut find the block', () => {
  const { graph } = plantedPartition(100, 50, 12, 2, 4)
  const strength = strengthsOf(graph)
  const push = personalizedPush(graph, strength, Int32Array.of(10), null, { alpha: 0.1, epsilon: 1e-5 })
  const volume = strength.reduce((sum, s) => sum + s, 0)
  const { nodes, conductance } = sweepCut(graph, strength, push, volume)
  expect(nodes.filter((v) => v < 50).length).toBeGreaterThanOrEqual(48)
  expect(nodes.length).toBeLessThanOrEqual(55)
  expect(conductance).toBeLessThan(0.25)
  expect(push.nodes.length).toBeLessThan(graph.rowCount)
})

test('a push refuses what it cannot use, and keeps the mass of a seed without edges', () => {
  const strength = strengthsOf(alone)
  expect([...personalizedPush(alone, strength, Int32Array.of(1)).values]).toEqual([1])
  expect(personalizedPush(alone, strength, none).nodes).toHaveLength(0)
  expect(() => personalizedPush(alone, strength, Int32Array.of(3))).toThrow(/seed 3/)
  expect(() => personalizedPush(alone, strength, Int32Array.of(0), null, { alpha: 0 })).toThrow(/alpha/)
  expect(() => personalizedPush(alone, strength, Int32Array.of(0), null, { epsilon: 0 })).toThrow(/epsilon/)
  expect(() => personalizedPush(alone, strength, Int32Array.of(0), Float64Array.of(-1))).toThrow(/weight -1/)
})

test('label propagation finds blocks that are plain to see, and keeps fixed labels', () => {
  const { graph, truth, nodeCount } = plantedPartition(20, 50, 16, 1, 2)
  expect(adjustedRandIndex(labelPropagation(graph, { seed: 1 }).community, truth)).toBeGreaterThan(0.95)
  expect(labelPropagation(alone).count).toBe(3)
  expect(labelPropagation(empty).count).toBe(0)
  const fixed = new Uint8Array(nodeCount)
  const initial = Int32Array.from({ length: nodeCount }, (_, v) => v)
  fixed[0] = 1
  fixed[60] = 1
  const { community } = labelPropagation(graph, { initial, fixed })
  expect(community[0]).not.toBe(community[60])
  expect(() => labelPropagation(graph, { fixed })).toThrow(/fixed labels need/)
  expect(() => labelPropagation(graph, { initial: none })).toThrow(/initial labels/)
})

test('SybilRank puts a region behind few edges last; SybilSCAR agrees with labels of both kinds', () => {
  const { nodeCount, source, target } = plantedPartition(2, 400, 10, 0, 3)
  const random = new Random(1)
  const attack = 6
  const from = Int32Array.from({ length: attack }, () => random.below(400))
  const to = Int32Array.from({ length: attack }, () => 400 + random.below(400))
  const graph = undirectedCsr(nodeCount, {
    source: Int32Array.of(...source, ...from),
    target: Int32Array.of(...target, ...to),
  })
  const trust = sybilRank(graph, Int32Array.of(1, 50, 99))
  const order = Array.from(trust.keys()).sort((u, v) => trust[u]! - trust[v]!)
  expect(order.slice(0, 400).filter((v) => v >= 400).length).toBeGreaterThan(385)
  const prior = new Float64Array(nodeCount).fill(0.5)
  for (const v of [1, 50, 99]) prior[v] = 0.1
  for (const v of [450, 500, 777]) prior[v] = 0.9
  const { belief, converged } = sybilScar(graph, prior)
  expect(converged).toBe(true)
  const right = Array.from(belief.keys()).filter((v) => (v < 400 ? belief[v]! < 0.5 : belief[v]! > 0.5)).length
  expect(right).toBeGreaterThan(790)
  expect(() => sybilRank(graph, none)).toThrow(/at least one trusted/)
  expect(() => sybilScar(graph, new Float64Array(nodeCount).fill(2))).toThrow(/prior\[0\]/)
  const strong = sybilScar(graph, prior, { coupling: 5 })
  expect(strong.belief.every((p) => p >= 0 && p <= 1)).toBe(true)
  expect(sybilScar(alone, Float64Array.of(0.2, 0.5, 1)).belief.map((p) => Number(p.toFixed(9)))).toEqual(
    Float64Array.of(0.2, 0.5, 1),
  )
})

// scikit-learn 1.x documentation: adjusted_rand_score([0, 0, 1, 2], [0, 0, 1, 1]) = .57..., ([0, 0, 1, 1], [0, 0, 1, 2]) = .57...,
// ([0, 0, 0, 0], [0, 1, 2, 3]) = 0, ([0, 0, 1, 1], [0, 1, 0, 1]) = -.5; normalized_mutual_info_score of the third is 0, and of
// ([0, 0, 1, 2], [0, 0, 1, 1]) = .8.
test('ARI and NMI give the values of scikit-learn', () => {
  const ints = (...values: number[]) => Int32Array.from(values)
  expect(adjustedRandIndex(ints(0, 0, 1, 2), ints(0, 0, 1, 1))).toBeCloseTo(4 / 7, 12)
  expect(adjustedRandIndex(ints(0, 0, 1, 1), ints(0, 0, 1, 2))).toBeCloseTo(4 / 7, 12)
  expect(adjustedRandIndex(ints(0, 0, 0, 0), ints(0, 1, 2, 3))).toBe(0)
  expect(adjustedRandIndex(ints(0, 0, 1, 1), ints(0, 1, 0, 1))).toBeCloseTo(-0.5, 12)
  expect(adjustedRandIndex(ints(5, 5, 9, 9), ints(1, 1, 0, 0))).toBe(1)
  expect(normalizedMutualInformation(ints(0, 0, 1, 1), ints(1, 1, 0, 0))).toBeCloseTo(1, 12)
  expect(normalizedMutualInformation(ints(0, 0, 0, 0), ints(0, 1, 2, 3))).toBe(0)
  expect(normalizedMutualInformation(ints(0, 0, 1, 2), ints(0, 0, 1, 1))).toBeCloseTo(0.8, 12)
  expect(normalizedMutualInformation(none, none)).toBe(1)
  expect(adjustedRandIndex(none, none)).toBe(1)
  expect(adjustedRandIndex(ints(0, 0, 1, -1), ints(0, 0, 1, 5))).toBe(1)
  expect(() => adjustedRandIndex(none, ints(1))).toThrow(/cannot be compared/)
})
