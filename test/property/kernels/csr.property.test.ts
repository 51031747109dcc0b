import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { bipartiteCsr, type Csr, directedCsr, transpose, undirectedCsr } from '#src/kernels/csr.js'
import { edgeLists } from './arbitraries.js'

const cells = (csr: Csr): Map<string, number> => {
  const found = new Map<string, number>()
  for (let r = 0; r < csr.rowCount; r++)
    for (let k = csr.offsets[r]!; k < csr.offsets[r + 1]!; k++) {
      const key = `${r},${csr.columns[k]}`
      found.set(key, (found.get(key) ?? 0) + (csr.weights ? csr.weights[k]! : 1))
    }
  return found
}

const ascending = (csr: Csr, strictly: boolean): boolean => {
  for (let r = 0; r < csr.rowCount; r++)
    for (let k = csr.offsets[r]! + 1; k < csr.offsets[r + 1]!; k++)
      if (csr.columns[k]! < csr.columns[k - 1]! || (strictly && csr.columns[k] === csr.columns[k - 1])) return false
  return true
}

test('an undirected CSR is the symmetric matrix that a dictionary builds', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 12, maxEdges: 60, weighted: true }), ({ nodeCount, source, target, weight }) => {
      const graph = undirectedCsr(nodeCount, { source, target, weight })
      const expected = new Map<string, number>()
      const loops = new Float64Array(nodeCount)
      const add = (u: number, v: number, w: number) => expected.set(`${u},${v}`, (expected.get(`${u},${v}`) ?? 0) + w)
      for (let e = 0; e < source.length; e++) {
        if (weight[e] === 0) continue
        if (source[e] === target[e]) loops[source[e]!]! += weight[e]!
        else {
          add(source[e]!, target[e]!, weight[e]!)
          add(target[e]!, source[e]!, weight[e]!)
        }
      }
      expect(cells(graph)).toEqual(expected)
      expect(ascending(graph, true)).toBe(true)
      expect(graph.loops ?? new Float64Array(nodeCount)).toEqual(loops)
      expect(graph.columns).toHaveLength(expected.size)
    }),
  )
})

test('the order of the input does not matter', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 10, maxEdges: 40 }), ({ nodeCount, source, target }) => {
      const reversed = { source: target.slice().reverse(), target: source.slice().reverse() }
      expect(undirectedCsr(nodeCount, reversed)).toEqual(undirectedCsr(nodeCount, { source, target }))
    }),
  )
})

test('transposing twice gives the same rows, and entries map back', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 12, maxEdges: 60, weighted: true }), ({ nodeCount, source, target, weight }) => {
      const { edge, ...csr } = directedCsr(nodeCount, nodeCount, { source, target, weight })
      expect(ascending(csr, false)).toBe(true)
      for (let k = 0; k < edge.length; k++) {
        expect(csr.columns[k]).toBe(target[edge[k]!])
        expect(csr.weights![k]).toBe(weight[edge[k]!])
      }
      const { entry, ...once } = transpose(csr)
      for (let k = 0; k < entry.length; k++) expect(once.weights![k]).toBe(csr.weights![entry[k]!])
      const { entry: _, ...twice } = transpose(once)
      expect(twice).toEqual(csr)
    }),
  )
})

test('the two sides of a two-mode graph hold the same entries', () => {
  fc.assert(
    fc.property(edgeLists({ maxNodes: 10, maxEdges: 50, weighted: true }), ({ nodeCount, source, target, weight }) => {
      const { rows, columns, entry } = bipartiteCsr(nodeCount, nodeCount, { source, target, weight })
      expect(ascending(rows, true)).toBe(true)
      const flipped = new Map([...cells(columns)].map(([key, w]) => [key.split(',').reverse().join(','), w]))
      expect(flipped).toEqual(cells(rows))
      for (let c = 0; c < nodeCount; c++)
        for (let k = columns.offsets[c]!; k < columns.offsets[c + 1]!; k++) expect(rows.columns[entry[k]!]).toBe(c)
    }),
  )
})
