import { describe, expect, test } from '@jest/globals'
import type { Lineage, RingEvent } from '#src/store/store.js'
import { batchOf } from '../support/batches.js'
import { ringRecord, runRecord } from '../support/runs.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const second = (n: number): string => `2026-01-01T00:00:0${n}.000Z`

const event = (ring: string, kind: RingEvent['event'], more: Partial<RingEvent> = {}): RingEvent => ({
  ring,
  event: kind,
  overlap: null,
  accounts: 2,
  other: null,
  ...more,
})

const quiet: Lineage = { events: [], dormant: [] }

export const describeLineage = (open: OpenStore): void => {
  describe('the lives of rings', () => {
    test(
      'events come back oldest first, with their run and its time',
      withStore(open, async (store) => {
        expect(await store.readHistory('r1')).toEqual([])
        const later = {
          events: [
            event('r1', 'grown', { overlap: 2 / 3, accounts: 1 }),
            event('r1', 'shrunk', { overlap: 2 / 3, accounts: 4 }),
            event('r2', 'merged', { overlap: 0.25, other: 'r1' }),
          ],
          dormant: [],
        }
        await store.saveRun(
          { run: runRecord('z', { finishedAt: second(1) }), rings: [] },
          { ...quiet, events: [event('r1', 'born')] },
        )
        await store.saveRun({ run: runRecord('a', { finishedAt: second(2) }), rings: [] }, later)
        expect(await store.readHistory('r1')).toEqual([
          { run: 'z', at: second(1), ...event('r1', 'born') },
          { run: 'a', at: second(2), ...later.events[0] },
          { run: 'a', at: second(2), ...later.events[1] },
        ])
        expect(await store.readHistory('r2')).toEqual([{ run: 'a', at: second(2), ...later.events[2] }])
        expect(await store.readRunEvents('a')).toEqual(
          later.events.map((event) => ({ run: 'a', at: second(2), ...event })),
        )
        expect(await store.readRunEvents('none')).toEqual([])
      }),
    )

    test(
      "a run's memory has its rings and those dormant in it, with the members that they had last",
      withStore(open, async (store) => {
        expect(await store.readMemory(null)).toBeNull()
        await store.writeBatch(batchOf([{ id: 'i1', type: 'like', actor: 'user:a', target: 'video:v' }]))
        const first = [ringRecord('r2'), ringRecord('r1', { detectors: ['sybil', 'lockstep'] })]
        const one = runRecord('one', { finishedAt: second(1) })
        const two = runRecord('two', { finishedAt: second(2), baseRun: 'one' })
        await store.saveRun({ run: one, rings: first })
        const members = [{ kind: 'user', id: 'new', role: 'mule', score: 0.5 }] as const
        await store.saveRun(
          { run: two, rings: [ringRecord('r2', { members })] },
          { events: [event('r1', 'dormant')], dormant: [{ id: 'r1', lastRun: 'one', absent: 1 }] },
        )
        const had = { lastRun: 'one', absent: 0, members: first[0]!.members }
        expect(await store.readMemory('one')).toEqual({
          run: one,
          rings: [
            { id: 'r1', detectors: ['sybil', 'lockstep'], ...had },
            { id: 'r2', detectors: ['lockstep'], ...had },
          ],
        })
        expect(await store.readMemory(null)).toEqual({
          run: two,
          rings: [
            { id: 'r1', detectors: ['sybil', 'lockstep'], ...had, absent: 1 },
            { id: 'r2', detectors: ['lockstep'], lastRun: 'two', absent: 0, members },
          ],
        })
        expect(await store.readMemory('none')).toBeNull()
      }),
    )

    test(
      'are written with their run or not at all',
      withStore(open, async (store) => {
        const broken = {
          ...event('r2', 'dormant'),
          get accounts(): number {
            throw new Error('the count is gone')
          },
        }
        const events = [event('r1', 'born'), broken]
        await expect(store.saveRun({ run: runRecord('one'), rings: [] }, { events, dormant: [] })).rejects.toThrow(
          'the count is gone',
        )
        expect(await store.readRun('one')).toBeNull()
        expect(await store.readHistory('r1')).toEqual([])
      }),
    )
  })
}
