import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { peel, type Tensor } from '#src/kernels/peel.js'
import { TournamentTree } from '#src/kernels/tournament-tree.js'

const tensors = (modes: number, maxSize: number): fc.Arbitrary<Tensor> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: modes, maxLength: modes }),
      fc.array(fc.tuple(fc.array(fc.nat(), { minLength: modes, maxLength: modes }), fc.integer({ min: 0, max: 8 })), {
        minLength: 1,
        maxLength: 14,
      }),
      fc.boolean(),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(([sizes, entries, weighted, prior]) => ({
      sizes,
      coordinates: sizes.map((size, m) => Int32Array.from(entries, ([at]) => at[m]! % size)),
      weights: weighted ? Float64Array.from(entries, ([, w]) => w / 4) : null,
      priors: sizes.map((size, m) =>
        prior && m === 0 ? Float64Array.from({ length: size }, (_, i) => (i % 3) * prior) : null,
      ),
    }))

/** The greatest density of any set of nodes with an entry inside. */
const optimum = ({ sizes, coordinates, weights, priors }: Tensor): number => {
  const nodes: (readonly [number, number])[] = []
  sizes.forEach((size, m) => {
    for (let i = 0; i < size; i++) if (coordinates[m]!.includes(i)) nodes.push([m, i])
  })
  let best = 0
  for (let subset = 1; subset < 1 << nodes.length; subset++) {
    const inside = sizes.map((size) => new Uint8Array(size))
    let count = 0
    let mass = 0
    let whole = 0
    nodes.forEach(([m, i], bit) => {
      if (!((subset >> bit) & 1)) return
      inside[m]![i] = 1
      count++
      mass += priors?.[m]?.[i] ?? 0
    })
    for (let e = 0; e < coordinates[0]!.length; e++)
      if (coordinates.every((coordinate, m) => inside[m]![coordinate[e]!])) {
        mass += weights ? weights[e]! : 1
        whole++
      }
    if (whole > 0) best = Math.max(best, mass / count)
  }
  return best
}

for (const [modes, maxSize] of [
  [2, 5],
  [3, 4],
] as const)
  test(`the block of a ${modes}-mode peel is within 1/${modes} of the densest of all`, () => {
    fc.assert(
      fc.property(tensors(modes, maxSize), (tensor) => {
        const [block] = peel(tensor)
        const best = optimum(tensor)
        if (block === undefined) {
          expect(best).toBe(0)
          return
        }
        expect(block.density).toBeLessThanOrEqual(best + 1e-9)
        expect(block.density).toBeGreaterThanOrEqual(best / modes - 1e-9)
        const inside = (e: number) =>
          tensor.coordinates.every((coordinate, m) => block.nodes[m]!.includes(coordinate[e]!))
        const expected = [...tensor.coordinates[0]!.keys()].filter(inside)
        expect([...block.entries]).toEqual(expected)
        let mass = 0
        for (const e of expected) mass += tensor.weights ? tensor.weights[e]! : 1
        block.nodes.forEach((nodes, m) => {
          for (const i of nodes) mass += tensor.priors?.[m]?.[i] ?? 0
        })
        expect(block.mass).toBeCloseTo(mass, 9)
        expect(block.density).toBeCloseTo(mass / block.nodes.reduce((sum, nodes) => sum + nodes.length, 0), 9)
      }),
      { numRuns: 150 },
    )
  })

test('further blocks share no entry', () => {
  fc.assert(
    fc.property(tensors(2, 6), (tensor) => {
      const blocks = peel(tensor, { maxBlocks: 10 })
      const all = blocks.flatMap((block) => [...block.entries])
      expect(new Set(all).size).toBe(all.length)
      for (const block of blocks) expect(block.density).toBeGreaterThan(0)
    }),
  )
})

test('a tournament tree names the least value after any changes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Infinity))), { maxLength: 40 }),
      (values, changes) => {
        const tree = new TournamentTree(Float64Array.from(values))
        const now = [...values]
        for (const [player, value] of changes) {
          now[player % now.length] = value
          tree.set(player % now.length, value)
          if (Math.min(...now) < Infinity) expect(tree.least()).toBe(now.indexOf(Math.min(...now)))
        }
      },
    ),
  )
})
