import { expect, test } from '@jest/globals'
import { bipartiteAsUndirected, bipartiteCsr, directedCsr, transpose, undirectedCsr } from '#src/kernels/csr.js'

const ints = (...values: number[]) => Int32Array.from(values)
const list = (values: ArrayLike<number> | null) => (values === null ? null : Array.from(values))

test('an undirected graph merges parallel edges of both directions and keeps loops apart', () => {
  const graph = undirectedCsr(4, {
    source: ints(2, 0, 1, 3, 1),
    target: ints(0, 2, 2, 3, 2),
    weight: Float64Array.of(1, 2, 0.5, 4, 0),
  })
  expect(list(graph.offsets)).toEqual([0, 1, 2, 4, 4])
  expect(list(graph.columns)).toEqual([2, 2, 0, 1])
  expect(list(graph.weights)).toEqual([3, 0.5, 3, 0.5])
  expect(list(graph.loops)).toEqual([0, 0, 0, 4])
})

test('without weights parallel edges count, unless each pair is to be one', () => {
  const edges = { source: ints(0, 1, 0, 2, 2), target: ints(1, 0, 2, 2, 2) }
  expect(list(undirectedCsr(3, edges).weights)).toEqual([2, 1, 2, 1])
  expect(list(undirectedCsr(3, edges).loops)).toEqual([0, 0, 2])
  const simple = undirectedCsr(3, edges, 'one')
  expect(simple.weights).toBeNull()
  expect(list(simple.columns)).toEqual([1, 2, 0, 0])
  expect(list(simple.loops)).toEqual([0, 0, 1])
})

test('no nodes, no edges, one node', () => {
  expect(list(undirectedCsr(0, { source: ints(), target: ints() }).offsets)).toEqual([0])
  expect(list(undirectedCsr(3, { source: ints(), target: ints() }).offsets)).toEqual([0, 0, 0, 0])
  const one = undirectedCsr(1, { source: ints(0), target: ints(0) })
  expect(one.columns).toHaveLength(0)
  expect(list(one.loops)).toEqual([1])
})

test('a million parallel edges and a hub of a million neighbours', () => {
  const many = 1_000_000
  const parallel = undirectedCsr(2, { source: new Int32Array(many), target: new Int32Array(many).fill(1) })
  expect(list(parallel.columns)).toEqual([1, 0])
  expect(list(parallel.weights)).toEqual([many, many])
  const hub = undirectedCsr(many + 1, {
    source: new Int32Array(many),
    target: Int32Array.from({ length: many }, (_, i) => i + 1),
  })
  expect(hub.offsets[1]).toBe(many)
  expect(hub.weights).toBeNull()
  expect(hub.columns[many]).toBe(0)
})

test('what cannot be a graph is refused with the place', () => {
  expect(() => undirectedCsr(2, { source: ints(0), target: ints(2) })).toThrow(/target 2 of edge 0/)
  expect(() => undirectedCsr(2, { source: ints(-1), target: ints(1) })).toThrow(/source -1 of edge 0/)
  expect(() => undirectedCsr(2, { source: ints(0, 0), target: ints(1) })).toThrow(/one length/)
  for (const weight of [Number.NaN, -1, Infinity])
    expect(() => undirectedCsr(2, { source: ints(0), target: ints(1), weight: Float64Array.of(weight) })).toThrow(
      /weight/,
    )
  expect(() => undirectedCsr(-1, { source: ints(), target: ints() })).toThrow(RangeError)
})

test('directed rows keep parallel edges in the order of the input and say which edge each entry is', () => {
  const csr = directedCsr(2, 3, {
    source: ints(1, 0, 1, 1),
    target: ints(2, 0, 0, 2),
    weight: Float32Array.of(1, 2, 3, 4),
  })
  expect(list(csr.columns)).toEqual([0, 0, 2, 2])
  expect(list(csr.edge)).toEqual([1, 2, 0, 3])
  expect(list(csr.weights)).toEqual([2, 3, 1, 4])
  const back = transpose(csr)
  expect(list(back.offsets)).toEqual([0, 2, 2, 4])
  expect(list(back.columns)).toEqual([0, 1, 1, 1])
  expect(list(back.entry)).toEqual([0, 1, 2, 3])
})

test('a two-mode graph as one', () => {
  const graph = bipartiteAsUndirected(bipartiteCsr(2, 3, { source: ints(0, 0, 1, 1), target: ints(2, 0, 0, 0) }))
  expect(list(graph.offsets)).toEqual([0, 2, 3, 5, 5, 6])
  expect(list(graph.columns)).toEqual([2, 4, 2, 0, 1, 0])
  expect(list(graph.weights)).toEqual([1, 1, 2, 1, 2, 1])
})

test('a build stops when it is cancelled', () => {
  const cancelled = () => {
    throw new Error('cancelled')
  }
  expect(() => undirectedCsr(2, { source: ints(0), target: ints(1) }, 'sum', cancelled)).toThrow('cancelled')
})
