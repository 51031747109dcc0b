import { describe, expect, test } from '@jest/globals'
import { labelDigest, verifyAudit } from '#src/jobs/audit.js'
import type { Decision, LabelRow } from '#src/store/decision-store.js'
import type { OpenStore } from './store-contract.js'
import { twoDecide, twoServeASession } from './two-deciders.js'
import { withStore } from './with-store.js'

export const labelRow = (id: string, more: Partial<LabelRow> = {}): LabelRow => ({
  id,
  subject: 'user:é"1',
  decision: 'confirmed',
  takesBack: null,
  reason: "it's shared",
  owner: 'ada',
  at: '2026-01-01T00:00:00.000Z',
  recordedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
  evidence: ['uses:i1'],
  batch: null,
  ring: null,
  ...more,
})

export const labelling = (label: LabelRow, more: Partial<Decision> = {}): Decision => ({
  labels: [label],
  audit: [
    {
      at: label.recordedAt,
      who: label.owner,
      action: 'label.add',
      subject: label.subject,
      before: null,
      after: { id: label.id, digest: labelDigest(label) },
    },
  ],
  ...more,
})

export const describeDecisions = (open: OpenStore): void => {
  describe('decisions', () => {
    test(
      'labels, documents and the log are written together or not at all',
      withStore(open, async (store) => {
        expect(await store.readAuditHead()).toEqual({ place: 0, hash: '0'.repeat(64) })
        expect(await store.lastLabel()).toBe(0)
        const one = labelRow('l-1')
        const document = { collection: 'cases', id: 'a', expected: null, value: { open: true } }
        expect(await store.decide(labelling(one, { documents: [document] }))).toBe(true)
        expect(await store.decide(labelling(labelRow('l-2'), { documents: [document] }))).toBe(false)
        expect(await store.decide(labelling(labelRow('l-2'), { labelsSeen: 0 }))).toBe(false)
        expect(await store.readLabel('l-2')).toBeNull()
        expect((await store.readAuditHead()).place).toBe(1)
        expect(await store.decide(labelling(labelRow('l-2', { owner: 'bo', batch: 'b' }), { labelsSeen: 1 }))).toBe(
          true,
        )
        expect(await store.readLabel('l-1')).toEqual({ ...one, place: 1 })
        expect(await store.lastLabel()).toBe(2)
        expect((await store.readDocument('cases', 'a'))!.value).toEqual({ open: true })
        expect(await verifyAudit(store)).toMatchObject({ holds: true, entries: 2, labels: 2, faults: [] })
      }),
    )

    test(
      'are listed in both orders, in pages, and by what is asked',
      withStore(open, async (store) => {
        const labels = ['a', 'b', 'c', 'd'].map((id, i) =>
          labelRow(id, { subject: i < 2 ? 'user:1' : 'ring:r', batch: i > 2 ? 'late' : null, owner: `o${i}` }),
        )
        for (const label of labels) await store.decide(labelling(label))
        const ids = async (query: Partial<Parameters<typeof store.listLabels>[0]>) =>
          (await store.listLabels({ order: 'oldest', limit: 10, ...query })).map(({ id }) => id)
        expect(await ids({})).toEqual(['a', 'b', 'c', 'd'])
        expect(await ids({ order: 'newest', limit: 2 })).toEqual(['d', 'c'])
        expect(await ids({ order: 'newest', after: 3 })).toEqual(['b', 'a'])
        expect(await ids({ after: 3 })).toEqual(['d'])
        expect(await ids({ subject: 'user:1', after: 1 })).toEqual(['b'])
        expect(await ids({ batch: 'late' })).toEqual(['d'])
        expect(await ids({ owner: 'o1' })).toEqual(['b'])
        const places = async (query: Partial<Parameters<typeof store.listAudit>[0]>) =>
          (await store.listAudit({ order: 'oldest', limit: 10, ...query })).map(({ place }) => place)
        expect(await places({})).toEqual([1, 2, 3, 4])
        expect(await places({ order: 'newest', after: 4, limit: 2 })).toEqual([3, 2])
        expect(await places({ who: 'o2', action: 'label.add', subject: 'ring:r' })).toEqual([3])
        expect(await places({ action: 'label.undo' })).toEqual([])
        expect(await places({ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' })).toHaveLength(4)
        expect(await places({ from: '2026-01-01T00:00:00.001Z' })).toEqual([])
      }),
    )

    test(
      'of two people the second is told of the first: labels, cases, allow-list',
      withStore(open, (store) => twoDecide([store, store])),
    )

    test(
      'a session goes on at whichever process is asked',
      withStore(open, (store) => twoServeASession([store, store])),
    )

    test(
      'at once each follows on another, and the log is one chain',
      withStore(open, async (store) => {
        const all = Array.from({ length: 12 }, (_, i) => store.decide(labelling(labelRow(`l-${i}`))))
        expect((await Promise.all(all)).every(Boolean)).toBe(true)
        const seen = await store.lastLabel()
        const racing = ['x', 'y', 'z'].map((id) => store.decide(labelling(labelRow(id), { labelsSeen: seen })))
        expect((await Promise.all(racing)).filter(Boolean)).toHaveLength(1)
        expect(await verifyAudit(store)).toMatchObject({ holds: true, entries: 13, labels: 13 })
      }),
    )
  })
}
