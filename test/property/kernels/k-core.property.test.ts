import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { undirectedCsr } from '#src/kernels/csr.js'
import { coreNumbers } from '#src/kernels/k-core.js'
import { edgeLists } from './arbitraries.js'

test('core numbers are those of removing nodes by the definition', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 25, maxEdges: 120 }), ({ nodeCount, source, target }) => {
      const graph = undirectedCsr(nodeCount, { source, target })
      const expected = new Int32Array(nodeCount)
      for (let k = 1; k < nodeCount; k++) {
        const inside = new Set(Array.from({ length: nodeCount }, (_, v) => v))
        const degree = (v: number) =>
          graph.columns.subarray(graph.offsets[v]!, graph.offsets[v + 1]!).filter((u) => inside.has(u)).length
        for (let changed = true; changed; ) {
          changed = false
          for (const v of inside)
            if (degree(v) < k) {
              inside.delete(v)
              changed = true
            }
        }
        for (const v of inside) expected[v] = k
      }
      const { core, degeneracy } = coreNumbers(graph)
      expect(core).toEqual(expected)
      expect(degeneracy).toBe(Math.max(...expected))
    }),
    { numRuns: 200 },
  )
})
