import { expect, test } from '@jest/globals'
import { undirectedCsr } from '#src/kernels/csr.js'
import { looseParts } from '#src/kernels/loose-parts.js'
import { Random } from '#src/kernels/random.js'

const graphOf = (nodes: number, edges: readonly (readonly [number, number])[]) =>
  undirectedCsr(
    nodes,
    { source: Int32Array.from(edges, ([a]) => a), target: Int32Array.from(edges, ([, b]) => b) },
    'one',
  )

const clique = (from: number, size: number): [number, number][] =>
  Array.from({ length: size }, (_, i) =>
    Array.from({ length: i }, (__, j): [number, number] => [from + i, from + j]),
  ).flat()

const whole = (nodes: number) => ({ label: new Int32Array(nodes), count: 1 })

test('two groups with one edge between them are two, a group is one, and a set that is not looked at stays', () => {
  const bridged = graphOf(20, [...clique(0, 10), ...clique(10, 10), [3, 14]])
  expect(Array.from(looseParts(bridged, whole(20), { most: 0.1, least: 4 }).label)).toEqual([
    ...new Array(10).fill(0),
    ...new Array(10).fill(1),
  ])
  expect(looseParts(bridged, whole(20), { most: 0.001, least: 4 }).count).toBe(1)
  expect(looseParts(bridged, whole(20), { most: 0.1, least: 21 }).count).toBe(1)
  expect(looseParts(graphOf(10, clique(0, 10)), whole(10), { most: 0.3, least: 4 }).count).toBe(1)
})

test('no part has more of its edges outside than was allowed, unless it is the whole set', () => {
  const random = new Random(5)
  for (let round = 0; round < 20; round++) {
    const nodes = 60
    const edges: [number, number][] = []
    for (let a = 0; a < nodes; a++)
      for (let b = 0; b < a; b++)
        if (random.float() < (Math.floor(a / 15) === Math.floor(b / 15) ? 0.4 : 0.02)) edges.push([a, b])
    const label = Int32Array.from({ length: nodes }, (_, v) => (v < 45 ? 0 : -1))
    const { label: part, count } = looseParts(graphOf(nodes, edges), { label, count: 1 }, { most: 0.2, least: 2 })
    expect(Array.from(part.subarray(45))).toEqual(new Array(15).fill(-1))
    for (let p = 0; p < count; p++) {
      let cut = 0
      let volume = 0
      let total = 0
      for (const [a, b] of edges) {
        if (a >= 45 || b >= 45) continue
        total += 2
        volume += Number(part[a] === p) + Number(part[b] === p)
        if ((part[a] === p) !== (part[b] === p)) cut++
      }
      if (volume < total) expect(cut).toBeLessThanOrEqual(0.2 * Math.min(volume, total - volume))
    }
  }
})
