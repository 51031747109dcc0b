import { describe, expect, test } from '@jest/globals'
import { jobRecord, runRecord } from '../support/runs.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

export const describeJobsAndKeys = (open: OpenStore): void => {
  describe('jobs', () => {
    test(
      'are kept and listed newest first',
      withStore(open, async (store) => {
        const first = jobRecord('j1', { parameters: { deep: { list: [1, 'é'] } } })
        expect(await store.createJob(first)).toEqual(first)
        expect(await store.readJob('j1')).toEqual(first)
        expect(await store.readJob('none')).toBeNull()
        const later = jobRecord('j0', { createdAt: '2026-01-02T00:00:00.000Z' })
        await store.createJob(later)
        expect(await store.listJobs(10)).toEqual([later, first])
        expect(await store.listJobs(1)).toEqual([later])
      }),
    )

    test(
      'the same key is the same job; no key is never the same',
      withStore(open, async (store) => {
        const first = jobRecord('j1', { key: 'k' })
        await store.createJob(first)
        expect(await store.createJob(jobRecord('j2', { key: 'k', mode: 'estimate' }))).toEqual(first)
        expect(await store.readJob('j2')).toBeNull()
        const [a, b] = await Promise.all([
          store.createJob(jobRecord('j3', { key: 'together' })),
          store.createJob(jobRecord('j4', { key: 'together' })),
        ])
        expect(a.id).toBe(b.id)
        await store.createJob(jobRecord('j5'))
        await store.createJob(jobRecord('j6'))
        expect(await store.listJobs(10)).toHaveLength(4)
      }),
    )

    test(
      'start in the order of due time, priority, id, each once, and not before they are due',
      withStore(open, async (store) => {
        const due = (second: number) => `2026-01-01T00:00:0${second}.000Z`
        await store.createJob(jobRecord('later', { dueAt: due(2) }))
        await store.createJob(jobRecord('b', { dueAt: due(1), priority: 1 }))
        await store.createJob(jobRecord('c', { dueAt: due(1), priority: 0 }))
        await store.createJob(jobRecord('a', { dueAt: due(1), priority: 1 }))
        await store.createJob(jobRecord('tomorrow', { dueAt: new Date(Date.now() + 86_400_000).toISOString() }))
        const claims = await Promise.all(
          ['p', 'q', 'p', 'q', 'p'].map((owner) => store.claimJob({ owner, leaseMs: 60_000, maxAttempts: 3 })),
        )
        const started = claims.filter((job) => job !== null)
        expect(started.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'later'])
        for (const job of started) {
          expect(job).toMatchObject({ state: 'running', attempts: 1, token: 1, finishedAt: null })
          expect(await store.readJob(job.id)).toEqual(job)
        }
        if (store.engine === 'duckdb') expect(started.map(({ id }) => id)).toEqual(['c', 'a', 'b', 'later'])
      }),
    )

    test(
      'are kept, logged and ended by their latest start alone',
      withStore(open, async (store) => {
        await store.createJob(jobRecord('j1'))
        const claim = { owner: 'p', leaseMs: 1, maxAttempts: 2 }
        const first = (await store.claimJob(claim))!
        const fence = { job: 'j1', token: first.token }
        const at = '2026-01-01T00:00:05.000Z'
        const progress = { done: 0.25, stage: 'lockstep' }
        const kept = await store.keepJob(fence, { progress, leaseMs: 1, log: [{ at, message: 'é "1"' }] })
        expect(kept).toMatchObject({ progress, state: 'running' })
        await new Promise((resolve) => setTimeout(resolve, 20))
        const second = (await store.claimJob({ ...claim, owner: 'q', leaseMs: 60_000 }))!
        expect(second).toMatchObject({ id: 'j1', attempts: 2, token: 2, lease: { owner: 'q' } })
        expect(await store.claimJob(claim)).toBeNull()
        const end = {
          state: 'done',
          progress: { done: 1, stage: 'done' },
          result: { rings: 2 },
          error: null,
          cost: null,
        } as const
        expect(await store.keepJob(fence, { progress, leaseMs: 1, log: [{ at, message: 'late' }] })).toBeNull()
        expect(await store.endJob(fence, end, [])).toBeNull()
        expect(await store.releaseJob(fence, at, true)).toBeNull()
        const run = { run: runRecord('r1', { job: 'j1' }), rings: [] }
        await expect(store.saveRun(run, undefined, undefined, fence)).rejects.toMatchObject({ code: 'job.lost' })
        expect(await store.readRun('r1')).toBeNull()
        const held = { job: 'j1', token: second.token }
        await store.saveRun(run, undefined, undefined, held)
        const ended = await store.endJob(held, end, [{ at, message: 'done' }])
        expect(ended).toMatchObject({ state: 'done', result: { rings: 2 }, lease: null })
        expect(await store.readJob('j1')).toEqual(ended)
        expect(await store.readJobLog('j1', 0, 10)).toEqual([
          { at, message: 'é "1"' },
          { at, message: 'done' },
        ])
        expect(await store.readJobLog('j1', 1, 1)).toEqual([{ at, message: 'done' }])
        expect(await store.endJob(held, end, [])).toBeNull()
      }),
    )

    test(
      'that were left too often are failed; those of an owner that is gone are given up at once',
      withStore(open, async (store) => {
        await store.createJob(jobRecord('j1'))
        const claim = { owner: 'p', leaseMs: 60_000, maxAttempts: 2 }
        await store.claimJob(claim)
        expect(await store.dropLeases(claim)).toBe(0)
        expect(await store.dropLeases({ ...claim, owner: 'q' })).toBe(1)
        expect(await store.readJob('j1')).toMatchObject({ state: 'queued', attempts: 1, lease: null })
        await store.claimJob(claim)
        await store.dropLeases({ ...claim, owner: 'q' })
        expect(await store.readJob('j1')).toMatchObject({ state: 'failed', error: { code: 'job.interrupted' } })
        expect(await store.retryJob('j1')).toMatchObject({ state: 'queued', attempts: 0, error: null })
        const third = (await store.claimJob(claim))!
        expect(third).toMatchObject({ id: 'j1', attempts: 1, token: 3 })
        // One that gets on between two starts is not what stops processes.
        await store.dropLeases({ ...claim, owner: 'q' })
        const fourth = (await store.claimJob(claim))!
        const beat = { progress: { done: 0.5, stage: 'x' }, leaseMs: 60_000, log: [] }
        const fence = { job: 'j1', token: fourth.token }
        expect(await store.keepJob(fence, beat)).toMatchObject({ attempts: 2 })
        expect(await store.keepJob(fence, { ...beat, checkpoint: { stages: 1 } })).toMatchObject({ attempts: 1 })
        await store.dropLeases({ ...claim, owner: 'q' })
        expect(await store.claimJob(claim)).toMatchObject({ attempts: 2, checkpoint: { stages: 1 } })
      }),
    )

    test(
      'wait again without an attempt where their process stops in good order',
      withStore(open, async (store) => {
        await store.createJob(jobRecord('j1'))
        const claim = { owner: 'p', leaseMs: 60_000, maxAttempts: 2 }
        const { token } = (await store.claimJob(claim))!
        const dueAt = new Date(Date.now() + 60_000).toISOString()
        expect(await store.releaseJob({ job: 'j1', token }, dueAt, false)).toMatchObject({
          state: 'queued',
          attempts: 0,
          dueAt,
        })
        expect(await store.claimJob(claim)).toBeNull()
      }),
    )

    test(
      'are cancelled while they wait, asked to stop while they run, and left alone when they have ended',
      withStore(open, async (store) => {
        await store.createJob(jobRecord('waits'))
        expect(await store.cancelJob('waits')).toMatchObject({ state: 'cancelled', error: { code: 'job.cancelled' } })
        expect((await store.cancelJob('waits')).state).toBe('cancelled')
        await store.createJob(jobRecord('runs'))
        const { token } = (await store.claimJob({ owner: 'p', leaseMs: 1, maxAttempts: 3 }))!
        expect(await store.cancelJob('runs')).toMatchObject({ state: 'running', cancelRequested: true })
        const beat = { progress: { done: 0, stage: '' }, leaseMs: 1, log: [] }
        expect(await store.keepJob({ job: 'runs', token }, beat)).toMatchObject({ cancelRequested: true })
        await new Promise((resolve) => setTimeout(resolve, 20))
        // Nobody is left to hear of it.
        expect(await store.claimJob({ owner: 'q', leaseMs: 1, maxAttempts: 3 })).toBeNull()
        expect(await store.readJob('runs')).toMatchObject({ state: 'cancelled' })
        expect((await store.retryJob('runs')).cancelRequested).toBe(false)
        await expect(store.cancelJob('none')).rejects.toMatchObject({ code: 'job.unknown' })
        await expect(store.retryJob('none')).rejects.toMatchObject({ code: 'job.unknown' })
      }),
    )
  })

  describe('API keys', () => {
    test(
      'are kept as hashes and revoked once',
      withStore(open, async (store) => {
        const key = {
          id: 'k1',
          hash: 'ab'.repeat(32),
          role: 'viewer',
          name: 'dashboard "é"',
          createdAt: '2026-01-01T00:00:00.000Z',
          revokedAt: null,
        }
        const other = { ...key, id: 'k2', hash: 'cd'.repeat(32), createdAt: '2026-01-02T00:00:00.000Z' }
        expect(await store.listKeys()).toEqual([])
        await store.createKey(other)
        await store.createKey(key)
        expect(await store.listKeys()).toEqual([key, other])
        expect(await store.revokeKey('k1', '2026-02-01T00:00:00.000Z')).toBe(true)
        expect(await store.revokeKey('k1', '2026-03-01T00:00:00.000Z')).toBe(false)
        expect(await store.revokeKey('none', '2026-03-01T00:00:00.000Z')).toBe(false)
        expect(await store.listKeys()).toEqual([{ ...key, revokedAt: '2026-02-01T00:00:00.000Z' }, other])
      }),
    )
  })
}
