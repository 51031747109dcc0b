import { describe, expect, test } from '@jest/globals'
import type { ChampionChange, ScoreRow } from '#src/store/model-store.js'
import { batchOf } from '../support/batches.js'
import { modelRecord, scoringRecord } from '../support/models.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const note = { at: '2026-02-01T00:00:00.000Z', who: 'alex', why: 'better on "held-out" rings' }
const promote = (model: string, instead: string | null): ChampionChange => ({
  ...note,
  action: 'promote',
  model,
  instead,
})

const entities = ['user:u1', 'user:u é\\', 'video:v1'] as const
const graph = batchOf([
  { id: 'a', type: 'like', actor: entities[0], target: entities[2] },
  { id: 'b', type: 'like', actor: entities[1], target: entities[2] },
])
const row = (id: string, score: number, more: Partial<ScoreRow> = {}): ScoreRow => ({
  kind: 'user',
  id,
  score,
  low: score / 2,
  high: 1,
  labels: 12,
  ...more,
})

export const describeModels = (open: OpenStore): void => {
  describe('models', () => {
    test(
      'are registered once, as candidates, and listed newest first',
      withStore(open, async (store) => {
        expect(await store.listModels()).toEqual([])
        expect(await store.readModel('m1')).toBeNull()
        expect(await store.readChampion('entities')).toBeNull()
        const first = modelRecord('m1')
        const registered = await store.addModel(first, note)
        const change = { model: 'm1', ...note, action: 'register', from: null, to: 'candidate' }
        expect(registered).toEqual({ ...first, state: 'candidate', changes: [change] })
        expect(await store.readModel('m1')).toEqual(registered)
        expect(await store.addModel({ ...first, folder: '/elsewhere' }, { ...note, who: 'kim' })).toEqual(registered)
        await store.addModel(modelRecord('m0', { trainedAt: '2026-01-05T00:00:00.000Z' }), note)
        expect((await store.listModels()).map(({ id }) => id)).toEqual(['m0', 'm1'])
      }),
    )

    test(
      'one is champion of its type; who came before is retired, and all of it is told',
      withStore(open, async (store) => {
        for (const id of ['m1', 'm2']) await store.addModel(modelRecord(id), note)
        await store.addModel(modelRecord('other', { type: 'other' }), note)
        await expect(store.changeChampion(promote('none', null))).rejects.toMatchObject({ code: 'model.unknown' })
        await store.changeChampion(promote('m1', null))
        await store.changeChampion(promote('other', null))
        await expect(store.changeChampion(promote('m2', null))).rejects.toMatchObject({ code: 'model.conflict' })
        await expect(store.changeChampion(promote('m1', 'm1'))).rejects.toMatchObject({ code: 'model.conflict' })
        await store.changeChampion({ ...promote('m2', 'm1'), who: 'kim' })
        expect(await store.readChampion('entities')).toMatchObject({ id: 'm2', state: 'champion' })
        expect(await store.readModel('m1')).toMatchObject({ state: 'retired' })
        expect(await store.readChampion('other')).toMatchObject({ id: 'other' })
        await store.changeChampion({ ...promote('m1', 'm2'), action: 'roll-back' })
        const told = (await store.listModelChanges('entities')).map(({ model, who, action, from, to }) =>
          [model, who, action, from, to].join(' '),
        )
        expect(told).toEqual([
          'm1 alex register  candidate',
          'm2 alex register  candidate',
          'm1 alex promote candidate champion',
          'm1 kim promote champion retired',
          'm2 kim promote candidate champion',
          'm2 alex roll-back champion retired',
          'm1 alex roll-back retired champion',
        ])
        expect((await store.readModel('m2'))?.changes).toHaveLength(3)
      }),
    )

    test(
      'of two promotions at once one wins, and the other is told',
      withStore(open, async (store) => {
        for (const id of ['m1', 'm2', 'm3']) await store.addModel(modelRecord(id), note)
        await store.changeChampion(promote('m1', null))
        const both = await Promise.allSettled([
          store.changeChampion(promote('m2', 'm1')),
          store.changeChampion(promote('m3', 'm1')),
        ])
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        expect((await store.listModels()).filter(({ state }) => state === 'champion')).toHaveLength(1)
      }),
    )

    test('a promotion survives the end of the process that asked for it', async () => {
      const store = await open({ empty: true })
      await store.addModel(modelRecord('m1'), note)
      await store.changeChampion(promote('m1', null))
      const before = await store.readChampion('entities')
      await store.close()
      const again = await open({ empty: false })
      expect(await again.readChampion('entities')).toEqual(before)
      await again.close()
    })
  })

  describe('scores', () => {
    test(
      'of an entity are those of the latest scoring',
      withStore(open, async (store) => {
        await store.writeBatch(graph)
        await store.addModel(modelRecord('m1'), note)
        expect(await store.readScore('user', 'u1')).toBeNull()
        expect(await store.readScoring(null)).toBeNull()
        const first = scoringRecord('s1', { model: 'm1' })
        const video: ScoreRow = { kind: 'video', id: 'v1', score: 0.25, low: null, high: null, labels: null }
        await store.saveScoring(first, [row('u1', 0.1 + 0.2), row('u é\\', 0), video], { keep: 2 })
        expect(await store.readScore('user', 'u1')).toEqual({ ...row('u1', 0.1 + 0.2), scoring: first })
        expect(await store.readScore('user', 'u é\\')).toEqual({ ...row('u é\\', 0), scoring: first })
        expect(await store.readScore('video', 'v1')).toEqual({ ...video, scoring: first })
        expect(await store.readScore('user', 'v1')).toBeNull()
        expect(await store.readScores('s1', 0.25)).toEqual([
          { kind: 'user', id: 'u1', score: 0.1 + 0.2 },
          { kind: 'video', id: 'v1', score: 0.25 },
        ])
        expect(await store.readScores('none', 0)).toEqual([])
        // Its clock may be behind: the order is that of writing.
        const second = scoringRecord('s0', { finishedAt: '2025-01-01T00:00:00.000Z' })
        await store.saveScoring(second, [row('u1', 0.5)], { keep: 2 })
        expect(await store.readScore('user', 'u1')).toEqual({ ...row('u1', 0.5), scoring: second })
        expect(await store.readScore('video', 'v1')).toBeNull()
        expect(await store.readScoring(null)).toEqual(second)
        expect(await store.readScoring('s1')).toEqual(first)
        expect(await store.readScoring('none')).toBeNull()
        expect(await store.listScorings(10)).toEqual([second, first])
        expect(await store.listScorings(1)).toEqual([second])
        await expect(store.saveScoring(second, [], { keep: 2 })).rejects.toThrow()
        await store.saveScoring(scoringRecord('s2'), [], { keep: 1 })
        expect(await store.readScore('user', 'u1')).toBeNull()
        expect(await store.listScorings(10)).toHaveLength(3)
        expect((await store.counts()).entities).toBe(3)
      }),
    )

    test(
      'are written whole or not at all',
      withStore(open, async (store) => {
        await store.writeBatch(graph)
        await store.saveScoring(scoringRecord('s1'), [row('u1', 0.5)], { keep: 2 })
        const broken = function* (): Generator<ScoreRow> {
          yield row('u1', 0.75)
          throw new Error('the disk is gone')
        }
        await expect(store.saveScoring(scoringRecord('s2'), broken(), { keep: 1 })).rejects.toThrow('the disk is gone')
        expect(await store.readScore('user', 'u1')).toMatchObject({ score: 0.5, scoring: { id: 's1' } })
        expect(await store.readScoring('s2')).toBeNull()
        await store.saveScoring(scoringRecord('s2'), [row('u1', 0.75)], { keep: 1 })
        expect(await store.readScore('user', 'u1')).toMatchObject({ score: 0.75 })
      }),
    )
  })
}
