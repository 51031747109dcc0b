import { describe, expect, test } from '@jest/globals'
import { batchOf } from '../support/batches.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

export const describeInteractions = (open: OpenStore): void => {
  const user = (id: string) => ({ kind: 'user', id }) as const
  const video = (id: string) => ({ kind: 'video', id }) as const

  describe('single interactions', () => {
    test(
      'readInteractions gives those that exist, in the order asked, each as often as asked',
      withStore(open, async (store) => {
        await store.writeBatch(
          batchOf([
            { id: 'b', type: 'view', actor: 'user:1', target: 'video:1', at: 0, market: 'US', weight: 0.1 },
            { id: 'a', type: 'view', actor: 'user:2', target: 'video:1' },
            { id: 'a', type: 'like', actor: 'user:3', target: 'video:1', scenario: 'shelf', attributes: { k: [] } },
          ]),
        )
        const b = {
          type: 'view',
          id: 'b',
          actor: user('1'),
          target: video('1'),
          at: 0,
          market: 'US',
          scenario: 'content',
          weight: 0.1,
          attributes: null,
        }
        expect(
          await store.readInteractions([
            { type: 'view', id: 'b' },
            { type: 'view', id: 'none' },
            { type: 'like', id: 'a' },
            { type: 'like', id: 'b' },
            { type: 'view', id: 'a' },
            { type: 'view', id: 'b' },
          ]),
        ).toEqual([
          b,
          {
            type: 'like',
            id: 'a',
            actor: user('3'),
            target: video('1'),
            at: null,
            market: null,
            scenario: 'shelf',
            weight: 1,
            attributes: { k: [] },
          },
          {
            type: 'view',
            id: 'a',
            actor: user('2'),
            target: video('1'),
            at: null,
            market: null,
            scenario: 'content',
            weight: 1,
            attributes: null,
          },
          b,
        ])
        expect(await store.readInteractions([])).toEqual([])
      }),
    )

    test(
      'resolveInteractions gives all ids of each key, sorted within a tag, tags as they came',
      withStore(open, async (store) => {
        await store.writeBatch(
          batchOf([
            { id: 'c', type: 'view', actor: 'user:1', target: 'video:1', at: 5, market: 'US' },
            { id: 'a', type: 'view', actor: 'user:1', target: 'video:1', at: 5 },
            { id: 'B', type: 'view', actor: 'user:1', target: 'video:1', at: 5, weight: 2 },
            { id: 'later', type: 'view', actor: 'user:1', target: 'video:1', at: 6 },
            { id: 'unknown', type: 'view', actor: 'user:1', target: 'video:1' },
            { id: 'zero', type: 'view', actor: 'user:1', target: 'video:1', at: 0 },
            { id: 'like', type: 'like', actor: 'user:1', target: 'video:1', at: 5 },
            { id: 'other', type: 'view', actor: 'user:2', target: 'video:1', at: 5 },
            { id: 'back', type: 'transfer', actor: 'user:2', target: 'user:1', at: 5 },
            { id: 'there', type: 'transfer', actor: 'user:1', target: 'user:2', at: 5 },
          ]),
        )
        const key = { tag: 0, type: 'view', actor: user('1'), target: video('1'), at: 5 } as const
        const found = await store.resolveInteractions([
          { ...key, tag: 9 },
          { ...key, tag: 4, at: null },
          { ...key, tag: 5, at: 0 },
          { ...key, tag: 6, actor: user('none') },
          { ...key, tag: 7, at: 7 },
          { tag: 8, type: 'transfer', actor: user('1'), target: user('2'), at: 5 },
          { ...key, tag: 4, type: 'like' },
        ])
        const idsOf = (tag: number) => found.filter((one) => one.tag === tag).map(({ id }) => id)
        expect(idsOf(9)).toEqual(['B', 'a', 'c'])
        expect(idsOf(4)).toEqual(['like', 'unknown'])
        expect(idsOf(5)).toEqual(['zero'])
        expect(idsOf(8)).toEqual(['there'])
        expect(found).toHaveLength(7)
        expect(await store.resolveInteractions([])).toEqual([])
      }),
    )
  })
}
