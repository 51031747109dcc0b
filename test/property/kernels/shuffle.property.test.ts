import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Random } from '#src/kernels/random.js'
import { shuffleTargets, swapEdges } from '#src/kernels/shuffle.js'

const counts = (keys: Iterable<unknown>): Record<string, number> => {
  const found: Record<string, number> = {}
  for (const key of keys) found[String(key)] = (found[String(key)] ?? 0) + 1
  return found
}

const edges = fc.array(fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 }), fc.nat({ max: 2 })), { maxLength: 40 })

test('each source keeps its edges and times, and each target its number of edges in each stratum', () => {
  fc.assert(
    fc.property(edges, fc.integer(), fc.boolean(), (list, seed, withStrata) => {
      const target = Int32Array.from(list, ([, t]) => t)
      const stratum = Uint8Array.from(list, ([, , s]) => s)
      const shuffled = shuffleTargets(target, new Random(seed), withStrata ? { stratum, count: 3 } : null)
      const key = (targets: Int32Array) =>
        counts(Array.from(targets, (t, e) => (withStrata ? `${t} ${stratum[e]}` : t)))
      expect(key(shuffled)).toEqual(key(target))
    }),
  )
})

test('swaps keep degrees and strata, never repeat a pair, and make no loop where they may not', () => {
  fc.assert(
    fc.property(edges, fc.integer(), fc.boolean(), fc.boolean(), (list, seed, withStrata, forbidLoops) => {
      const distinct = [...new Map(list.map((edge) => [`${edge[0]} ${edge[1]}`, edge])).values()]
      const source = Int32Array.from(distinct, ([s]) => s)
      const target = Int32Array.from(distinct, ([, t]) => t)
      const stratum = Uint8Array.from(distinct, ([, , s]) => s)
      const strata = withStrata ? { stratum, count: 3 } : null
      const swapped = swapEdges(source, target, new Random(seed), { strata, forbidLoops })
      const key = (targets: Int32Array) =>
        counts(Array.from(targets, (t, e) => (withStrata ? `${t} ${stratum[e]}` : t)))
      expect(key(swapped)).toEqual(key(target))
      expect(new Set(Array.from(swapped, (t, e) => `${source[e]} ${t}`)).size).toBe(swapped.length)
      const loops = (targets: Int32Array) => targets.filter((t, e) => t === source[e]).length
      if (forbidLoops) expect(loops(swapped)).toBeLessThanOrEqual(loops(target))
    }),
    { numRuns: 200 },
  )
})
