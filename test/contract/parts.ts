import { describe, expect, test } from '@jest/globals'
import type { EntityRecord, GraphStore, InteractionRecord, PartRequest } from '#src/store/store.js'
import { batchOf } from '../support/batches.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const readWhole = async (store: GraphStore, request: PartRequest) => {
  const entities: EntityRecord[] = []
  const interactions: InteractionRecord[] = []
  await store.readPart(request, {
    entities: async (batch) => {
      // All entities come before the first interaction.
      expect(interactions).toEqual([])
      entities.push(...batch)
    },
    interactions: async (batch) => {
      interactions.push(...batch)
    },
  })
  return { entities, interactions }
}

const names = (found: Awaited<ReturnType<typeof readWhole>>) => ({
  entities: found.entities.map(({ kind, id }) => `${kind}:${id}`),
  interactions: found.interactions.map(({ type, id }) => `${type}:${id}`),
})

export const describeParts = (open: OpenStore): void => {
  describe('parts of the graph', () => {
    const fill = (store: GraphStore) =>
      store.writeBatch(
        batchOf(
          [
            { id: 'b', type: 'view', actor: 'user:é', target: 'video:1', at: 5, market: 'US', weight: 0.1 },
            { id: 'a', type: 'view', actor: 'user:Z', target: 'video:1' },
            { id: '😀', type: 'view', actor: 'user:a', target: 'video:2', at: 9 },
            { id: '\uffee', type: 'view', actor: 'user:a', target: 'video:1', at: 5 },
            { id: 'a', type: 'like', actor: 'user:a', target: 'video:1', scenario: 'shelf', attributes: { k: ['"'] } },
            { id: 't', type: 'transfer', actor: 'user:a', target: 'user:Z', at: 5 },
          ],
          [
            { entity: 'user:a', at: 5, market: 'DE', attributes: { name: 'A' } },
            { entity: 'product:alone', at: 7 },
            { entity: 'product:always' },
          ],
        ),
      )

    test(
      'readPart gives all that is there in order: kinds and types by code, ids by bytes',
      withStore(open, async (store) => {
        await fill(store)
        const found = await readWhole(store, { asOf: null, among: null })
        expect(names(found)).toEqual({
          entities: ['user:Z', 'user:a', 'user:é', 'video:1', 'video:2', 'product:alone', 'product:always'],
          interactions: ['view:a', 'view:b', 'view:\uffee', 'view:😀', 'like:a', 'transfer:t'],
        })
        expect(found.entities[1]).toEqual({ kind: 'user', id: 'a', at: 5, market: 'DE', attributes: { name: 'A' } })
        expect(found.entities[0]).toEqual({ kind: 'user', id: 'Z', at: null, market: null, attributes: null })
        const refs = found.interactions.map(({ type, id }) => ({ type, id }))
        expect(found.interactions).toEqual(await store.readInteractions(refs))
      }),
    )

    test(
      'readPart gives what was known at a time',
      withStore(open, async (store) => {
        await fill(store)
        expect(names(await readWhole(store, { asOf: 6, among: null }))).toEqual({
          entities: ['user:Z', 'user:a', 'user:é', 'video:1', 'product:always'],
          interactions: ['view:a', 'view:b', 'view:\uffee', 'like:a', 'transfer:t'],
        })
        const before = await readWhole(store, { asOf: 4, among: null })
        expect(names(before)).toEqual({
          entities: ['user:Z', 'user:a', 'video:1', 'product:always'],
          interactions: ['view:a', 'like:a'],
        })
        expect(before.entities[1]).toEqual({ kind: 'user', id: 'a', at: null, market: null, attributes: null })
      }),
    )

    test(
      'readPart gives the interactions among some entities, and leaves out entities that are not there',
      withStore(open, async (store) => {
        await fill(store)
        const among = (['video:2', 'user:none', 'user:a', 'user:Z', 'user:a'] as const).map((name) => {
          const [kind, id] = name.split(':') as ['user' | 'video', string]
          return { kind, id }
        })
        expect(names(await readWhole(store, { asOf: null, among }))).toEqual({
          entities: ['user:Z', 'user:a', 'video:2'],
          interactions: ['view:😀', 'transfer:t'],
        })
        expect(names(await readWhole(store, { asOf: null, among: [] }))).toEqual({ entities: [], interactions: [] })
      }),
    )

    test(
      'readPart waits for the taker and ends with what it throws; the store goes on',
      withStore(open, async (store) => {
        await fill(store)
        let busy = false
        await store.readPart(
          { asOf: null, among: null },
          {
            entities: async () => {
              expect(busy).toBe(false)
              busy = true
              await new Promise((resolve) => setTimeout(resolve, 20))
              busy = false
            },
            interactions: async () => expect(busy).toBe(false),
          },
        )
        const stopped = store.readPart(
          { asOf: null, among: null },
          {
            entities: async () => {},
            interactions: async () => {
              throw new RangeError('enough')
            },
          },
        )
        await expect(stopped).rejects.toThrow('enough')
        expect((await store.counts()).interactions).toBe(6)
      }),
    )
  })
}
