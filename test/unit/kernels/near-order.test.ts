import { expect, test } from '@jest/globals'
import { nearWindows, rankColumns } from '#src/kernels/near-order.js'
import { Random } from '#src/kernels/random.js'

test('columns are ranked by size, of columns as large the later first', () => {
  const random = new Random(1)
  const sizes = Int32Array.from({ length: 200 }, () => random.below(12))
  const offsets = new Int32Array(201)
  for (let c = 0; c < 200; c++) offsets[c + 1] = offsets[c]! + sizes[c]!
  const { rank, columnOf, firstOfSize } = rankColumns(offsets, 8)
  const order = Array.from({ length: 200 }, (_, c) => c).sort((x, y) => sizes[x]! - sizes[y]! || y - x)
  expect([...columnOf]).toEqual(order)
  order.forEach((c, place) => {
    expect(rank[c]).toBe(place)
  })
  for (let size = 0; size <= 9; size++) expect(firstOfSize[size]).toBe(sizes.filter((each) => each < size).length)
})

test('windows hold the near entries of the row, as many as the reach allows', () => {
  const random = new Random(2)
  const rowOffsets = Int32Array.of(0, 40, 40, 41, 100)
  const time = Float64Array.from({ length: 100 }, () => random.below(60))
  for (let r = 0; r < 4; r++) time.subarray(rowOffsets[r]!, rowOffsets[r + 1]!).sort()
  const matrix = { rowCount: 4, columnCount: 0, rowOffsets, time } as unknown as Parameters<typeof nearWindows>[0]
  for (const reach of [3, 1000]) {
    const { first, end } = nearWindows(matrix, 7, reach)
    for (let r = 0; r < 4; r++)
      for (let e = rowOffsets[r]!; e < rowOffsets[r + 1]!; e++) {
        const near: number[] = []
        for (let o = rowOffsets[r]!; o < rowOffsets[r + 1]!; o++)
          if (Math.abs(time[o]! - time[e]!) <= 7 && Math.abs(o - e) <= reach) near.push(o)
        expect([first[e], end[e]]).toEqual([near[0], near[near.length - 1]! + 1])
      }
  }
})
