/** Sizes at which interactions are spread over clusters, rows are long, and ids are sorted with wide digits. */
import { expect, test } from '@jest/globals'
import { scenarioNames } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { entityName, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { sortByteStrings } from '#src/kernels/sort-bytes.js'
import { type InteractionLine, rawGraphFrom, snapshotFrom } from '../../support/raw-graph.js'

/** Half of the interactions are of one account that comes back to few videos; times repeat and are unknown at times. */
const skewedLines = (count: number): InteractionLine[] => {
  const random = new Random(7)
  const below = (n: number): number => Math.floor(random.float() * n)
  return Array.from({ length: count }, (_, i) => ({
    type: (['like', 'view', 'view', 'view'] as const)[i & 3]!,
    actor: i % 2 === 0 ? 'user:everywhere' : `user:u${below(3000)}`,
    target: `video:${i % 5 === 0 ? below(4) : below(2000).toString(16)}`,
    at: below(9) === 0 ? null : below(50),
    market: ['', 'US', 'ID'][below(3)]!,
    scenario: scenarioNames[below(2)]!,
    weight: below(3) / 2,
  }))
}

const outgoing = (snapshot: Snapshot): readonly (readonly (string | number)[])[] =>
  snapshot.relations.flatMap((relation) =>
    Array.from({ length: relation.outOffsets.length - 1 }, (_, row) =>
      Array.from({ length: relation.outOffsets[row + 1]! - relation.outOffsets[row]! }, (_, place) => {
        const k = relation.outOffsets[row]! + place
        return [
          relation.type,
          entityName(snapshot, relation.actorFrom + row),
          entityName(snapshot, relation.target[k]!),
          Number.isNaN(relation.at[k]!) ? -1 : relation.at[k]!,
          snapshot.markets[relation.market[k]!]!,
          relation.scenario[k]!,
          relation.weight[k]!,
        ]
      }),
    ).flat(),
  )

const compareRows = (a: readonly (string | number)[], b: readonly (string | number)[]): number => {
  for (let c = 0; c < a.length; c++) {
    if (a[c] === b[c]) continue
    return a[c]! < b[c]! ? -1 : 1
  }
  return 0
}

test('many interactions come in canonical order, in both directions', () => {
  const lines = skewedLines(12_000)
  const snapshot = snapshotFrom(lines)
  // All ids here are ASCII, so that strings compare as their bytes do.
  const wanted = lines
    .map((line) => [
      line.type,
      line.actor,
      line.target,
      typeof line.at === 'number' ? line.at : -1,
      line.market!,
      scenarioNames.indexOf(line.scenario!),
      line.weight!,
    ])
    .sort(compareRows)
  expect([...outgoing(snapshot)].sort((a, b) => (a[0] === b[0] ? 0 : a[0]! < b[0]! ? -1 : 1))).toEqual(wanted)

  for (const { count, outOffsets, target, actorFrom, targetFrom, inOffsets, source, inEdge } of snapshot.relations) {
    const actors = new Int32Array(count)
    for (let row = 0; row + 1 < outOffsets.length; row++)
      actors.fill(actorFrom + row, outOffsets[row]!, outOffsets[row + 1]!)
    const back = Array.from({ length: count }, (_, k) => k).sort((a, b) => target[a]! - target[b]! || a - b)
    expect([...inEdge]).toEqual(back)
    expect([...source]).toEqual(back.map((k) => actors[k]!))
    for (let row = 0; row + 1 < inOffsets.length; row++)
      for (let k = inOffsets[row]!; k < inOffsets[row + 1]!; k++) expect(target[inEdge[k]!]! - targetFrom).toBe(row)
  }
})

test('a build stops when it is cancelled', () => {
  const raw = rawGraphFrom(skewedLines(5000))
  let calls = 0
  buildSnapshot(raw, () => calls++)
  expect(calls).toBeGreaterThan(5)
  for (let stopAt = 0; stopAt < calls; stopAt++) {
    let left = stopAt
    const check = (): void => {
      if (left-- === 0) throw new Error('cancelled')
    }
    expect(() => buildSnapshot(raw, check)).toThrow('cancelled')
  }
})

test('many byte strings are sorted as Buffer.compare sorts them, equal ones in their given order', () => {
  const random = new Random(3)
  for (const symbols of [2, 10, 256]) {
    const buffers = Array.from({ length: 20_000 }, () =>
      Buffer.from(Array.from({ length: Math.floor(random.float() * 14) }, () => Math.floor(random.float() * symbols))),
    )
    const offsets = new Float64Array(buffers.length + 1)
    buffers.forEach((buffer, i) => {
      offsets[i + 1] = offsets[i]! + buffer.length
    })
    const order = Int32Array.from(buffers.keys())
    sortByteStrings({ bytes: Buffer.concat(buffers), offsets }, order)
    const expected = [...buffers.keys()].sort((i, j) => Buffer.compare(buffers[i]!, buffers[j]!) || i - j)
    expect(order).toEqual(Int32Array.from(expected))
  }
})
