import { expect, test } from '@jest/globals'
import { nearTiers } from '#src/kernels/near-tiers.js'
import { Random } from '#src/kernels/random.js'
import type { TimedMatrix } from '#src/kernels/timed-matrix.js'

/** Rows of random columns at random times, and columns in order of time. */
const matrixOf = (random: Random, rowCount: number, columnCount: number): TimedMatrix => {
  const rowOffsets = new Int32Array(rowCount + 1)
  const column: number[] = []
  const row: number[] = []
  const time: number[] = []
  for (let r = 0; r < rowCount; r++) {
    // Columns of low number are taken often, so that sizes differ.
    const own = Array.from({ length: columnCount }, (_, c) => c).filter((c) => random.below(c + 2) < 2)
    const times = own.map(() => random.below(60)).sort((x, y) => x - y)
    own.forEach((c, i) => {
      column.push(c)
      row.push(r)
      time.push(times[i]!)
    })
    rowOffsets[r + 1] = column.length
  }
  const columnOffsets = new Int32Array(columnCount + 1)
  const entries: number[] = []
  for (let c = 0; c < columnCount; c++) {
    const own = column.flatMap((each, e) => (each === c ? [e] : []))
    entries.push(...own.sort((x, y) => time[x]! - time[y]! || x - y))
    columnOffsets[c + 1] = entries.length
  }
  return {
    rowCount,
    columnCount,
    rowOffsets,
    row: Int32Array.from(row),
    column: Int32Array.from(column),
    time: Float64Array.from(time),
    columnOffsets,
    entries: Int32Array.from(entries),
  }
}

test.each([3, 1000])('a tier says what is near among the smaller columns, at most %d places away', (reach) => {
  const random = new Random(2)
  const matrix = matrixOf(random, 40, 60)
  const sizes = Array.from({ length: 60 }, (_, c) => matrix.columnOffsets[c + 1]! - matrix.columnOffsets[c]!)
  const byRank = sizes.map((_, c) => c).sort((x, y) => sizes[x]! - sizes[y]! || y - x)
  const rank = Int32Array.from(sizes, (_, c) => byRank.indexOf(c))
  const rankOf = Int32Array.from(matrix.column, (c) => rank[c]!)
  const tolerances = Float64Array.of(0, 4, 9)
  const { tiers, tierOf, place } = nearTiers(matrix, rankOf, (r) => sizes[byRank[r]!]!, tolerances, reach)
  expect(tiers.map(({ entryOf }) => entryOf.length)).toEqual([
    matrix.time.length,
    ...[2, 4].map((share) => {
      let held = 0
      for (const c of byRank) {
        if (held + sizes[c]! > matrix.time.length / share) break
        held += sizes[c]!
      }
      return held
    }),
  ])
  matrix.entries.forEach((entry, i) => {
    const home = tierOf[rankOf[entry]!]!
    const { entryOf, rankOf: ranks, edges } = tiers[home]!
    expect(entryOf[place[i]!]).toBe(entry)
    const row = matrix.row[entry]!
    tolerances.forEach((tolerance, level) => {
      const near: number[] = []
      for (let other = matrix.rowOffsets[row]!; other < matrix.rowOffsets[row + 1]!; other++)
        if (
          tierOf[rankOf[other]!]! >= home &&
          Math.abs(matrix.time[other]! - matrix.time[entry]!) <= tolerance &&
          Math.abs(other - entry) <= reach
        )
          near.push(other)
      const at = place[i]! * 7
      const found: number[] = []
      for (let p = place[i]! + edges[at + 2 - level]!; p < place[i]! + edges[at + 4 + level]!; p++) {
        found.push(entryOf[p]!)
        expect(ranks[p]).toBe(rankOf[entryOf[p]!])
      }
      expect(found).toEqual(near)
    })
  })
})
