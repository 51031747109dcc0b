import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, test } from '@jest/globals'
import type { FileFormat } from '#src/ingest/ingest.js'
import { type Loaded, Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

const likes = `
tables:
  - match: { columns: [user, video, at] }
    interactions:
      - { type: like, id: "{user}/{video}", actor: "user:{user}", target: "video:{video}", at: { column: at } }
`

const pairs = (load: Loaded): string[] => load.sink.rows().map((row) => `${row[3]}>${row[5]}@${row[6]}`)
const expected = ['u1>v1@1714564800000', 'u2>v2@']

describe('delimited files', () => {
  const cases: Readonly<Record<string, readonly [string, string, string?]>> = {
    'CRLF line ends': ['a.csv', 'user,video,at\r\nu1,v1,2024-05-01T12:00:00Z\r\nu2,v2,\r\n'],
    'CR line ends': ['a.csv', 'user,video,at\ru1,v1,2024-05-01T12:00:00Z\ru2,v2,\r'],
    'CR line ends, the last one missing': ['a.csv', 'user,video,at\ru1,v1,2024-05-01T12:00:00Z\ru2,v2,'],
    'blank lines': ['a.csv', '\n\nuser,video,at\n\nu1,v1,2024-05-01T12:00:00Z\n\r\n\nu2,v2,\n\n'],
    'quotes around everything': ['a.csv', '"user","video","at"\n"u1","v1","2024-05-01T12:00:00Z"\n"u2","v2",""\n'],
    'tabs by the name of the file': ['a.tsv', 'user\tvideo\tat\nu1\tv1\t2024-05-01T12:00:00Z\nu2\tv2\t\n'],
    'tabs by the header': ['a.txt', 'user\tvideo\tat\nu1\tv1\t2024-05-01T12:00:00Z\nu2\tv2\t\n'],
    'columns in another order, with others between': [
      'a.csv',
      'at,x,video,y,user\n2024-05-01T12:00:00Z,,v1,"a,b",u1\n,"1\n2",v2,,u2\n',
    ],
    'another delimiter and quote': [
      'a.csv',
      "user;video;at\nu1;'v1';2024-05-01T12:00:00Z\nu2;v2;\n",
      likes.replace('  - match', '  - delimiter: ";"\n    quote: "\'"\n    match'),
    ],
    'comment lines': [
      'a.csv',
      '# made by a tool\nuser,video,at\n#u0,v0,\nu1,v1,2024-05-01T12:00:00Z\nu2,v2,\n# end',
      likes.replace('  - match', '  - comment: "#"\n    match'),
    ],
    'no header': [
      'a.csv',
      'u1,v1,2024-05-01T12:00:00Z\nu2,v2,\n',
      likes.replace('match: { columns: [user, video, at] }', 'columns: [user, video, at]'),
    ],
    'a header that is replaced': [
      'a.csv',
      'A,B,C\nu1,v1,2024-05-01T12:00:00Z\nu2,v2,\n',
      likes.replace('match: { columns: [user, video, at] }', 'columns: [user, video, at]\n    header: true'),
    ],
    'texts that mean null': [
      'a.csv',
      'user,video,at\nu1,v1,2024-05-01T12:00:00Z\nu2,v2,NULL\n',
      likes.replace('  - match', '  - nulls: [NA, "NULL"]\n    match'),
    ],
  }
  for (const [name, [file, content, mapping]] of Object.entries(cases))
    test(name, async () => {
      const load = await bench.text(file, content, mapping ?? likes)
      expect(load.failures).toEqual([])
      expect(load.rejects).toEqual([])
      expect(pairs(load)).toEqual(expected)
      expect(load.read).toBe(2)
    })

  test('runs of blanks as delimiter, blanks at both ends', async () => {
    const mapping = `
tables:
  - match: { file: "*.txt*" }
    delimiter: space
    columns: [user, item]
    interactions: [{ type: review, id: "{user}/{item}", actor: "user:{user}", target: "product:{item}" }]
`
    const load = await bench.text('pairs.txt', '1 10\n  2 \t 20  \n\n   \n3 30 x\n4\t40\r\n5 50', mapping)
    expect(pairs(load)).toEqual(['1>10@', '2>20@', '4>40@', '5>50@'])
    expect(load.rejects).toMatchObject([{ line: 5, code: 'record.columns' }])
  })

  test('doubled quotes and line ends in quotes are part of the text, and lines are counted on', async () => {
    const mapping = `
tables:
  - interactions:
      - { type: like, actor: "user:{user}", target: "video:{video}", attributes: { said: "{said}" } }
`
    const content = 'user,video,said\nu1,v1,"she said ""no"",\r\nthen left"\nu2,v2,"a\nb\nc"\nu3,,\n'
    const load = await bench.text('said.csv', content, mapping)
    expect(load.sink.rows().map((row) => JSON.parse(row[10]!).said)).toEqual(['she said "no",\r\nthen left', 'a\nb\nc'])
    expect(load.rejects).toMatchObject([{ line: 7, field: 'video', code: 'entity.id' }])
  })
})

describe('NDJSON', () => {
  test('native records and entities in one file', async () => {
    const lines = [
      { id: '1', type: 'like', actor: 'user:u1', target: 'video:v1', at: '2024-05-01T12:00:00+02:00', weight: 2.5 },
      { kind: 'user', id: 'u1', market: 'US', attributes: { b: 1, a: { d: [2, 1], c: null } } },
      {
        id: '2',
        type: 'order',
        actor: 'user:u1',
        target: 'product:p',
        attributes: { amount: 9.5, currency: 'EUR' },
        at: null,
      },
    ]
    const load = await bench.text('records.ndjson', `${lines.map((line) => JSON.stringify(line)).join('\r\n')}\r\n\r\n`)
    expect(load.rejects).toEqual([])
    expect(load.sink.rows()).toEqual([
      ['5', '1', '1', 'u1', '2', 'v1', '1714557600000', '', '0', '2.5', ''],
      ['11', '2', '1', 'u1', '3', 'p', '', '', '1', '1', '{"amount":9.5,"currency":"EUR"}'],
    ])
    expect([...load.sink.entityRecords]).toEqual([['1:u1', '\tUS\t{"a":{"c":null,"d":[2,1]},"b":1}']])
  })

  test.each([
    ['{"id":"1"', 'record.syntax', ''],
    ['[1]', 'record.syntax', ''],
    ['"text"', 'record.syntax', ''],
    ['{"id":"1","type":"like","actor":"user:u","target":"video:v","colour":1}', 'record.field', 'colour'],
    ['{"id":1,"type":"like","actor":"user:u","target":"video:v"}', 'record.field', 'id'],
    ['{"id":"1","type":"like","actor":"user:u","target":"video:v","at":1714564800}', 'record.field', 'at'],
    ['{"id":"1","type":"like","actor":"user:u","target":"video:v","weight":"2"}', 'interaction.weight', 'weight'],
    ['{"id":"1","type":"like","actor":"user:u","target":"video:v","weight":1e999}', 'interaction.weight', 'weight'],
    [
      '{"id":"1","type":"like","actor":"user:u","target":"video:v","attributes":[]}',
      'interaction.attributes',
      'attributes',
    ],
    ['{"id":"1","type":"like","actor":"user:\\ud800","target":"video:v"}', 'record.encoding', 'actor'],
    ...['9007199254740993', '1e999', '{"a":[-9007199254740993]}', '"\\ud800"'].map((inexact) => [
      `{"id":"1","type":"like","actor":"user:u","target":"video:v","attributes":{"x":${inexact}}}`,
      'interaction.attributes',
      'attributes',
    ]),
    ['{"type":"like","actor":"user:u","target":"video:v"}', 'interaction.id', 'id'],
    ['{"kind":"person","id":"u"}', 'entity.kind', 'kind'],
    ['{"kind":"user","id":""}', 'entity.id', 'id'],
    ['{"kind":"user","id":"u","attributes":7}', 'entity.attributes', 'attributes'],
  ])('rejects %s', async (line, code, field) => {
    const good = '{"id":"good","type":"like","actor":"user:u","target":"video:v"}'
    const load = await bench.text('records.ndjson', `${line}\n${good}`)
    expect(load.rejects).toMatchObject([{ line: 1, code, field }])
    expect([...load.sink.interactions.keys()]).toEqual(['5:good'])
  })

  test('with a mapping: paths with dots, numbers, booleans, null and missing keys', async () => {
    const mapping = `
tables:
  - match: { columns: [user.id, item] }
    optional: [item]
    interactions:
      - type: click
        actor: "user:{user.id}"
        target: "product:{item}"
        at: { column: ts, format: epoch-milliseconds }
        attributes: { flag: { value: "{flag}", as: boolean }, rest: { value: "{rest}", as: json } }
`
    const lines = [
      { user: { id: 7 }, item: 'p1', ts: 1714564800123, flag: true, rest: { b: 1, a: 2 } },
      { user: { id: '8' }, item: null },
      { user: { id: 2 ** 60 }, item: 'p' },
      { item: 'p' },
    ]
    const load = await bench.text('clicks.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'), mapping)
    expect(load.sink.rows().map((row) => row.slice(2))).toEqual([
      ['1', '7', '3', 'p1', '1714564800123', '', '1', '1', '{"flag":true,"rest":{"a":2,"b":1}}'],
    ])
    expect(load.rejects).toMatchObject([
      { line: 3, field: 'user.id', code: 'record.field' },
      { line: 4, field: 'user.id', code: 'entity.id' },
    ])
    expect(load.rejects[0]!.message).toContain('write it as text')
  })
})

describe('gzip, streams and standard formats by their first bytes', () => {
  const csv = 'user,video,at\nu1,v1,2024-05-01T12:00:00Z\nu2,v2,\n'

  test.each([
    ['likes.csv.gz', gzipSync(csv)],
    ['likes.csv', gzipSync(csv)],
    ['two members.gz', Buffer.concat([gzipSync(csv.slice(0, 20)), gzipSync(csv.slice(20))])],
    ['not gzip.csv.gz', Buffer.from(csv)],
  ])('%s', async (name, bytes) => {
    const load = await bench.text(name, bytes, likes)
    expect(load.failures).toEqual([])
    expect(pairs(load)).toEqual(expected)
  })

  test.each<[string, Buffer, FileFormat | null]>([
    ['CSV', Buffer.from(csv), null],
    ['gzip', gzipSync(csv), null],
    [
      'NDJSON',
      Buffer.from('{"user":"u1","video":"v1","at":"2024-05-01T12:00:00Z"}\n{"user":"u2","video":"v2"}\n'),
      null,
    ],
    ['TSV by order', Buffer.from(csv.replaceAll(',', '\t')), 'tsv'],
  ])('a stream of %s, a byte at a time', async (_, bytes, format) => {
    const stream = Readable.from([...bytes].map((byte) => Buffer.from([byte])))
    const load = await bench.load({ name: 'stream', stream }, likes, { format })
    expect(load.failures).toEqual([])
    expect(pairs(load)).toEqual(expected)
  })
})

describe('Parquet', () => {
  const write = async (name: string, select: string): Promise<string> => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`COPY (${select}) TO '${bench.path(name)}' (FORMAT parquet)`)
    connection.closeSync()
    instance.closeSync()
    return bench.path(name)
  }

  test('times, nulls, texts with line ends, nested values; rejects name the row', async () => {
    const mapping = `
tables:
  - match: { file: "*.parquet" }
    interactions:
      - type: comment
        actor: "user:{who}"
        target: "video:{video}"
        at: { column: t }
        attributes: { said: "{said}", day: "{day}", deep: { value: "{deep}", as: json }, list: { value: "{list}", as: json } }
`
    const path = await write(
      'comments.parquet',
      `SELECT * FROM (VALUES
        ('u1', 1, TIMESTAMP '2024-05-01 12:00:00.123456', 'two' || chr(10) || 'lines, "quoted"', DATE '2024-02-29', {'a': 1}, [1, 2]),
        ('u2', 2, NULL, NULL, NULL, NULL, NULL),
        (NULL, 3, NULL, NULL, NULL, NULL, NULL),
        ('u4', 4, NULL, '', NULL, NULL, NULL)) AS t(who, video, t, said, day, deep, list)`,
    )
    const load = await bench.load(path, mapping)
    expect(load.failures).toEqual([])
    expect(load.sink.rows().map((row) => row.slice(3))).toEqual([
      [
        'u1',
        '2',
        '1',
        '1714564800123',
        '',
        '0',
        '1',
        '{"day":"2024-02-29T00:00:00Z","deep":{"a":1},"list":[1,2],"said":"two\\nlines, \\"quoted\\""}',
      ],
      ['u2', '2', '2', '', '', '0', '1', ''],
      ['u4', '2', '4', '', '', '0', '1', ''],
    ])
    expect(load.rejects).toMatchObject([{ file: path, line: 3, field: 'who', code: 'entity.id' }])
  })

  test('native records, with a zone', async () => {
    const path = await write(
      'native.parquet',
      `SELECT 'i' || i AS id, 'like' AS type, 'user:u' || i AS actor, 'video:v' AS target,
        TIMESTAMPTZ '2024-05-01 12:00:00+00' AS at FROM range(2500) AS r(i)`,
    )
    const load = await bench.load(path)
    expect(load).toMatchObject({ read: 2500, accepted: 2500, failures: [] })
    expect(new Set(load.sink.rows().map((row) => row[6]))).toEqual(new Set(['1714564800000']))
    expect(load.sink.rows().map((row) => row[1])).toEqual(Array.from({ length: 2500 }, (_, i) => `i${i}`))
  })

  test('as a stream, with no name to go by', async () => {
    const path = await write(
      'stream.parquet',
      `SELECT '1' AS id, 'like' AS type, 'user:u' AS actor, 'video:v' AS target`,
    )
    const { readFileSync } = await import('node:fs')
    const load = await bench.load({ name: 'stream', stream: Readable.from([readFileSync(path)]) })
    expect(load).toMatchObject({ accepted: 1, failures: [] })
  })

  test('a name with glob characters is one file', async () => {
    const select = (id: string) => `SELECT '${id}' AS id, 'like' AS type, 'user:u' AS actor, 'video:v' AS target`
    await write('part1.parquet', select('other'))
    const load = await bench.load(await write('part[12].parquet', select('this')))
    expect([...load.sink.interactions.keys()]).toEqual(['5:this'])
  })
})
