import { describe, expect, test } from '@jest/globals'
import type { Finding, RingRecord } from '#src/store/store.js'
import { batchOf } from '../support/batches.js'
import { ringRecord, runRecord } from '../support/runs.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

export const describeRuns = (open: OpenStore): void => {
  describe('runs', () => {
    test(
      'come back as they went in, rings by falling score and then id',
      withStore(open, async (store) => {
        expect(await store.readRun(null)).toBeNull()
        expect(await store.readRun('none')).toBeNull()
        expect(await store.listRuns(10)).toEqual([])
        // Members of rings need not be entities of the store: what is known of them may come later.
        await store.writeBatch(batchOf([{ id: 'i1', type: 'like', actor: 'user:a', target: 'video:v' }]))
        const before = await store.counts()
        const run = runRecord('run-1', { asOf: 1_700_000_000_000, seed: 2 ** 32 - 1 })
        const rings = [
          ringRecord('r-b', { score: 3, window: null, members: [], facts: [], markets: [], fdr: 0 }),
          ringRecord('r-a', { score: 3 }),
          ringRecord('r-c', { score: 700.25, members: [{ kind: 'user', id: 'a', role: 'core', score: 1 }] }),
        ]
        await store.saveRun({ run, rings })
        expect(await store.readRun('run-1')).toEqual({ run, rings: [rings[2], rings[1], rings[0]] })
        expect(await store.counts()).toEqual(before)
      }),
    )

    test(
      'a run without rings is a run',
      withStore(open, async (store) => {
        await store.saveRun({ run: runRecord('quiet'), rings: [] })
        expect(await store.readRun(null)).toEqual({ run: runRecord('quiet'), rings: [] })
      }),
    )

    test(
      'are listed newest first, and null is the latest finished one',
      withStore(open, async (store) => {
        for (const [id, second] of [
          ['run-b', 5],
          ['run-c', 9],
          ['run-a', 7],
        ] as const)
          await store.saveRun({
            run: runRecord(id, { finishedAt: `2026-01-01T00:00:0${second}.000Z` }),
            rings: [ringRecord(`ring-of-${id}`)],
          })
        expect((await store.listRuns(2)).map(({ id }) => id)).toEqual(['run-c', 'run-a'])
        expect((await store.listRuns(10)).map(({ id }) => id)).toEqual(['run-c', 'run-a', 'run-b'])
        const latest = await store.readRun(null)
        expect(latest?.run.id).toBe('run-c')
        expect(latest?.rings.map(({ id }) => id)).toEqual(['ring-of-run-c'])
      }),
    )

    test(
      'are written once: the same id again is an error and changes nothing',
      withStore(open, async (store) => {
        const first = { run: runRecord('run-1'), rings: [ringRecord('r1')] }
        await store.saveRun(first)
        await expect(store.saveRun({ run: runRecord('run-1', { seed: 2 }), rings: [] })).rejects.toThrow()
        expect(await store.readRun('run-1')).toEqual(first)
        // A ring lives on from run to run under its id.
        await store.saveRun({ run: runRecord('run-2'), rings: [ringRecord('r1', { score: 1 })] })
        expect(await store.readRun('run-1')).toEqual(first)
        expect((await store.readRun('run-2'))?.rings.map(({ score }) => score)).toEqual([1])
      }),
    )

    test(
      'one that fails half-way leaves nothing',
      withStore(open, async (store) => {
        const broken: RingRecord = {
          ...ringRecord('r2'),
          get facts(): RingRecord['facts'] {
            throw new Error('the facts are gone')
          },
        }
        await expect(store.saveRun({ run: runRecord('run-1'), rings: [ringRecord('r1'), broken] })).rejects.toThrow(
          'the facts are gone',
        )
        expect(await store.readRun('run-1')).toBeNull()
        expect(await store.listRuns(10)).toEqual([])
        await store.saveRun({ run: runRecord('run-1'), rings: [ringRecord('r1')] })
        expect((await store.readRun('run-1'))?.rings).toEqual([ringRecord('r1')])
      }),
    )

    test(
      'what a detector found last is kept, one each, with its run or not at all',
      withStore(open, async (store) => {
        const finding = (detector: string, run: string): Finding => ({
          detector,
          run,
          key: `key of ${detector} in ${run}`,
          content: 'QUJD'.repeat(100_000),
        })
        expect(await store.readFindings()).toEqual([])
        await store.saveRun({ run: runRecord('one'), rings: [] }, undefined, [
          finding('sybil', 'one'),
          finding('lockstep', 'one'),
        ])
        await store.saveRun({ run: runRecord('two'), rings: [] }, undefined, [finding('sybil', 'two')])
        await expect(
          store.saveRun({ run: runRecord('two'), rings: [] }, undefined, [finding('sybil', 'three')]),
        ).rejects.toThrow()
        await store.saveRun({ run: runRecord('four'), rings: [] })
        expect(await store.readFindings()).toEqual([finding('lockstep', 'one'), finding('sybil', 'two')])
      }),
    )

    test(
      'a reader never sees half of one',
      withStore(open, async (store) => {
        const rings = Array.from({ length: 120 }, (_, i) => ringRecord(`r${i}`))
        let done = false
        const saving = store.saveRun({ run: runRecord('run-1'), rings }).finally(() => {
          done = true
        })
        while (!done) {
          const seen = await store.readRun('run-1')
          if (seen !== null) {
            expect(seen.rings).toHaveLength(rings.length)
            expect(seen.rings.every(({ members, facts }) => members.length === 3 && facts.length === 2)).toBe(true)
          }
        }
        await saving
        expect((await store.readRun('run-1'))?.rings).toHaveLength(rings.length)
      }),
    )
  })
}
