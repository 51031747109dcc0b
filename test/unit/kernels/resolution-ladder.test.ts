import { expect, test } from '@jest/globals'
import { adjustedRandIndex } from '#src/kernels/ari.js'
import { undirectedCsr } from '#src/kernels/csr.js'
import { leiden } from '#src/kernels/leiden.js'
import { resolutionLadder } from '#src/kernels/resolution-ladder.js'
import { significance } from '#src/kernels/significance.js'
import { karateClub, plantedPartition } from './graphs.js'

test('significance of two triangles joined by an edge, by hand', () => {
  const graph = undirectedCsr(6, {
    source: Int32Array.of(0, 0, 1, 3, 3, 4, 2),
    target: Int32Array.of(1, 2, 2, 4, 5, 5, 3),
  })
  // Density 7 / 15; each triangle has 3 pairs, all linked.
  expect(significance(graph, Int32Array.of(0, 0, 0, 1, 1, 1), 2)).toBeCloseTo(6 * Math.log(15 / 7), 12)
  expect(significance(graph, new Int32Array(6), 1)).toBe(0)
  expect(significance(graph, Int32Array.of(0, 1, 2, 3, 4, 5), 6)).toBe(0)
  const none = new Int32Array(0)
  expect(significance(undirectedCsr(0, { source: none, target: none }), none, 0)).toBe(0)
  expect(significance(undirectedCsr(1, { source: none, target: none }), Int32Array.of(0), 1)).toBe(0)
  expect(() => significance(graph, new Int32Array(6).fill(1), 1)).toThrow(/community 1/)
})

test('the ladder picks small blocks that modularity at resolution 1 cannot see', () => {
  const { graph, truth } = plantedPartition(150, 10, 8, 1, 3)
  const plain = leiden(graph)
  const { picked, rungs } = resolutionLadder(graph)
  expect(rungs).toHaveLength(15)
  expect(picked.resolution).toBeGreaterThan(1)
  expect(adjustedRandIndex(picked.community, truth)).toBeGreaterThan(0.9)
  expect(adjustedRandIndex(picked.community, truth)).toBeGreaterThan(adjustedRandIndex(plain.community, truth) + 0.2)
})

test('more runs never lower the quality of a rung, and a ladder without rungs is refused', () => {
  const club = karateClub()
  const one = resolutionLadder(club, { resolutions: [1] })
  const four = resolutionLadder(club, { resolutions: [1], runs: 4 })
  expect(four.picked.quality).toBeGreaterThanOrEqual(one.picked.quality)
  expect(() => resolutionLadder(club, { resolutions: [] })).toThrow(/at least one/)
  expect(() => resolutionLadder(club, { runs: 0 })).toThrow(/runs/)
})

test('later passes of Leiden begin at most at the highest level that is left', () => {
  // Hierarchies of these graphs get lower from pass to pass.
  for (const seed of [0, 2, 3])
    for (const resolution of [0.3, 0.5, 1]) {
      const { graph } = plantedPartition(100, 10, 8, 3, seed)
      expect(leiden(graph, { resolution, seed }).count).toBeGreaterThan(1)
    }
})
