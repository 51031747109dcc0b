import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { countMatches, type Events, timeJoin } from '#src/kernels/time-join.js'

const eventLists = fc
  .tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 6 }),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(),
        fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(Number.NaN), fc.double({ min: 0, max: 12 })),
      ),
      {
        maxLength: 45,
      },
    ),
  )
  .map(
    ([actorCount, targetCount, list]): Events => ({
      actorCount,
      targetCount,
      actor: Int32Array.from(list, ([a]) => a % actorCount),
      target: Int32Array.from(list, ([, t]) => t % targetCount),
      time: Float64Array.from(list, ([, , at]) => at),
    }),
  )

const tolerances = fc.constantFrom(0, 1, 2.5, 12, Infinity)

test('the join finds the pairs that comparing all events with all finds', () => {
  fc.assert(
    fc.property(eventLists, tolerances, fc.integer({ min: 1, max: 3 }), (events, tolerance, minShared) => {
      const { actor, target, time } = events
      const matches = (i: number, j: number) =>
        target[i] === target[j] && (tolerance === Infinity || Math.abs(time[i]! - time[j]!) <= tolerance)
      const targetWeight = Float64Array.from({ length: events.targetCount }, (_, t) => 1 / (t + 1))
      const expected: unknown[] = []
      for (let a = 0; a < events.actorCount; a++)
        for (let b = a + 1; b < events.actorCount; b++) {
          const shared = new Set<number>()
          for (let i = 0; i < actor.length; i++)
            for (let j = 0; j < actor.length; j++)
              if (actor[i] === a && actor[j] === b && matches(i, j)) shared.add(target[i]!)
          const weight = [...shared].reduce((sum, t) => sum + targetWeight[t]!, 0)
          if (shared.size >= minShared) expected.push([a, b, shared.size, weight.toFixed(9)])
        }
      const found = timeJoin(events, { tolerance, minShared, targetWeight })
      const list = Array.from({ length: found.count }, (_, i) => [
        found.first[i],
        found.second[i],
        found.shared[i],
        found.weight[i]!.toFixed(9),
      ])
      expect(list).toEqual(expected)
      for (let a = 0; a < events.actorCount; a++)
        expect(found.targets[a]).toBe(new Set(target.filter((_, e) => actor[e] === a)).size)
      if (minShared === 1) {
        let pairs = 0
        for (let i = 0; i < actor.length; i++) for (let j = i + 1; j < actor.length; j++) if (matches(i, j)) pairs++
        expect(countMatches(events, tolerance, 1)).toBe(pairs)
      }
    }),
    { numRuns: 400 },
  )
})

test('the order of the events does not matter', () => {
  fc.assert(
    fc.property(eventLists, tolerances, (events, tolerance) => {
      const reversed = {
        ...events,
        actor: events.actor.slice().reverse(),
        target: events.target.slice().reverse(),
        time: events.time.slice().reverse(),
      }
      expect(timeJoin(reversed, { tolerance, minShared: 1 })).toEqual(timeJoin(events, { tolerance, minShared: 1 }))
    }),
  )
})
