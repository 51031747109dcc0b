import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RingfenceError } from '#src/errors.js'
import { loadMapping, parseMapping } from '#src/ingest/mapping.js'
import { Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

const problem = (yaml: string): RingfenceError => {
  try {
    parseMapping(yaml, 'm.yaml')
  } catch (error) {
    if (error instanceof RingfenceError) return error
    throw error
  }
  throw new Error('the mapping was taken')
}

const table = (interaction: string, more = ''): string => `tables:
  - name: t
${more}    interactions:
      - ${interaction}
`

test('the published schema of mappings is itself a valid JSON Schema', () => {
  const schema: unknown = JSON.parse(readFileSync('examples/mappings/mapping.schema.json', 'utf8'))
  const ajv = new Ajv2020({ strict: false })
  expect([ajv.validateSchema(schema as object), ajv.errors]).toEqual([true, null])
  expect(ajv.validateSchema({ type: 'no type' })).toBe(false)
})

describe('a mapping that is not valid is refused with the line', () => {
  test.each<[string, string, number, string]>([
    ['broken YAML', 'tables:\n  - a: [\n', 3, 'YAML'],
    ['no tables', 'name: x\n', 1, 'lacks the key "tables"'],
    [
      'an unknown key at the top',
      'tables:\n  - entities: [{kind: user, id: "{a}"}]\ntable: 1\n',
      3,
      'table is not a key',
    ],
    ['a table of nothing', 'tables:\n  - name: x\n', 2, 'must have entities or interactions'],
    [
      'an unknown key of an interaction',
      table('type: like\n        actor: user:{a}\n        target: video:{b}\n        wieght: 1'),
      7,
      'tables[0].interactions[0].wieght is not a key',
    ],
    [
      'an unknown type',
      table('{ type: adore, actor: "user:{a}", target: "video:{b}" }'),
      4,
      'unknown interaction type "adore"',
    ],
    ['an unknown kind', table('{ type: like, actor: "usr:{a}", target: "video:{b}" }'), 4, 'unknown entity kind "usr"'],
    [
      'ends that do not fit',
      table('{ type: like, actor: "creator:{a}", target: "video:{b}" }'),
      4,
      'like has the actor user',
    ],
    ['no target', table('{ type: like, actor: "user:{a}" }'), 4, 'lacks the key "target"'],
    ['no kind', table('{ type: like, actor: "u-{a}", target: "video:{b}" }'), 4, 'must begin with a kind and a colon'],
    ['an open brace', table('{ type: like, actor: "user:{a", target: "video:{b}" }'), 4, 'is never closed'],
    ['an unknown cut', table('{ type: like, actor: "user:{a | upper}", target: "video:{b}" }'), 4, '"upper" is no cut'],
    [
      'an unknown scenario',
      table('{ type: like, actor: "user:{a}", target: "video:{b}", scenario: mall }'),
      4,
      'unknown scenario "mall"',
    ],
    [
      'a pattern without a zone',
      table('{ type: like, actor: "user:{a}", target: "video:{b}", at: { column: t, pattern: "DD.MM.YYYY" } }'),
      4,
      'gives times without a zone',
    ],
    [
      'a pattern that is no date',
      table('{ type: like, actor: "user:{a}", target: "video:{b}", at: { column: t, pattern: "HH:mm", zone: Z } }'),
      4,
      'must have YYYY',
    ],
    [
      'an unknown time format',
      table('{ type: like, actor: "user:{a}", target: "video:{b}", at: { column: t, format: epoch } }'),
      4,
      'must be one of iso, epoch-seconds',
    ],
    ['a negative weight', table('{ type: like, actor: "user:{a}", target: "video:{b}", weight: -1 }'), 4, 'weight'],
    [
      'an optional column that nothing uses',
      table('{ type: like, actor: "user:{a}", target: "video:{b}" }', '    optional: [c]\n'),
      3,
      'names the column "c", which nothing uses',
    ],
    [
      'a column that the list of columns lacks',
      table('{ type: like, actor: "user:{a}", target: "video:{b}" }', '    columns: [a, c]\n'),
      2,
      'uses the column "b"',
    ],
    [
      'no header and no columns',
      table('{ type: like, actor: "user:{a}", target: "video:{b}" }', '    header: false\n'),
      3,
      'the key "columns" is needed',
    ],
    [
      'a number made of two columns',
      table(
        '{ type: like, actor: "user:{a}", target: "video:{b}", attributes: { n: { value: "{a}{b}", as: number } } }',
      ),
      4,
      'one column in braces',
    ],
  ])('%s', (_, yaml, line, message) => {
    const error = problem(yaml)
    expect(error.code).toBe('mapping.invalid')
    expect(error.exitCode).toBe(2)
    expect(error.detail).toContain(message)
    expect(error.detail).toContain(`m.yaml, line ${line}:`)
  })

  test('a mapping file that is not there', async () => {
    await expect(loadMapping(bench.path('none.yaml'))).rejects.toMatchObject({ code: 'file.missing' })
  })

  test('every shipped mapping is valid', async () => {
    const names = readdirSync('examples/mappings').filter((name) => name.endsWith('.yaml'))
    expect(names.map((name) => name.slice(0, -5)).sort()).toEqual([
      'coordinated-retweets',
      'election-shares',
      'hop-airdrop',
      'starscout',
      'tolokers',
      'video-ratings',
    ])
    for (const name of names) await loadMapping(`examples/mappings/${name}`)
  })
})

test('video-ratings also reads the table with injected campaigns, whatever else it is named', async () => {
  const mapping = await loadMapping('examples/mappings/video-ratings.yaml')
  const content =
    'id,user,video,at\ni0,organic-1,v6393,2022-01-05T03:00:00.000Z\ni1,account-a,new-0,2022-01-05T03:00:01.000Z\n'
  for (const name of ['interactions.csv', 'injected.txt']) {
    const load = await bench.load(bench.write(name, content), null, { mapping })
    expect(load).toMatchObject({ accepted: 2, rejected: 0, failures: [] })
    expect(load.sink.rows().map((row) => row.slice(0, 7))).toEqual([
      ['5', 'i0', '1', 'organic-1', '2', 'v6393', '1641351600000'],
      ['5', 'i1', '1', 'account-a', '2', 'new-0', '1641351601000'],
    ])
  }
})

describe('what a mapping makes of rows', () => {
  test('constants, cuts, braces, weights, scenarios and attributes', async () => {
    const mapping = `
tables:
  - nulls: [NA]
    interactions:
      - type: order
        id: "o-{{{order}}}"
        actor: "user:account-{account | after _}"
        target: "product:{sku}"
        at: { column: when, pattern: "DD/MM/YYYY HH:mm", zone: "+07:00" }
        market: "{account | before _}"
        scenario: content
        weight: "{items}"
        attributes:
          currency: EUR
          amount: "{price}"
          note: "{sku}/{note}"
          gift: { value: "{gift}", as: boolean }
`
    const content = [
      'order,account,sku,when,items,price,note,gift',
      '1,id_77,p-1,01/02/2024 03:04,02,010.50,NA,yes',
      '2,vn_78_x,p-2,01/02/2024 03:04,2.50,1e2,"a ""b""\t",1',
      '3,nobody,p-3,,,NA,,0',
      '4,_9,p-4,NA,,NA,x,',
    ].join('\n')
    const load = await bench.text('orders.csv', content, mapping)
    expect(load.sink.rows()).toEqual([
      [
        '11',
        'o-{2}',
        '1',
        'account-78_x',
        '3',
        'p-2',
        String(Date.UTC(2024, 1, 1, 3, 4) - 7 * 3_600_000),
        'vn',
        '0',
        '2.5',
        '{"amount":100,"currency":"EUR","gift":true,"note":"p-2/a \\"b\\"\\t"}',
      ],
      ['11', 'o-{4}', '1', 'account-9', '3', 'p-4', '', '', '0', '1', '{"currency":"EUR","note":"p-4/x"}'],
    ])
    expect(load.rejects).toMatchObject([
      { line: 2, field: 'gift', value: 'yes', code: 'interaction.attributes' },
      { line: 4, field: 'account', value: 'nobody', code: 'entity.id' },
    ])
  })

  test('a row is taken whole or not at all', async () => {
    const mapping = `
tables:
  - optional: [product]
    entities:
      - { kind: user, id: "{user}", market: "{market}" }
    interactions:
      - { type: view, actor: "user:{user}", target: "video:{video}" }
      - { type: click, actor: "user:{user}", target: "product:{product}", at: { column: at } }
`
    const content =
      'user,video,product,at,market\nu1,v1,p1,,US\nu2,v2,p2,never,US\nu3,v3,,never,US\nu4,,p4,,US\nu1,v1,p1,,US\n'
    const load = await bench.text('rows.csv', content, mapping)
    expect(load.sink.rows().map((row) => `${row[0]} ${row[3]} ${row[5]} ${row[1]!.slice(-2)}`)).toEqual([
      '4 u1 v1 -0',
      '9 u1 p1 -0',
      '4 u3 v3 -0',
      '4 u1 v1 -1',
      '9 u1 p1 -1',
    ])
    expect([...load.sink.entityRecords.keys()]).toEqual(['1:u1', '1:u3'])
    expect(load.rejects).toMatchObject([
      { line: 3, code: 'interaction.time' },
      { line: 5, code: 'entity.id', field: 'video' },
    ])
    expect(load).toMatchObject({ read: 5, rejected: 2 })
  })

  test('types by a column, and interactions under a condition', async () => {
    const mapping = `
tables:
  - interactions:
      - type: "{event}"
        types: { purchase: order, addtocart: cart, heartbeat: null }
        actor: "user:{user}"
        target: "product:{item}"
      - type: review
        actor: "user:{user}"
        target: "product:{item}"
        when: { stars: ["4", "5"], event: purchase }
        attributes: { rating: "{stars}" }
`
    const content =
      'event,user,item,stars\npurchase,u1,p,5\naddtocart,u2,p,5\nheartbeat,u3,p,\nclick,u4,p,\npurchase,u5,p,3\nsell,u6,p,\nsteal,u7,p,\n'
    const load = await bench.text('events.csv', content, mapping)
    expect(load.sink.rows().map((row) => [row[0], row[3], row[10]])).toEqual([
      ['11', 'u1', ''],
      ['12', 'u1', '{"rating":5}'],
      ['10', 'u2', ''],
      ['9', 'u4', ''],
      ['11', 'u5', ''],
    ])
    expect(load.rejects).toMatchObject([
      { line: 7, field: 'user', code: 'interaction.ends' },
      { line: 8, field: 'event', code: 'interaction.type', value: 'steal' },
    ])
  })

  test('one mapping serves several tables, and one whose file is not given is no error', async () => {
    const mapping = `
tables:
  - name: users
    match: { file: ["users*.csv", "people.csv"] }
    entities: [{ kind: user, id: "{id}", at: { column: since, format: epoch-seconds }, attributes: { tier: "{tier}" } }]
  - name: devices
    match: { columns: [id, device] }
    interactions: [{ type: uses, actor: "user:{id}", target: "device:{device}" }]
  - name: bans
    match: { columns: [id, banned_at] }
    interactions: [{ type: ban, actor: "user:{id}", at: { column: banned_at }, attributes: { reason: sybil } }]
`
    const users = bench.write('users-1.csv', 'id,since,tier\nu1,1700000000.5,gold\n')
    const bans = bench.write('bans.csv', 'id,banned_at\nu1,2024-01-01T00:00:00Z\n')
    const load = await bench.load([users, bans], mapping)
    expect(load).toMatchObject({ outcome: 'done', failures: [], read: 2, accepted: 1 })
    expect([...load.sink.entityRecords]).toEqual([['1:u1', '1700000000500\t\t{"tier":"gold"}']])
    expect(load.sink.rows()[0]!.slice(0, 1)).toEqual(['20'])
    expect(load.sink.rows()[0]!.slice(2)).toEqual([
      '1',
      'u1',
      '1',
      'u1',
      '1704067200000',
      '',
      '2',
      '1',
      '{"reason":"sybil"}',
    ])
  })

  test('features, label and splits of a node-classification table are attributes', async () => {
    const mapping = `
tables:
  - entities:
      - kind: user
        id: "{id}"
        features: [f1, f0]
        label: { value: "{y}", as: number }
        splits: [split0]
`
    const load = await bench.text('nodes.csv', 'id,f0,f1,y,split0\n1,0.5,,1,train\n2,1e-3,2,,test\n3,x,1,,\n', mapping)
    expect([...load.sink.entityRecords.values()]).toEqual([
      '\t\t{"f0":0.5,"label":1,"split0":"train"}',
      '\t\t{"f0":0.001,"f1":2,"split0":"test"}',
    ])
    expect(load.rejects).toMatchObject([{ line: 4, field: 'f0', code: 'entity.attributes' }])
  })
})
