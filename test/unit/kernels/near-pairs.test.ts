import { expect, test } from '@jest/globals'
import { gammaPoissonSurprise, poissonSurprise } from '#src/kernels/gamma-poisson.js'
import { nearPairs } from '#src/kernels/near-pairs.js'
import { Random } from '#src/kernels/random.js'
import type { TimedMatrix } from '#src/kernels/timed-matrix.js'

interface Entry {
  readonly row: number
  readonly column: number
  readonly time: number
}

const matrixOf = (given: readonly Entry[], rowCount: number, columnCount: number): TimedMatrix => {
  const sorted = [...given].sort((x, y) => x.row - y.row || x.time - y.time || x.column - y.column)
  const offsets = (key: 'row' | 'column', count: number): Int32Array =>
    Int32Array.from({ length: count + 1 }, (_, i) => sorted.filter((entry) => entry[key] < i).length)
  return {
    rowCount,
    columnCount,
    rowOffsets: offsets('row', rowCount),
    row: Int32Array.from(sorted, ({ row }) => row),
    column: Int32Array.from(sorted, ({ column }) => column),
    time: Float64Array.from(sorted, ({ time }) => time),
    columnOffsets: offsets('column', columnCount),
    entries: Int32Array.from(sorted, (_, i) => i).sort(
      (x, y) => sorted[x]!.column - sorted[y]!.column || sorted[x]!.time - sorted[y]!.time || x - y,
    ),
  }
}

/** Each row meets some columns once each, at random times; every third row has a pair at close times. */
const randomEntries = (random: Random, rows: number, columns: number): Entry[] => {
  const entries: Entry[] = []
  for (let row = 0; row < rows; row++) {
    const start = random.below(1000)
    for (let column = 0; column < columns; column++)
      if (random.float() < 0.3)
        entries.push({ row, column, time: row % 3 === 0 && column < 3 ? start + random.below(4) : random.below(1000) })
  }
  return entries
}

const tolerances = Float64Array.of(3, 30, 150)
const likeness = 0.3

/** Straight from the definitions: every pair of columns, every row. */
const bruteForce = (entries: readonly Entry[], columnCount: number, session: number, least: number) => {
  const m = entries.length
  const pairsOfRows = entries.flatMap((x, i) =>
    entries
      .slice(i + 1)
      .filter((y) => y.row === x.row)
      .map((y) => [x, y] as const),
  )
  const near = (limit: number) => pairsOfRows.filter(([x, y]) => Math.abs(x.time - y.time) <= limit).length
  const first = Math.min(...entries.map(({ time }) => time))
  const found: { a: number; b: number; level: number; met: number; expected: number; nats: number }[] = []
  for (let a = 0; a < columnCount; a++)
    for (let b = a + 1; b < columnCount; b++) {
      const ofA = entries.filter(({ column }) => column === a).sort((x, y) => x.time - y.time)
      const ofB = entries.filter(({ column }) => column === b).sort((x, y) => x.time - y.time)
      let best = { a, b, level: 0, met: 0, expected: 0, nats: 0 }
      tolerances.forEach((limit, level) => {
        const partner = (x: Entry, list: readonly Entry[]) => list.find(({ row }) => row === x.row)
        const isNear = (x: Entry, list: readonly Entry[]) =>
          Math.abs((partner(x, list)?.time ?? Infinity) - x.time) <= limit
        let met = 0
        let last = Number.NEGATIVE_INFINITY
        const [larger, smaller] = ofA.length >= ofB.length ? [ofA, ofB] : [ofB, ofA]
        for (const x of larger)
          if (isNear(x, smaller) && (met === 0 || x.time - last > session)) {
            met++
            last = x.time
          }
        if (met < 2) return
        const far = ofA.filter((x) => partner(x, ofB) && !isNear(x, ofB)).length
        const stretch = (time: number) => Math.floor((time - first) / limit)
        let crowd = 0
        for (let c = 0; c <= stretch(1000); c++) {
          const here = (list: readonly Entry[]) => list.filter(({ time }) => stretch(time) === c)
          if (here(entries).length > 0)
            crowd +=
              (here(ofA).filter((x) => !isNear(x, ofB)).length * here(ofB).filter((x) => !isNear(x, ofA)).length) /
              here(entries).length
        }
        const perEntry = (2 * near(limit)) / m
        const mu = perEntry * ((ofA.length * ofB.length) / m + crowd)
        const muFar = (2 * (pairsOfRows.length - near(limit)) * ofA.length * ofB.length) / m ** 2
        const nats = gammaPoissonSurprise(met, mu, likeness + far, likeness + muFar)
        if (nats > best.nats) best = { a, b, level, met, expected: (mu * (likeness + far)) / (likeness + muFar), nats }
      })
      if (best.nats >= least) found.push(best)
    }
  return found
}

for (const session of [0, 40])
  test(`near pairs are those of the definition, session ${session}`, () => {
    for (let seed = 0; seed < 6; seed++) {
      const entries = randomEntries(new Random(seed), 60, 9)
      const pairs = nearPairs(matrixOf(entries, 60, 9), { tolerances, reach: 100, session, least: 0.1, likeness })
      const wanted = bruteForce(entries, 9, session, 0.1)
      expect(wanted.length).toBeGreaterThan(3)
      expect(pairs.telling).toEqual(Uint8Array.of(1, 1, 1))
      const order = [...pairs.a.keys()].sort((x, y) => pairs.a[x]! - pairs.a[y]! || pairs.b[x]! - pairs.b[y]!)
      expect(order.map((i) => [pairs.a[i], pairs.b[i], pairs.level[i], pairs.met[i]])).toEqual(
        wanted.map(({ a, b, level, met }) => [a, b, level, met]),
      )
      wanted.forEach(({ expected, nats }, k) => {
        expect(pairs.expected[order[k]!]).toBeCloseTo(expected, 9)
        expect(pairs.nats[order[k]!]).toBeCloseTo(nats, 9)
      })
    }
  })

test('tails agree with sums of the probabilities', () => {
  // P(X >= 3), X ~ Poisson(1) = 1 - e^-1 (1 + 1 + 1/2) = .0803014
  expect(poissonSurprise(3, 1)).toBeCloseTo(-Math.log(0.08030139707139416), 10)
  // The negative binomial of shape 1 is geometric: P(X >= n) = q^n with q = mu / (rate + mu).
  expect(gammaPoissonSurprise(7, 2, 1, 3)).toBeCloseTo(-7 * Math.log(2 / 5), 10)
  expect(gammaPoissonSurprise(1, 20, 1, 3)).toBeCloseTo(-Math.log(20 / 23), 10)
  // A rate known for sure is Poisson.
  expect(gammaPoissonSurprise(9, 0.5, 1e9, 1e9)).toBeCloseTo(poissonSurprise(9, 0.5), 5)
  expect(gammaPoissonSurprise(0, 1, 1, 1)).toBe(0)
})
