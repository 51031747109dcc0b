import { expect, test } from '@jest/globals'
import { rankColumns } from '#src/kernels/near-order.js'
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
