import { describe, expect, test } from '@jest/globals'
import {
  conflictErrors,
  type EncodedRecords,
  type EncodeOptions,
  encodeNativeLines,
  encodeNativeObjects,
} from '#src/ingest/native-records.js'
import { MemorySink } from './ingest-support.js'

const like = (id: string, target = 'video:v') => ({ id, type: 'like', actor: `user:${id}`, target })

const collect = async (parts: AsyncGenerator<EncodedRecords>) => {
  const sink = new MemorySink()
  const errors: unknown[] = []
  const reads: number[] = []
  for await (const part of parts) {
    errors.push(...part.errors, ...conflictErrors(await sink.writeBatch(part.batch)))
    reads.push(part.read)
  }
  return { sink, errors, reads, ids: sink.rows().map((row) => row[1]) }
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('native records from a request', () => {
  const records: unknown[] = [
    like('1'),
    7,
    like('2'),
    { ...like('3'), weight: -1 },
    null,
    like('2', 'video:w'),
    like('4'),
  ]
  const expected = [
    { index: 1, field: '', code: 'record.syntax' },
    { index: 3, field: 'weight', code: 'interaction.weight' },
    { index: 4, field: '', code: 'record.syntax' },
    { index: 5, field: 'id', code: 'interaction.conflict' },
  ]

  test('objects, whole and in parts', async () => {
    for (const partRecords of [1, 2, 3, 100]) {
      const { ids, errors, reads } = await collect(encodeNativeObjects(records, { partRecords }))
      expect(ids).toEqual(['1', '2', '4'])
      expect(errors.length).toBe(4)
      expect(errors).toEqual(expect.arrayContaining(expected.map((error) => expect.objectContaining(error))))
      expect(reads).toHaveLength(Math.ceil(records.length / partRecords))
      expect(reads.reduce((sum, read) => sum + read, 0)).toBe(records.length)
    }
  })

  test('NDJSON lines in pieces of any size; blank lines do not count', async () => {
    const bytes = Buffer.from(records.map((record) => JSON.stringify(record)).join('\n\n'))
    for (const size of [1, 2, 7, 50, 10_000]) {
      const { ids, errors } = await collect(encodeNativeLines(cut(bytes, size), { partRecords: 2 }))
      expect(ids).toEqual(['1', '2', '4'])
      expect(errors).toEqual(expect.arrayContaining(expected.map((error) => expect.objectContaining(error))))
    }
  })

  test('a line over 16 MB is one error, and its bytes are let go', async () => {
    const bytes = Buffer.from(
      `${JSON.stringify(like('1'))}\n"${'x'.repeat(17 * 2 ** 20)}"\n${JSON.stringify(like('3'))}`,
    )
    const { ids, errors } = await collect(encodeNativeLines(cut(bytes, 1 << 16)))
    expect(ids).toEqual(['1', '3'])
    expect(errors).toMatchObject([{ index: 1, code: 'record.too-long' }])
  })

  test('no records give no part', async () => {
    expect((await collect(encodeNativeObjects([]))).reads).toEqual([])
    expect((await collect(encodeNativeLines(cut(Buffer.from('\n \n'), 10)))).reads).toEqual([])
  })

  test('the route says what its records must be', async () => {
    const only = async (option: EncodeOptions['only'] & string, record: unknown) =>
      (await collect(encodeNativeObjects([record], { only: option }))).errors
    expect(await only('entities', { kind: 'user', id: 'u' })).toEqual([])
    expect(await only('entities', like('1'))).toMatchObject([{ code: 'record.field', field: 'type' }])
    expect(await only('interactions', { kind: 'user', id: 'u' })).toMatchObject([
      { code: 'record.field', field: 'kind' },
    ])
  })

  test('a key named __proto__ is an unknown field, and in attributes it is kept', async () => {
    const record = JSON.parse('{"id":"1","type":"like","actor":"user:u","target":"video:v","__proto__":{"x":1}}')
    expect((await collect(encodeNativeObjects([record]))).errors).toMatchObject([
      { code: 'record.field', field: '__proto__' },
    ])
    const kept = JSON.parse(
      '{"id":"1","type":"like","actor":"user:u","target":"video:v","attributes":{"__proto__":1,"a":2}}',
    )
    const { sink } = await collect(encodeNativeObjects([kept]))
    expect(sink.rows()[0]![10]).toBe('{"__proto__":1,"a":2}')
  })
})
