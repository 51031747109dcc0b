import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exportFormatNames } from '#src/exports/formats.js'
import { keyedHash } from '#src/exports/names.js'
import type { GraphStore } from '#src/store/store.js'
import { pythonWithNetworkx, readWithNetworkx } from '../../support/python.js'
import { type ExportWorld, exportTo, hardIds, hardInteractions, MASK_KEY, openExportWorld, secrets } from './world.js'

let world: ExportWorld
beforeAll(async () => {
  world = await openExportWorld()
})
afterAll(() => world.close())

const everything = { everything: true } as const
const folderFormats = ['csv', 'parquet']

const filesOf = (format: string, out: string): string[] =>
  folderFormats.includes(format) ? readdirSync(out).map((file) => join(out, file)) : [out, `${out}.manifest.json`]

/** XML holds no U+FFFE: it is written as its number. */
const inXml = (text: string): string => text.replaceAll('\ufffe', '\\ufffe')

describe('networkx reads', () => {
  test.each(['graphml', 'gexf'] as const)('%s: each node and edge with all that is known', async (format) => {
    const found = await pythonWithNetworkx()
    if ('unavailable' in found) {
      process.stderr.write(`NOT RUN: networkx does not read ${format} here: ${found.unavailable}\n`)
      if (process.env.CI === 'true') throw new Error(`no Python with networkx: ${found.unavailable}`)
      return
    }
    const out = world.path(`graph.${format}`)
    const manifest = await exportTo(world.store, format, out, everything)
    const graph = await readWithNetworkx(found.python, format, out)
    expect(graph.directed).toBe(true)
    const names = new Set(hardInteractions.flatMap(({ actor, target }) => [actor, target]).concat('product:alone'))
    expect(new Set(Object.keys(graph.nodes))).toEqual(new Set([...names].map(inXml)))
    expect(manifest.counts).toMatchObject({ nodes: names.size, edges: hardInteractions.length, rings: 2, members: 13 })
    expect(graph.edges).toHaveLength(hardInteractions.length)
    const edges = new Map(graph.edges.map((edge) => [edge[3] ?? String(edge[2].id), edge]))
    for (const { type, id, actor, target, at, weight, attributes } of hardInteractions) {
      const [source, to, data] = edges.get(inXml(`${type}:${id}`))!
      expect([source, to]).toEqual([actor, target].map(inXml))
      expect(data.interaction).toBe(type)
      expect(data.weight).toBeCloseTo(weight ?? 1, 12)
      expect(data.at).toBe(at === undefined ? undefined : new Date(Number(at)).toISOString())
      if (attributes) expect(JSON.parse(String(data.attributes))).toEqual(attributes)
    }
    expect(edges.get(`uses:u1 ${secrets[0]}`)![2].evidence).toBe('r-hard/2')
    const strong = graph.nodes['video:v<1>']!
    const weak = graph.nodes[`contact:${secrets[0]}`]!
    const size = (node: Readonly<Record<string, unknown>>): number =>
      Number(format === 'graphml' ? node.size : (node.viz as { size: number }).size)
    expect(size(strong)).toBe(20)
    expect(size(weak)).toBe(4)
    expect(strong).toMatchObject({ kind: 'video', role: 'beneficiary', score: 1, rings: 'r-hard', label: 'v<1>' })
    const colour = format === 'graphml' ? strong : (strong.viz as { color: Record<string, number> }).color
    expect(colour).toMatchObject({ r: 0, g: 0x72, b: 0xb2 })
    expect(graph.nodes['user:NULL']).toMatchObject({ rings: 'r-hard r-timeless', role: 'core' })
  })
})

describe('DuckDB reads', () => {
  const rowsOf = async (sql: string) => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const rows = await (await connection.run(sql)).getRowObjectsJson()
    connection.closeSync()
    instance.closeSync()
    return rows
  }

  test.each(['parquet', 'csv'] as const)('%s: six tables that fit together', async (format) => {
    const out = world.path(format)
    await exportTo(world.store, format, out, everything)
    const from = (table: string): string =>
      format === 'parquet'
        ? `read_parquet('${out}/${table}.parquet')`
        : `read_csv('${out}/${table}.csv', header = true, all_varchar = true, quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false)`
    const edges = await rowsOf(
      `SELECT type, id, actor, target, weight::DOUBLE AS weight, attributes FROM ${from('edges')}`,
    )
    const found = new Map(edges.map((row) => [`${row.type}:${row.id}`, row]))
    // A program for tables would run a cell that begins with an equals sign; none of these ids does, and actors begin with their kind.
    for (const { type, id, actor, target, weight, attributes } of hardInteractions) {
      const row = found.get(`${type}:${id}`)!
      expect(row).toMatchObject({ actor, target })
      expect(row.weight).toBeCloseTo(weight ?? 1, 12)
      expect(row.attributes === null ? undefined : JSON.parse(String(row.attributes))).toEqual(attributes)
    }
    const [counts] = await rowsOf(`SELECT
      (SELECT count(*) FROM ${from('evidence')} e JOIN ${from('edges')} i ON i.type = e.type AND i.id = e.id)::INT AS evidence,
      (SELECT count(*) FROM ${from('members')} m JOIN ${from('nodes')} n ON n.entity = m.entity)::INT AS members,
      (SELECT count(*) FROM ${from('facts')} f JOIN ${from('rings')} r ON r.ring = f.ring)::INT AS facts,
      (SELECT count(*) FROM ${from('rings')} WHERE "from" IS NULL)::INT AS timeless`)
    expect(counts).toEqual({ evidence: 13, members: 13, facts: 2, timeless: 1 })
    const names = await rowsOf(`SELECT entity FROM ${from('nodes')} WHERE kind = 'user'`)
    expect(new Set(names.map(({ entity }) => entity))).toEqual(
      new Set([...hardIds, 'elsewhere'].map((id) => `user:${id}`)),
    )
  })

  test('parquet has types: times, numbers, text', async () => {
    const out = world.path('types')
    await exportTo(world.store, 'parquet', out, { rings: ['r-hard'] })
    const types = await rowsOf(`DESCRIBE SELECT * FROM read_parquet('${out}/edges.parquet')`)
    expect(Object.fromEntries(types.map((row) => [row.column_name, row.column_type]))).toMatchObject({
      at: 'TIMESTAMP',
      weight: 'DOUBLE',
      id: 'VARCHAR',
    })
    const [first] = await rowsOf(`SELECT epoch_ms(min("at"))::VARCHAR AS at FROM read_parquet('${out}/edges.parquet')`)
    expect(first!.at).toBe('1760000000000')
  })

  test('cells of CSV that a program for tables would run get an apostrophe', async () => {
    const out = world.path('formulas')
    await exportTo(world.store, 'csv', out, everything)
    expect(readFileSync(join(out, 'nodes.csv'), 'utf8')).toContain(`"'=HYPERLINK(""http://example.invalid"")"`)
  })
})

test('JSON is one object with all of it', async () => {
  const out = world.path('all.json')
  await exportTo(world.store, 'json', out, everything)
  const found = JSON.parse(readFileSync(out, 'utf8'))
  expect(found.complete).toBe(true)
  expect(found.edges).toHaveLength(hardInteractions.length)
  expect(found.rings.map(({ id }: { id: string }) => id)).toEqual(['r-hard', 'r-timeless'])
  expect(found.rings[0].facts[1].interactions).toEqual([
    { type: 'uses', id: `u1 ${secrets[0]}`, at: null },
    { type: 'uses', id: `u2 ${secrets[0]}`, at: null },
  ])
  expect(found.rings[1].against.join(' ')).toContain('times of its interactions are not known')
})

describe('a case file', () => {
  const page = async (question: object, masked = false): Promise<string> => {
    const out = world.path('case.html')
    await exportTo(world.store, 'html', out, question, { masked })
    return readFileSync(out, 'utf8')
  }

  test('is escaped, loads nothing and runs nothing', async () => {
    const html = await page({ rings: ['r-hard'] })
    const tags = new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map((match) => match[1]!.toLowerCase()))
    const known =
      'html head meta title style body section h1 h2 p bdi table thead tbody tr th td svg g line circle rect path text details summary ol ul li span br code'
    expect([...tags].filter((tag) => !known.split(' ').includes(tag))).toEqual([])
    expect(html).not.toMatch(/<[^>]*\s(on\w+|src|href|style)=/i)
    expect(html).not.toContain('url(')
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;')
    expect(html).toContain('They liked &lt;b&gt;one&lt;/b&gt; video')
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!
    expect(html).toContain(`sha256-${createHash('sha256').update(style).digest('base64')}`)
    for (const heading of ['Picture', 'Evidence', 'What speaks against it', 'Accounts', 'Targets', 'Sources'])
      expect(html).toContain(`<h2>${heading}</h2>`)
    expect(html).toContain('A lead, not a verdict')
    // The page's own sizes are of the picture and of the dots of its legend, each by its class.
    for (const [, attributes] of html.matchAll(/<svg ([^>]*)>/g))
      expect(attributes).toMatch(/class="(ring-picture|dot)"/)
    expect(style).not.toMatch(/(^|[},])svg\{/m)
  })

  test('of a ring without times says so', async () => {
    expect(await page({ rings: ['r-timeless'] })).toContain('times of its interactions are not known')
  })
})

test.each(exportFormatNames)('%s: the same bytes again, as its manifest says', async (format) => {
  const first = await exportTo(world.store, format, world.path(`one.${format}`), everything)
  const second = await exportTo(world.store, format, world.path(`two.${format}`), everything)
  const hashes = (parts: typeof first.parts) => parts.map(({ sha256 }) => sha256)
  expect(hashes(second.parts)).toEqual(hashes(first.parts))
  const out = world.path(`one.${format}`)
  for (const { file, bytes, sha256 } of first.parts) {
    const content = readFileSync(folderFormats.includes(format) ? join(out, file) : out)
    expect(content.length).toBe(bytes)
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
  }
  const kept = folderFormats.includes(format) ? join(out, 'manifest.json') : `${out}.manifest.json`
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(JSON.parse(JSON.stringify(first)))
})

test.each(exportFormatNames)(
  '%s: masked, it shows no identifier of a person and the same mask for the same',
  async (format) => {
    const out = world.path(`masked.${format}`)
    const manifest = await exportTo(world.store, format, out, { rings: ['r-hard'] }, { masked: true })
    expect(manifest.masking).toMatchObject({ masked: true })
    const all = Buffer.concat(filesOf(format, out).map((file) => readFileSync(file))).toString('latin1')
    if (format !== 'parquet') {
      // Of Parquet, which is compressed, DuckDB tells below.
      expect(all).not.toContain('SECRET')
      expect(all).toContain(keyedHash(MASK_KEY, `contact:${secrets[0]}`))
      return
    }
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    for (const file of filesOf(format, out).filter((name) => name.endsWith('.parquet'))) {
      const rows = await (await connection.run(`SELECT * FROM read_parquet('${file}')`)).getRowsJson()
      expect(JSON.stringify(rows)).not.toContain('SECRET')
    }
    connection.closeSync()
    instance.closeSync()
  },
)

describe('an export that is stopped half-way', () => {
  /** A store that is stopped when the first batch of interactions has been read. */
  const stopping = (store: GraphStore, controller: AbortController): GraphStore =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (name !== 'readPart') return value
        return (...[request, taker]: Parameters<GraphStore['readPart']>) =>
          target.readPart(request, {
            entities: (batch) => taker.entities(batch),
            interactions: async (batch) => {
              controller.abort()
              await taker.interactions(batch)
            },
          })
      },
    })

  test.each(['graphml', 'csv', 'parquet'] as const)('%s: leaves nothing, and what was there before', async (format) => {
    const out = world.path(`stopped.${format}`)
    const controller = new AbortController()
    const store = stopping(world.store, controller)
    await expect(exportTo(store, format, out, everything, { signal: controller.signal })).rejects.toMatchObject({
      code: 'job.cancelled',
    })
    expect(existsSync(out)).toBe(false)
    const before = await exportTo(world.store, format, out, everything)
    const again = new AbortController()
    await expect(
      exportTo(stopping(world.store, again), format, out, everything, { signal: again.signal }),
    ).rejects.toMatchObject({ code: 'job.cancelled' })
    const manifest = filesOf(format, out).find((file) => file.endsWith('manifest.json'))!
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toEqual(JSON.parse(JSON.stringify(before)))
    expect(readdirSync(world.path('.')).filter((file) => file.includes('.part-'))).toEqual([])
  })
})

describe('what cannot be exported', () => {
  test('an unknown ring, run or entity says so', async () => {
    const out = world.path('none.json')
    await expect(exportTo(world.store, 'json', out, { rings: ['r-none'] })).rejects.toMatchObject({
      code: 'ring.unknown',
    })
    await expect(exportTo(world.store, 'json', out, { run: 'none' })).rejects.toMatchObject({ code: 'run.unknown' })
    const entity = { kind: 'user', id: 'none' } as const
    await expect(exportTo(world.store, 'json', out, { entity })).rejects.toMatchObject({ code: 'entity.unknown' })
    expect(existsSync(out)).toBe(false)
  })

  test('a path that holds something else is left alone', async () => {
    const file = world.path('mine.txt')
    writeFileSync(file, 'mine')
    await expect(exportTo(world.store, 'csv', file, everything)).rejects.toMatchObject({ code: 'export.target' })
    await expect(exportTo(world.store, 'csv', world.path('.'), everything)).rejects.toMatchObject({
      code: 'export.target',
    })
    await expect(exportTo(world.store, 'json', world.path('no/such/file'), everything)).rejects.toMatchObject({
      code: 'export.write',
    })
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})

test('an entity comes with what it interacts with, and at two steps with who else does', async () => {
  const entity = { kind: 'user', id: hardIds[0]! } as const
  const one = await exportTo(world.store, 'json', world.path('near.json'), {
    entity: { kind: 'user', id: 'elsewhere' },
  })
  expect(one.counts).toMatchObject({ rings: 0, nodes: 2, edges: 1 })
  const narrow = { entity, steps: 2, maxShared: 2 } as const
  const two = await exportTo(world.store, 'json', world.path('far.json'), narrow)
  expect(two.leftOut.join(' ')).toContain('At 1 places more than 2 meet')
  expect(two.counts.rings).toBe(1)
})
