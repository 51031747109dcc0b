import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { undirectedCsr } from '#src/kernels/csr.js'
import { type Adjacency, nextLevel, triedDegree } from '#src/kernels/reach-forest.js'
import { separableSets } from '#src/kernels/separable-sets.js'

type Edges = readonly (readonly [number, number])[]

const adjacencyOf = (n: number, edges: Edges): Adjacency => {
  const rows: number[][] = Array.from({ length: n }, () => [])
  for (const [a, b] of edges) {
    rows[a]!.push(b)
    rows[b]!.push(a)
  }
  const offsets = new Int32Array(n + 1)
  rows.forEach((row, v) => {
    offsets[v + 1] = offsets[v]! + row.length
  })
  return { rowCount: n, offsets, columns: Int32Array.from(rows.flat()) }
}

interface Options {
  readonly maxSize: number
  readonly membersPerDoor: number
  readonly linksPerMember: number
  readonly counts: readonly number[]
}

/** The head of the kernel, word by word, with sets of nodes, and the best choice of sets by recursion. */
const bruteForce = (n: number, edges: Edges, { maxSize, membersPerDoor, linksPerMember, counts }: Options) => {
  const near = Array.from({ length: n }, () => new Set<number>())
  const degree = new Array<number>(n).fill(0)
  for (const [a, b] of edges) {
    degree[a]!++
    degree[b]!++
    if (a === b) continue
    near[a]!.add(b)
    near[b]!.add(a)
  }
  const byDegree = Array.from({ length: n }, (_, i) => i)
    .filter((v) => degree[v]! > 0)
    .sort((a, b) => degree[a]! - degree[b]! || a - b)
  let sets: Set<number>[] = []
  const history: { readonly set: Set<number>; readonly kids: Set<number>[] }[] = []
  const hubs = new Set<number>()
  const entered = new Set<number>()
  const enter = (v: number): void => {
    const kids = sets.filter((set) => [...near[v]!].some((u) => set.has(u)))
    const joined = new Set([v, ...kids.flatMap((set) => [...set])])
    if (joined.size > maxSize) {
      hubs.add(v)
      return
    }
    entered.add(v)
    sets = [...sets.filter((set) => !kids.includes(set)), joined]
    history.push({ set: joined, kids })
  }
  for (const v of byDegree) if (degree[v] === 1) enter(v)
  let pending = byDegree.filter((v) => degree[v]! > 1)
  for (let level = 1; pending.length > 0; level = nextLevel(level))
    pending = pending.filter((v) => {
      if (degree[v]! > triedDegree(level)) return true
      const joins = sets.filter((set) => [...near[v]!].some((u) => set.has(u))).length
      if (joins + [...near[v]!].filter((u) => !entered.has(u)).length > level) return true
      enter(v)
      return false
    })
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
    const links = edges.filter(
      ([a, b]) => a !== b && set.has(a) && set.has(b) && degree[a]! > 1 && degree[b]! > 1,
    ).length
    const value = Math.max(counted, links / linksPerMember) - membersPerDoor * Math.min(doors.size, border)
    return { size: set.size, doors: doors.size, border, counted, links, value }
  }
  /** Greatest value of disjoint sets within the subtree of a set. */
  const best = (set: Set<number>): number => {
    const node = history.find((h) => h.set === set)!
    const below = node.kids.reduce((sum, kid) => sum + best(kid), 0)
    return Math.max(0, measure(set).value, below)
  }
  return { hubs, total: sets.reduce((sum, set) => sum + best(set), 0), measure, sets: history.map((h) => h.set) }
}

test('the sets are of the forest, measured right, and of the greatest value; repeats and loops allowed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 14 }).chain((n) =>
        fc.record({
          n: fc.constant(n),
          edges: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 28 }),
          options: fc.record({
            maxSize: fc.integer({ min: 2, max: 15 }),
            membersPerDoor: fc.constantFrom(0.5, 1, 4),
            linksPerMember: fc.constantFrom(0.5, 2),
            counts: fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n }),
          }),
        }),
      ),
      ({ n, edges, options }) => {
        const found = separableSets(adjacencyOf(n, edges), { ...options, counts: Uint8Array.from(options.counts) })
        const truth = bruteForce(n, edges, options)
        expect([...truth.hubs].sort((a, b) => a - b)).toEqual([...found.hub.keys()].filter((v) => found.hub[v] === 1))
        let total = 0
        for (let s = 0; s < found.count; s++) {
          const set = new Set([...found.label.keys()].filter((v) => found.label[v] === s))
          expect(truth.sets).toContainEqual(set)
          const measured = truth.measure(set)
          expect({
            size: found.size[s],
            doors: found.doors[s],
            border: found.border[s],
            counted: found.counted[s],
            links: found.links[s],
            value: measured.value,
          }).toEqual(measured)
          expect(measured.value).toBeGreaterThan(0)
          total += measured.value
        }
        expect(total).toBeCloseTo(truth.total, 9)
      },
    ),
    { numRuns: 3000 },
  )
})

test('a star of a million leaves is a hub, a path of a million nodes is cut in sets that fit, and wrong options are refused', () => {
  const n = 1_000_000
  const ones = new Uint8Array(n).fill(1)
  const options = { maxSize: 1000, membersPerDoor: 4, linksPerMember: 2, counts: ones }
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
  expect(() => separableSets(small, { ...options, counts: two, linksPerMember: 0 })).toThrow(/linksPerMember/)
  expect(() => separableSets(small, options)).toThrow(/counts/)
  const stop = () => {
    throw new Error('stop')
  }
  expect(() =>
    separableSets(undirectedCsr(n, { source: Int32Array.from(later, (v) => v - 1), target: later }), options, stop),
  ).toThrow('stop')
})
