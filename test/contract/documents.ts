import { describe, expect, test } from '@jest/globals'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

export const describeDocuments = (open: OpenStore): void => {
  describe('documents', () => {
    test(
      'are made, changed and deleted by whoever knows their version',
      withStore(open, async (store) => {
        const change = (id: string, expected: number | null, value: Record<string, unknown> | null, sort = '') =>
          store.changeDocuments([{ collection: 'c', id, expected, value, sort }])
        expect(await store.readDocument('c', 'é"1')).toBeNull()
        expect(await change('é"1', null, { deep: { list: [1, 'ü'] } }, 's')).toBe(true)
        expect(await change('é"1', null, { other: true })).toBe(false)
        const first = { id: 'é"1', version: 1, sort: 's', value: { deep: { list: [1, 'ü'] } } }
        expect(await store.readDocument('c', 'é"1')).toEqual(first)
        expect(await change('é"1', 1, { two: 2 }, 't')).toBe(true)
        expect(await change('é"1', 1, { three: 3 })).toBe(false)
        expect(await store.readDocument('c', 'é"1')).toEqual({ id: 'é"1', version: 2, sort: 't', value: { two: 2 } })
        expect(await store.readDocument('other', 'é"1')).toBeNull()
        expect(await change('é"1', 1, null)).toBe(false)
        expect(await change('é"1', 2, null)).toBe(true)
        expect(await store.readDocument('c', 'é"1')).toBeNull()
        expect(await change('gone', 3, { late: true })).toBe(false)
        expect(await store.listDocuments('c', { limit: 10 })).toEqual([])
      }),
    )

    test(
      'change together or not at all, and of two at once one wins',
      withStore(open, async (store) => {
        const made = (id: string, expected: number | null = null) => ({ collection: 'c', id, expected, value: { id } })
        expect(await store.changeDocuments([made('a'), made('b')])).toBe(true)
        expect(await store.changeDocuments([made('d'), made('b')])).toBe(false)
        expect(await store.readDocument('c', 'd')).toBeNull()
        const together = await Promise.all(
          ['x', 'y', 'z'].map(() => store.changeDocuments([made('a', 1), made('b', 1)])),
        )
        expect(together.filter(Boolean)).toHaveLength(1)
        expect((await store.readDocument('c', 'b'))!.version).toBe(2)
      }),
    )

    test(
      'are listed by their order, in pages, up to a place',
      withStore(open, async (store) => {
        const of = (id: string, sort: string, collection = 'c') => ({ collection, id, expected: null, value: {}, sort })
        await store.changeDocuments([of('b', '2'), of('a', '2'), of('z', '1'), of('y', '3'), of('x', '0', 'other')])
        const ids = async (query: Parameters<typeof store.listDocuments>[1]) =>
          (await store.listDocuments('c', query)).map(({ id }) => id)
        expect(await ids({ limit: 10 })).toEqual(['z', 'a', 'b', 'y'])
        expect(await ids({ limit: 2 })).toEqual(['z', 'a'])
        expect(await ids({ limit: 2, after: { sort: '2', id: 'a' } })).toEqual(['b', 'y'])
        expect(await ids({ limit: 10, upTo: '2' })).toEqual(['z', 'a', 'b'])
      }),
    )
  })
}
