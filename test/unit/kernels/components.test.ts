import { expect, test } from '@jest/globals'
import { componentsOfGraph, connectedComponents, reachComponents } from '#src/kernels/components.js'
import { undirectedCsr } from '#src/kernels/csr.js'

const none = new Int32Array(0)

test('no nodes and no edges', () => {
  expect(connectedComponents(0, none, none)).toEqual({ count: 0, component: none })
  expect(componentsOfGraph(undirectedCsr(0, { source: none, target: none })).count).toBe(0)
  expect(Array.from(connectedComponents(3, none, none).component)).toEqual([0, 1, 2])
})

test('a path of a million nodes given from its far end, and a hub', () => {
  const n = 1_000_000
  const source = Int32Array.from({ length: n - 1 }, (_, i) => n - 1 - i)
  const target = Int32Array.from({ length: n - 1 }, (_, i) => n - 2 - i)
  expect(connectedComponents(n, source, target).count).toBe(1)
  const path = undirectedCsr(n, { source, target })
  expect(componentsOfGraph(path).count).toBe(1)
  expect(reachComponents(path).count).toBe(1)
  const hub = undirectedCsr(n + 5, { source: new Int32Array(n - 1), target: source })
  expect(componentsOfGraph(hub).count).toBe(6)
})

test('two blocks that only a late neighbour joins', () => {
  // Rounds over the first two neighbours see two cliques; the joining edge is the last neighbour of its ends.
  const source: number[] = []
  const target: number[] = []
  for (const base of [0, 5])
    for (let i = 0; i < 5; i++)
      for (let j = i + 1; j < 5; j++) {
        source.push(base + i)
        target.push(base + j)
      }
  const graph = undirectedCsr(10, { source: Int32Array.from([...source, 4]), target: Int32Array.from([...target, 9]) })
  expect(componentsOfGraph(graph).count).toBe(1)
})

test('an end outside the nodes is refused, and a cancelled search stops', () => {
  expect(() => connectedComponents(2, Int32Array.of(0), Int32Array.of(2))).toThrow(/edge 0 joins 0 and 2/)
  const stop = () => {
    throw new Error('cancelled')
  }
  expect(() => connectedComponents(2, Int32Array.of(0), Int32Array.of(1), stop)).toThrow('cancelled')
})
