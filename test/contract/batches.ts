import { describe, expect, test } from '@jest/globals'
import { limits } from '#graph-schema/schema.js'
import { batchOf, type InteractionInput } from '../support/batches.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const like = (id: string, more: Partial<InteractionInput> = {}): InteractionInput => ({
  id,
  type: 'like',
  actor: 'user:a',
  target: 'video:v',
  at: 1_700_000_000_000,
  market: 'US',
  weight: 1,
  attributes: { colour: 'red' },
  ...more,
})

export const describeBatches = (open: OpenStore): void => {
  describe('writeBatch', () => {
    test(
      'counts what is new, and the same batch again adds nothing',
      withStore(open, async (store) => {
        await store.ping()
        expect(await store.counts()).toEqual({ entities: 0, interactions: 0 })
        const batch = batchOf(
          [like('1'), like('2', { target: 'video:w' }), like('1', { type: 'share' })],
          [{ entity: 'user:a', at: 5 }, { entity: 'product:p' }],
        )
        expect(await store.writeBatch(batch)).toEqual({ accepted: 3, duplicates: 0, conflicts: [], entities: 4 })
        expect(await store.writeBatch(batch)).toEqual({ accepted: 0, duplicates: 3, conflicts: [], entities: 0 })
        await store.checkpoint()
        expect(await store.writeBatch(batch)).toEqual({ accepted: 0, duplicates: 3, conflicts: [], entities: 0 })
        expect(await store.counts()).toEqual({ entities: 4, interactions: 3 })
      }),
    )

    test(
      'an empty batch is no error',
      withStore(open, async (store) => {
        expect(await store.writeBatch(batchOf([]))).toEqual({ accepted: 0, duplicates: 0, conflicts: [], entities: 0 })
      }),
    )

    test(
      'the same interaction twice in one batch counts once',
      withStore(open, async (store) => {
        const result = await store.writeBatch(batchOf([like('1'), like('2'), like('1'), like('1')]))
        expect(result).toEqual({ accepted: 2, duplicates: 2, conflicts: [], entities: 2 })
      }),
    )

    const others: readonly Partial<InteractionInput>[] = [
      { actor: 'user:b' },
      { actor: 'creator:a', type: 'like' },
      { target: 'video:w' },
      { at: 1_700_000_000_001 },
      { at: null },
      { market: 'ID' },
      { market: '' },
      { scenario: 'shelf' },
      { weight: 1.5 },
      { attributes: { colour: 'blue' } },
      { attributes: {} },
    ]

    test(
      'other content under a known key is a conflict, by line, and the first one stays',
      withStore(open, async (store) => {
        expect(await store.writeBatch(batchOf([like('1')]))).toMatchObject({ accepted: 1 })
        const result = await store.writeBatch(
          batchOf([like('new'), ...others.map((other) => like('1', other)), like('1')].reverse()),
        )
        const { attributes: _, ...bare } = like('1')
        expect(result.conflicts).toEqual(others.map((_, i) => ({ line: i + 2, type: 'like', id: '1' })))
        expect(result).toMatchObject({ accepted: 1, duplicates: 1 })
        expect(await store.writeBatch(batchOf([bare]))).toMatchObject({
          accepted: 0,
          conflicts: [{ line: 1, id: '1' }],
        })
        expect(await store.readInteractions([{ type: 'like', id: '1' }])).toMatchObject([
          { actor: { kind: 'user', id: 'a' }, market: 'US', weight: 1, attributes: { colour: 'red' } },
        ])
      }),
    )

    test(
      'in one batch the first one stays, and each other one is compared with it',
      withStore(open, async (store) => {
        const batch = batchOf([like('1'), ...others.map((other) => like('1', other)), like('1')])
        const result = await store.writeBatch(batch)
        expect(result).toMatchObject({ accepted: 1, duplicates: 1, entities: 2 })
        expect(result.conflicts.map(({ line }) => line)).toEqual(others.map((_, i) => i + 2))
        expect(await store.readInteractions([{ type: 'like', id: '1' }])).toMatchObject([
          { attributes: { colour: 'red' } },
        ])
      }),
    )

    test(
      'a refused interaction makes no entities',
      withStore(open, async (store) => {
        await store.writeBatch(batchOf([like('1')]))
        const result = await store.writeBatch(
          batchOf([like('1', { actor: 'user:ghost' }), like('2'), like('2', { target: 'video:ghost' })]),
        )
        expect(result).toMatchObject({ accepted: 1, entities: 0 })
        expect(await store.readEntity('user', 'ghost')).toBeNull()
        expect(await store.readEntity('video', 'ghost')).toBeNull()
        expect(await store.counts()).toEqual({ entities: 2, interactions: 2 })
      }),
    )

    test(
      'lines are reported by the number they came with',
      withStore(open, async (store) => {
        const result = await store.writeBatch(
          batchOf([
            like('1', { line: 900 }),
            like('1', { line: 17, weight: 2 }),
            like('1', { line: 4_000_000_000, weight: 3 }),
          ]),
        )
        expect(result.conflicts.map(({ line }) => line)).toEqual([17, 4_000_000_000])
      }),
    )

    test(
      'ids and attributes come back as they went in',
      withStore(open, async (store) => {
        const ids = [
          '"',
          "'",
          '\\',
          '\\N',
          '\\t',
          '""',
          'NULL',
          'null',
          'NA',
          ' ',
          ' a ',
          '0',
          '007',
          '1e3',
          'a,b',
          'a;b',
          '#',
          '--',
          '/*',
          '$1',
          '{}',
          'é',
          '日本語',
          '😀',
          'a:b',
          'x'.repeat(512),
          '\u{10ffff}'.repeat(128),
        ]
        const attributes = { text: 'a "quoted"\n\tline, \\ and \u0001', deep: { list: [1, null, 'é😀'] }, n: 0.1 }
        const batch = batchOf(
          ids.map((id) => like(id, { actor: `user:${id}`, target: `video:${id}`, attributes })),
          ids.map((id) => ({ entity: `product:${id}`, market: 'é', attributes })),
        )
        expect(await store.writeBatch(batch)).toMatchObject({ accepted: ids.length, entities: 3 * ids.length })
        expect(await store.writeBatch(batch)).toMatchObject({ accepted: 0, duplicates: ids.length, entities: 0 })
        expect(await store.readInteractions(ids.map((id) => ({ type: 'like', id })))).toEqual(
          ids.map((id) => ({
            type: 'like',
            id,
            actor: { kind: 'user', id },
            target: { kind: 'video', id },
            at: 1_700_000_000_000,
            market: 'US',
            scenario: 'content',
            weight: 1,
            attributes,
          })),
        )
        for (const id of ids)
          expect(await store.readEntity('product', id)).toEqual({
            kind: 'product',
            id,
            at: null,
            market: 'é',
            attributes,
          })
      }),
    )

    test(
      'attributes as long as they may be are kept',
      withStore(open, async (store) => {
        const attributes = { text: '日'.repeat(Math.floor((limits.attributesBytes - '{"text":""}'.length) / 3)) }
        const id = 'x'.repeat(limits.idBytes)
        const batch = batchOf(
          [like(id, { actor: `user:${id}`, target: `video:${id}`, attributes }), like('2')],
          [{ entity: 'product:p', attributes }],
        )
        expect(await store.writeBatch(batch)).toMatchObject({ accepted: 2 })
        expect(await store.readInteractions([{ type: 'like', id }])).toMatchObject([{ attributes }])
        expect(await store.readEntity('product', 'p')).toMatchObject({ attributes })
      }),
    )

    test(
      'every type is kept under its own name, also between an entity and itself',
      withStore(open, async (store) => {
        const input: InteractionInput[] = [
          { id: 'x', type: 'publish', actor: 'creator:1', target: 'video:1' },
          { id: 'x', type: 'uses', actor: 'creator:1', target: 'device:1' },
          { id: 'x', type: 'uses', actor: 'creator:1', target: 'device:1' },
          { id: 'y', type: 'uses', actor: 'user:1', target: 'contact:1' },
          { id: 'x', type: 'transfer', actor: 'user:1', target: 'user:1', weight: 0 },
          { id: 'x', type: 'ban', actor: 'user:1', target: 'user:1', attributes: { reason: 'spam' } },
        ]
        expect(await store.writeBatch(batchOf(input))).toEqual({
          accepted: 5,
          duplicates: 1,
          conflicts: [],
          entities: 5,
        })
        const found = await store.readInteractions(input.map(({ type, id }) => ({ type, id })))
        expect(found.map(({ type, scenario, weight }) => [type, scenario, weight])).toEqual([
          ['publish', 'content', 1],
          ['uses', 'account', 1],
          ['uses', 'account', 1],
          ['uses', 'account', 1],
          ['transfer', 'account', 0],
          ['ban', 'account', 1],
        ])
      }),
    )
  })

  describe('entities that are recorded by themselves', () => {
    const records = [
      { entity: 'user:a', attributes: { n: 0 } },
      { entity: 'user:a', at: 10, market: 'ID', attributes: { n: 9 } },
      { entity: 'user:a', at: 20, market: 'ID', attributes: { n: 1 } },
      { entity: 'user:a', at: 20, market: 'US', attributes: { n: 1 } },
      { entity: 'user:a', at: 20, market: 'US', attributes: { n: 2 } },
      { entity: 'user:a', at: 15, market: 'US', attributes: { n: 8 } },
    ]
    const stays = { kind: 'user', id: 'a', at: 20, market: 'US', attributes: { n: 2 } }

    test(
      'of two records the one with the later time stays, then the greater text, in any order and any batches',
      withStore(open, async (store) => {
        await store.writeBatch(batchOf([], records))
        expect(await store.readEntity('user', 'a')).toEqual(stays)
        for (const record of records) {
          await store.writeBatch(batchOf([], [record]))
          expect(await store.readEntity('user', 'a')).toEqual(stays)
        }
        const other = records.map((record) => ({ ...record, entity: 'user:b' }))
        let latest = await store.readEntity('user', 'b')
        expect(latest).toBeNull()
        for (const record of [...other].reverse()) await store.writeBatch(batchOf([], [record]))
        latest = await store.readEntity('user', 'b')
        expect(latest).toEqual({ ...stays, id: 'b' })
        expect(await store.counts()).toEqual({ entities: 2, interactions: 0 })
      }),
    )

    test(
      'a time that is unknown stands before every other',
      withStore(open, async (store) => {
        await store.writeBatch(batchOf([], [{ entity: 'user:a', at: 0 }]))
        await store.writeBatch(batchOf([], [{ entity: 'user:a', market: 'US', attributes: { n: 1 } }]))
        expect(await store.readEntity('user', 'a')).toEqual({
          kind: 'user',
          id: 'a',
          at: 0,
          market: null,
          attributes: null,
        })
      }),
    )

    test(
      'an end of interactions is known without facts; what nothing names is null',
      withStore(open, async (store) => {
        await store.writeBatch(batchOf([like('1')]))
        expect(await store.readEntity('video', 'v')).toEqual({
          kind: 'video',
          id: 'v',
          at: null,
          market: null,
          attributes: null,
        })
        expect(await store.readEntity('product', 'v')).toBeNull()
        expect(await store.writeBatch(batchOf([], [{ entity: 'video:v', market: 'US' }]))).toMatchObject({
          entities: 0,
        })
        expect(await store.readEntity('video', 'v')).toMatchObject({ market: 'US' })
      }),
    )
  })

  test('what was written is there after the store was closed and opened again, also when close came first', async () => {
    const store = await open({ empty: true })
    await store.writeBatch(batchOf([like('1')]))
    const underWay = store.writeBatch(batchOf([like('2')]))
    await store.close()
    expect(await underWay).toMatchObject({ accepted: 1 })
    await expect(store.counts()).rejects.toThrow()
    await expect(store.writeBatch(batchOf([like('3')]))).rejects.toThrow()
    const again = await open({ empty: false })
    expect(await again.counts()).toEqual({ entities: 2, interactions: 2 })
    await again.close()
  })
}
