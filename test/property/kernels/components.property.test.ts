import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { componentsOfGraph, connectedComponents, reachComponents } from '#src/kernels/components.js'
import { undirectedCsr } from '#src/kernels/csr.js'
import { edgeLists } from './arbitraries.js'

/** Spreads the smallest label until nothing changes. */
const bruteForce = (nodeCount: number, source: Int32Array, target: Int32Array): number[] => {
  const label = Array.from({ length: nodeCount }, (_, u) => u)
  for (let changed = true; changed; ) {
    changed = false
    for (let e = 0; e < source.length; e++) {
      const least = Math.min(label[source[e]!]!, label[target[e]!]!)
      if (label[source[e]!] !== least || label[target[e]!] !== least) changed = true
      label[source[e]!] = least
      label[target[e]!] = least
    }
  }
  const numbers = [...new Set(label)].sort((a, b) => a - b)
  return label.map((smallest) => numbers.indexOf(smallest))
}

test('union-find, sampled linking and breadth-first search agree with label spreading', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 40, maxEdges: 45 }), ({ nodeCount, source, target }) => {
      const expected = bruteForce(nodeCount, source, target)
      const graph = undirectedCsr(nodeCount, { source, target })
      for (const found of [
        connectedComponents(nodeCount, source, target),
        componentsOfGraph(graph),
        reachComponents(graph),
      ]) {
        expect(Array.from(found.component)).toEqual(expected)
        expect(found.count).toBe(Math.max(...expected) + 1)
      }
    }),
    { numRuns: 300 },
  )
})

test('a search bounded to some nodes equals the search in the graph without the others', () => {
  fc.assert(
    fc.property(
      edgeLists({ maxNodes: 25, maxEdges: 40 }),
      fc.integer({ min: 1, max: 5 }),
      ({ nodeCount, source, target }, every) => {
        const inside = Uint8Array.from({ length: nodeCount }, (_, u) => (u % (every + 1) ? 1 : 0))
        const kept = [...source.keys()].filter((e) => inside[source[e]!] && inside[target[e]!])
        const whole = bruteForce(
          nodeCount,
          Int32Array.from(kept, (e) => source[e]!),
          Int32Array.from(kept, (e) => target[e]!),
        )
        const { component } = reachComponents(undirectedCsr(nodeCount, { source, target }), inside)
        for (let u = 0; u < nodeCount; u++)
          for (let v = 0; v < nodeCount; v++)
            if (inside[u] && inside[v]) expect(component[u] === component[v]).toBe(whole[u] === whole[v])
        for (let u = 0; u < nodeCount; u++) if (!inside[u]) expect(component[u]).toBe(-1)
      },
    ),
  )
})
