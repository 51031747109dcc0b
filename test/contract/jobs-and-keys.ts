import { describe, expect, test } from '@jest/globals'
import { jobRecord } from '../support/runs.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

export const describeJobsAndKeys = (open: OpenStore): void => {
  describe('jobs', () => {
    test(
      'are kept, replaced and listed newest first',
      withStore(open, async (store) => {
        const first = jobRecord('j1')
        expect(await store.createJob(first)).toEqual(first)
        expect(await store.readJob('j1')).toEqual(first)
        expect(await store.readJob('none')).toBeNull()
        const done = jobRecord('j1', {
          state: 'failed',
          progress: { done: 0.25, stage: 'lockstep' },
          startedAt: '2026-01-01T00:00:02.000Z',
          finishedAt: '2026-01-01T00:00:03.000Z',
          result: { rings: 0, deep: { list: [1, 'é'] } },
          error: { code: 'job.memory', detail: 'It would need "2" GB.' },
        })
        await store.updateJob(done)
        expect(await store.readJob('j1')).toEqual(done)
        const later = jobRecord('j0', { createdAt: '2026-01-02T00:00:00.000Z' })
        await store.createJob(later)
        expect(await store.listJobs(10)).toEqual([later, done])
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
      'one that is not there cannot be replaced',
      withStore(open, async (store) => {
        await expect(store.updateJob(jobRecord('none'))).rejects.toMatchObject({ code: 'job.unknown' })
        expect(await store.listJobs(10)).toEqual([])
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
