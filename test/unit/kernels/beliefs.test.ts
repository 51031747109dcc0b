import { describe, expect, test } from '@jest/globals'
import { beliefChains } from '#src/kernels/belief-chains.js'
import { degreeDamping } from '#src/kernels/belief-damping.js'
import { LiveBeliefs } from '#src/kernels/belief-push.js'
import { errorBound, residualOf, sweepBeliefs } from '#src/kernels/belief-sweeps.js'
import {
  type BeliefSystem,
  beliefSystem,
  errorPerResidual,
  heard,
  onGrid,
  strengthOf,
  tiesOf,
  undamped,
} from '#src/kernels/belief-system.js'
import { Random } from '#src/kernels/random.js'

const damping = { share: 0.85, receiver: 1, floor: 1, onward: true }
/** By who is told, by who tells and by both. */
const dampings = [
  damping,
  { ...damping, receiver: 0, floor: 0.1, onward: false },
  { ...damping, receiver: 0.5, floor: 0.25, onward: false },
]

const shares = (
  n: number,
  pairs: readonly (readonly [number, number, number, number])[],
  strict = true,
): BeliefSystem =>
  beliefSystem(
    tiesOf(
      n,
      pairs.map(([a, b, toA, toB]) => ({ a, b, toA, toB })),
    ),
    undamped(n),
    { strict },
  )

/** The same equations with all their entries, by elimination with pivots. */
const denseSolution = (system: BeliefSystem, explicit: Float64Array): Float64Array => {
  const { rowCount: n, offsets, columns, coefficient, diagonal } = system
  const rows = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(n + 1)
    row[i] = diagonal[i]!
    row[n] = explicit[i]!
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) row[columns[k]!] = -coefficient[k]!
    return row
  })
  for (let c = 0; c < n; c++) {
    let pivot = c
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = r
    ;[rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!]
    for (let r = 0; r < n; r++) {
      if (r === c || rows[r]![c] === 0) continue
      const factor = rows[r]![c]! / rows[c]![c]!
      for (let k = c; k <= n; k++) rows[r]![k]! -= factor * rows[c]![k]!
    }
  }
  return Float64Array.from(rows, (row, i) => row[n]! / row[i]!)
}

/** The sum over walks without an immediate return, step by step over directed ties: the definition itself. */
const walkSum = (n: number, share: (i: number, j: number) => number, explicit: Float64Array): Float64Array => {
  let told = Array.from({ length: n }, (_, j) => Array.from({ length: n }, (_, i) => share(j, i) * explicit[i]!))
  const total = explicit.slice()
  for (let length = 1; length < 400; length++) {
    for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) total[j]! += told[j]![i]!
    told = told.map((_, j) =>
      Array.from({ length: n }, (_, i) => {
        let sum = 0
        for (let k = 0; k < n; k++) if (k !== j) sum += told[i]![k]!
        return share(j, i) * sum
      }),
    )
  }
  return total
}

const greatestDifference = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)

interface Given {
  readonly n: number
  readonly pairs: { readonly a: number; readonly b: number; readonly toA: number; readonly toB: number }[]
  readonly explicit: Float64Array
  readonly absorbs: Uint8Array
}

/** Signs, one-sided ties, absorbing nodes and nodes without ties among them. */
const randomGraph = (seed: number, n: number, ties: number): Given => {
  const random = new Random(seed)
  const pairs = new Map<string, { a: number; b: number; toA: number; toB: number }>()
  while (pairs.size < ties) {
    const a = random.below(n - 1)
    const b = random.below(n - 1)
    if (a === b || pairs.has(`${Math.min(a, b)} ${Math.max(a, b)}`)) continue
    const sign = random.below(5) === 0 ? -1 : 1
    const back = random.below(10) === 0 ? -sign : sign
    const toA = random.below(4) === 0 ? 0 : strengthOf(onGrid(sign * random.float()))
    pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, { a, b, toA, toB: strengthOf(onGrid(back * random.float())) })
  }
  return {
    n,
    pairs: [...pairs.values()],
    explicit: Float64Array.from({ length: n }, () => (random.below(4) === 0 ? random.float() : 0)),
    absorbs: Uint8Array.from({ length: n }, () => (random.below(12) === 0 ? 1 : 0)),
  }
}

const dampedSystem = ({ n, pairs, absorbs }: Omit<Given, 'explicit'>, by = damping): BeliefSystem => {
  const ties = tiesOf(n, pairs)
  return beliefSystem(ties, degreeDamping(ties, absorbs, by))
}

const seedAt = (n: number, ...nodes: readonly number[]): Float64Array => {
  const explicit = new Float64Array(n)
  for (const node of nodes) explicit[node] = 1
  return explicit
}

describe('known answers', () => {
  test('on a path each step multiplies by its share, in the direction it goes', () => {
    const system = shares(5, [
      [0, 1, 0.5, 0.25],
      [1, 2, 0.125, 0.5],
      [2, 3, 0.25, 0.75],
      [3, 4, 0.5, 0.125],
    ])
    const { belief, bound } = sweepBeliefs(system, seedAt(5, 1), { tolerance: 1e-9 })
    expect(bound).toBeLessThanOrEqual(1e-9)
    for (const [node, wanted] of [0.5, 1, 0.5, 0.375, 0.046875].entries()) expect(belief[node]).toBeCloseTo(wanted, 6)
  })

  test('on a star the leaves hear of each other through its middle', () => {
    const leaves = 6
    const share = 0.125
    const pairs = Array.from({ length: leaves }, (_, i) => [0, i + 1, share, share] as const)
    const { belief } = sweepBeliefs(shares(leaves + 1, pairs), seedAt(leaves + 1, 1, 2), { tolerance: 1e-9 })
    expect(belief[0]).toBeCloseTo(2 * share, 6)
    expect(belief[1]).toBeCloseTo(1 + share ** 2, 6)
    expect(belief[6]).toBeCloseTo(2 * share ** 2, 6)
  })

  test('on a tree it is the product of shares to each seed', () => {
    const pairs = Array.from({ length: 14 }, (_, i) => [(i - (i % 2)) / 2, i + 1, 0.25, 0.25] as const)
    const { belief } = sweepBeliefs(shares(15, pairs), seedAt(15, 7, 14), { tolerance: 1e-10 })
    const depth = (v: number): number => (v === 0 ? 0 : 1 + depth((v - 1) >> 1))
    const between = (a: number, b: number): number =>
      a === b ? 0 : depth(a) >= depth(b) ? 1 + between((a - 1) >> 1, b) : 1 + between(a, (b - 1) >> 1)
    for (let v = 0; v < 15; v++) expect(belief[v]).toBeCloseTo(0.25 ** between(v, 7) + 0.25 ** between(v, 14), 7)
  })

  test('with cycles it is the sum over walks that never turn back at once', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const given = randomGraph(seed, 12, 24)
      const system = dampedSystem(given, dampings[seed % 3])
      const share = (i: number, j: number): number => {
        for (let k = system.offsets[i]!; k < system.offsets[i + 1]!; k++)
          if (system.columns[k] === j)
            return heard(system.incoming[k]!, system.outgoing[k]!) * system.dilution[i]! * system.reach[j]!
        return 0
      }
      const { belief } = sweepBeliefs(system, given.explicit, { tolerance: 1e-9 })
      expect(greatestDifference(belief, walkSum(12, share, given.explicit))).toBeLessThan(1e-6)
    }
  })

  test('an absorbing node keeps what it was given and lets nothing through', () => {
    const ties = tiesOf(3, [
      { a: 0, b: 1, toA: 0.9, toB: 0.9 },
      { a: 1, b: 2, toA: 0.9, toB: 0.9 },
    ])
    const system = beliefSystem(ties, degreeDamping(ties, Uint8Array.of(0, 1, 0), damping))
    expect([...sweepBeliefs(system, seedAt(3, 0)).belief]).toEqual([1, 0, 0])
    expect(sweepBeliefs(system, seedAt(3, 1)).belief[2]).toBeCloseTo(0.9 * 0.85, 6)
  })
})

describe('convergence', () => {
  const cycle = (share: number): Parameters<typeof shares>[1] =>
    Array.from({ length: 5 }, (_, i) => [i, (i + 1) % 5, share, share] as const)

  test('a cycle that would not converge is refused, or scaled down and told', () => {
    expect(() => shares(5, cycle(1.2))).toThrow('would not converge')
    const system = shares(5, cycle(1.2), false)
    expect(system.scaled).toBeCloseTo(0.9 / 1.2, 6)
    const explicit = seedAt(5, 0)
    const { belief } = sweepBeliefs(system, explicit, { tolerance: 1e-6 })
    expect(greatestDifference(belief, denseSolution(system, explicit))).toBeLessThanOrEqual(1e-6)
    expect(shares(5, cycle(0.9)).scaled).toBe(1)
  })

  test('of a tie with another sign in each direction the stronger is heard', () => {
    const { belief } = sweepBeliefs(shares(2, [[0, 1, 0.25, -0.5]]), Float64Array.of(1, 1))
    expect([...belief]).toEqual([1, 0.5])
    expect([...sweepBeliefs(shares(2, [[0, 1, 0.5, -0.5]]), Float64Array.of(1, 1)).belief]).toEqual([1, 1])
  })

  test('degree damping keeps any graph within the bound', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { onward, scaled } = dampedSystem(randomGraph(seed, 30, 20 + 12 * seed), dampings[seed % 3])
      expect(onward).toBeLessThanOrEqual(damping.share + 1e-6)
      expect(scaled).toBe(1)
    }
  })
})

describe('two engines', () => {
  test('agree with each other and with elimination within the error that they state', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const given = randomGraph(seed, 40, 40 + 8 * seed)
      const by = dampings[seed % 3]!
      const system = dampedSystem(given, by)
      const exact = denseSolution(system, given.explicit)
      const swept = sweepBeliefs(system, given.explicit, { tolerance: 1e-6 })
      expect(greatestDifference(swept.belief, exact)).toBeLessThanOrEqual(swept.bound + 1e-12)
      const live = new LiveBeliefs(system, given.explicit, given.absorbs, null, { damping: by, tolerance: 1e-6 })
      live.settle()
      expect(live.bound()).toBeLessThanOrEqual(1e-6 / Math.min(...system.reach) + 1e-15)
      expect(greatestDifference(live.beliefs(), exact)).toBeLessThanOrEqual(live.bound() + 1e-12)
    }
  })

  test('the stated error holds for any residual', () => {
    const given = randomGraph(3, 40, 160)
    for (const by of dampings) {
      const system = dampedSystem(given, by)
      const off = new Float64Array(40).map((_, i) => Math.sin(i))
      const exact = denseSolution(system, given.explicit)
      const residual = residualOf(system, given.explicit, off)
      const bound =
        errorPerResidual(system) * residual.reduce((most, r, i) => Math.max(most, Math.abs(r) * system.reach[i]!), 0)
      off.forEach((belief, i) => {
        expect(Math.abs(belief - exact[i]!) * system.reach[i]!).toBeLessThanOrEqual(bound)
      })
      expect(greatestDifference(off, exact)).toBeLessThanOrEqual(errorBound(system, residual))
    }
  })

  test('pushing near a seed does not look at the rest of a long path', () => {
    const n = 20_000
    const pairs = Array.from({ length: n - 1 }, (_, i) => ({ a: i, b: i + 1, toA: 0.5, toB: 0.5 }))
    const system = dampedSystem({ n, pairs, absorbs: new Uint8Array(n) })
    const live = new LiveBeliefs(system, seedAt(n, 0), new Uint8Array(n), null, { damping })
    expect(live.settle().pushes).toBeLessThan(2000)
  })

  test('a repaired system is the one built anew', () => {
    for (let seed = 1; seed <= 21; seed++) {
      const given = randomGraph(seed, 40, 60)
      const random = new Random(seed, 9)
      const by = dampings[seed % 3]!
      const start = dampedSystem(given, by)
      const live = new LiveBeliefs(start, given.explicit, given.absorbs, sweepBeliefs(start, given.explicit).belief, {
        damping: by,
        tolerance: 1e-7,
      })
      const extra = 10
      expect(live.addNodes(extra)).toBe(40)
      const all = new Map(given.pairs.map((pair) => [`${Math.min(pair.a, pair.b)} ${Math.max(pair.a, pair.b)}`, pair]))
      for (let i = 0; i < 300; i++) {
        // One node of the new ones becomes a hub.
        const a = i % 3 === 0 ? 45 : random.below(40 + extra)
        const b = random.below(40 + extra)
        if (a === b) continue
        const [toA, toB] = [random.float() / 2, random.float() / 2]
        live.strengthen(a, b, toA, toB)
        const key = `${Math.min(a, b)} ${Math.max(a, b)}`
        const old = all.get(key)
        const kept = old && (old.a === a ? old : { a, b, toA: old.toB, toB: old.toA })
        all.set(key, {
          a,
          b,
          toA: strengthOf(onGrid(Math.atanh(kept?.toA ?? 0)) + onGrid(toA)),
          toB: strengthOf(onGrid(Math.atanh(kept?.toB ?? 0)) + onGrid(toB)),
        })
        if (i % 50 === 0) live.settle()
      }
      live.setExplicit(41, 0.5)
      live.setAbsorbing(3, true)
      live.cutTies(7)
      live.settle()
      const absorbs = new Uint8Array(50)
      absorbs.set(given.absorbs)
      absorbs[3] = 1
      const explicit = new Float64Array(50)
      explicit.set(given.explicit)
      explicit[41] = 0.5
      const pairs = [...all.values()].map((pair) => (pair.a === 7 || pair.b === 7 ? { ...pair, toA: 0, toB: 0 } : pair))
      const anew = dampedSystem({ n: 50, pairs, absorbs }, by)
      expect(live.bound()).toBeLessThanOrEqual(1e-7 / Math.min(...anew.reach) + 1e-15)
      expect(greatestDifference(live.beliefs(), denseSolution(anew, explicit))).toBeLessThanOrEqual(
        live.bound() + 1e-12,
      )
    }
  })
})

test('who is cut off holds nothing, also where damping stays as it was; tied again, what it held before', () => {
  const half = strengthOf(onGrid(Math.atanh(0.5)))
  const given = { n: 3, pairs: [0, 2].map((a) => ({ a, b: 1, toA: half, toB: half })), absorbs: new Uint8Array(3) }
  const live = new LiveBeliefs(dampedSystem(given), seedAt(3, 0), given.absorbs, null, { damping, tolerance: 1e-9 })
  live.settle()
  const before = live.beliefs()
  const ties = live.tiesOf(1)
  live.cutTies(1)
  live.settle()
  expect([...live.beliefs()]).toEqual([1, 0, 0].map((value) => expect.closeTo(value, 9)))
  for (const { other, toNode, toOther } of ties) live.setTie(1, other, toNode, toOther)
  live.settle()
  expect(greatestDifference(live.beliefs(), before)).toBeLessThanOrEqual(2e-9)
  expect(() => live.setTie(0, 2, 1, 1)).toThrow(RangeError)
})

describe('chains', () => {
  test('on a path there is one, with all that arrives', () => {
    const system = shares(4, [
      [0, 1, 0.5, 0.5],
      [1, 2, 0.5, 0.25],
      [2, 3, 0.5, 0.5],
    ])
    const explicit = seedAt(4, 0)
    const { chains, rest } = beliefChains(
      system,
      explicit,
      sweepBeliefs(system, explicit, { tolerance: 1e-10 }).belief,
      3,
    )
    expect(chains.map(({ nodes }) => [...nodes])).toEqual([[0, 1, 2, 3]])
    expect(chains[0]!.amount).toBeCloseTo(0.0625, 9)
    expect(Math.abs(rest)).toBeLessThan(1e-7)
  })

  test('amounts and the rest are the belief, each amount is the product of its shares, and the rest is small where enough are asked for', () => {
    let asked = 0
    let small = 0
    for (let seed = 1; seed <= 6; seed++) {
      const given = randomGraph(seed, 25, 50)
      const system = dampedSystem(given, dampings[seed % 3])
      const { belief } = sweepBeliefs(system, given.explicit, { tolerance: 1e-10 })
      for (let target = 0; target < 25; target++) {
        const { chains, rest } = beliefChains(system, given.explicit, belief, target, { most: 5000 })
        const sum = chains.reduce((all, { amount }) => all + amount, rest)
        expect(sum).toBeCloseTo(belief[target]!, 9)
        if (Math.abs(belief[target]!) > 1e-3) {
          asked++
          if (Math.abs(rest) <= 0.01 * Math.abs(belief[target]!)) small++
        }
        for (const { nodes, amount } of chains) {
          let product = given.explicit[nodes[0]!]!
          for (let at = 1; at < nodes.length; at++) {
            const [from, to] = [nodes[at - 1]!, nodes[at]!]
            if (at >= 2) expect(to).not.toBe(nodes[at - 2])
            for (let k = system.offsets[to]!; k < system.offsets[to + 1]!; k++)
              if (system.columns[k] === from)
                product *= heard(system.incoming[k]!, system.outgoing[k]!) * system.dilution[to]! * system.reach[from]!
          }
          expect(amount).toBeCloseTo(product, 12)
        }
      }
    }
    expect(asked).toBeGreaterThan(80)
    expect(small).toBeGreaterThan(0.9 * asked)
  })
})
