import { describe, expect, test } from '@jest/globals'
import type { RiskRow } from '#src/store/risk-store.js'
import { batchOf } from '../support/batches.js'
import { propagationRecord } from '../support/models.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const graph = batchOf([
  { id: 'a', type: 'like', actor: 'user:u1', target: 'video:v1' },
  { id: 'b', type: 'like', actor: 'user:u é\\', target: 'video:v1' },
])
const row = (id: string, more: Partial<RiskRow> = {}): RiskRow => ({
  kind: 'user',
  id,
  scenario: 'content',
  market: 'US',
  role: 'helper',
  risk: 0.1 + 0.2,
  given: 0,
  absorbs: false,
  ...more,
})
const one: readonly RiskRow[] = [
  row('u1', { scenario: 'shelf', market: '', role: 'victim', risk: 0.25 }),
  row('u1', { scenario: 'shelf', market: '', role: 'source', risk: 1, given: 1, absorbs: true }),
  row('u1'),
  row('u é\\', { role: null, risk: 0, absorbs: true }),
  row('v1', { kind: 'video', risk: -0.125, role: 'exposed' }),
]

export const describeRisk = (open: OpenStore): void => {
  describe('risk', () => {
    test(
      'of an entity is that of the latest propagation, by domain',
      withStore(open, async (store) => {
        await store.writeBatch(graph)
        expect(await store.readRisk('user', 'u1')).toBeNull()
        expect(await store.readPropagation(null)).toBeNull()
        const first = propagationRecord('p1')
        await store.savePropagation(first, one, { keep: 2 })
        expect(await store.readRisk('user', 'u1')).toEqual({ propagation: first, rows: [one[2], one[1], one[0]] })
        expect(await store.readRisk('user', 'u é\\')).toEqual({ propagation: first, rows: [one[3]] })
        expect(await store.readRisk('video', 'v1')).toEqual({ propagation: first, rows: [one[4]] })
        expect(await store.readRisk('video', 'u1')).toEqual({ propagation: first, rows: [] })
        const all: RiskRow[] = []
        await store.readRiskRows('p1', (rows) => {
          all.push(...rows)
        })
        expect(all).toHaveLength(one.length)
        expect(all).toEqual(expect.arrayContaining([...one]))
        // Its clock may be behind: the order is that of writing.
        const second = propagationRecord('p0', { finishedAt: '2025-01-01T00:00:00.000Z' })
        await store.savePropagation(second, [row('u1', { risk: 0.5 })], { keep: 2 })
        expect(await store.readRisk('user', 'u1')).toEqual({ propagation: second, rows: [row('u1', { risk: 0.5 })] })
        expect(await store.readRisk('video', 'v1')).toEqual({ propagation: second, rows: [] })
        expect(await store.readPropagation('p1')).toEqual(first)
        expect(await store.readPropagation('none')).toBeNull()
        expect(await store.listPropagations(10)).toEqual([second, first])
        expect(await store.listPropagations(1)).toEqual([second])
        await expect(store.savePropagation(second, [], { keep: 2 })).rejects.toThrow()
        await store.savePropagation(propagationRecord('p2'), [], { keep: 1 })
        let kept = 0
        for (const id of ['p0', 'p1', 'none'])
          await store.readRiskRows(id, (rows) => {
            kept += rows.length
          })
        expect(kept).toBe(0)
        expect(await store.listPropagations(10)).toHaveLength(3)
        expect(await store.counts()).toEqual({ entities: 3, interactions: 2 })
      }),
    )

    test(
      'is written whole or not at all, and not by a start of a job that was taken over',
      withStore(open, async (store) => {
        await store.writeBatch(graph)
        await store.savePropagation(propagationRecord('p1'), [row('u1')], { keep: 2 })
        const broken = function* (): Generator<RiskRow> {
          yield row('u1', { risk: 0.75 })
          throw new Error('the disk is gone')
        }
        const next = propagationRecord('p2')
        await expect(store.savePropagation(next, broken(), { keep: 1 })).rejects.toThrow('the disk is gone')
        const fence = { job: 'none', token: 1 }
        await expect(store.savePropagation(next, [row('u1')], { keep: 1, fence })).rejects.toMatchObject({
          code: 'job.lost',
        })
        expect(await store.readRisk('user', 'u1')).toMatchObject({ propagation: { id: 'p1' }, rows: [row('u1')] })
        expect(await store.readPropagation('p2')).toBeNull()
        await store.savePropagation(next, [row('u1', { risk: 0.75 })], { keep: 1 })
        expect(await store.readRisk('user', 'u1')).toMatchObject({ rows: [{ risk: 0.75 }] })
      }),
    )
  })
}
