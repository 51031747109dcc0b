import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from '@jest/globals'
import { rejectTable } from '#src/errors.js'
import { ingestExitCode } from '#src/ingest/ingest.js'
import { MemorySink, Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

const header = 'id,type,actor,target,at,market,scenario,weight,attributes'
const native = (...rows: string[]): string => `${[header, ...rows].join('\n')}\n`
const good = (id: string): string => `${id},like,user:u${id},video:v1,2024-05-01T12:00:00Z,US,content,1,`

const likes = `
tables:
  - name: likes
    match: { columns: [user, video, at] }
    interactions:
      - { type: like, actor: "user:{user}", target: "video:{video}", at: { column: at } }
`

interface BadRow {
  readonly row: string
  readonly code: keyof typeof rejectTable
  readonly field: string
  readonly value: string
}

const badRows: Readonly<Record<string, BadRow>> = {
  'an unknown entity kind': {
    row: 'x,like,usr:u1,video:v1,,,,,',
    code: 'entity.kind',
    field: 'actor',
    value: 'usr:u1',
  },
  'an end without a kind': { row: 'x,like,u1,video:v1,,,,,', code: 'entity.kind', field: 'actor', value: 'u1' },
  'an end without an id': { row: 'x,like,user:,video:v1,,,,,', code: 'entity.id', field: 'actor', value: 'user:' },
  'an empty end': { row: 'x,like,user:u1,,,,,,', code: 'entity.id', field: 'target', value: '' },
  'an empty id': { row: ',like,user:u1,video:v1,,,,,', code: 'interaction.id', field: 'id', value: '' },
  'an unknown type': {
    row: 'x,adore,user:u1,video:v1,,,,,',
    code: 'interaction.type',
    field: 'type',
    value: 'adore',
  },
  'ends that the type does not join': {
    row: 'x,like,user:u1,product:p1,,,,,',
    code: 'interaction.ends',
    field: 'target',
    value: 'product:p1',
  },
  'an enforcement on two entities': {
    row: 'x,ban,user:u1,user:u2,,,,,',
    code: 'interaction.ends',
    field: 'target',
    value: 'user:u2',
  },
  'a broken date': {
    row: 'x,like,user:u1,video:v1,yesterday,,,,',
    code: 'interaction.time',
    field: 'at',
    value: 'yesterday',
  },
  'a date that does not exist': {
    row: 'x,like,user:u1,video:v1,2024-02-30T00:00:00Z,,,,',
    code: 'interaction.time',
    field: 'at',
    value: '2024-02-30T00:00:00Z',
  },
  'a time without a zone': {
    row: 'x,like,user:u1,video:v1,2024-02-03T00:00:00,,,,',
    code: 'interaction.time',
    field: 'at',
    value: '2024-02-03T00:00:00',
  },
  'epoch seconds where ISO is due': {
    row: 'x,like,user:u1,video:v1,1700000000,,,,',
    code: 'interaction.time',
    field: 'at',
    value: '1700000000',
  },
  'a negative weight': {
    row: 'x,like,user:u1,video:v1,,,,-1,',
    code: 'interaction.weight',
    field: 'weight',
    value: '-1',
  },
  'a weight NaN': { row: 'x,like,user:u1,video:v1,,,,NaN,', code: 'interaction.weight', field: 'weight', value: 'NaN' },
  'a weight Infinity': {
    row: 'x,like,user:u1,video:v1,,,,Infinity,',
    code: 'interaction.weight',
    field: 'weight',
    value: 'Infinity',
  },
  'a weight beyond all numbers': {
    row: 'x,like,user:u1,video:v1,,,,1e999,',
    code: 'interaction.weight',
    field: 'weight',
    value: '1e999',
  },
  'a hexadecimal weight': {
    row: 'x,like,user:u1,video:v1,,,,0x10,',
    code: 'interaction.weight',
    field: 'weight',
    value: '0x10',
  },
  'an id of 513 bytes': {
    row: `x,like,user:${'a'.repeat(513)},video:v1,,,,,`,
    code: 'entity.id',
    field: 'actor',
    value: `user:${'a'.repeat(195)}`,
  },
  'an id of 513 bytes in fewer characters': {
    row: `x,like,user:${'é'.repeat(256)}a,video:v1,,,,,`,
    code: 'entity.id',
    field: 'actor',
    value: `user:${'é'.repeat(195)}`,
  },
  'an interaction id of 513 bytes': {
    row: `${'a'.repeat(513)},like,user:u,video:v1,,,,,`,
    code: 'interaction.id',
    field: 'id',
    value: 'a'.repeat(200),
  },
  'an id with a tab': { row: 'x,like,user:u\t1,video:v1,,,,,', code: 'entity.id', field: 'actor', value: 'user:u\t1' },
  'an id with a line end in quotes': {
    row: 'x,like,"user:u\n1",video:v1,,,,,',
    code: 'entity.id',
    field: 'actor',
    value: 'user:u\n1',
  },
  'an id with NUL': { row: 'x,like,user:u\0,video:v1,,,,,', code: 'entity.id', field: 'actor', value: 'user:u\0' },
  'an id with a C1 control': {
    row: 'x,like,user:u\u0085,video:v1,,,,,',
    code: 'entity.id',
    field: 'actor',
    value: 'user:u\u0085',
  },
  'an interaction id with a bare CR': {
    row: 'x\ry,like,user:u,video:v1,,,,,',
    code: 'interaction.id',
    field: 'id',
    value: 'x\ry',
  },
  'a market of 33 bytes': {
    row: `x,like,user:u1,video:v1,,${'m'.repeat(33)},,,`,
    code: 'interaction.market',
    field: 'market',
    value: 'm'.repeat(33),
  },
  'an unknown scenario': {
    row: 'x,like,user:u1,video:v1,,,mall,,',
    code: 'interaction.scenario',
    field: 'scenario',
    value: 'mall',
  },
  'attributes that are no JSON': {
    row: 'x,like,user:u1,video:v1,,,,,{a}',
    code: 'interaction.attributes',
    field: 'attributes',
    value: '{a}',
  },
  'attributes that are a list': {
    row: 'x,like,user:u1,video:v1,,,,,[1]',
    code: 'interaction.attributes',
    field: 'attributes',
    value: '[1]',
  },
  'a rating of 6': {
    row: 'x,review,user:u1,product:p1,,,,,"{""rating"":6}"',
    code: 'interaction.attributes',
    field: 'attributes',
    value: '{"rating":6}',
  },
  'a fingerprint in capitals': {
    row: 'x,publish,creator:c1,video:v1,,,,,"{""fingerprint"":""00FF00FF00FF00FF""}"',
    code: 'interaction.attributes',
    field: 'attributes',
    value: '{"fingerprint":"00FF00FF00FF00FF"}',
  },
  'too few columns': {
    row: 'x,like,user:u1,video:v1',
    code: 'record.columns',
    field: '',
    value: 'x,like,user:u1,video:v1',
  },
  'too many columns': {
    row: 'x,like,user:u1,video:v1,,,,,,surplus',
    code: 'record.columns',
    field: '',
    value: 'x,like,user:u1,video:v1,,,,,,surplus',
  },
  'something behind a closing quote': {
    row: '"x"y,like,user:u1,video:v1,,,,,',
    code: 'record.syntax',
    field: '',
    value: '"x"y,like,user:u1,video:v1,,,,,',
  },
}

describe('one bad record among good ones', () => {
  for (const [name, { row, code, field, value }] of Object.entries(badRows))
    test(name, async () => {
      const load = await bench.text('records.csv', native(good('1'), row, good('3')))
      expect([...load.sink.interactions.keys()]).toEqual(['5:1', '5:3'])
      expect(load).toMatchObject({ read: 3, accepted: 2, rejected: 1, outcome: 'rejects', failures: [] })
      expect(ingestExitCode(load)).toBe(3)
      const [reject] = load.rejects
      expect(load.rejects).toHaveLength(1)
      expect(reject).toMatchObject({ file: bench.path('records.csv'), line: 3, field, value, code })
      expect(reject!.message.startsWith(rejectTable[code])).toBe(true)
    })

  test('the same id with other content', async () => {
    const other = good('1').replace('video:v1', 'video:v2')
    const load = await bench.text('records.csv', native(good('1'), good('1'), other, good('4')))
    expect(load).toMatchObject({ read: 4, accepted: 2, duplicates: 1, rejected: 1, outcome: 'rejects' })
    expect(load.rejects).toEqual([
      {
        file: bench.path('records.csv'),
        line: 4,
        field: 'id',
        value: '1',
        code: 'interaction.conflict',
        message: rejectTable['interaction.conflict'],
      },
    ])
  })

  test('conflicts name the right file and line where several files share a batch', async () => {
    const sink = new MemorySink()
    await bench.text('before.csv', native(good('1'), good('2'), good('3')), null, { sink })
    const other = (id: string) => good(id).replace('video:v1', 'video:v2')
    const first = bench.write('first.csv', native(good('7'), other('1')))
    const second = bench.write('second.csv', native(other('2')))
    const third = bench.write('third.csv', native(good('8'), good('9'), other('3')))
    const load = await bench.load([first, second, third], null, { sink })
    expect(load.rejects.map(({ file, line, value }) => [file, line, value])).toEqual([
      [first, 3, '1'],
      [second, 2, '2'],
      [third, 4, '3'],
    ])
  })

  test('a self-interaction is no fault where both ends allow the kind', async () => {
    const load = await bench.text('records.csv', native('1,transfer,user:u1,user:u1,,,,,'))
    expect(load).toMatchObject({ accepted: 1, rejected: 0, outcome: 'done', rejectsFile: null })
  })

  test('an enforcement needs no target: it is the actor', async () => {
    const load = await bench.text(
      'records.csv',
      native('1,ban,creator:c1,,2024-01-02T00:00:00Z,,,,', '2,warn,creator:c1,creator:c1,,,,,'),
    )
    expect(load.rejects).toEqual([])
    expect(load.sink.rows().map((row) => row.slice(2, 6))).toEqual([
      ['0', 'c1', '0', 'c1'],
      ['0', 'c1', '0', 'c1'],
    ])
  })
})

describe('bytes that are no text', () => {
  test('invalid UTF-8 rejects its record alone', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`user,video,at\nu1,v1,\nu`),
      Buffer.from([0xc3, 0x28]),
      Buffer.from(',v2,\nüser,v3,\n'),
    ])
    const load = await bench.text('likes.csv', bytes, likes)
    expect(load.sink.rows().map((row) => row[3])).toEqual(['u1', 'üser'])
    expect(load.rejects).toMatchObject([{ line: 3, code: 'record.encoding' }])
  })

  test('invalid UTF-8 in NDJSON', async () => {
    const line = (id: string) => JSON.stringify({ id, type: 'like', actor: `user:${id}`, target: 'video:v' })
    const bytes = Buffer.concat([
      Buffer.from(`${line('1')}\n`),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(line('3')),
    ])
    const load = await bench.text('records.ndjson', bytes)
    expect([...load.sink.interactions.keys()]).toEqual(['5:1', '5:3'])
    expect(load.rejects).toMatchObject([{ line: 2, code: 'record.encoding' }])
  })

  test('UTF-16 is refused with what to do', async () => {
    const load = await bench.text('likes.csv', Buffer.from('\ufeffuser,video,at\nu,v,\n', 'utf16le'), likes)
    expect(load.failures).toMatchObject([{ error: { code: 'file.format' } }])
    expect(load.failures[0]!.error.detail).toContain('save it as UTF-8')
  })

  test('a byte order mark is no part of the first column', async () => {
    const load = await bench.text('likes.csv', '\ufeffuser,video,at\nu,v,\n', likes)
    expect(load).toMatchObject({ accepted: 1, failures: [] })
  })
})

describe('files that break off', () => {
  test('a truncated gzip: the records before the break go in, one reject tells of it', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `u${(i * 7919) % 40_000},v${(i * 104_729) % 977},`)
    const whole = gzipSync(`user,video,at\n${rows.join('\n')}\n`)
    const load = await bench.text('likes.csv.gz', whole.subarray(0, Math.floor(whole.length * 0.6)), likes)
    expect(load.rejects).toMatchObject([{ code: 'record.truncated', line: load.accepted + 2 }])
    expect(load.accepted).toBeGreaterThan(15_000)
    expect(load.accepted).toBeLessThan(40_000)
    expect(load.sink.rows().map((row) => row[3])).toEqual(rows.slice(0, load.accepted).map((row) => row.split(',')[0]))
    expect(load).toMatchObject({ outcome: 'rejects', rejected: 1, failures: [] })
  })

  test('a gzip that is damaged inside', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `u${(i * 7919) % 40_000},v${(i * 104_729) % 977},`)
    const damaged = gzipSync(`user,video,at\n${rows.join('\n')}\n`)
    damaged.fill(0xff, damaged.length - 2000, damaged.length - 1000)
    const load = await bench.text('likes.csv.gz', damaged, likes)
    expect(load.sink.rows().map((row) => row[3])).toEqual(rows.slice(0, load.accepted).map((row) => row.split(',')[0]))
    expect(load.accepted).toBeGreaterThan(10_000)
    expect(load.rejects.map(({ code }) => code)).toEqual(['record.truncated'])
  })

  test('a last line without a line end is a record all the same', async () => {
    const load = await bench.text('likes.csv', 'user,video,at\nu1,v1,\nu2,v2,', likes)
    expect(load).toMatchObject({ accepted: 2, rejected: 0 })
  })

  test('a quote that is never closed rejects its line, not the rest of the file', async () => {
    const load = await bench.text('likes.csv', 'user,video,at\nu1,v1,\n"u2,v2,\nu3,v3,\nu4,v4,', likes)
    expect(load.sink.rows().map((row) => row[3])).toEqual(['u1', 'u3', 'u4'])
    expect(load.rejects).toMatchObject([{ line: 3, code: 'record.syntax', value: '"u2,v2,' }])
  })

  test('a quote that the next quote closes wrongly rejects its line alone', async () => {
    const load = await bench.text('likes.csv', 'user,video,at\n"u1,v1,\n"u2",v2,\n"u3",v3,\n', likes)
    expect(load.sink.rows().map((row) => row[3])).toEqual(['u2', 'u3'])
    expect(load.rejects).toMatchObject([{ line: 2, code: 'record.syntax' }])
  })

  test('a quote that is never closed before 16 MB of records', async () => {
    const rows = Array.from(
      { length: 21_000 },
      (_, i) => `user-${i}-${'x'.repeat(400)},video-${i % 50}-${'x'.repeat(400)},`,
    )
    const load = await bench.text('likes.csv', `user,video,at\n"lost,v,\n${rows.join('\n')}\n`, likes)
    expect(load).toMatchObject({ read: 21_001, accepted: 21_000, rejected: 1 })
    expect(load.rejects).toMatchObject([{ line: 2, code: 'record.syntax' }])
  })
})

describe('lines over 16 MB', () => {
  const long = 17 * 2 ** 20

  test.each([
    ['in the middle of a file', `u1,v1,\n${'x'.repeat(long)}\nu3,v3,\n`, 3],
    ['at the end of a file', `u1,v1,\n${'x'.repeat(long)}`, 3],
    ['with a quote somewhere', `u1,v1,\nu"${'x'.repeat(long)}\nu3,v3,\n`, 3],
    [
      'within quotes, over several lines of text',
      `u1,v1,\n"${`${'x'.repeat(999)}\n`.repeat(long / 1000)}",v,\nu3,v3,\n`,
      3,
    ],
  ])('%s', async (_, rows, line) => {
    const load = await bench.text('likes.csv', `user,video,at\n${rows}`, likes)
    expect(load.rejects).toMatchObject([{ line, code: 'record.too-long' }])
    expect(load.rejects[0]!.value.length).toBeLessThanOrEqual(200)
    expect(load.sink.rows().map((row) => row[3])).toEqual(rows.includes('u3') ? ['u1', 'u3'] : ['u1'])
  })

  test('in NDJSON', async () => {
    const record = (id: string) => JSON.stringify({ id, type: 'like', actor: `user:${id}`, target: 'video:v' })
    const load = await bench.text('records.ndjson', `${record('1')}\n${record('x'.repeat(long))}\n${record('3')}\n`)
    expect([...load.sink.interactions.keys()]).toEqual(['5:1', '5:3'])
    expect(load.rejects).toMatchObject([{ line: 2, code: 'record.too-long' }])
  })

  test('300 MB in one line are not held in memory', async () => {
    const piece = Buffer.alloc(1 << 20, 0x78)
    const pieces = async function* () {
      yield Buffer.from('user,video,at\nu1,v1,\n')
      for (let i = 0; i < 300; i++) yield piece
      yield Buffer.from('\nu3,v3,\n')
    }
    const { Readable } = await import('node:stream')
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const load = await bench.load({ name: 'endless', stream: Readable.from(pieces()) }, likes, {
      progress: () => {
        most = Math.max(most, process.memoryUsage().arrayBuffers)
      },
    })
    expect(load).toMatchObject({ accepted: 2, rejected: 1 })
    expect(load.rejects).toMatchObject([{ file: 'endless', line: 3, code: 'record.too-long' }])
    expect(most - before).toBeLessThan(120 * 2 ** 20)
  })
})

describe('files that cannot be read', () => {
  test('a header that the mapping does not fit, with the columns that lack', async () => {
    const load = await bench.text('likes.csv', 'user,film,at\nu,v,\n', likes)
    expect(load.failures).toMatchObject([{ error: { code: 'mapping.unmatched' } }])
    expect(load.failures[0]!.error.detail).toContain('table "likes": the header lacks "video"')
    expect(ingestExitCode(load)).toBe(2)
  })

  test('a table that fits by name but lacks a column', async () => {
    const mapping = likes.replace('columns: [user, video, at]', 'file: "*.csv"')
    const load = await bench.text('likes.csv', 'user,film,at\nu,v,\n', mapping)
    expect(load.failures).toMatchObject([{ error: { code: 'file.header' } }])
    expect(load.failures[0]!.error.detail).toContain('lacks "video"; it has "user", "film", "at"')
  })

  test.each([
    ['a native header with an unknown column', 'id,type,actor,target,colour\n', 'unknown column "colour"'],
    ['a native header without type', 'id,actor,target\n', 'lacks type'],
    ['a header with a column twice', 'id,type,actor,target,target\n', 'more than once'],
    ['an empty file', '', 'it is empty'],
    ['a header with an open quote', '"id,type,actor,target\n1,like,user:u,video:v\n', 'quote is not closed'],
  ])('%s', async (_, content, detail) => {
    const load = await bench.text('records.csv', content)
    expect(load.failures).toMatchObject([{ error: { code: 'file.header' } }])
    expect(load.failures[0]!.error.detail).toContain(detail)
    expect(load.outcome).toBe('done')
    expect(ingestExitCode(load)).toBe(2)
  })

  test('a header alone is a file with no records', async () => {
    for (const content of [header, `${header}\n`, `${header}\r\n\r\n`]) {
      const load = await bench.text('records.csv', content)
      expect(load).toMatchObject({ read: 0, accepted: 0, rejected: 0, outcome: 'done', failures: [] })
      expect(ingestExitCode(load)).toBe(0)
    }
  })

  test('an empty NDJSON file is a file with no records', async () => {
    const load = await bench.text('records.ndjson', '')
    expect(load).toMatchObject({ read: 0, outcome: 'done', failures: [] })
  })

  test('a missing file, a directory, and a Parquet that is none do not stop the good file between them', async () => {
    mkdirSync(bench.path('folder.csv'), { recursive: true })
    writeFileSync(bench.path('none.parquet'), 'user,video,at\nu,v,\n')
    writeFileSync(bench.path('broken.parquet'), `PAR1${'x'.repeat(100)}PAR1`)
    const good = bench.write('good.csv', 'user,video,at\nu,v,\n')
    const paths = ['missing.csv', 'folder.csv', 'none.parquet', 'broken.parquet'].map((name) => bench.path(name))
    const load = await bench.load([paths[0]!, paths[1]!, good, paths[2]!, paths[3]!], likes)
    expect(load).toMatchObject({ accepted: 1, rejected: 0, outcome: 'done' })
    expect(load.failures.map(({ file, error }) => [file, error.code])).toEqual([
      [paths[0], 'file.missing'],
      [paths[1], 'file.missing'],
      [paths[2], 'file.format'],
      [paths[3], 'file.format'],
    ])
    expect(load.failures[1]!.error.detail).toContain('is a directory')
    expect(ingestExitCode(load)).toBe(2)
  })
})
