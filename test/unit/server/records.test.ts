import { expect, test } from '@jest/globals'
import { openApp } from '../../support/service.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const post = async (url: string, payload: string | Buffer, type = 'application/json', headers = {}) => {
  const answer = await service.http.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': type, ...headers },
  })
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() }
}

const like = (id: string, more: object = {}) => ({
  id,
  type: 'like',
  actor: `user:${id}`,
  target: 'video:v',
  at: '2026-01-01T00:00:00Z',
  ...more,
})

test('a JSON array: the good records go in, each bad one is answered with its place, and again it adds nothing', async () => {
  const records = [
    like('a'),
    like('b', { type: 'adore' }),
    like('c', { weight: -1 }),
    like('d'),
    like('e', { at: 'yesterday' }),
    like('f', { actor: 'nothing:x' }),
    like('g', { actor: 'product:x' }),
    like('x'.repeat(513)),
    'text',
    like('h', { surprise: 1 }),
    like('i', { attributes: [] }),
    like('a', { weight: 2 }),
  ]
  const { status, body } = await post('/v1/interactions', JSON.stringify(records))
  expect(status).toBe(200)
  expect(body).toMatchObject({
    read: 12,
    accepted: 2,
    duplicates: 0,
    rejected: 10,
    rejectsFile: null,
    errorsOmitted: 0,
  })
  expect(body.errors.map((each: { index: number; code: string }) => [each.index, each.code])).toEqual([
    [1, 'interaction.type'],
    [2, 'interaction.weight'],
    [4, 'interaction.time'],
    [5, 'entity.kind'],
    [6, 'interaction.ends'],
    [7, 'interaction.id'],
    [8, 'record.syntax'],
    [9, 'record.field'],
    [10, 'interaction.attributes'],
    [11, 'interaction.conflict'],
  ])
  for (const error of body.errors) expect(error.message).not.toBe('')
  const counts = await service.store.counts()
  const again = await post('/v1/interactions', JSON.stringify(records))
  expect(again.body).toMatchObject({ accepted: 0, duplicates: 2, rejected: 10, entities: 0 })
  expect(await service.store.counts()).toEqual(counts)
})

test('NDJSON: blank lines do not count, broken ones and invalid UTF-8 spoil only themselves', async () => {
  const lines = [
    JSON.stringify(like('n1')),
    '',
    '{"id":',
    Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    JSON.stringify(like('n2')),
  ]
  const payload = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]))
  const { status, body } = await post('/v1/interactions', payload, 'application/x-ndjson')
  expect(status).toBe(200)
  expect(body).toMatchObject({ read: 4, accepted: 2, rejected: 2 })
  expect(body.errors.map((each: { index: number; code: string }) => [each.index, each.code])).toEqual([
    [1, 'record.syntax'],
    [2, 'record.encoding'],
  ])
})

test('entities, one object or lines; an interaction is none', async () => {
  const one = await post('/v1/entities', '{"kind":"creator","id":"c1","market":"US"}')
  expect(one.body).toMatchObject({ read: 1, rejected: 0, entities: 1 })
  const lines = '{"kind":"creator","id":"c2"}\n{"kind":"ghost","id":"c3"}\n'
  const many = await post('/v1/entities', lines, 'application/x-ndjson')
  expect(many.body).toMatchObject({ read: 2, rejected: 1, errors: [{ index: 1, code: 'entity.kind' }] })
  expect(await service.store.readEntity('creator', 'c1')).toMatchObject({ market: 'US' })
  expect((await post('/v1/entities', JSON.stringify(like('z')))).body).toMatchObject({ read: 1, rejected: 1 })
})

test('an empty list and an empty stream are no error', async () => {
  for (const [payload, type] of [['[]', 'application/json'] as const, ['', 'application/x-ndjson'] as const])
    expect((await post('/v1/interactions', payload, type)).body).toMatchObject({ read: 0, accepted: 0, errors: [] })
})

test.each([
  ['broken JSON', '[{"id":', 'application/json', 400, 'request.invalid'],
  ['no body', '', 'application/json', 400, 'request.invalid'],
  ['invalid UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'application/json', 400, 'request.invalid'],
  ['too large', `[${' '.repeat(2 ** 20)}]`, 'application/json', 413, 'request.too-large'],
  ['CSV', 'id,type\n', 'text/csv', 415, 'request.media-type'],
  ['plain text', 'id', 'text/plain', 415, 'request.media-type'],
  ['a form', 'id=1', 'application/x-www-form-urlencoded', 415, 'request.media-type'],
] as const)('%s is refused whole', async (_, payload, type, status, code) => {
  const counts = await service.store.counts()
  const got = await post('/v1/interactions', payload, type)
  expect(got.body).toMatchObject({ status, code })
  expect(got.status).toBe(status)
  expect(got.type).toMatch(/^application\/problem\+json/)
  expect(await service.store.counts()).toEqual(counts)
})

test('a compressed body is refused, not read as rubbish', async () => {
  const got = await post('/v1/interactions', 'x', 'application/x-ndjson', { 'content-encoding': 'gzip' })
  expect(got.body).toMatchObject({ status: 415, code: 'request.media-type' })
})

test('a stream larger than the limit of a JSON body goes in', async () => {
  const lines = Array.from({ length: 12_000 }, (_, i) => JSON.stringify(like(`s${i}`))).join('\n')
  expect(lines.length).toBeGreaterThan(2 ** 20)
  const { body } = await post('/v1/interactions', lines, 'application/x-ndjson')
  expect(body).toMatchObject({ read: 12_000, accepted: 12_000, rejected: 0 })
})

test('a new entity is known at once, before any run', async () => {
  const answer = await service.http.inject('/v1/users/a/rings')
  expect(answer.json()).toEqual({ run: null, asOf: null, entity: 'user:a', rings: [], next: null })
  expect((await service.http.inject('/v1/rings')).json()).toMatchObject({ status: 409, code: 'run.none' })
})

test('a caller over its rate is told when to come back', async () => {
  const slow = await openApp(service.store, { rateLimit: 2 })
  const answers = [
    await slow.http.inject('/v1/runs'),
    await slow.http.inject('/v1/runs'),
    await slow.http.inject('/v1/runs'),
  ]
  expect(answers.map((each) => each.statusCode)).toEqual([200, 200, 429])
  expect(answers[2]!.json()).toMatchObject({ status: 429, code: 'request.rate' })
  expect(Number(answers[2]!.headers['retry-after'])).toBeGreaterThan(0)
  await slow.http.close()
})
