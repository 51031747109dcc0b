import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { actorsOfEdges } from '#src/graph/interactions-at.js'
import { entityName, type Snapshot } from '#src/graph/snapshot.js'
import { changeBetween, edgesNow, traceOf } from '#src/graph/snapshot-change.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const line: fc.Arbitrary<InteractionLine> = fc.oneof(
  fc.record({
    type: fc.constantFrom('view' as const, 'like' as const),
    actor: fc.nat(5).map((i) => `user:${'abcdef'[i]}`),
    target: fc.nat(4).map((i) => `video:${i}`),
    at: fc.option(fc.nat(3)),
    market: fc.constantFrom('', 'US', 'BR'),
    weight: fc.constantFrom(1, 2),
  }),
  fc.record({
    type: fc.constant('review' as const),
    actor: fc.nat(5).map((i) => `user:${'abcdef'[i]}`),
    target: fc.nat(4).map((i) => `product:${i}`),
    at: fc.nat(3),
    attributes: fc.record({ rating: fc.integer({ min: 1, max: 5 }) }),
  }),
)

/** What each interaction says, in the order of the snapshot. */
const contents = (snapshot: Snapshot): Map<string, string[]> =>
  new Map(
    snapshot.relations.map((relation) => {
      const actors = actorsOfEdges(relation)
      const say = (_: number, edge: number): string =>
        [
          entityName(snapshot, actors[edge]!),
          entityName(snapshot, relation.target[edge]!),
          relation.at[edge],
          snapshot.markets[relation.market[edge]!],
          relation.weight[edge],
          relation.ratings?.[edge] ?? 0,
        ].join()
      return [relation.type, Array.from(relation.target, say)]
    }),
  )

test('what was there is found where it is now, and as much is new as was added', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.boolean()), { minLength: 1, maxLength: 40 }), (lines) => {
      const earlier = snapshotFrom(lines.filter(([, old]) => old).map(([each]) => each))
      const later = snapshotFrom(lines.map(([each]) => each))
      const change = changeBetween(traceOf(earlier), traceOf(later))
      expect(change).not.toBeNull()
      expect(change!.added).toBe(lines.filter(([, old]) => !old).length)
      for (let entity = 0; entity < earlier.entities.count; entity++)
        expect(entityName(later, change!.entityNow[entity]!)).toBe(entityName(earlier, entity))
      const before = contents(earlier)
      const now = contents(later)
      for (const relation of change!.relations)
        expect(Array.from(edgesNow(relation), (edge) => now.get(relation.type)![edge])).toEqual(
          before.get(relation.type) ?? [],
        )
    }),
  )
})

test('where something is gone or says something else, there is no change to tell', () => {
  const lines: InteractionLine[] = [
    { type: 'view', actor: 'user:a', target: 'video:1', at: 1 },
    { type: 'view', actor: 'user:b', target: 'video:1', at: 2 },
    { type: 'like', actor: 'user:a', target: 'video:1', at: 1 },
  ]
  const whole = traceOf(snapshotFrom(lines))
  expect(changeBetween(whole, whole)).toMatchObject({ added: 0 })
  for (let gone = 0; gone < lines.length; gone++) {
    const fewer = lines.filter((_, i) => i !== gone)
    expect(changeBetween(whole, traceOf(snapshotFrom(fewer)))).toBeNull()
    expect(changeBetween(whole, traceOf(snapshotFrom([...fewer, { ...lines[gone]!, at: 3 }])))).toBeNull()
    expect(changeBetween(whole, traceOf(snapshotFrom([...fewer, { ...lines[gone]!, market: 'US' }])))).toBeNull()
    expect(changeBetween(whole, traceOf(snapshotFrom([...fewer, { ...lines[gone]!, weight: 2 }])))).toBeNull()
  }
})
