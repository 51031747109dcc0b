import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { likes, oneObject, ringfence, temporary } from './cli-command.js'

let folder: ReturnType<typeof temporary>
let store: string
beforeEach(() => {
  folder = temporary()
  store = folder.path('graph.duckdb')
})
afterEach(() => folder.remove())

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(folder.path(name), content)
  return folder.path(name)
}

const load = async (files: readonly string[], ...more: string[]) => {
  const ended = await ringfence(['ingest', ...files, '--store', store, '--json', ...more])
  return { ...ended, result: oneObject(ended) }
}

const ndjson = (count: number): string =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `l${i}`,
      type: 'like',
      actor: `user:u${i}`,
      target: `video:v${i % 7}`,
      at: '2026-01-05T10:00:00Z',
      market: 'US',
    }),
  ).join('\n')

describe('ingest --json', () => {
  test('gives exactly the fields of the contract, and a second time adds nothing', async () => {
    const path = file('likes.csv', likes(50))
    const first = await load([path])
    expect(first.exit).toBe(0)
    expect(Object.keys(first.result)).toEqual([
      'read',
      'accepted',
      'duplicates',
      'rejected',
      'rejectsFile',
      'entities',
      'seconds',
    ])
    expect(first.result).toMatchObject({
      read: 50,
      accepted: 50,
      duplicates: 0,
      rejected: 0,
      rejectsFile: null,
      entities: 57,
    })
    const second = await load([path])
    expect(second.exit).toBe(0)
    expect(second.result).toMatchObject({ read: 50, accepted: 0, duplicates: 50, rejected: 0, entities: 0 })
  })

  test('reads NDJSON, gzip, Parquet and standard input as the same records', async () => {
    const parquet = folder.path('likes.parquet')
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const csv = file('likes.csv', likes(50))
    await connection.run(
      `COPY (SELECT id, type, actor, target, strftime("at", '%Y-%m-%dT%H:%M:%SZ') AS "at", market FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`,
    )
    connection.closeSync()
    instance.closeSync()

    expect((await load([csv])).result).toMatchObject({ accepted: 50 })
    expect((await load([file('likes.ndjson', ndjson(50))])).result).toMatchObject({ read: 50, duplicates: 50 })
    expect((await load([file('likes.csv.gz', gzipSync(likes(50)))])).result).toMatchObject({ read: 50, duplicates: 50 })
    expect((await load([parquet])).result).toMatchObject({ read: 50, duplicates: 50 })
    const piped = await ringfence(['ingest', '-', '--store', store, '--json'], { input: likes(60) })
    expect(piped.exit).toBe(0)
    expect(oneObject(piped)).toMatchObject({ read: 60, accepted: 10, duplicates: 50 })
    const zipped = await ringfence(['ingest', '-', '--store', store, '--json', '--format', 'ndjson'], {
      input: gzipSync(ndjson(50)),
    })
    expect(oneObject(zipped)).toMatchObject({ read: 50, duplicates: 50 })
  })

  test('turns the columns of any table into records by a mapping', async () => {
    const mapping = file(
      'mapping.yaml',
      [
        'tables:',
        '  - match: { columns: [no, who, what, when] }',
        '    interactions:',
        '      - type: order',
        '        id: "{no}"',
        '        actor: "user:{who}"',
        '        target: "product:{what}"',
        '        at: { column: when, format: epoch-seconds }',
        '',
      ].join('\n'),
    )
    const table = file('orders.csv', 'no,who,what,when\n1,ann,cup,1767600000\n2,bob,cup,1767600060\n')
    const { exit, result, stderr } = await load([table], '--mapping', mapping)
    expect(stderr).toBe('')
    expect(exit).toBe(0)
    expect(result).toMatchObject({ read: 2, accepted: 2, entities: 3 })
  })
})

describe('rejects', () => {
  const bad = (share: number): string =>
    likes(200)
      .split('\n')
      .map((line, i) => (i > 0 && i <= share ? line.replace(',like,', ',liek,') : line))
      .join('\n')

  test('go to the rejects file beside the store, with file, line, field, value, code and sentence; exit code 3', async () => {
    const path = file('some.csv', bad(2))
    const { exit, result, stderr } = await load([path])
    expect(exit).toBe(3)
    expect(result).toMatchObject({ read: 200, accepted: 198, rejected: 2, rejectsFile: `${store}.rejected.ndjson` })
    const rejects = readFileSync(`${store}.rejected.ndjson`, 'utf8').trimEnd().split('\n')
    expect(rejects.map((line) => JSON.parse(line))).toEqual(
      [2, 3].map((line) => ({
        file: path,
        line,
        field: 'type',
        value: 'liek',
        code: 'interaction.type',
        message: expect.stringMatching(/\.$/),
      })),
    )
    expect(stderr).toContain('.rejected.ndjson')
  })

  test('above the limit stop with exit code 4 and the counts of whole batches; a limit as a number or a percentage', async () => {
    const path = file('many.csv', bad(10))
    const over = await load([path])
    expect(over.exit).toBe(4)
    expect(over.result).toMatchObject({ read: 200, accepted: 190, rejected: 10 })
    expect(over.stderr).toMatch(/Too many records were rejected.*\n {2}What to do: /)
    expect((await load([path], '--max-rejects', '10')).exit).toBe(3)
    expect((await load([path], '--max-rejects', '9')).exit).toBe(4)
    expect((await load([path], '--max-rejects', '5%', '--rejects', folder.path('mine.ndjson'))).exit).toBe(3)
    expect(readFileSync(folder.path('mine.ndjson'), 'utf8').trimEnd().split('\n').length).toBe(10)
  })

  test('take in an interaction whose id is known with other content, with its line', async () => {
    await load([file('likes.csv', likes(3))])
    const changed = file('changed.csv', likes(300).replace('l1,like,user:u1,', 'l1,like,user:other,'))
    const { exit, result } = await load([changed])
    expect(exit).toBe(3)
    expect(result).toMatchObject({ accepted: 297, duplicates: 2, rejected: 1 })
    expect(JSON.parse(readFileSync(`${store}.rejected.ndjson`, 'utf8'))).toMatchObject({
      file: changed,
      line: 3,
      code: 'interaction.conflict',
    })
  })
})

describe('unusable input', () => {
  const refused = async (args: readonly string[], code: string): Promise<string> => {
    const ended = await ringfence([...args, '--store', store, '--json'])
    expect(ended.exit).toBe(2)
    const { error } = oneObject(ended) as { error: Record<string, string> }
    expect(Object.keys(error)).toEqual(['code', 'detail', 'advice'])
    expect(error.code).toBe(code)
    expect(ended.stderr).toMatch(/^ringfence: .*\n {2}What to do: .*\n$/)
    return error.detail!
  }

  test('is refused with a code, where it was and what to do; exit code 2', async () => {
    expect(await refused(['ingest', folder.path('none.csv')], 'file.missing')).toContain('none.csv')
    await refused(['ingest', file('bad.parquet', 'not parquet at all')], 'file.format')
    expect(await refused(['ingest', file('odd.csv', 'a,b\n1,2\n')], 'file.header')).toContain('odd.csv')
    const likesFile = file('likes.csv', likes(3))
    expect(
      await refused(['ingest', likesFile, '--mapping', file('m.yaml', 'tables: 3\n')], 'mapping.invalid'),
    ).toContain('m.yaml')
    await refused(['ingest', likesFile, '--max-rejects', 'some'], 'usage')
    await refused(['ingest'], 'usage')
    await refused(['swallow', likesFile], 'usage')
  })

  test('does not stop the good files beside it', async () => {
    const { exit, result, stderr } = await load([folder.path('none.csv'), file('likes.csv', likes(5))])
    expect(exit).toBe(2)
    expect(result).toMatchObject({ read: 5, accepted: 5 })
    expect(result.failures).toEqual([
      { file: folder.path('none.csv'), code: 'file.missing', detail: expect.stringContaining('none.csv') },
    ])
    expect(stderr).toContain('none.csv')
  })

  test('as a gzip file that breaks off: what was whole goes in, and the command says so', async () => {
    const whole = gzipSync(likes(20_000))
    const { exit, result } = await load(
      [file('cut.csv.gz', whole.subarray(0, Math.floor(whole.length / 2)))],
      '--max-rejects',
      '100%',
    )
    expect([2, 3]).toContain(exit)
    expect(Number(result.accepted)).toBeGreaterThan(1000)
    expect(Number(result.accepted)).toBeLessThan(20_000)
  })
})

test('without --json the summary is plain text on standard output', async () => {
  const ended = await ringfence(['ingest', file('likes.csv', likes(1200)), '--store', store])
  expect(ended.exit).toBe(0)
  expect(ended.stdout).toMatch(
    /^Read 1,200 records in [\d.]+ s: 1,200 new interactions, 0 known already, 1,207 new entities\.\n$/,
  )
  expect(ended.stderr).toBe('')
})
