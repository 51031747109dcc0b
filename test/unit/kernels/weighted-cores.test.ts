import { expect, test } from '@jest/globals'
import { undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { weightedCores } from '#src/kernels/weighted-cores.js'

const randomGraph = (nodes: number, edges: number, seed: number) => {
  const random = new Random(seed)
  const source = Int32Array.from({ length: edges }, () => random.below(nodes))
  const target = Int32Array.from({ length: edges }, () => Math.floor(random.float() ** 2 * nodes))
  return undirectedCsr(nodes, { source, target }, 'one')
}

test('every node holds its number inside the nodes of at least that number, and no greater part would do', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { rowCount, offsets, columns } = randomGraph(14, 5 + 2 * seed, seed)
    const core = weightedCores({ rowCount, columnCount: rowCount, offsets, columns, weights: null })
    const degree = (v: number) => offsets[v + 1]! - offsets[v]!
    const weight = (u: number, v: number) => 1 / Math.log(Math.max(degree(u), degree(v)) + 5)
    /** The greatest s-core, by taking away whoever holds less until nobody does. */
    const inCore = (s: number): Set<number> => {
      const left = new Set(Array.from({ length: rowCount }, (_, v) => v))
      for (let changed = true; changed; ) {
        changed = false
        for (const v of left) {
          let held = 0
          for (let k = offsets[v]!; k < offsets[v + 1]!; k++) if (left.has(columns[k]!)) held += weight(v, columns[k]!)
          if (held < s - 1e-9) {
            left.delete(v)
            changed = true
          }
        }
      }
      return left
    }
    for (let v = 0; v < rowCount; v++) {
      expect(inCore(core[v]!).has(v)).toBe(true)
      expect(inCore(core[v]! + 1e-6).has(v)).toBe(false)
    }
  }
})

test('a graph without links has no core, and a cancel stops it', () => {
  const none = undirectedCsr(3, { source: new Int32Array(0), target: new Int32Array(0) }, 'one')
  expect([...weightedCores(none)]).toEqual([0, 0, 0])
  const large = randomGraph(5000, 100_000, 1)
  expect(() =>
    weightedCores(large, () => {
      throw new Error('stopped')
    }),
  ).toThrow('stopped')
})
