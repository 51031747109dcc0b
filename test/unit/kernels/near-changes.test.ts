/** Pairs that met anew, beside a search of all pairs. */
import { expect, test } from '@jest/globals'
import { pairsOfNew } from '#src/kernels/near-changes.js'
import { type NearPairs, nearPairs } from '#src/kernels/near-pairs.js'
import { Random } from '#src/kernels/random.js'
import type { TimedMatrix } from '#src/kernels/timed-matrix.js'

const ROWS = 60
const COLUMNS = 24
const tolerances = Float64Array.of(3, 30, 150)
const options = { tolerances, reach: 5, session: 2, least: 0.5, likeness: 0.3 }

/** Columns in the same rows at random times; four of them nearly always together. */
const randomMatrix = (random: Random): TimedMatrix => {
  const entries: { row: number; column: number; time: number }[] = []
  for (let row = 0; row < ROWS; row++) {
    const start = random.below(1000)
    for (let column = 0; column < COLUMNS; column++)
      if (random.float() < 0.35)
        entries.push({ row, column, time: column < 4 ? start + random.below(4) : random.below(1000) })
  }
  entries.sort((x, y) => x.row - y.row || x.time - y.time || x.column - y.column)
  const offsets = (key: 'row' | 'column', count: number): Int32Array =>
    Int32Array.from({ length: count + 1 }, (_, i) => entries.filter((entry) => entry[key] < i).length)
  return {
    rowCount: ROWS,
    columnCount: COLUMNS,
    rowOffsets: offsets('row', ROWS),
    row: Int32Array.from(entries, ({ row }) => row),
    column: Int32Array.from(entries, ({ column }) => column),
    time: Float64Array.from(entries, ({ time }) => time),
    columnOffsets: offsets('column', COLUMNS),
    entries: Int32Array.from(entries, (_, i) => i).sort(
      (x, y) => entries[x]!.column - entries[y]!.column || entries[x]!.time - entries[y]!.time || x - y,
    ),
  }
}

const named = (pairs: NearPairs): Map<string, readonly number[]> =>
  new Map(
    Array.from({ length: pairs.count }, (_, i) => [
      `${pairs.a[i]},${pairs.b[i]}`,
      [pairs.level[i]!, pairs.met[i]!, pairs.expected[i]!, pairs.nats[i]!],
    ]),
  )

const pairName = (a: number, b: number): string => `${Math.min(a, b)},${Math.max(a, b)}`

/** Straight from the definition: every entry that is new beside every other of its row. */
const metAnew = (matrix: TimedMatrix, isNew: Uint8Array): Set<string> => {
  const found = new Set<string>()
  for (let i = 0; i < isNew.length; i++)
    for (let j = 0; j < isNew.length; j++)
      if (isNew[i] === 1 && i !== j && matrix.row[i] === matrix.row[j] && Math.abs(i - j) <= options.reach)
        if (Math.abs(matrix.time[i]! - matrix.time[j]!) <= 150)
          found.add(pairName(matrix.column[i]!, matrix.column[j]!))
  return found
}

test('pairs of new entries give what a search of all pairs gives for them, and no other', () => {
  let compared = 0
  for (let seed = 1; seed <= 6; seed++) {
    const random = new Random(seed)
    const matrix = randomMatrix(random)
    const isNew = Uint8Array.from(matrix.row, () => (random.float() < 0.04 ? 1 : 0))
    const pairs = pairsOfNew(matrix, isNew, 150, options.reach)
    const expected = metAnew(matrix, isNew)
    expect(new Set(Array.from(pairs.a, (a, i) => pairName(a, pairs.b[i]!)))).toEqual(expected)
    const fresh = { entries: Uint8Array.from(matrix.row, (_, i) => (i % 3 === 0 ? 1 : 0)), freshness: 30 }
    for (const more of [{}, { fresh }]) {
      const all = nearPairs(matrix, { ...options, ...more })
      const again = nearPairs(matrix, { ...options, ...more, again: { pairs, sitting: all.sitting } })
      const wanted = new Map([...named(all)].filter(([name]) => expected.has(name)))
      expect(named(again)).toEqual(wanted)
      compared += wanted.size
    }
  }
  expect(compared).toBeGreaterThan(25)
})
