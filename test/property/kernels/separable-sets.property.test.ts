import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { undirectedCsr } from '#src/kernels/csr.js'
import { separableSets } from '#src/kernels/separable-sets.js'

type Edges = readonly (readonly [number, number])[]

/** The head of the kernel, word by word, with sets of nodes and a search over all antichains of the forest. */
const bruteForce = (n: number, edges: Edges, maxSize: number, membersPerDoor: number, counts: readonly number[]) => {
  const near = Array.from({ length: n }, () => new Set<number>())
  for (const [a, b] of edges) {
    if (a === b) continue
    near[a]!.add(b)
    near[b]!.add(a)
  }
  const order = Array.from({ length: n }, (_, i) => i)
    .filter((v) => near[v]!.size > 0)
    .sort((a, b) => near[a]!.size - near[b]!.size || a - b)
  let sets: Set<number>[] = []
  const history: { readonly set: Set<number>; readonly head: number; readonly kids: Set<number>[] }[] = []
  const hubs = new Set<number>()
  for (const v of order) {
    const kids = sets.filter((set) => [...near[v]!].some((u) => set.has(u)))
    const joined = new Set([v, ...kids.flatMap((set) => [...set])])
    if (joined.size > maxSize) {
      hubs.add(v)
      continue
    }
    sets = [...sets.filter((set) => !kids.includes(set)), joined]
    history.push({ set: joined, head: v, kids })
  }
  const measure = (set: Set<number>) => {
    const doors = new Set<number>()
    let border = 0
    let counted = 0
    for (const v of set) {
      const outside = [...near[v]!].filter((u) => !set.has(u))
      for (const u of outside) doors.add(u)
      if (outside.length > 0) border++
      counted += counts[v]!
    }
    return { doors: doors.size, border, counted, value: counted - membersPerDoor * Math.min(doors.size, border) }
  }
  /** Greatest value of disjoint sets within the subtree of a set. */
  const best = (set: Set<number>): number => {
    const node = history.find((h) => h.set === set)!
    const below = node.kids.reduce((sum, kid) => sum + best(kid), 0)
    return Math.max(0, measure(set).value, below)
  }
  return { hubs, total: sets.reduce((sum, set) => sum + best(set), 0), measure, sets: history.map((h) => h.set) }
}

test('the sets are of the forest, measured right, and of the greatest value', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 14 }).chain((n) =>
        fc.record({
          n: fc.constant(n),
          edges: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 24 }),
          maxSize: fc.integer({ min: 2, max: 15 }),
          membersPerDoor: fc.constantFrom(0.5, 1, 4),
          counts: fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n }),
        }),
      ),
      ({ n, edges, maxSize, membersPerDoor, counts }) => {
        const graph = undirectedCsr(
          n,
          { source: Int32Array.from(edges, ([a]) => a), target: Int32Array.from(edges, ([, b]) => b) },
          'one',
        )
        const found = separableSets(graph, { maxSize, membersPerDoor, counts: Uint8Array.from(counts) })
        const truth = bruteForce(n, edges, maxSize, membersPerDoor, counts)
        expect([...truth.hubs].sort((a, b) => a - b)).toEqual([...found.hub.keys()].filter((v) => found.hub[v] === 1))
        let total = 0
        for (let s = 0; s < found.count; s++) {
          const set = new Set([...found.label.keys()].filter((v) => found.label[v] === s))
          expect(truth.sets).toContainEqual(set)
          const { doors, border, counted, value } = truth.measure(set)
          expect({
            size: found.size[s],
            doors: found.doors[s],
            border: found.border[s],
            counted: found.counted[s],
          }).toEqual({ size: set.size, doors, border, counted })
          expect(value).toBeGreaterThan(0)
          total += value
        }
        expect(total).toBeCloseTo(truth.total, 9)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a star of a million leaves is a hub, a path of a million nodes is cut in sets that fit, and wrong options are refused', () => {
  const n = 1_000_000
  const ones = new Uint8Array(n).fill(1)
  const options = { maxSize: 1000, membersPerDoor: 4, counts: ones }
  const later = Int32Array.from({ length: n - 1 }, (_, i) => i + 1)
  const star = separableSets(undirectedCsr(n, { source: new Int32Array(n - 1), target: later }), options)
  expect([star.count, star.hub[0]]).toEqual([0, 1])
  const path = separableSets(undirectedCsr(n, { source: Int32Array.from(later, (v) => v - 1), target: later }), options)
  expect(path.count).toBeGreaterThan(900)
  expect(Math.max(...path.size)).toBeLessThanOrEqual(1000)
  const small = undirectedCsr(2, { source: Int32Array.of(0), target: Int32Array.of(1) })
  const two = new Uint8Array(2)
  expect(() => separableSets(small, { ...options, counts: two, maxSize: 1 })).toThrow(/maxSize/)
  expect(() => separableSets(small, { ...options, counts: two, membersPerDoor: 0 })).toThrow(/membersPerDoor/)
  expect(() => separableSets(small, options)).toThrow(/counts/)
  const stop = () => {
    throw new Error('stop')
  }
  expect(() =>
    separableSets(undirectedCsr(n, { source: Int32Array.from(later, (v) => v - 1), target: later }), options, stop),
  ).toThrow('stop')
})
